/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/terminal.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* For wide characters. */
#define NCURSES_WIDECHAR 1
#include <curses.h>

#include "live/view.h"

/* How long an escape may be the beginning of a key, in milliseconds. */
#define ESCAPE_MS 50

struct terminal {
	SCREEN *screen;
	FILE *output;
	bool is_utf8;
	attr_t attributes[STYLE_COUNT];
	short pairs[STYLE_COUNT];
};

/* By style: without colour attributes alone tell them apart. */
static const struct {
	attr_t plain;
	attr_t coloured;
	short foreground;
	short background;
} looks[STYLE_COUNT] = {
	[STYLE_NORMAL] = { A_NORMAL, A_NORMAL, -1, -1 },
	[STYLE_BOLD] = { A_BOLD, A_BOLD, -1, -1 },
	[STYLE_DIM] = { A_NORMAL, A_NORMAL, COLOR_CYAN, -1 },
	[STYLE_BAR] = { A_REVERSE, A_NORMAL, COLOR_BLACK, COLOR_GREEN },
	[STYLE_SORTED] = { A_BOLD | A_UNDERLINE, A_NORMAL, COLOR_BLACK, COLOR_CYAN },
	[STYLE_SELECTED] = { A_REVERSE, A_NORMAL, COLOR_BLACK, COLOR_CYAN },
	[STYLE_GOOD] = { A_NORMAL, A_BOLD, COLOR_GREEN, -1 },
	[STYLE_WARNING] = { A_BOLD, A_BOLD, COLOR_YELLOW, -1 },
	[STYLE_ALARM] = { A_REVERSE | A_BOLD, A_BOLD, COLOR_WHITE, COLOR_RED },
	[STYLE_GRAPH] = { A_NORMAL, A_NORMAL, COLOR_GREEN, -1 },
};

static void choose_looks(struct terminal *terminal, bool colour)
{
	colour = colour && has_colors() && start_color() == OK;
	if (colour)
		use_default_colors();
	for (int i = 0; i < STYLE_COUNT; i++) {
		terminal->attributes[i] = colour ? looks[i].coloured : looks[i].plain;
		terminal->pairs[i] = 0;
		if (!colour || (looks[i].foreground < 0 && looks[i].background < 0))
			continue;
		terminal->pairs[i] = (short)(i + 1);
		init_pair(terminal->pairs[i], looks[i].foreground, looks[i].background);
	}
}

int terminal_open(FILE *input, FILE *output, bool colour, struct terminal **result)
{
	struct terminal *terminal = calloc(1, sizeof(*terminal));

	if (!terminal)
		return -ENOMEM;
	/* Characters alone: numbers read the same everywhere. */
	setlocale(LC_CTYPE, "");
	terminal->is_utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	terminal->output = output;
	terminal->screen = newterm(NULL, output, input);
	if (!terminal->screen) {
		free(terminal);
		return -ENOTTY;
	}
	set_term(terminal->screen);
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_MS);
	mouseinterval(0);
	mousemask(BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	choose_looks(terminal, colour);
	*result = terminal;
	return 0;
}

void terminal_close(struct terminal *terminal)
{
	if (!terminal)
		return;
	endwin();
	delscreen(terminal->screen);
	free(terminal);
}

bool terminal_is_utf8(const struct terminal *terminal)
{
	return terminal->is_utf8;
}

void terminal_size(struct terminal *terminal, int *rows, int *columns)
{
	struct winsize size;

	if (!ioctl(fileno(terminal->output), TIOCGWINSZ, &size) && size.ws_row && size.ws_col &&
	    (size.ws_row != LINES || size.ws_col != COLS))
		resizeterm(size.ws_row, size.ws_col);
	*rows = LINES;
	*columns = COLS;
}

static void show_row(const struct terminal *terminal, const struct canvas *canvas, int row)
{
	for (int column = 0; column < canvas->columns; column++) {
		const struct cell *cell = canvas_cell(canvas, row, column);
		wchar_t text[2] = { cell->character, 0 };
		cchar_t character;

		/* The right half of a wide character. */
		if (!cell->character)
			continue;
		setcchar(&character, text, terminal->attributes[cell->style],
			 terminal->pairs[cell->style], NULL);
		mvadd_wch(row, column, &character);
	}
}

void terminal_show(struct terminal *terminal, const struct canvas *canvas)
{
	for (int row = 0; row < canvas->rows; row++)
		show_row(terminal, canvas, row);
	refresh();
}

void terminal_redraw(struct terminal *terminal)
{
	(void)terminal;
	clearok(stdscr, TRUE);
}

static const struct {
	int curses;
	int view;
} keys[] = {
	{ KEY_UP, VIEW_KEY_UP },
	{ KEY_DOWN, VIEW_KEY_DOWN },
	{ KEY_PPAGE, VIEW_KEY_PAGE_UP },
	{ KEY_NPAGE, VIEW_KEY_PAGE_DOWN },
	{ KEY_HOME, VIEW_KEY_HOME },
	{ KEY_END, VIEW_KEY_END },
	{ KEY_LEFT, VIEW_KEY_LEFT },
	{ KEY_RIGHT, VIEW_KEY_RIGHT },
	{ KEY_BACKSPACE, VIEW_KEY_BACKSPACE },
	{ KEY_ENTER, VIEW_KEY_ENTER },
	{ KEY_F(1), VIEW_KEY_HELP },
	{ KEY_F(4), VIEW_KEY_FILTER },
	{ KEY_F(6), VIEW_KEY_SORT },
	{ KEY_F(10), VIEW_KEY_QUIT },
};

static bool read_mouse(struct terminal_input *input)
{
	MEVENT event;

	if (getmouse(&event) != OK)
		return false;
	input->row = event.y;
	input->column = event.x;
	if (event.bstate & BUTTON4_PRESSED)
		input->key = VIEW_KEY_WHEEL_UP;
	else if (event.bstate & BUTTON5_PRESSED)
		input->key = VIEW_KEY_WHEEL_DOWN;
	else
		input->key = 0;
	return true;
}

bool terminal_next(struct terminal *terminal, struct terminal_input *input)
{
	int key;

	(void)terminal;
	while ((key = getch()) != ERR) {
		*input = (struct terminal_input){ .key = key };
		if (key == KEY_MOUSE) {
			if (read_mouse(input))
				return true;
			continue;
		}
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			if (keys[i].curses == key)
				input->key = keys[i].view;
		if (key == '\r')
			input->key = VIEW_KEY_ENTER;
		/* What has no meaning here. */
		if (key >= KEY_MIN && input->key == key)
			continue;
		return true;
	}
	return false;
}
