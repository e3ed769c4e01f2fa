/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "screen.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command_output.h"
#include "live/draw.h"
#include "live/terminal.h"
#include "model/snapshot.h"
#include "util/array.h"
#include "watch.h"

bool screen_is_possible(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* Messages would tear the screen: they wait in a file. */
static int keep_messages(struct screen *screen)
{
	screen->messages_fd = memfd_create("messages", MFD_CLOEXEC);
	screen->stderr_fd = dup(STDERR_FILENO);
	if (screen->messages_fd < 0 || screen->stderr_fd < 0 ||
	    dup2(screen->messages_fd, STDERR_FILENO) < 0)
		return -errno;
	return 0;
}

static void give_messages(struct screen *screen)
{
	char bytes[4096];
	ssize_t count;

	dup2(screen->stderr_fd, STDERR_FILENO);
	lseek(screen->messages_fd, 0, SEEK_SET);
	while ((count = read(screen->messages_fd, bytes, sizeof(bytes))) > 0)
		if (write(STDERR_FILENO, bytes, (size_t)count) < 0)
			break;
	close(screen->stderr_fd);
	close(screen->messages_fd);
}

/* What was said last stands in the last line. */
static void show_message(struct screen *screen)
{
	char text[MESSAGE_BYTES], *line;
	struct stat status;
	ssize_t count;
	off_t from;

	if (fstat(screen->messages_fd, &status) || status.st_size <= screen->messages_seen)
		return;
	screen->messages_seen = status.st_size;
	from = status.st_size > MESSAGE_BYTES - 1 ? status.st_size - (MESSAGE_BYTES - 1) : 0;
	count = pread(screen->messages_fd, text, sizeof(text) - 1, from);
	if (count <= 0)
		return;
	text[count] = '\0';
	if (text[count - 1] == '\n')
		text[count - 1] = '\0';
	line = strrchr(text, '\n');
	view_say(&screen->view, "%s", line ? line + 1 : text);
}

static int watch_size(struct screen *screen)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	screen->resize_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return screen->resize_fd < 0 ? -errno : 0;
}

int screen_open(struct screen *screen, const struct screen_config *config)
{
	int error;

	*screen = (struct screen){
		.watch = config->watch,
		.output = config->output && config->output->read_fd >= 0 ? config->output : NULL,
		.tracing = config->tracing,
		.messages_fd = -1,
		.stderr_fd = -1,
		.resize_fd = -1,
	};
	error = terminal_open(stdin, stdout, config->colour, &screen->terminal);
	if (error)
		return error;
	error = keep_messages(screen) ?: watch_size(screen);
	if (error) {
		screen_close(screen);
		return error;
	}
	view_begin(&screen->view, screen->output != NULL);
	screen_resized(screen);
	return 0;
}

void screen_close(struct screen *screen)
{
	if (!screen->terminal)
		return;
	terminal_close(screen->terminal);
	screen->terminal = NULL;
	give_messages(screen);
	if (screen->resize_fd >= 0)
		close(screen->resize_fd);
	canvas_clear(&screen->canvas);
	view_clear(&screen->view);
}

void screen_draw(struct screen *screen)
{
	const char *lines[OUTPUT_LINES];
	struct scene scene = {
		.growth = screen->watch->growth,
		.view = &screen->view,
		.tracing = screen->tracing,
		.output = lines,
	};

	show_message(screen);
	if (screen->output)
		scene.output_count = command_output_last(screen->output, lines,
							 (size_t)screen->view.layout.rows);
	if (canvas_begin(&screen->canvas, screen->view.layout.rows, screen->view.layout.columns,
			 terminal_is_utf8(screen->terminal)))
		return;
	draw(&screen->canvas, &scene);
	terminal_show(screen->terminal, &screen->canvas);
}

static bool has_losses(const struct snapshot *snapshot)
{
	for (int i = 0; i < LOSS_COUNT; i++)
		if (loss_table[i].spoils && snapshot->losses[i])
			return true;
	return false;
}

void screen_update(struct screen *screen)
{
	struct view *view = &screen->view;
	bool losses = has_losses(screen->watch->snapshot);

	if (losses != view->has_losses) {
		view->has_losses = losses;
		view_resize(view, view->layout.rows, view->layout.columns);
	}
	view_update(view, screen->watch->growth);
	screen_draw(screen);
}

void screen_resized(struct screen *screen)
{
	struct signalfd_siginfo info;
	int rows, columns;

	while (read(screen->resize_fd, &info, sizeof(info)) > 0)
		continue;
	terminal_size(screen->terminal, &rows, &columns);
	terminal_redraw(screen->terminal);
	view_resize(&screen->view, rows, columns);
	screen_update(screen);
}

/* ---- keys -------------------------------------------------------------------------------- */

struct places {
	uint32_t *all;
	size_t count;
};

static void add_place(const struct part *part, size_t place, void *context)
{
	struct places *places = context;
	uint32_t *slot = array_add(&places->all, &places->count, sizeof(*slot));

	(void)part;
	if (slot)
		*slot = (uint32_t)place;
}

static void focus(struct screen *screen)
{
	struct view *view = &screen->view;
	struct places places = { 0 };

	if (view->detail_key)
		rows_each_part(screen->watch->growth, &view->query, view->detail_key, add_place,
			       &places);
	watch_focus(screen->watch, places.all, places.count,
		    view->detail_key ? &view->detail : NULL);
	free(places.all);
}

bool screen_key(struct screen *screen, enum view_action *action)
{
	struct view *view = &screen->view;
	struct terminal_input input;

	if (!terminal_next(screen->terminal, &input))
		return false;
	*action = input.key ? view_key(view, screen->watch->growth, input.key)
			    : view_click(view, input.row, input.column);
	if (*action == VIEW_FOCUS)
		focus(screen);
	else if (*action == VIEW_MARK)
		growth_mark(screen->watch->growth);
	else if (*action == VIEW_UNMARK)
		growth_unmark(screen->watch->growth);
	else
		return true;
	*action = VIEW_NOTHING;
	return true;
}
