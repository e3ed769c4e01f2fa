/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/sample.h"

#include <string.h>

#define SECOND_NS 1000000000ULL

const uint64_t detail_age_limit_ns[DETAIL_AGES] = {
	1 * SECOND_NS,	 10 * SECOND_NS,   60 * SECOND_NS,
	600 * SECOND_NS, 3600 * SECOND_NS, UINT64_MAX,
};

static void add_latest(struct site_detail *detail, const struct detail_resource *resource)
{
	size_t at = detail->latest_count;

	while (at && detail->latest[at - 1].born_ns < resource->born_ns)
		at--;
	if (at == DETAIL_LATEST)
		return;
	if (detail->latest_count < DETAIL_LATEST)
		detail->latest_count++;
	memmove(&detail->latest[at + 1], &detail->latest[at],
		(detail->latest_count - at - 1) * sizeof(*detail->latest));
	detail->latest[at] = *resource;
}

void site_detail_add(struct site_detail *detail, const struct detail_resource *resource)
{
	uint64_t age =
		detail->time_ns > resource->born_ns ? detail->time_ns - resource->born_ns : 0;
	int age_row = 0, size_row = 0;

	while (age_row < DETAIL_AGES - 1 && age >= detail_age_limit_ns[age_row])
		age_row++;
	while (size_row < DETAIL_SIZES - 1 && resource->size >> (size_row + 1))
		size_row++;
	detail->count++;
	detail->ages[age_row]++;
	detail->sizes[size_row]++;
	add_latest(detail, resource);
}
