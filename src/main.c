/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "options.h"
#include "session.h"
#include "util/log.h"

int main(int argc, char **argv)
{
	struct options options;
	int outcome = options_parse(argc, argv, &options);
	int status = outcome;

	if (outcome < 0) {
		log_error("cannot read the options: %s", strerror(-outcome));
		status = SESSION_UNMEASURED;
	} else if (outcome == OPTIONS_RUN) {
		status = options.mode == MODE_REPORT || options.mode == MODE_DIFF
				 ? session_report(&options)
				 : session_trace(&options);
	} else if (outcome == OPTIONS_DONE) {
		status = SESSION_OK;
	}
	options_free(&options);
	return status;
}
