/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Knows what threads have; where in their memory that is, control.h. */
#include "memory/threads.h"

#include "memory/control.h"
#include "memory/layout.h"
#include "memory/reader.h"
#include "wire.h"

#define WORD 8
/* The vector begins one entry before where the control block points. */
#define VECTOR_OFFSET 16
/* All of it, at most: struct pthread of glibc */
#define CONTROL_BYTES 2304
/* The control block is near the end of a thread's stack. */
#define CONTROL_WITHIN (8 * 1024)

static void take_vector(struct graph *graph, uint64_t address)
{
	graph_root_start(graph, address - VECTOR_OFFSET);
}

void threads_take(struct reader *reader, struct graph *graph, const struct wire_thread *threads,
		  size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct wire_thread *thread = &threads[i];
		const struct wire_registers *registers = &thread->registers;
		uint64_t vector;

		graph_root_words(graph, registers->words,
				 sizeof(registers->words) / sizeof(*registers->words));
		graph_root_start(graph, registers->sp);
		graph_root_start(graph, thread->thread_pointer);
		graph_root_start(graph, thread->signal_stack);
		if (reader_read(reader, thread->thread_pointer + control_vector_word * WORD,
				&vector, sizeof(vector)) == sizeof(vector))
			take_vector(graph, vector);
	}
}

void threads_take_results(struct reader *reader, struct graph *graph, const uint64_t *handles,
			  size_t count)
{
	uint64_t words[CONTROL_BYTES / WORD];

	for (size_t i = 0; i < count; i++) {
		ssize_t got = reader_read(reader, handles[i], words, sizeof(words));

		if (got > 0)
			graph_root_words(graph, words, (size_t)got / WORD);
	}
}

bool threads_stack_is_left(struct reader *reader, struct graph *graph, const struct area *area)
{
	uint64_t words[CONTROL_WITHIN / WORD];
	uint64_t bytes = area->end - area->start;
	struct control control;
	uint64_t start;
	ssize_t got;

	if (bytes > sizeof(words))
		bytes = sizeof(words);
	start = area->end - bytes;
	got = reader_read(reader, start, words, bytes);
	if (got <= 0 || !control_find(words, (size_t)got / WORD, start, &control))
		return false;
	for (size_t i = 0; i < control.count; i++)
		take_vector(graph, words[control.first + i]);
	return true;
}
