/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run over a recording: no tracing, no root. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "judgement.h"
#include "model/recording.h"
#include "model/snapshot.h"
#include "options.h"
#include "output.h"
#include "session.h"
#include "util/log.h"

int session_report(const struct options *options)
{
	struct snapshot *snapshot;
	struct judgement judgement;
	int status;
	int error = recording_read(options->recording, &snapshot);

	if (error) {
		log_error("cannot read %s: %s", options->recording,
			  error == -EBADMSG	      ? "it is no recording, or a damaged one"
			  : error == -EPROTONOSUPPORT ? "another version of leaktrace wrote it"
						      : strerror(-error));
		return SESSION_UNMEASURED;
	}
	status = judgement_begin(&judgement, options, snapshot);
	if (!status &&
	    (output_check(options) || output_write(&judgement, NULL, snapshot, stdout, &status)))
		status = SESSION_UNMEASURED;
	judgement_clear(&judgement);
	snapshot_free(snapshot);
	return status;
}
