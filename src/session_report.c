/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run over recordings: no tracing, no root. */
#include <stdio.h>

#include "judgement.h"
#include "model/snapshot.h"
#include "options.h"
#include "output.h"
#include "session.h"
#include "util/status.h"

int session_report(const struct options *options)
{
	struct judgement judgement;
	struct snapshot *snapshot;
	int status = judgement_read_recording(options->recording, &snapshot);

	if (status)
		return status;
	status = judgement_begin(&judgement, options, snapshot);
	if (!status && (output_check(options) ||
			(options->mode == MODE_DIFF
				 ? output_write_diff(&judgement, snapshot, stdout, &status)
				 : output_write(&judgement, NULL, snapshot, stdout, &status))))
		status = STATUS_UNMEASURED;
	judgement_clear(&judgement);
	snapshot_free(snapshot);
	return status;
}
