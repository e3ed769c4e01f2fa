/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live_run.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "analyze/own_frame.h"
#include "judgement.h"
#include "model/snapshot.h"
#include "options.h"
#include "output.h"
#include "report/format.h"
#include "report/growth.h"
#include "report/verdict.h"
#include "scan_run.h"
#include "session.h"
#include "util/log.h"
#include "util/status.h"

#define SECOND_NS 1000000000ULL
#define SCREEN_INTERVAL_NS SECOND_NS
#define LOG_INTERVAL_NS (10 * SECOND_NS)
#define PANE "pane"
#define AMOUNT_BYTES 64

static bool wants_screen(const struct options *options)
{
	return options->live && screen_is_possible();
}

int live_run_prepare(struct live_run *live, const struct options *options)
{
	const char *where = options->output_of_command;
	int error;

	live->options = options;
	live->is_active = options->live || options->growth;
	live->output = (struct command_output){ .command_fd = -1, .read_fd = -1 };
	if (options->mode != MODE_COMMAND || !options->live)
		return 0;
	if (!where && wants_screen(options))
		where = PANE;
	/* A pane needs a screen; without one the command has our own output. */
	if (!where || (!strcmp(where, PANE) && !wants_screen(options)))
		return 0;
	error = command_output_open(&live->output, where);
	if (!error)
		return 0;
	log_error("cannot give the command's output to %s: %s", where, strerror(-error));
	return STATUS_UNMEASURED;
}

static const char *tracing_name(const struct live_run *live)
{
	const bool *traced = live->watch.snapshot->traced;

	return traced[KIND_HEAP]    ? "every allocation"
	       : traced[KIND_PAGES] ? "pages first touched"
				    : "without the heap";
}

static int open_screen(struct live_run *live)
{
	struct screen_config config = {
		.watch = &live->watch,
		.output = &live->output,
		.tracing = tracing_name(live),
		.colour = output_has_colour(live->options, stdout),
	};
	int error = screen_open(&live->screen, &config);

	if (error == -ENOTTY)
		log_notice("this terminal cannot show a screen (TERM unknown?): a log instead");
	return error;
}

int live_run_begin(struct live_run *live, const struct watch_config *config, FILE *log)
{
	int error;

	if (!live->is_active)
		return 0;
	command_output_started(&live->output);
	live->log = log;
	error = watch_begin(&live->watch, config);
	if (!error && wants_screen(live->options) && !open_screen(live))
		live->log = NULL;
	if (!error)
		return 0;
	log_error("cannot watch: %s", strerror(-error));
	return STATUS_UNMEASURED;
}

/* ---- while it goes on ---------------------------------------------------------------------- */

/* What was before is no part of the growth that is judged. */
static void end_warm_up(struct live_run *live)
{
	const struct growth *growth = live->watch.growth;

	if (live->is_warm || growth->time_ns < live->options->warm_up_ns)
		return;
	live->is_warm = true;
	if (live->options->warm_up_ns && watch_restart(&live->watch))
		log_error("out of memory to watch growth");
}

static void log_sample(struct live_run *live)
{
	const struct growth *growth = live->watch.growth;
	const struct figures *now = &growth->total.now;

	growth_log_line(live->log, (double)growth->time_ns / 1e9, now,
			live->has_line ? &live->logged : NULL);
	live->logged = *now;
	live->has_line = true;
}

static void take_sample(void *context)
{
	struct live_run *live = context;

	live->has_sample = true;
	if (!live->log && live->screen.view.is_paused)
		return;
	if (watch_sample(&live->watch)) {
		log_error("out of memory for a sample");
		return;
	}
	if (live->log) {
		log_sample(live);
		end_warm_up(live);
	} else {
		screen_update(&live->screen);
	}
}

static bool do_idle(void *context)
{
	struct live_run *live = context;
	bool named = live->watch.names_wait, more;

	if (!live->has_sample)
		take_sample(live);
	/* What a key asks for is looked at in a pause as well. */
	if (!live->log && live->screen.view.is_paused && !live->watch.has_focus)
		return false;
	more = watch_idle(&live->watch);
	/* Names have come, or the detail that was asked for. */
	if (!live->log && ((named && !live->watch.names_wait) || live->watch.has_focus))
		screen_update(&live->screen);
	return more;
}

static void record(struct live_run *live)
{
	const struct options *options = live->options;
	char path[64];
	int error;

	do
		snprintf(path, sizeof(path), "leaktrace-%d-%u.leaktrace",
			 options->pid_count ? (int)options->pids[0] : (int)getpid(),
			 ++live->recordings);
	while (!access(path, F_OK));
	if (live->collect(live->session))
		return;
	error = output_record(live->watch.symbols, live->watch.snapshot, path);
	if (error)
		view_say(&live->screen.view, "cannot write %s: %s", path, strerror(-error));
	else
		view_say(&live->screen.view, "written: %s (look at it with: leaktrace report)",
			 path);
}

static void switch_exact(struct live_run *live)
{
	const bool *traced = live->watch.snapshot->traced;
	struct view *view = &live->screen.view;
	bool exact = !traced[KIND_HEAP];
	int error;

	if (!traced[KIND_PAGES]) {
		view_say(view, "e has a meaning with --events pages");
		return;
	}
	error = live->set_exact(live->session, exact);
	if (error)
		view_say(view, "cannot probe the allocators: %s", strerror(-error));
	else if (exact)
		view_say(view, "exact: every allocation from now on (e: pages alone again)");
	else
		view_say(view, "pages alone (e: every allocation)");
	live->screen.tracing = tracing_name(live);
}

bool live_run_has_screen(const struct live_run *live)
{
	return live->is_active && !live->log;
}

/* "2.4 KB in 25 blocks", of a class, in all processes */
static const char *amount_of(const struct snapshot *snapshot, enum leak_class leak_class,
			     char text[AMOUNT_BYTES])
{
	char bytes[FORMAT_SIZE], blocks[FORMAT_SIZE];
	uint64_t live_count = 0, live_bytes = 0;

	for (size_t i = 0; i < snapshot->process_count; i++)
		for (size_t j = 0; j < snapshot->processes[i].site_count; j++) {
			const struct site *site = &snapshot->processes[i].sites[j];

			if (site->leak_class != leak_class)
				continue;
			live_count += site->live_count;
			live_bytes += site->live_bytes;
		}
	snprintf(text, AMOUNT_BYTES, "%s in %s", format_bytes(bytes, live_bytes),
		 format_number_of(blocks, live_count, "block", "blocks"));
	return text;
}

void live_run_tell_scan(struct live_run *live, const struct scan_sum *sum)
{
	const struct snapshot *snapshot = live->watch.snapshot;
	char definite[AMOUNT_BYTES], indirect[AMOUNT_BYTES], possible[AMOUNT_BYTES];

	if (!sum->processes && sum->failed)
		view_say(&live->screen.view, "what is lost is not known: %s", sum->reason);
	else
		view_say(&live->screen.view,
			 "lost: %s definitely, %s with them, %s possibly (%.0f ms)",
			 amount_of(snapshot, CLASS_DEFINITE, definite),
			 amount_of(snapshot, CLASS_INDIRECT, indirect),
			 amount_of(snapshot, CLASS_POSSIBLE, possible),
			 (double)sum->longest_pause_ns / 1e6);
}

static void scan(struct live_run *live)
{
	if (live->scan)
		live->scan(live->session);
	else
		view_say(&live->screen.view,
			 "r looks into memory: not with --no-scan or --events pages");
}

static enum wait_answer take_keys(void *context)
{
	struct live_run *live = context;
	enum wait_answer answer = WAIT_GO_ON;
	enum view_action action;

	while (screen_key(&live->screen, &action)) {
		switch (action) {
		case VIEW_QUIT:
			answer = WAIT_STOP;
			if (live->options->mode == MODE_COMMAND)
				view_say(&live->screen.view,
					 "waiting for the command to end (q again: leave it)");
			break;
		case VIEW_SNAPSHOT:
			record(live);
			break;
		case VIEW_EXACT:
			switch_exact(live);
			break;
		case VIEW_SCAN:
			scan(live);
			break;
		default:
			break;
		}
	}
	screen_update(&live->screen);
	return answer;
}

static enum wait_answer take_size(void *context)
{
	struct live_run *live = context;

	screen_resized(&live->screen);
	return WAIT_GO_ON;
}

static enum wait_answer take_output(void *context)
{
	struct live_run *live = context;
	int more = command_output_read(&live->output);

	screen_draw(&live->screen);
	return more ? WAIT_GO_ON : WAIT_NO_MORE;
}

/* ---- joined to the wait ---------------------------------------------------------------------- */

static uint64_t interval_ns(const struct live_run *live)
{
	if (live->options->interval_ns)
		return live->options->interval_ns;
	return live->log ? LOG_INTERVAL_NS : SCREEN_INTERVAL_NS;
}

static void add_source(struct wait_config *config, int fd, enum wait_answer (*ready)(void *context),
		       struct live_run *live)
{
	config->sources[config->source_count++] = (struct wait_source){ fd, ready, live };
}

void live_run_wait(struct live_run *live, struct wait_config *config)
{
	if (!live->is_active)
		return;
	config->interval_ns = interval_ns(live);
	config->on_interval = take_sample;
	config->interval_context = live;
	config->on_idle = do_idle;
	config->idle_context = live;
	if (live->log)
		return;
	add_source(config, STDIN_FILENO, take_keys, live);
	add_source(config, live->screen.resize_fd, take_size, live);
	if (live->output.read_fd >= 0)
		add_source(config, live->output.read_fd, take_output, live);
}

/* The call site whose live resources grow most, of those behind a figure; NULL: none does. */
static const struct part *growing_part(const struct growth *growth, enum figure figure)
{
	static const int kinds[FIGURE_COUNT] = {
		[FIGURE_HEAP] = KIND_HEAP + 1,	 [FIGURE_RSS] = KIND_HEAP + 1,
		[FIGURE_USS] = KIND_HEAP + 1,	 [FIGURE_MAPPED] = KIND_MMAP + 1,
		[FIGURE_FDS] = KIND_FD + 1,	 [FIGURE_THREADS] = KIND_THREAD + 1,
		[FIGURE_PAGES] = KIND_PAGES + 1,
	};
	const struct part *most = NULL;
	int64_t most_live = 0;

	for (size_t i = 0; i < growth->part_count; i++) {
		const struct part *part = &growth->parts[i];
		int64_t live;

		if (!part->serial || (int)part->kind + 1 != kinds[figure] || !part->history)
			continue;
		live = growth_live(growth, part->kind, &part->now) -
		       (int64_t)part->history[growth->timeline.count > 1 ? 1 : 0];
		if (live > most_live) {
			most = part;
			most_live = live;
		}
	}
	return most;
}

static void add_growth(struct live_run *live, struct judgement *judgement, enum figure figure)
{
	const struct growth *growth = live->watch.growth;
	const struct part *part = growing_part(growth, figure);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out) {
		judgement_lack_memory(judgement);
		return;
	}
	growth_write_figure(out, figure, &growth->total.first, &live->logged,
			    &growth->total.trends[figure]);
	if (part && part->own && part->own->function) {
		fputs(", most by ", out);
		verdict_write_place(part->own, out);
	}
	if (!fclose(out))
		judgement_add_growth(judgement, text);
	else
		judgement_lack_memory(judgement);
	free(text);
}

static void judge(struct live_run *live, struct judgement *judgement,
		  enum growth_level levels[FIGURE_COUNT])
{
	const struct growth *growth = live->watch.growth;
	const struct figure_history *total = &growth->total;
	double seconds = growth->timeline.count
				 ? growth->timeline.times[growth->timeline.count - 1] -
					   growth->timeline.times[0]
				 : 0;

	for (int i = 0; i < FIGURE_COUNT; i++) {
		levels[i] = GROWTH_LEVEL_UNKNOWN;
		if (!figure_table[i].is_judged || total->first.values[i] == FIGURE_UNKNOWN ||
		    live->logged.values[i] == FIGURE_UNKNOWN || !live->is_warm)
			continue;
		levels[i] = growth_judge(&live->options->growth_limits, &total->trends[i],
					 figure_table[i].has_bytes, (double)total->first.values[i],
					 seconds);
		if (levels[i] == GROWTH_LEVEL_FAIL)
			add_growth(live, judgement, (enum figure)i);
		else if (levels[i] != GROWTH_LEVEL_UNKNOWN)
			judgement_add_growth(judgement, NULL);
	}
}

void live_run_end(struct live_run *live, struct judgement *judgement)
{
	bool had_screen = live->screen.terminal != NULL;
	enum growth_level levels[FIGURE_COUNT];
	const struct figure_history *total;

	if (!live->is_active || !live->watch.growth)
		return;
	total = &live->watch.growth->total;
	screen_close(&live->screen);
	if (live->log && live->has_line) {
		judge(live, judgement, levels);
		growth_log_end(live->log, &total->first, &live->logged, total->trends, levels);
	}
	if (had_screen)
		command_output_show(&live->output, stdout);
	watch_end(&live->watch);
}

void live_run_forward(struct live_run *live)
{
	command_output_forward(&live->output, stdout);
}

void live_run_clear(struct live_run *live)
{
	if (!live->options)
		return;
	live->has_line = false;
	live_run_end(live, NULL);
	command_output_close(&live->output);
}
