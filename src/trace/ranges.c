/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A red-black tree by address (libbsd's). Must not know what a range stands for. */
#include "trace/ranges.h"

#include <errno.h>
#include <stdlib.h>

#include <bsd/sys/tree.h>

struct node {
	struct range range;
	RB_ENTRY(node) link;
};

RB_HEAD(tree, node);

struct ranges {
	struct tree tree;
};

/* Disjoint ranges are ordered by their ends as well as by their starts. */
static int compare(const struct node *a, const struct node *b)
{
	return (a->range.end > b->range.end) - (a->range.end < b->range.end);
}

/* RB_GENERATE_STATIC wants a BSD's name for this attribute. */
RB_GENERATE_INTERNAL(tree, node, link, compare, __attribute__((unused)) static)

struct ranges *ranges_new(void)
{
	return calloc(1, sizeof(struct ranges));
}

void ranges_free(struct ranges *ranges)
{
	struct node *node, *next;

	if (!ranges)
		return;
	RB_FOREACH_SAFE(node, tree, &ranges->tree, next)
	{
		RB_REMOVE(tree, &ranges->tree, node);
		free(node);
	}
	free(ranges);
}

int ranges_put(struct ranges *ranges, const struct range *range)
{
	struct node *node;

	if (range->start >= range->end)
		return 0;
	node = malloc(sizeof(*node));
	if (!node)
		return -ENOMEM;
	node->range = *range;
	RB_INSERT(tree, &ranges->tree, node);
	return 0;
}

static struct node *find_next(struct tree *tree, uint64_t address)
{
	struct node key = { .range.end = address + 1 };

	return address == UINT64_MAX ? NULL : RB_NFIND(tree, tree, &key);
}

/* Takes the part of `node` before `end` out, from `start` on. Returns 0 or -ENOMEM. */
static int cut_node(struct tree *tree, struct node *node, uint64_t start, uint64_t end,
		    struct range *piece)
{
	struct node *rest = NULL;
	int error = 0;

	*piece = node->range;
	if (piece->start < start)
		piece->start = start;
	if (piece->end > end)
		piece->end = end;
	RB_REMOVE(tree, tree, node);
	if (node->range.end > end) {
		rest = malloc(sizeof(*rest));
		error = rest ? 0 : -ENOMEM;
	}
	if (rest) {
		rest->range = node->range;
		rest->range.start = end;
		RB_INSERT(tree, tree, rest);
	}
	if (node->range.start < start) {
		node->range.end = start;
		RB_INSERT(tree, tree, node);
	} else {
		free(node);
	}
	return error;
}

int ranges_cut(struct ranges *ranges, uint64_t start, uint64_t end,
	       void (*removed)(const struct range *piece, void *context), void *context)
{
	struct node *node;
	int error = 0;

	while (start < end && (node = find_next(&ranges->tree, start)) && node->range.start < end) {
		struct range piece;

		error = cut_node(&ranges->tree, node, start, end, &piece) ?: error;
		removed(&piece, context);
		start = piece.end;
	}
	return error;
}

const struct range *ranges_next(const struct ranges *ranges, uint64_t address)
{
	struct node *node = find_next((struct tree *)&ranges->tree, address);

	return node ? &node->range : NULL;
}
