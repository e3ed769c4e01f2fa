/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that is watched, by samples made up: what it does each second is a row. */
#ifndef LEAKTRACE_TESTS_LIVE_FIXTURE_H
#define LEAKTRACE_TESTS_LIVE_FIXTURE_H

#include "fixture.h"

#include "live/growth.h"
#include "live/view.h"

enum watched_site {
	SITE_LEAK,	/* 100 blocks of 1,000 bytes a second, none freed */
	SITE_LEAK_MORE, /* the same function from elsewhere: 10 blocks of 1,000 bytes */
	SITE_CHURN,	/* 500 a second, all freed */
	SITE_CONSTANT,	/* 64 blocks, from the start */
	SITE_FD,	/* one each second */
	SITE_LIBRARY,	/* a mapping of 500 KB, each 10 seconds another */
	SITE_UNNAMED,	/* without a stack */
	SITE_OTHER,	/* of another process: 1 block of 50 bytes a second */
	SITES,
};

struct watched {
	struct snapshot *snapshot;
	struct growth *growth;
	struct sampled_site sites[SITES];
	struct sampled_process processes[2];
	uint64_t seconds;
};

static inline void watched_site(struct watched *watched, enum watched_site place, uint32_t process,
				uint32_t stack, enum kind kind)
{
	watched->sites[place] = (struct sampled_site){
		.serial = place + 1,
		.process = process,
		.stack = stack,
		.kind = kind,
	};
}

static inline void watched_begin(struct watched *watched)
{
	struct fixture_frame start = FRAME("__libc_start_main", 0x85, "/lib/libc.so.6");
	struct fixture_frame main_frame =
		FRAME_AT("main", 0x30, "/usr/bin/server", "/src/server.c", 90, false);
	struct snapshot *snapshot = fixture_snapshot();
	struct process *process;

	*watched = (struct watched){ .snapshot = snapshot };
	for (int i = 0; i < KIND_CHOICES; i++)
		snapshot->traced[i] = true;
	process = fixture_process(snapshot, 4711, "server");
	process->end = PROCESS_RUNNING;
	watched_site(watched, SITE_LEAK, 0,
		     fixture_stack(snapshot, process,
				   FRAMES(FRAME("malloc", 0x5, "/lib/libc.so.6"),
					  FRAME("strdup", 0x1a, "/lib/libc.so.6"),
					  FRAME_AT("remember", 0x1d, "/usr/bin/server",
						   "/src/cache.c", 17, false),
					  FRAME_AT("handle_request", 0x9, "/usr/bin/server",
						   "/src/server.c", 25, false),
					  main_frame, start)),
		     KIND_HEAP);
	watched_site(watched, SITE_LEAK_MORE, 0,
		     fixture_stack(snapshot, process,
				   FRAMES(FRAME_AT("remember", 0x1d, "/usr/bin/server",
						   "/src/cache.c", 17, false),
					  FRAME_AT("reload", 0x9, "/usr/bin/server",
						   "/src/server.c", 60, false),
					  FRAME_AT("reloader", 0x9, "/usr/bin/server",
						   "/src/server.c", 70, false),
					  FRAME("start_thread", 0x9, "/lib/libc.so.6"))),
		     KIND_HEAP);
	watched_site(watched, SITE_CHURN, 0,
		     fixture_stack(snapshot, process,
				   FRAMES(FRAME("operator new(unsigned long)", 0x1c,
						"/lib/libstdc++.so.6"),
					  FRAME("std::string::append", 0x1c, "/lib/libstdc++.so.6"),
					  FRAME_AT("format_answer", 0x9, "/usr/bin/server",
						   "/src/answer.c", 12, false),
					  main_frame, start)),
		     KIND_HEAP);
	watched_site(watched, SITE_CONSTANT, 0,
		     fixture_stack(snapshot, process,
				   FRAMES(FRAME_AT("load_settings", 0x9, "/usr/bin/server",
						   "/src/settings.c", 8, false),
					  main_frame, start)),
		     KIND_HEAP);
	watched_site(watched, SITE_FD, 0,
		     fixture_stack(snapshot, process,
				   FRAMES(FRAME("open64", 0x9, "/lib/libc.so.6"),
					  FRAME_AT("open_log", 0x9, "/usr/bin/server", "/src/log.c",
						   33, false),
					  main_frame, start)),
		     KIND_FD);
	watched_site(watched, SITE_LIBRARY, 0,
		     fixture_stack(snapshot, process,
				   FRAMES(FRAME("mmap64", 0x9, "/lib/libc.so.6"),
					  FRAME("grow_arena", 0x40, "/usr/lib/libplugin.so.1"),
					  main_frame, start)),
		     KIND_MMAP);
	watched_site(watched, SITE_UNNAMED, 0, SITE_NO_STACK, KIND_HEAP);
	process = fixture_process(snapshot, 4712, "worker");
	process->end = PROCESS_RUNNING;
	watched_site(watched, SITE_OTHER, 1,
		     fixture_stack(snapshot, process,
				   FRAMES(FRAME_AT("take_job", 0x9, "/usr/bin/worker",
						   "/src/worker.c", 5, false),
					  FRAME_AT("main", 0x9, "/usr/bin/worker", "/src/worker.c",
						   40, false),
					  start)),
		     KIND_HEAP);
	watched->growth = growth_new(snapshot);
	assert_non_null(watched->growth);
}

static inline void watched_end(struct watched *watched)
{
	growth_free(watched->growth);
	snapshot_free(watched->snapshot);
}

static inline void watched_set(struct watched *watched, enum watched_site place, uint64_t acquired,
			       uint64_t released, uint64_t bytes)
{
	struct sampled_site *site = &watched->sites[place];

	site->acquired_count = acquired;
	site->acquired_bytes = acquired * bytes;
	site->released_count = released;
	site->released_bytes = released * bytes;
	site->oldest_ns = acquired > released ? SECOND_NS : 0;
}

static inline int64_t watched_live(const struct watched *watched, uint32_t process, enum kind kind)
{
	int64_t bytes = 0;

	for (int i = 0; i < SITES; i++)
		if (watched->sites[i].process == process && watched->sites[i].kind == kind)
			bytes += (int64_t)(watched->sites[i].acquired_bytes -
					   watched->sites[i].released_bytes);
	return bytes;
}

/* One second goes by. */
static inline void watched_step(struct watched *watched)
{
	uint64_t now = ++watched->seconds;
	struct sample sample = {
		.time_ns = now * SECOND_NS,
		.boot_ns = (now + 100000) * SECOND_NS,
		.sites = watched->sites,
		.site_count = SITES,
		.processes = watched->processes,
		.process_count = 2,
		.events = now * 1111,
		.tracing_share = 0.012,
	};

	watched_set(watched, SITE_LEAK, now * 100, 0, 1000);
	watched_set(watched, SITE_LEAK_MORE, now * 10, 0, 1000);
	watched_set(watched, SITE_CHURN, now * 500, now * 500 - 1, 100);
	watched_set(watched, SITE_CONSTANT, 64, 0, 4000);
	watched_set(watched, SITE_FD, now, 0, 0);
	watched_set(watched, SITE_LIBRARY, now / 10, 0, 500000);
	watched_set(watched, SITE_UNNAMED, 3, 1, 10);
	watched_set(watched, SITE_OTHER, now, 0, 50);
	for (uint32_t i = 0; i < 2; i++)
		watched->processes[i] = (struct sampled_process){
			.process = i,
			.pid = 4711 + i,
			.started_ns = 50000 * SECOND_NS,
			.figures.values = {
				[FIGURE_RSS] = 20000000 + (int64_t)now * 110000,
				[FIGURE_PSS] = 18000000 + (int64_t)now * 110000,
				[FIGURE_USS] = 17000000 + (int64_t)now * 110000,
				[FIGURE_VMS] = 150000000,
				[FIGURE_HEAP] = watched_live(watched, i, KIND_HEAP),
				[FIGURE_MAPPED] = watched_live(watched, i, KIND_MMAP),
				[FIGURE_FDS] = 5 + (i ? 0 : (int64_t)now),
				[FIGURE_THREADS] = 4,
				[FIGURE_PAGES] = FIGURE_UNKNOWN,
			},
		};
	assert_int_equal(growth_update(watched->growth, &sample), 0);
	growth_take_names(watched->growth);
}

static inline void watched_run(struct watched *watched, int seconds)
{
	for (int i = 0; i < seconds; i++)
		watched_step(watched);
}

#endif
