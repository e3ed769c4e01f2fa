/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From options to kinds. */
#include "kinds.h"

#include <errno.h>

#include "model/snapshot.h"
#include "options.h"
#include "util/log.h"
#include "util/strings.h"

int kinds_read(struct kinds *kinds, const struct options *options)
{
	for (size_t i = 0; i < options->resources.count; i++) {
		const char *path = options->resources.texts[i];
		struct resource_error error = { 0 };

		if (!resource_file_read(path, &kinds->resources, &error))
			continue;
		if (error.line)
			log_error("%s:%u:%u: %s", path, error.line, error.column, error.text);
		else
			log_error("%s: %s", path, error.text);
		return -EINVAL;
	}
	return 0;
}

static int add_kind(struct snapshot *snapshot, const struct resource_kind *kind)
{
	struct strings *strings = snapshot->strings;
	struct kind_info *info = &snapshot->kinds[snapshot->kind_count];

	*info = (struct kind_info){
		.name = strings_intern(strings, kind->name),
		.noun = strings_intern(strings, kind->noun),
		.nouns = strings_intern(strings, kind->nouns),
		.has_bytes = kind->has_bytes,
		.acquisitions = strings_intern(strings, "acquired"),
		.releases = strings_intern(strings, "released"),
		.id_name = strings_intern(strings, "handle"),
		.id_is_address = true,
	};
	snapshot->traced[snapshot->kind_count++] = true;
	return info->name && info->noun && info->nouns && info->acquisitions && info->releases &&
			       info->id_name
		       ? 0
		       : -ENOMEM;
}

int kinds_choose(struct kinds *kinds, const struct options *options, struct snapshot *snapshot)
{
	bool any = false;
	int error = 0;

	for (int kind = 0; kind < KIND_CHOICES; kind++)
		any |= options->kinds[kind];
	for (int kind = 0; kind < KIND_CHOICES; kind++)
		snapshot->traced[kind] = options->kinds[kind] || !any;
	snapshot->traced[KIND_PAGES] = false;
	if (options->events == EVENTS_PAGES) {
		snapshot->traced[KIND_PAGES] = snapshot->traced[KIND_HEAP];
		snapshot->traced[KIND_HEAP] = false;
	}
	for (size_t i = 0; !error && i < kinds->resources.count; i++)
		error = add_kind(snapshot, &kinds->resources.kinds[i]);
	return error ?: functions_add_resources(&kinds->functions, &kinds->resources, KIND_CUSTOM);
}

void kinds_tell_missing(const struct kinds *kinds)
{
	for (size_t i = 0; i < kinds->resources.count; i++)
		if (!kinds->functions.found[KIND_CUSTOM + i])
			log_notice("kind %s: none of its functions was found in what the traced "
				   "processes have mapped (stripped? another name?)",
				   kinds->resources.kinds[i].name);
}

void kinds_tell_missing_calls(const struct kinds *kinds, const struct options *options)
{
	for (size_t i = 0; i < options->calls.count; i++)
		if (!kinds->functions.calls_found[i])
			log_error("--call %s: no such function was found in what the traced "
				  "processes have mapped (stripped? inlined? a C++ name needs its "
				  "namespaces)",
				  options->calls.texts[i]);
}

void kinds_clear(struct kinds *kinds)
{
	functions_clear(&kinds->functions);
	resource_kinds_clear(&kinds->resources);
}
