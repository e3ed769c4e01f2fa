/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/marks.h"

#include <string.h>

#include "elf/elf_file.h"
#include "trace/probe_plan.h"

#define NOTE_TYPE 3
#define NOTE_ALIGNMENT 4
#define ADDRESSES 3

struct note_head {
	uint32_t name_bytes;
	uint32_t content_bytes;
	uint32_t type;
};

static const struct {
	const char *name;
	enum wire_op op;
} marks[] = {
	{ "begin", WIRE_MARK_BEGIN },
	{ "end", WIRE_MARK_END },
	{ "mark", WIRE_MARK_POINT },
};

static size_t aligned(size_t bytes)
{
	return (bytes + NOTE_ALIGNMENT - 1) & ~(size_t)(NOTE_ALIGNMENT - 1);
}

static int add_mark(struct probe_plan *plan, struct elf_file *file, uint64_t address,
		    const char *name)
{
	uint64_t start, size;

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		const struct wire_probe probe = {
			.op = marks[i].op,
			.kind = WIRE_NO_KIND,
			.size_args = WIRE_NO_ARG | WIRE_NO_ARG << 4,
			.id_arg = WIRE_NO_ARG,
			.skip_arg = WIRE_NO_ARG,
		};

		if (!strcmp(marks[i].name, name) && elf_file_code(file, address, &start, &size))
			return probe_plan_add(plan, &probe, "leaktrace:", name, address, 1);
	}
	return 0;
}

/* The text at `*at`, with its NUL inside of the note; NULL: there is none. */
static const char *take_text(const uint8_t **at, const uint8_t *end)
{
	const char *text = (const char *)*at;
	const uint8_t *stop = memchr(*at, 0, (size_t)(end - *at));

	if (!stop)
		return NULL;
	*at = stop + 1;
	return text;
}

static int take_note(struct probe_plan *plan, struct elf_file *file, const uint8_t *content,
		     size_t bytes)
{
	const uint8_t *at = content + ADDRESSES * sizeof(uint64_t), *end = content + bytes;
	const char *provider, *name;
	uint64_t address;

	if (bytes < ADDRESSES * sizeof(uint64_t))
		return 0;
	memcpy(&address, content, sizeof(address));
	provider = take_text(&at, end);
	name = provider ? take_text(&at, end) : NULL;
	if (!name || strcmp(provider, "leaktrace") != 0)
		return 0;
	return add_mark(plan, file, address, name);
}

int marks_choose(struct elf_file *file, struct probe_plan *plan)
{
	size_t size, at = 0;
	const uint8_t *notes = elf_file_section(file, ".note.stapsdt", &size);
	int error = 0;

	while (!error && notes && size - at >= sizeof(struct note_head)) {
		struct note_head head;
		size_t name_bytes, bytes;

		memcpy(&head, notes + at, sizeof(head));
		at += sizeof(head);
		name_bytes = aligned(head.name_bytes);
		bytes = aligned(head.content_bytes);
		if (name_bytes > size - at || bytes > size - at - name_bytes)
			break;
		if (head.type == NOTE_TYPE && head.name_bytes == sizeof("stapsdt") &&
		    !memcmp(notes + at, "stapsdt", sizeof("stapsdt")))
			error = take_note(plan, file, notes + at + name_bytes, head.content_bytes);
		at += name_bytes + bytes;
	}
	return error;
}
