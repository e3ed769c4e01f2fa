/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reachability: small heaps of known classes, and random ones against a plain walk that looks
 * for each pointer in all blocks.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reach/edges.h"
#include "reach/graph.h"

#define BASE 0x555555000000ULL
#define WORDS_MAX 65536

/* A heap: words from BASE on, and the blocks in them. */
struct heap {
	struct block blocks[4096];
	size_t count;
	uint64_t words[WORDS_MAX];
	uint64_t roots[64];
	size_t root_count;
	uint64_t top; /* bytes used */
};

static struct heap heap;

static int setup(void **state)
{
	(void)state;
	memset(&heap, 0, sizeof(heap));
	return 0;
}

/* Returns the block's number. */
static size_t block(uint64_t bytes)
{
	heap.blocks[heap.count] = (struct block){ BASE + heap.top, bytes };
	heap.top += (bytes + 8 + 15) / 16 * 16;
	assert_true(heap.top / 8 < WORDS_MAX);
	return heap.count++;
}

static uint64_t at(size_t number, uint64_t offset)
{
	return heap.blocks[number].start + offset;
}

static void put(size_t number, uint64_t offset, uint64_t word)
{
	heap.words[(at(number, offset) - BASE) / 8] = word;
}

static void root(uint64_t word)
{
	heap.roots[heap.root_count++] = word;
}

/* In pieces of this many words, as memory is read. */
static struct graph *judged(unsigned heuristics, size_t piece)
{
	struct graph *graph;

	assert_int_equal(graph_new(heap.blocks, heap.count, heuristics, &graph), 0);
	graph_root_words(graph, heap.roots, heap.root_count);
	for (size_t i = 0; i < heap.top / 8; i += piece)
		assert_int_equal(graph_memory(graph, BASE + i * 8, heap.words + i,
					      i + piece < heap.top / 8 ? piece : heap.top / 8 - i,
					      OUTSIDE_NOTHING),
				 0);
	assert_int_equal(graph_judge(graph), 0);
	return graph;
}

static void assert_class(const struct graph *graph, size_t number, enum reach_class class)
{
	assert_int_equal(graph_result(graph, (uint32_t)number).class, class);
}

static void test_classes(void **state)
{
	size_t kept = block(32), next = block(32), lost = block(32), child = block(64),
	       grandchild = block(16), middle = block(100), behind_middle = block(16),
	       alone = block(1);
	struct graph *graph;

	(void)state;
	root(at(kept, 0));
	put(kept, 8, at(next, 0));
	put(lost, 0, at(child, 0));
	put(child, 56, at(grandchild, 0));
	put(next, 16, at(middle, 40));
	put(middle, 0, at(behind_middle, 0));
	/* One past the end is no pointer to it. */
	root(at(alone, 1));
	graph = judged(0, 7);
	assert_class(graph, kept, REACH_REACHABLE);
	assert_class(graph, next, REACH_REACHABLE);
	assert_class(graph, lost, REACH_DEFINITE);
	assert_class(graph, child, REACH_INDIRECT);
	assert_class(graph, grandchild, REACH_INDIRECT);
	assert_int_equal(graph_result(graph, (uint32_t)grandchild).leader, lost);
	assert_class(graph, middle, REACH_POSSIBLE);
	assert_class(graph, behind_middle, REACH_POSSIBLE);
	assert_class(graph, alone, REACH_DEFINITE);
	graph_free(graph);
}

/* A list that nobody holds: whichever way its addresses go, its head is lost and holds the rest. */
static void test_lists(void **state)
{
	for (int backwards = 0; backwards < 2; backwards++) {
		struct graph *graph;
		size_t head;

		setup(state);
		for (size_t i = 0; i < 4000; i++)
			block(16);
		for (size_t i = 0; i + 1 < 4000; i++)
			put(backwards ? i + 1 : i, 8, at(backwards ? i : i + 1, 0));
		head = backwards ? 3999 : 0;
		graph = judged(0, 512);
		for (size_t i = 0; i < 4000; i++) {
			assert_class(graph, i, i == head ? REACH_DEFINITE : REACH_INDIRECT);
			assert_int_equal(graph_result(graph, (uint32_t)i).leader, head);
		}
		graph_free(graph);
	}
}

static void test_cycles(void **state)
{
	size_t a = block(16), b = block(16), c = block(16), self = block(24), into = block(16),
	       aside = block(16);
	struct graph *graph;

	(void)state;
	put(a, 0, at(b, 0));
	put(b, 0, at(c, 0));
	put(c, 0, at(a, 0));
	put(self, 8, at(self, 0));
	/* From outside to the first: that one holds all of the cycle. To another it comes too late.
	 */
	put(into, 0, at(a, 0));
	put(aside, 0, at(b, 0));
	graph = judged(0, 100);
	assert_class(graph, into, REACH_DEFINITE);
	assert_class(graph, a, REACH_INDIRECT);
	assert_class(graph, b, REACH_INDIRECT);
	assert_class(graph, c, REACH_INDIRECT);
	assert_int_equal(graph_result(graph, (uint32_t)c).leader, into);
	assert_class(graph, aside, REACH_DEFINITE);
	assert_class(graph, self, REACH_DEFINITE);
	graph_free(graph);
}

static void test_reachable_wins(void **state)
{
	size_t first = block(64), second = block(64), third = block(64);
	struct graph *graph;

	(void)state;
	root(at(first, 8));
	put(first, 0, at(second, 0));
	root(at(third, 0));
	put(third, 0, at(second, 0));
	graph = judged(0, 100);
	assert_class(graph, first, REACH_POSSIBLE);
	assert_class(graph, second, REACH_REACHABLE);
	assert_class(graph, third, REACH_REACHABLE);
	graph_free(graph);
}

static void test_heuristics(void **state)
{
	size_t string = block(24 + 10 + 1), no_string = block(24 + 10 + 1), length = block(8 + 100),
	       array = block(8 + 5 * 24), odd = block(8 + 5 * 24), holder = block(40);
	struct graph *graph;

	(void)state;
	put(string, 0, 7);
	put(string, 8, 10);
	put(no_string, 0, 11);
	put(no_string, 8, 10);
	put(length, 0, 100);
	put(array, 0, 5);
	put(odd, 0, 7);
	root(at(holder, 0));
	put(holder, 0, at(string, 24));
	put(holder, 8, at(no_string, 24));
	put(holder, 16, at(length, 8));
	put(holder, 24, at(array, 8));
	put(holder, 32, at(odd, 8));
	graph = judged(0, 3);
	for (size_t i = string; i <= odd; i++)
		assert_class(graph, i, REACH_POSSIBLE);
	graph_free(graph);
	graph = judged(HEURISTICS_ALL, 3);
	assert_class(graph, string, REACH_REACHABLE);
	assert_class(graph, no_string, REACH_POSSIBLE);
	assert_class(graph, length, REACH_REACHABLE);
	assert_class(graph, array, REACH_REACHABLE);
	assert_class(graph, odd, REACH_POSSIBLE);
	graph_free(graph);
	graph = judged(HEURISTIC_LENGTH64, 100);
	assert_class(graph, string, REACH_POSSIBLE);
	assert_class(graph, length, REACH_REACHABLE);
	assert_class(graph, array, REACH_POSSIBLE);
	graph_free(graph);
}

static void test_start_addresses(void **state)
{
	size_t first = block(64);
	struct graph *graph;

	(void)state;
	assert_int_equal(graph_new(heap.blocks, heap.count, 0, &graph), 0);
	graph_root_start(graph, at(first, 16));
	graph_root_start(graph, 42);
	assert_int_equal(graph_judge(graph), 0);
	assert_class(graph, first, REACH_REACHABLE);
	graph_free(graph);
}

static void test_wrong_blocks(void **state)
{
	const struct block overlapping[] = { { BASE, 32 }, { BASE + 16, 32 } };
	const struct block unsorted[] = { { BASE + 64, 32 }, { BASE, 32 } };
	const struct block wrapping[] = { { UINT64_MAX - 8, 32 } };
	uint64_t word = 0;
	struct graph *graph;

	(void)state;
	assert_int_equal(graph_new(overlapping, 2, 0, &graph), -EINVAL);
	assert_int_equal(graph_new(unsorted, 2, 0, &graph), -EINVAL);
	assert_int_equal(graph_new(wrapping, 1, 0, &graph), -EINVAL);
	assert_int_equal(graph_new(NULL, 0, 0, &graph), 0);
	assert_int_equal(graph_memory(graph, BASE, &word, 1, OUTSIDE_NOTHING), 0);
	/* Not in order. */
	assert_int_equal(graph_memory(graph, BASE - 8, &word, 1, OUTSIDE_NOTHING), -EINVAL);
	assert_int_equal(graph_judge(graph), 0);
	graph_free(graph);
}

/* Blocks far from each other, at odd addresses, of no size, and larger than 32 bits can say. */
static void test_block_index(void **state)
{
	static struct block all[3000];
	struct blocks blocks;
	uint64_t address = BASE;
	uint32_t number = 99;

	(void)state;
	for (size_t i = 0; i < 3000; i++) {
		number = number * 1664525 + 1013904223;
		all[i].start = address;
		all[i].size = i == 1000 ? 6ULL << 30 : number >> 8 & 0xfff;
		if (i % 7 == 0)
			all[i].size = 0;
		address += all[i].size + 1 + (number >> 20) % 64;
		if (i % 500 == 0)
			address += 1ULL << 40;
	}
	assert_int_equal(blocks_build(&blocks, all, 3000), 0);
	assert_true(blocks.region_count >= 6);
	for (uint32_t i = 0; i < 3000; i++) {
		uint64_t start = all[i].start, size = all[i].size;
		const struct block_region *region = blocks_region(&blocks, start, NULL);
		struct block_place place = blocks_find(&blocks, start), next;

		assert_int_equal(place.number, i);
		assert_int_equal(place.block.start, start);
		assert_int_equal(place.block.size, size);
		if (size > 1)
			assert_int_equal(blocks_find(&blocks, start + size - 1).number, i);
		if (size)
			assert_int_equal(blocks_find(&blocks, start + size).number, NO_BLOCK);
		next = blocks_next(&blocks, region, &place);
		if (next.number == NO_BLOCK)
			assert_true(i + 1 == 3000 ||
				    blocks_region(&blocks, all[i + 1].start, NULL) != region);
		else
			assert_int_equal(next.block.start, all[i + 1].start);
	}
	assert_int_equal(blocks_find(&blocks, 0).number, NO_BLOCK);
	assert_int_equal(blocks_find(&blocks, BASE - 1).number, NO_BLOCK);
	assert_int_equal(blocks_find(&blocks, UINT64_MAX).number, NO_BLOCK);
	blocks_clear(&blocks);
}

/* ---- against a plain walk -------------------------------------------------------------- */

static uint32_t random_below(uint32_t limit)
{
	static uint32_t number = 2463534242;

	number ^= number << 13;
	number ^= number >> 17;
	number ^= number << 5;
	return number % limit;
}

static size_t plain_find(uint64_t word, uint64_t *offset)
{
	for (size_t i = 0; i < heap.count; i++) {
		*offset = word - heap.blocks[i].start;
		if (*offset < heap.blocks[i].size || !*offset)
			return i;
	}
	return SIZE_MAX;
}

static enum reach_class plain[4096];

/* Everything that can be reached from a block gets the class, by starts alone or by any pointer. */
static void plain_follow(size_t number, enum reach_class class, bool starts, bool is_leader)
{
	const struct block *from = &heap.blocks[number];

	if (!is_leader)
		plain[number] = class;
	for (uint64_t i = 0; i + 8 <= from->size; i += 8) {
		uint64_t offset;
		size_t target = plain_find(heap.words[(from->start - BASE + i) / 8], &offset);

		if (target == SIZE_MAX || target == number || plain[target] == class ||
		    (starts && offset) || (!starts && plain[target] != REACH_DEFINITE))
			continue;
		plain_follow(target, class, starts, false);
	}
}

static void plain_walk(void)
{
	uint64_t offset;

	memset(plain, 0, sizeof(plain));
	for (size_t i = 0; i < heap.root_count; i++) {
		size_t target = plain_find(heap.roots[i], &offset);

		if (target != SIZE_MAX && !offset && plain[target] != REACH_REACHABLE)
			plain_follow(target, REACH_REACHABLE, true, false);
	}
	for (size_t i = 0; i < heap.root_count; i++) {
		size_t target = plain_find(heap.roots[i], &offset);

		if (target != SIZE_MAX && plain[target] == REACH_DEFINITE)
			plain_follow(target, REACH_POSSIBLE, false, false);
	}
	for (size_t i = 0; i < heap.count; i++) {
		if (plain[i] != REACH_REACHABLE)
			continue;
		for (uint64_t j = 0; j + 8 <= heap.blocks[i].size; j += 8) {
			size_t target = plain_find(
				heap.words[(heap.blocks[i].start - BASE + j) / 8], &offset);

			if (target != SIZE_MAX && plain[target] == REACH_DEFINITE)
				plain_follow(target, REACH_POSSIBLE, false, false);
		}
	}
	for (size_t i = 0; i < heap.count; i++) {
		if (plain[i] != REACH_DEFINITE)
			continue;
		/* What it leads to; itself it stays, even in a cycle. */
		plain_follow(i, REACH_INDIRECT, false, true);
		plain[i] = REACH_DEFINITE;
	}
}

static uint64_t random_pointer(void)
{
	size_t target = random_below((uint32_t)heap.count);
	uint64_t size = heap.blocks[target].size;

	switch (random_below(4)) {
	case 0:
		return at(target, size ? random_below((uint32_t)size) : 0);
	case 1:
		return random_below(1000);
	default:
		return at(target, 0);
	}
}

static void test_random_heaps(void **state)
{
	for (int round = 0; round < 60; round++) {
		struct graph *graph;
		size_t count = 1 + random_below(300);

		setup(state);
		for (size_t i = 0; i < count; i++)
			block(random_below(60));
		for (size_t i = 0; i < heap.count; i++)
			for (uint64_t j = 0; j + 8 <= heap.blocks[i].size; j += 8)
				if (!random_below(4))
					put(i, j, random_pointer());
		for (size_t i = 0; i < count / 50 + 1; i++)
			root(random_pointer());
		plain_walk();
		graph = judged(0, 1 + random_below(200));
		for (size_t i = 0; i < heap.count; i++) {
			struct graph_result result = graph_result(graph, (uint32_t)i);

			assert_int_equal(result.class, plain[i]);
			assert_int_equal(graph_result(graph, result.leader).class,
					 plain[i] == REACH_INDIRECT ? REACH_DEFINITE : plain[i]);
		}
		graph_free(graph);
	}
}

/* Gigabytes of pointers before the second block's, by a base that is so far away. */
static void test_places_beyond_32_bits(void **state)
{
	struct edges edges;

	(void)state;
	assert_int_equal(edges_begin(&edges, 3), 0);
	assert_int_equal(edges_add(&edges, 0, 1, EDGE_START, 0), 0);
	edges.bases[0] -= UINT32_MAX;
	assert_int_equal(edges_add(&edges, 1, 2, EDGE_START, 0), -ENOMEM);
	edges_clear(&edges);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places_beyond_32_bits),
		cmocka_unit_test_setup(test_classes, setup),
		cmocka_unit_test_setup(test_lists, setup),
		cmocka_unit_test_setup(test_cycles, setup),
		cmocka_unit_test_setup(test_reachable_wins, setup),
		cmocka_unit_test_setup(test_heuristics, setup),
		cmocka_unit_test_setup(test_start_addresses, setup),
		cmocka_unit_test_setup(test_wrong_blocks, setup),
		cmocka_unit_test_setup(test_block_index, setup),
		cmocka_unit_test_setup(test_random_heaps, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
