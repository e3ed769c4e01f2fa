/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading, map access, events. Tables are memory-mapped: reading them is no
 * system call. What an event means is not known here.
 */
#include "trace/tracer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "leaktrace.skel.h"
#include "trace/attach.h"
#include "trace/kernel.h"
#include "trace/sample_tables.h"
#include "trace/syscall_table.h"
#include "trace/tracer_tables.h"
#include "util/log.h"

/* Full buckets are found two ways, so three quarters full is still quick and loses nothing. */
#define LIVE_FILL_PERCENT 75
#define SITE_FILL_PERCENT 75
#define SPILL_PART 32
#define SITE_SHARDS_MAX 8
/* A single request for such a part of all memory is expected to fail. */
#define HUGE_PART 4
/* BPF_LOG_STATS of the kernel */
#define VERIFIER_STATISTICS 4

static int log_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
	log_raw(level == LIBBPF_DEBUG ? 3 : 1, format, arguments);
	return 0;
}

static uint32_t own_pid_ns(void)
{
	struct stat status;

	return stat("/proc/self/ns/pid", &status) ? 0 : (uint32_t)status.st_ino;
}

static uint64_t physical_bytes(void)
{
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
}

static uint32_t power_of_two_up_to(uint32_t limit, uint32_t wanted)
{
	uint32_t power = 1;

	while (power * 2 <= limit && power < wanted)
		power *= 2;
	return power;
}

static uint64_t at_most(uint64_t value, uint64_t limit)
{
	return value < limit ? value : limit;
}

static void choose_programs(struct tracer *tracer, const struct tracer_config *config)
{
	struct leaktrace_bpf *skeleton = tracer->skeleton;
	enum bpf_attach_type type = (enum bpf_attach_type)attach_mode_type(config->mode);
	/* What has no return needs no session. */
	enum bpf_attach_type entry_type = (enum bpf_attach_type)attach_mode_type(
		config->mode == ATTACH_SINGLE ? ATTACH_SINGLE : ATTACH_MULTI);
	bool session = config->mode == ATTACH_SESSION;
	bool syscalls = syscall_table_fill(config->traced, skeleton->rodata->syscalls);

	bpf_program__set_autoload(skeleton->progs.acquire_session, session);
	bpf_program__set_autoload(skeleton->progs.acquire_enter, !session);
	bpf_program__set_autoload(skeleton->progs.acquire_return, !session);
	bpf_program__set_autoload(skeleton->progs.process_born, config->park_newborn);
	bpf_program__set_autoload(skeleton->progs.syscall_enter, syscalls);
	bpf_program__set_autoload(skeleton->progs.syscall_exit, syscalls);
	bpf_program__set_autoload(skeleton->progs.files_walk, config->traced[WIRE_FD]);
	bpf_program__set_autoload(skeleton->progs.page_touched, config->traced[WIRE_PAGES]);
	bpf_program__set_autoload(skeleton->progs.scope_call, config->has_calls);
	bpf_program__set_autoload(skeleton->progs.process_leaving, config->scans);
	bpf_program__set_autoload(skeleton->progs.process_ending, config->scans);
	bpf_program__set_autoload(skeleton->progs.threads_walk, config->scans);
	bpf_program__set_autoload(skeleton->progs.memory_read,
				  config->scans && kernel_reads_memory());
	bpf_program__set_expected_attach_type(skeleton->progs.acquire_session, type);
	bpf_program__set_expected_attach_type(skeleton->progs.acquire_enter, type);
	bpf_program__set_expected_attach_type(skeleton->progs.acquire_return, type);
	bpf_program__set_expected_attach_type(skeleton->progs.release_enter, entry_type);
	bpf_program__set_expected_attach_type(skeleton->progs.libraries_changed, entry_type);
	bpf_program__set_expected_attach_type(skeleton->progs.process_leaving, entry_type);
	bpf_program__set_expected_attach_type(skeleton->progs.process_ending, entry_type);
	bpf_program__set_expected_attach_type(skeleton->progs.scope_mark, entry_type);
	bpf_program__set_expected_attach_type(skeleton->progs.scope_call, entry_type);
}

static int choose_sizes(struct tracer *tracer, const struct tracer_config *config)
{
	struct leaktrace_bpf *skeleton = tracer->skeleton;
	uint64_t slots = config->max_live * 100 / LIVE_FILL_PERCENT;
	uint32_t spilled = at_most(config->max_live / SPILL_PART + 64, UINT32_MAX);
	uint32_t shards;
	int error;

	tracer->cpu_count = libbpf_num_possible_cpus();
	if (tracer->cpu_count < 0)
		return tracer->cpu_count;
	shards = power_of_two_up_to(SITE_SHARDS_MAX, tracer->cpu_count);
	/* At least as many buckets as neighbouring addresses are spread over. */
	tracer->bucket_count = at_most(slots / WIRE_BUCKET_KEYS + 64, UINT32_MAX);
	slots = at_most(config->max_sites * 100 / SITE_FILL_PERCENT + 1, UINT32_MAX / 2);
	tracer->site_count = slots + WIRE_FALLBACK_SITES;

	error = bpf_map__set_max_entries(skeleton->maps.live, tracer->bucket_count) ?:
		bpf_map__set_max_entries(skeleton->maps.sites, tracer->site_count) ?:
		bpf_map__set_max_entries(skeleton->maps.spill, spilled);
	if (error)
		return error;
	tracer->memory_bytes = tracer->bucket_count * sizeof(struct wire_bucket) +
			       tracer->site_count * sizeof(struct wire_site) +
			       WIRE_SPACES * sizeof(struct wire_space) + WIRE_RING_BYTES +
			       WIRE_RULES * sizeof(struct wire_rule) +
			       WIRE_MAPPINGS * sizeof(struct wire_mapping) +
			       WIRE_PC_CACHE * sizeof(uint64_t) + spilled * 96ULL;
	skeleton->rodata->live_buckets = tracer->bucket_count;
	skeleton->rodata->site_slots = slots;
	skeleton->rodata->site_shards = shards;
	skeleton->rodata->stack_frames = config->max_stack;
	skeleton->rodata->by_frame_pointer = config->by_frame_pointer;
	skeleton->rodata->session_start_ns = config->start_ns;
	skeleton->rodata->huge_bytes = physical_bytes() / HUGE_PART;
	skeleton->rodata->pid_ns_inum = own_pid_ns();
	skeleton->rodata->follow_children = config->follow_children;
	skeleton->rodata->park_newborn = config->park_newborn;
	skeleton->rodata->empty_probes = config->empty_probes;
	skeleton->rodata->trace_fds = config->traced[WIRE_FD];
	skeleton->rodata->trace_mappings = config->traced[WIRE_MMAP];
	skeleton->rodata->trace_pages = config->traced[WIRE_PAGES];
	skeleton->rodata->huge_pages = kernel_huge_pages();
	skeleton->rodata->trace_threads = config->traced[WIRE_THREAD];
	skeleton->rodata->scope_warm_up = config->scope_warm_up;
	skeleton->rodata->scope_first_round = config->scope_first_round;
	skeleton->rodata->scope_rounds = config->scope_rounds;
	skeleton->rodata->sample_bytes = config->sample_bytes;
	sample_tables_fill(skeleton->rodata->sample_logs, skeleton->rodata->sample_weights);
	return 0;
}

static void unmap_table(void *table, size_t bytes)
{
	if (table)
		munmap(table, bytes);
}

static int map_table(const struct bpf_map *map, size_t bytes, bool writable, void *table)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *memory;

	bytes = (bytes + page - 1) & ~(page - 1);
	memory = mmap(NULL, bytes, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED,
		      bpf_map__fd(map), 0);
	if (memory == MAP_FAILED)
		return -errno;
	*(void **)table = memory;
	return 0;
}

static int handle_event(void *context, void *data, size_t size)
{
	struct tracer *tracer = context;

	if (size >= sizeof(struct wire_event))
		tracer->handler(data, tracer->handler_context);
	return 0;
}

static int open_maps(struct tracer *tracer)
{
	struct leaktrace_bpf *skeleton = tracer->skeleton;
	int error;

	tracer->parking.map_fd = bpf_map__fd(skeleton->maps.parked);
	tracer->spill_fd = bpf_map__fd(skeleton->maps.spill);
	tracer->free_spaces_fd = bpf_map__fd(skeleton->maps.free_spaces);
	tracer->inherited_fds_fd = bpf_map__fd(skeleton->maps.inherited_fds);
	/* libbpf does without when its trial fails, for want of memory, say. */
	error = (skeleton->bss ? 0 : -ENOMEM) ?:
		map_table(skeleton->maps.sites, tracer->site_count * sizeof(struct wire_site), true,
			  &tracer->sites) ?:
		map_table(skeleton->maps.live, tracer->bucket_count * sizeof(struct wire_bucket),
			  true, &tracer->buckets) ?:
		map_table(skeleton->maps.spaces, WIRE_SPACES * sizeof(struct wire_space), true,
			  &tracer->spaces) ?:
		map_table(skeleton->maps.rules, WIRE_RULES * sizeof(struct wire_rule), true,
			  &tracer->rules) ?:
		map_table(skeleton->maps.mappings, WIRE_MAPPINGS * sizeof(struct wire_mapping),
			  true, &tracer->mappings) ?:
		map_table(skeleton->maps.pc_cache, WIRE_PC_CACHE * sizeof(uint64_t), true,
			  &tracer->pc_cache) ?:
		map_table(skeleton->maps.reads, sizeof(struct wire_read), true, &tracer->reads) ?:
		map_table(skeleton->maps.read_buffers, WIRE_READ_BYTES, true,
			  &tracer->read_buffers);
	if (error)
		return error;
	tracer->walked_pid = &skeleton->bss->walked_pid;
	tracer->ring =
		ring_buffer__new(bpf_map__fd(skeleton->maps.events), handle_event, tracer, NULL);
	return tracer->ring ? 0 : -errno;
}

int tracer_new(const struct tracer_config *config, struct tracer **result)
{
	/* -vvv: what verifying each program took. */
	LIBBPF_OPTS(bpf_object_open_opts, options,
		    .kernel_log_level = log_level() > 2 ? VERIFIER_STATISTICS : 0);
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct tracer *tracer = calloc(1, sizeof(*tracer));
	int error = 0;

	if (!tracer)
		return -ENOMEM;
	tracer->files_link_fd = -1;
	tracer->threads_link_fd = -1;
	tracer->memory_link_fd = -1;
	libbpf_set_print(log_libbpf);
	/* Kernels before 5.11 count BPF memory against it; elsewhere a refusal does no harm. */
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	tracer->skeleton = leaktrace_bpf__open_opts(&options);
	if (!tracer->skeleton)
		error = -errno;
	if (!error) {
		memcpy(tracer->traced, config->traced, sizeof(tracer->traced));
		choose_programs(tracer, config);
		error = choose_sizes(tracer, config);
	}
	if (!error)
		error = leaktrace_bpf__load(tracer->skeleton);
	if (!error)
		error = open_maps(tracer);
	if (error) {
		tracer_free(tracer);
		return error;
	}
	*result = tracer;
	return 0;
}

void tracer_free(struct tracer *tracer)
{
	if (!tracer)
		return;
	if (tracer->files_link_fd >= 0)
		close(tracer->files_link_fd);
	if (tracer->threads_link_fd >= 0)
		close(tracer->threads_link_fd);
	if (tracer->memory_link_fd >= 0)
		close(tracer->memory_link_fd);
	ring_buffer__free(tracer->ring);
	unmap_table(tracer->read_buffers, WIRE_READ_BYTES);
	unmap_table(tracer->reads, sizeof(struct wire_read));
	unmap_table(tracer->pc_cache, WIRE_PC_CACHE * sizeof(uint64_t));
	unmap_table(tracer->mappings, WIRE_MAPPINGS * sizeof(struct wire_mapping));
	unmap_table(tracer->rules, WIRE_RULES * sizeof(struct wire_rule));
	unmap_table(tracer->spaces, WIRE_SPACES * sizeof(struct wire_space));
	unmap_table(tracer->buckets, tracer->bucket_count * sizeof(struct wire_bucket));
	unmap_table(tracer->sites, tracer->site_count * sizeof(struct wire_site));
	leaktrace_bpf__destroy(tracer->skeleton);
	parking_free(&tracer->parking);
	free(tracer);
}

int tracer_program_fd(const struct tracer *tracer, enum tracer_program program)
{
	const struct leaktrace_bpf *skeleton = tracer->skeleton;
	const bool session = bpf_program__autoload(skeleton->progs.acquire_session);
	const struct bpf_program *const programs[] = {
		[TRACER_ACQUIRE] =
			session ? skeleton->progs.acquire_session : skeleton->progs.acquire_enter,
		[TRACER_ACQUIRE_RETURN] = skeleton->progs.acquire_return,
		[TRACER_RELEASE] = skeleton->progs.release_enter,
		[TRACER_LIBRARIES] = skeleton->progs.libraries_changed,
		[TRACER_FORK] = skeleton->progs.process_fork,
		[TRACER_EXEC] = skeleton->progs.process_exec,
		[TRACER_EXIT] = skeleton->progs.process_exit,
		[TRACER_BORN] = skeleton->progs.process_born,
		[TRACER_SYSCALL_ENTER] = skeleton->progs.syscall_enter,
		[TRACER_SYSCALL_EXIT] = skeleton->progs.syscall_exit,
		[TRACER_FILES] = skeleton->progs.files_walk,
		[TRACER_PAGE] = skeleton->progs.page_touched,
		[TRACER_LEAVING] = skeleton->progs.process_leaving,
		[TRACER_ENDING] = skeleton->progs.process_ending,
		[TRACER_MARK] = skeleton->progs.scope_mark,
		[TRACER_CALL] = skeleton->progs.scope_call,
		[TRACER_THREADS] = skeleton->progs.threads_walk,
		[TRACER_MEMORY] = skeleton->progs.memory_read,
	};

	return bpf_program__autoload(programs[program]) ? bpf_program__fd(programs[program]) : -1;
}

uint64_t tracer_memory_bytes(const struct tracer *tracer)
{
	return tracer->memory_bytes;
}

int tracer_new_space(struct tracer *tracer)
{
	uint32_t *next = &tracer->skeleton->data->next_space;
	uint32_t space = __atomic_fetch_add(next, 1, __ATOMIC_RELAXED);

	return space < WIRE_SPACES ? (int)space : -ENOSPC;
}

int tracer_follow(struct tracer *tracer, pid_t pid, uint32_t space, uint32_t flags)
{
	struct wire_follow follow = { .space = space, .flags = flags };
	uint32_t key = pid;
	int error = bpf_map_update_elem(bpf_map__fd(tracer->skeleton->maps.followed), &key, &follow,
					BPF_ANY);

	/* See `strangers` in bpf/maps.bpf.h. */
	__atomic_fetch_add(&tracer->skeleton->data->follow_generation, 1, __ATOMIC_SEQ_CST);
	return error;
}

void tracer_unfollow(struct tracer *tracer, pid_t pid)
{
	uint32_t key = pid;

	bpf_map_delete_elem(bpf_map__fd(tracer->skeleton->maps.followed), &key);
}

int tracer_know_exe(struct tracer *tracer, const struct wire_exe *exe)
{
	uint32_t one = 1;

	return bpf_map_update_elem(bpf_map__fd(tracer->skeleton->maps.known_exes), exe, &one,
				   BPF_ANY);
}

void tracer_forget_scope(struct tracer *tracer, const struct wire_scope_key *key)
{
	bpf_map_delete_elem(bpf_map__fd(tracer->skeleton->maps.scopes), key);
}

uint64_t tracer_scope_entries(const struct tracer *tracer, const struct wire_scope_key *key)
{
	struct wire_scope scope;

	if (bpf_map_lookup_elem(bpf_map__fd(tracer->skeleton->maps.scopes), key, &scope))
		return 0;
	return scope.entries;
}

struct parking *tracer_parking(struct tracer *tracer)
{
	return &tracer->parking;
}

int tracer_event_fd(const struct tracer *tracer)
{
	return ring_buffer__epoll_fd(tracer->ring);
}

int tracer_drain(struct tracer *tracer, tracer_handler handler, void *context)
{
	tracer->handler = handler;
	tracer->handler_context = context;
	return ring_buffer__consume(tracer->ring);
}

int tracer_chunks_fd(const struct tracer *tracer)
{
	return bpf_map__fd(tracer->skeleton->maps.chunks);
}

int tracer_counters(const struct tracer *tracer, uint64_t counters[WIRE_COUNTERS])
{
	uint64_t *per_cpu = calloc(tracer->cpu_count, sizeof(*per_cpu));
	int fd = bpf_map__fd(tracer->skeleton->maps.counters), error = per_cpu ? 0 : -ENOMEM;

	memset(counters, 0, WIRE_COUNTERS * sizeof(*counters));
	for (uint32_t i = 0; !error && i < WIRE_COUNTERS; i++) {
		error = bpf_map_lookup_elem(fd, &i, per_cpu);
		for (int cpu = 0; !error && cpu < tracer->cpu_count; cpu++)
			counters[i] += per_cpu[cpu];
	}
	free(per_cpu);
	return error;
}
