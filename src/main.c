/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "options.h"
#include "session.h"
#include "util/log.h"
#include "util/status.h"

static int run(const struct options *options)
{
	switch (options->mode) {
	case MODE_REPORT:
	case MODE_DIFF:
		return session_report(options);
	case MODE_COMPARE:
		return session_compare(options);
	case MODE_COMMAND:
	case MODE_ATTACH:
		break;
	}
	return session_trace(options);
}

int main(int argc, char **argv)
{
	struct options options;
	int outcome = options_parse(argc, argv, &options);
	int status = outcome;

	if (outcome < 0) {
		log_error("cannot read the options: %s", strerror(-outcome));
		status = STATUS_UNMEASURED;
	} else if (outcome == OPTIONS_RUN) {
		status = run(&options);
	} else if (outcome == OPTIONS_DONE) {
		status = STATUS_OK;
	}
	options_free(&options);
	return status;
}
