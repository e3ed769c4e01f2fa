/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the pseudo terminal, and how a stream of bytes becomes lines. */
#include "command_output.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A control sequence under way (ECMA-48): none, after ESC, inside CSI, inside a string. */
enum escape {
	ESCAPE_NONE,
	ESCAPE_BEGUN,
	ESCAPE_SEQUENCE,
	ESCAPE_STRING,
};

#define TAB_COLUMNS 8

int command_output_open(struct command_output *output, const char *where)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };

	/* As wide as our terminal, of which the pane is a part. */
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	*output = (struct command_output){ .command_fd = -1, .read_fd = -1 };
	if (strcmp(where, "pane") != 0) {
		output->command_fd = open(where, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		return output->command_fd < 0 ? -errno : 0;
	}
	if (openpty(&output->read_fd, &output->command_fd, NULL, NULL, &size))
		return -errno;
	fcntl(output->read_fd, F_SETFD, FD_CLOEXEC);
	fcntl(output->command_fd, F_SETFD, FD_CLOEXEC);
	fcntl(output->read_fd, F_SETFL, O_NONBLOCK);
	return 0;
}

void command_output_started(struct command_output *output)
{
	if (output->command_fd >= 0)
		close(output->command_fd);
	output->command_fd = -1;
}

void command_output_close(struct command_output *output)
{
	command_output_started(output);
	if (output->read_fd >= 0)
		close(output->read_fd);
	output->read_fd = -1;
	for (size_t i = 0; i < OUTPUT_LINES; i++) {
		free(output->lines[i]);
		output->lines[i] = NULL;
	}
}

/* ---- lines ---------------------------------------------------------------------------- */

static void end_line(struct command_output *output)
{
	char **slot = &output->lines[output->line_count % OUTPUT_LINES];

	free(*slot);
	*slot = strndup(output->line, output->length);
	output->line_count++;
	output->length = 0;
	output->column = 0;
}

static void add_byte(struct command_output *output, char byte)
{
	if (output->column >= OUTPUT_LINE_BYTES - 1)
		return;
	output->line[output->column++] = byte;
	if (output->column > output->length)
		output->length = output->column;
}

/* Returns false when the byte is no part of a control sequence. */
static int in_escape(struct command_output *output, unsigned char byte)
{
	switch ((enum escape)output->escape) {
	case ESCAPE_NONE:
		if (byte == 27)
			output->escape = ESCAPE_BEGUN;
		return byte == 27;
	case ESCAPE_BEGUN:
		output->escape = byte == '['				     ? ESCAPE_SEQUENCE
				 : byte == ']' || byte == 'P' || byte == '_' ? ESCAPE_STRING
									     : ESCAPE_NONE;
		return 1;
	case ESCAPE_SEQUENCE:
		if (byte >= 0x40 && byte <= 0x7e)
			output->escape = ESCAPE_NONE;
		return 1;
	case ESCAPE_STRING:
		if (byte == 7)
			output->escape = ESCAPE_NONE;
		else if (byte == 27)
			output->escape = ESCAPE_BEGUN;
		return 1;
	}
	return 0;
}

static void take_byte(struct command_output *output, unsigned char byte)
{
	if (in_escape(output, byte))
		return;
	switch (byte) {
	case '\n':
		end_line(output);
		break;
	case '\r':
		output->column = 0;
		break;
	case '\b':
		output->column -= output->column > 0;
		break;
	case '\t':
		do
			add_byte(output, ' ');
		while (output->column % TAB_COLUMNS && output->column < OUTPUT_LINE_BYTES - 1);
		break;
	default:
		if (byte >= ' ')
			add_byte(output, (char)byte);
	}
}

int command_output_read(struct command_output *output)
{
	char bytes[4096];
	ssize_t count = read(output->read_fd, bytes, sizeof(bytes));

	for (ssize_t i = 0; i < count; i++)
		take_byte(output, (unsigned char)bytes[i]);
	/* A terminal whose other side nobody has open any more gives EIO. */
	return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

size_t command_output_last(const struct command_output *output, const char **lines, size_t max)
{
	size_t count = output->line_count < OUTPUT_LINES ? output->line_count : OUTPUT_LINES;

	if (count > max)
		count = max;
	for (size_t i = 0; i < count; i++) {
		const char *line = output->lines[(output->line_count - count + i) % OUTPUT_LINES];

		lines[i] = line ? line : "";
	}
	return count;
}

void command_output_show(const struct command_output *output, FILE *stream)
{
	const char *lines[OUTPUT_LINES];
	size_t count = command_output_last(output, lines, OUTPUT_LINES);

	for (size_t i = 0; i < count; i++)
		fprintf(stream, "%s\n", lines[i]);
	fflush(stream);
}

void command_output_forward(struct command_output *output, FILE *stream)
{
	char bytes[4096];
	ssize_t count;

	while (output->read_fd >= 0 && (count = read(output->read_fd, bytes, sizeof(bytes))) > 0)
		fwrite(bytes, 1, (size_t)count, stream);
	fflush(stream);
}
