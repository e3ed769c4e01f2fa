/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the C library keeps on purpose to its end, as seen in traces of programs that do nothing of
 * the kind themselves: it is no program's to give back. What is still reachable fails no check.
 */
#include "suppress/suppress.h"

const char suppressions_default[] =
	"{\n glibc: the locale archive stays mapped\n leaktrace:mmap\n ...\n"
	" fun:_nl_load_locale_from_archive\n}\n"
	"{\n glibc: locale files stay mapped\n leaktrace:mmap\n ...\n fun:_nl_load_locale\n}\n"
	"{\n glibc: the cache of character sets stays mapped\n leaktrace:mmap\n ...\n"
	" fun:__gconv_load_cache\n}\n"
	"{\n glibc: message catalogues stay mapped\n leaktrace:mmap\n ...\n "
	"fun:_nl_load_domain\n}\n"
	"{\n glibc: syslog's connection\n CoreError:FdNotClosed\n ...\n fun:openlog_internal\n}\n";
