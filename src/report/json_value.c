/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/json_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/findings.h"
#include "report/escape.h"

#define JSON_STYLE (JSON_INDENT(JSON_INDENT_WIDTH) | JSON_ENSURE_ASCII)
#define TEXT_BYTES 4096

struct text {
	char *text;
	size_t size, capacity;
	bool failed;
};

json_t *json_number(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

json_t *json_text(const char *text)
{
	char *escaped;
	json_t *value;

	if (!text)
		return json_null();
	escaped = escape_utf8(text);
	value = escaped ? json_string(escaped) : NULL;
	free(escaped);
	return value;
}

json_t *json_address(uint64_t address)
{
	return json_sprintf("0x%" PRIx64, address);
}

void json_append(json_t **array, json_t *value)
{
	if (!*array) {
		json_decref(value);
	} else if (json_array_append_new(*array, value) != 0) {
		json_decref(*array);
		*array = NULL;
	}
}

void json_set(json_t **object, const char *key, json_t *value)
{
	if (!*object) {
		json_decref(value);
	} else if (json_object_set_new(*object, key, value) != 0) {
		json_decref(*object);
		*object = NULL;
	}
}

static json_t *json_frame(const struct frame *frame)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "ip", json_address(frame->ip),
			 "function", json_text(frame->function), "offset",
			 json_number(frame->offset), "module", json_text(frame->module), "build_id",
			 json_text(frame->build_id), "file", json_text(frame->file), "line",
			 frame->line ? json_number(frame->line) : json_null(), "inlined",
			 frame->inlined);
}

json_t *json_stack(const struct finding *finding)
{
	json_t *stack = json_array();

	for (uint32_t i = 0; i < finding->frame_count; i++)
		json_append(&stack, json_frame(&finding->frames[i]));
	return stack;
}

/* The library's own json_dumps() leaves keys out when it has no memory for them. */
static int add_text(const char *text, size_t size, void *context)
{
	struct text *to = context;
	char *grown;

	while (!to->failed && to->capacity - to->size <= size) {
		to->capacity = to->capacity ? 2 * to->capacity : TEXT_BYTES;
		grown = realloc(to->text, to->capacity);
		to->failed = !grown;
		to->text = grown ?: to->text;
	}
	if (to->failed)
		return -1;
	memcpy(to->text + to->size, text, size);
	to->size += size;
	to->text[to->size] = '\0';
	return 0;
}

char *json_to_text(const json_t *value)
{
	struct text to = { 0 };

	if (!json_dump_callback(value, add_text, &to, JSON_STYLE) && !to.failed)
		return to.text;
	free(to.text);
	return NULL;
}

int json_write(json_t *root, FILE *stream)
{
	int error = 0;

	errno = 0;
	if (!root || json_dumpf(root, stream, JSON_STYLE))
		error = errno ? -errno : -ENOMEM;
	json_decref(root);
	fputc('\n', stream);
	if (!error && (fflush(stream) != 0 || ferror(stream)))
		error = errno ? -errno : -EIO;
	return error;
}
