/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the user looks at: which screen, which rows in which order, where the cursor
 * is; and what each key does to it. Knows no terminal: a key is a number.
 */
#ifndef LEAKTRACE_LIVE_VIEW_H
#define LEAKTRACE_LIVE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "live/layout.h"
#include "live/rows.h"
#include "model/sample.h"

struct growth;

/* Keys that are no character. */
enum view_key {
	KEYS_FROM = 0x110000, /* behind the last character */
	VIEW_KEY_UP,
	VIEW_KEY_DOWN,
	VIEW_KEY_PAGE_UP,
	VIEW_KEY_PAGE_DOWN,
	VIEW_KEY_HOME,
	VIEW_KEY_END,
	VIEW_KEY_LEFT,
	VIEW_KEY_RIGHT,
	VIEW_KEY_BACKSPACE,
	VIEW_KEY_HELP,	 /* F1 */
	VIEW_KEY_FILTER, /* F4 */
	VIEW_KEY_SORT,	 /* F6 */
	VIEW_KEY_QUIT,	 /* F10 */
	VIEW_KEY_WHEEL_UP,
	VIEW_KEY_WHEEL_DOWN,
};

#define VIEW_KEY_ENTER '\n'
#define VIEW_KEY_ESCAPE 27

/* What a key asks of those who own the trace. */
enum view_action {
	VIEW_NOTHING,
	VIEW_QUIT,
	VIEW_SNAPSHOT,
	VIEW_EXACT, /* switch exact tracing on or off */
	VIEW_SCAN,  /* look into memory */
	VIEW_MARK,
	VIEW_UNMARK,
	VIEW_FOCUS, /* another site is looked at in detail, or none */
};

enum view_screen {
	SCREEN_TABLE,
	SCREEN_DETAIL,
	SCREEN_HELP,
};

#define MESSAGE_BYTES 200

struct view {
	enum view_screen screen;
	struct row_query query;
	struct rows rows;
	bool is_paused;
	bool asks_filter; /* the last line takes a filter's text */
	char asked[FILTER_BYTES];
	bool has_output; /* there is an output of the command to show */
	bool shows_output;
	bool has_losses;
	uint64_t selected; /* key of the row under the cursor; 0: the first row, whichever it is */
	size_t cursor;	   /* its index */
	size_t top;	   /* index of the first row shown */
	size_t scroll;	   /* lines, of detail and help */
	uint64_t detail_key;
	struct site_detail detail;   /* of the row with `detail_key` */
	char message[MESSAGE_BYTES]; /* shown until the next key */
	struct layout layout;	     /* of the screen as it was last drawn */
};

void view_begin(struct view *view, bool has_output);
void view_clear(struct view *view);

/* The screen has this size now. */
void view_resize(struct view *view, int rows, int columns);

/* Makes the rows anew, and keeps the cursor on its site. Returns 0 or -ENOMEM. */
int view_update(struct view *view, const struct growth *growth);

/* Moves the part of the table that is shown, so that the cursor is in it. */
void view_show_cursor(struct view *view);

/* Acts on a key; `growth` is what is shown. */
enum view_action view_key(struct view *view, const struct growth *growth, int key);
/* Acts on a click on a cell; a second one on the same row is like Enter. */
enum view_action view_click(struct view *view, int row, int column);

/* The row under the cursor, NULL when there is none. */
const struct row *view_row(const struct view *view);
/* The row that is looked at in detail, NULL when it is gone. */
const struct row *view_detail_row(const struct view *view);

void view_say(struct view *view, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What a key does, for the help. */
struct key_row {
	const char *keys; /* as they are called */
	const char *text;
};

extern const struct key_row key_table[];
extern const size_t key_row_count;

#endif
