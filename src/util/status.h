/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exit statuses of leaktrace's own. */
#ifndef LEAKTRACE_UTIL_STATUS_H
#define LEAKTRACE_UTIL_STATUS_H

enum status {
	STATUS_OK = 0,
	STATUS_WRONG_USAGE = 2,
	STATUS_LEAK = 23, /* unless --error-exitcode says another */
	STATUS_UNMEASURED = 125,
	STATUS_CANNOT_RUN = 126,
	STATUS_NOT_FOUND = 127,
};

#endif
