/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables and mappings in the kernel's maps: chunks of tables, which stay, and ranges of the
 * mappings' array, which come and go.
 */
#include "trace/unwinder.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "elf/elf_file.h"
#include "trace/mapping_room.h"
#include "trace/modules.h"
#include "trace/tracer.h"
#include "unwind/table.h"
#include "util/array.h"
#include "util/log.h"
#include "util/proc.h"

/* A range of the array of mappings, shared by a process and its forks. */
struct mapping_set {
	uint32_t first;
	uint32_t count;
	uint32_t users;
};

struct unwinder {
	struct tracer *tracer;
	struct unwind_rules *rules;
	struct wire_mapping *mappings; /* the kernel's */
	uint32_t **chunks;	       /* the kernel's, by number */
	size_t chunk_count;
	uint64_t next_word;
	struct mapping_room room;
	struct mapping_set *sets[WIRE_SPACES];
	struct module_unwind vdso;
	pthread_t first_thread; /* makes the first chunk, see unwinder_new() */
	bool first_under_way;
	int first_error;
};

static int chunk_add(struct unwinder *unwinder);

static void *add_first_chunk(void *context)
{
	struct unwinder *unwinder = context;

	unwinder->first_error = chunk_add(unwinder);
	return NULL;
}

static int await_first_chunk(struct unwinder *unwinder)
{
	if (unwinder->first_under_way)
		pthread_join(unwinder->first_thread, NULL);
	unwinder->first_under_way = false;
	return unwinder->first_error;
}

/*
 * Putting a chunk into the kernel's map of maps waits for a grace period, some 20 ms:
 * the first one is put there while probes are attached.
 */
int unwinder_new(struct tracer *tracer, struct unwinder **result)
{
	struct unwinder *unwinder = calloc(1, sizeof(*unwinder));

	if (!unwinder)
		return -ENOMEM;
	unwinder->tracer = tracer;
	unwinder->mappings = tracer_mappings(tracer);
	unwinder->rules = unwind_rules_new(tracer_rules(tracer));
	if (!unwinder->rules) {
		unwinder_free(unwinder);
		return -ENOMEM;
	}
	unwinder->first_under_way =
		!pthread_create(&unwinder->first_thread, NULL, add_first_chunk, unwinder);
	*result = unwinder;
	return 0;
}

static void set_drop(struct unwinder *unwinder, struct mapping_set *set)
{
	if (!set || --set->users)
		return;
	mapping_room_give(&unwinder->room, set->first, set->count);
	free(set);
}

void unwinder_free(struct unwinder *unwinder)
{
	if (!unwinder)
		return;
	await_first_chunk(unwinder);
	for (size_t i = 0; i < WIRE_SPACES; i++)
		set_drop(unwinder, unwinder->sets[i]);
	for (size_t i = 0; i < unwinder->chunk_count; i++)
		munmap(unwinder->chunks[i], sizeof(struct wire_chunk));
	unwind_rules_free(unwinder->rules);
	free(unwinder->chunks);
	mapping_room_clear(&unwinder->room);
	free(unwinder);
}

/* ---- tables ---------------------------------------------------------------------- */

static int chunk_add(struct unwinder *unwinder)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	uint32_t number = unwinder->chunk_count;
	uint32_t **slot;
	void *memory;
	int fd, error = 0;

	if (number >= WIRE_CHUNKS)
		return -ENOSPC;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "chunk", sizeof(uint32_t),
			    sizeof(struct wire_chunk), 1, &options);
	if (fd < 0)
		return fd;
	memory = mmap(NULL, sizeof(struct wire_chunk), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		error = -errno;
	else
		error = bpf_map_update_elem(tracer_chunks_fd(unwinder->tracer), &number, &fd,
					    BPF_ANY);
	close(fd);
	slot = error ? NULL : array_add(&unwinder->chunks, &unwinder->chunk_count, sizeof(*slot));
	if (slot) {
		*slot = memory;
		return 0;
	}
	if (memory != MAP_FAILED)
		munmap(memory, sizeof(struct wire_chunk));
	return error ? error : -ENOMEM;
}

static int table_store(struct unwinder *unwinder, const struct unwind_table *table,
		       struct module_unwind *unwind)
{
	uint64_t first = unwinder->next_word, at = first;
	size_t done = 0;
	int waited = await_first_chunk(unwinder);

	if (waited)
		return waited;
	if (first + table->word_count > (uint64_t)WIRE_CHUNKS * WIRE_CHUNK_WORDS)
		return -ENOSPC;
	while (done < table->word_count) {
		size_t offset = at % WIRE_CHUNK_WORDS;
		size_t words = WIRE_CHUNK_WORDS - offset;
		int error = 0;

		if (at / WIRE_CHUNK_WORDS >= unwinder->chunk_count)
			error = chunk_add(unwinder);
		if (error)
			return error;
		if (words > table->word_count - done)
			words = table->word_count - done;
		memcpy(unwinder->chunks[at / WIRE_CHUNK_WORDS] + offset, table->words + done,
		       words * sizeof(uint32_t));
		at += words;
		done += words;
	}
	unwinder->next_word = at;
	unwind->table = first;
	unwind->granules = table->granules;
	unwind->text_start = table->text_start;
	return 0;
}

static int table_add(struct unwinder *unwinder, struct elf_file *file, struct module_unwind *unwind)
{
	struct unwind_table *table;
	int error = unwind_table_build(file, unwinder->rules, &table);

	if (error)
		return error;
	error = table_store(unwinder, table, unwind);
	unwind_table_free(table);
	return error;
}

/* Virtual address of a segment's first mapped byte; files are opened once for each of theirs. */
static uint64_t segment_address(struct module_unwind *unwind, struct elf_file *file,
				uint64_t offset)
{
	struct module_segment *segment = &unwind->segments[unwind->segment_count];

	if (unwind->segment_count == MODULE_SEGMENTS)
		segment = &unwind->segments[--unwind->segment_count];
	segment->offset = offset;
	segment->address = elf_file_address_of(file, offset);
	unwind->segment_count++;
	return segment->address;
}

static const struct module_segment *segment_known(const struct module_unwind *unwind,
						  uint64_t offset)
{
	for (size_t i = 0; i < unwind->segment_count; i++)
		if (unwind->segments[i].offset == offset)
			return &unwind->segments[i];
	return NULL;
}

static int describe_file(struct unwinder *unwinder, struct module_unwind *unwind,
			 struct elf_file *file, uint64_t offset)
{
	int error = 0;

	if (!unwind->tried) {
		unwind->tried = true;
		error = table_add(unwinder, file, unwind);
	}
	segment_address(unwind, file, offset);
	return error == -ENODATA ? 0 : error;
}

static int describe_module(struct unwinder *unwinder, struct module *module, uint64_t offset)
{
	struct elf_file *file;
	int error;

	if (segment_known(&module->unwind, offset))
		return 0;
	error = elf_file_open(module->open_path, &file);
	if (error)
		return error;
	error = describe_file(unwinder, &module->unwind, file, offset);
	elf_file_close(file);
	if (error)
		log_info("no unwind table for %s: %s", module->path, strerror(-error));
	return error;
}

/* The same image for all processes; its size is that of the mapping. */
static int describe_vdso(struct unwinder *unwinder, const struct proc_map *map)
{
	const void *image = (const void *)getauxval(AT_SYSINFO_EHDR);
	struct elf_file *file;
	int error;

	if (unwinder->vdso.tried || !image)
		return 0;
	error = elf_file_open_image(image, map->end - map->start, &file);
	if (error)
		return error;
	error = describe_file(unwinder, &unwinder->vdso, file, 0);
	elf_file_close(file);
	return error;
}

int unwinder_describe(struct unwinder *unwinder, const struct proc_map *map, struct module *module,
		      struct wire_mapping *mapping)
{
	const struct module_unwind *unwind = NULL;
	const struct module_segment *segment;
	uint64_t offset = map->offset;
	int error = 0;

	*mapping = (struct wire_mapping){ .start = map->start, .end = map->end };
	if (module) {
		error = describe_module(unwinder, module, offset);
		unwind = &module->unwind;
	} else if (!strcmp(map->path, "[vdso]")) {
		error = describe_vdso(unwinder, map);
		unwind = &unwinder->vdso;
		offset = 0;
	}
	segment = unwind ? segment_known(unwind, offset) : NULL;
	if (!segment || !unwind->granules || segment->address == UINT64_MAX)
		return error;
	mapping->text_offset = segment->address - unwind->text_start;
	mapping->table = unwind->table;
	mapping->granules = unwind->granules;
	return 0;
}

/* ---- mappings of a space ----------------------------------------------------------- */

static struct mapping_set *set_new(struct unwinder *unwinder, uint32_t count)
{
	uint32_t first = mapping_room_take(&unwinder->room, count);
	struct mapping_set *set = first < WIRE_MAPPINGS ? malloc(sizeof(*set)) : NULL;

	if (set)
		*set = (struct mapping_set){ .first = first, .count = count, .users = 1 };
	else if (first < WIRE_MAPPINGS)
		mapping_room_give(&unwinder->room, first, count);
	return set;
}

static bool set_equals(const struct unwinder *unwinder, const struct mapping_set *set,
		       const struct wire_mapping *mappings, size_t count)
{
	return set && set->count == count &&
	       !memcmp(unwinder->mappings + set->first, mappings, count * sizeof(*mappings));
}

/* True when code was taken away or exchanged: what is known by address is wrong now. */
static bool code_gone(const struct unwinder *unwinder, const struct mapping_set *set,
		      const struct wire_mapping *mappings, size_t count)
{
	for (uint32_t i = 0, j = 0; set && i < set->count; i++) {
		const struct wire_mapping *old = &unwinder->mappings[set->first + i];

		while (j < count && mappings[j].start < old->start)
			j++;
		if (j == count || memcmp(&mappings[j], old, sizeof(*old)))
			return true;
	}
	return false;
}

int unwinder_publish(struct unwinder *unwinder, uint32_t space, const struct wire_mapping *mappings,
		     size_t count)
{
	struct mapping_set *old, *set;
	bool gone;

	if (space >= WIRE_SPACES || !count)
		return 0;
	if (count > WIRE_MAPPINGS_PER_SPACE)
		return -E2BIG;
	old = unwinder->sets[space];
	if (set_equals(unwinder, old, mappings, count))
		return 0;
	gone = code_gone(unwinder, old, mappings, count);
	set = set_new(unwinder, count);
	if (!set)
		return -ENOSPC;
	memcpy(unwinder->mappings + set->first, mappings, count * sizeof(*mappings));
	unwinder->sets[space] = set;
	tracer_set_mappings(unwinder->tracer, space, set->first, set->count);
	if (gone)
		tracer_clear_pc_cache(unwinder->tracer);
	set_drop(unwinder, old);
	return 0;
}

void unwinder_share(struct unwinder *unwinder, uint32_t space, uint32_t parent_space)
{
	struct mapping_set *set;

	if (space >= WIRE_SPACES || parent_space >= WIRE_SPACES || unwinder->sets[space])
		return;
	set = unwinder->sets[parent_space];
	if (!set)
		return;
	set->users++;
	unwinder->sets[space] = set;
	/* The kernel copied what the parent had at the fork, which may be older. */
	tracer_set_mappings(unwinder->tracer, space, set->first, set->count);
}

void unwinder_forget(struct unwinder *unwinder, uint32_t space)
{
	if (space >= WIRE_SPACES)
		return;
	set_drop(unwinder, unwinder->sets[space]);
	unwinder->sets[space] = NULL;
}

uint64_t unwinder_memory_bytes(const struct unwinder *unwinder)
{
	return unwinder->chunk_count * sizeof(struct wire_chunk);
}
