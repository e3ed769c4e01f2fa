/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an open file is, in words. The record comes from a target's files: names are any bytes. */
#ifndef LEAKTRACE_TRACE_FILE_TEXT_H
#define LEAKTRACE_TRACE_FILE_TEXT_H

#include <stddef.h>

#include "wire.h"

#define FILE_TEXT_BYTES 512

/*
 * "/path", "/path (deleted)", "memfd:name", "pipe:[17]", "tcp 127.0.0.1:80 ->
 * 127.0.0.1:5000 ESTABLISHED", "unix /run/x.sock", "eventfd", ... Returns `text`.
 */
const char *file_text(const struct wire_file *file, char text[FILE_TEXT_BYTES]);

#endif
