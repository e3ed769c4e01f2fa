/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A suppression file, and behind a NUL lines that name the frames it is held against. */
#include "fuzz.h"

#include "suppress/suppress.h"

#define FRAMES_MAX 128

/* Function, symbol, file and module by turns: each name is tried as all of them. */
static uint32_t make_frames(char *names, struct frame frames[FRAMES_MAX])
{
	uint32_t count = 0;

	for (char *name = strtok(names, "\n"); name && count < FRAMES_MAX;
	     name = strtok(NULL, "\n"), count++)
		frames[count] = (struct frame){
			.function = count % 5 ? name : NULL,
			.symbol = count % 3 ? NULL : name,
			.file = count % 2 ? name : NULL,
			.module = count % 4 ? name : NULL,
		};
	return count;
}

static void match(const struct suppressions *suppressions, char *names)
{
	struct frame frames[FRAMES_MAX];
	struct suppress_query query = { .frames = frames };

	query.frame_count = make_frames(names, frames);
	query.first = query.frame_count > 2 ? 2 : 0;
	for (int leak_class = 0; leak_class < CLASS_COUNT; leak_class++) {
		query.leak_class = (enum leak_class)leak_class;
		query.kind = leak_class % 2 ? "heap" : "fd";
		suppressions_find(suppressions, &query);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct suppressions suppressions = { 0 };
	struct suppress_error error = { 0 };
	char *text = fuzz_copy(bytes, size);
	size_t length = strlen(text);

	if (!suppressions_parse(&suppressions, text, "fuzz", &error))
		match(&suppressions, text + length + (length < size));
	else if (!error.text[0] || suppressions.count)
		abort();
	suppressions_clear(&suppressions);
	free(text);
	return 0;
}
