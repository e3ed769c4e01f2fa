/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interned rules: a hash over a storage that is the caller's. */
#include "unwind/table.h"

#include <stdlib.h>

#include "util/hash.h"

struct interned {
	struct wire_rule rule;
	UT_hash_handle hh;
};

struct unwind_rules {
	struct wire_rule *storage;
	size_t count;
	struct interned *hash;
	struct interned *interned; /* WIRE_RULES of them; pages are touched as they are used */
};

struct unwind_rules *unwind_rules_new(struct wire_rule *storage)
{
	static const enum wire_cfa fixed[] = {
		WIRE_CFA_NO_RULE,
		WIRE_CFA_UNSUPPORTED,
		WIRE_CFA_OUTERMOST,
	};
	struct unwind_rules *rules = calloc(1, sizeof(*rules));

	if (!rules)
		return NULL;
	rules->storage = storage;
	rules->interned = calloc(WIRE_RULES, sizeof(*rules->interned));
	if (!rules->interned) {
		free(rules);
		return NULL;
	}
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		unwind_rules_intern(rules, &(struct wire_rule){ .cfa = fixed[i] });
	return rules;
}

void unwind_rules_free(struct unwind_rules *rules)
{
	if (!rules)
		return;
	HASH_CLEAR(hh, rules->hash);
	free(rules->interned);
	free(rules);
}

uint16_t unwind_rules_intern(struct unwind_rules *rules, const struct wire_rule *rule)
{
	struct interned *found;

	HASH_FIND(hh, rules->hash, rule, sizeof(*rule), found);
	if (found)
		return found - rules->interned;
	if (rules->count == WIRE_RULES)
		return WIRE_CFA_UNSUPPORTED;
	found = &rules->interned[rules->count];
	found->rule = *rule;
	rules->storage[rules->count] = *rule;
	/* Out of memory, a rule is not found again and gets a second number: no harm. */
	HASH_ADD(hh, rules->hash, rule, sizeof(*rule), found);
	return rules->count++;
}

size_t unwind_rules_count(const struct unwind_rules *rules)
{
	return rules->count;
}
