/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small server with two leaks: sessions of requests that fail are forgotten, and
 * a reload of the settings forgets the values from before. Its pages are freed.
 * EXPECT heap acquired=330/423360 released=250/419200 live=80/4160
 * EXPECT site open_session 25/2400
 * EXPECT site copy_value 55/1760
 * EXPECT stack handle_request 50/3200
 * EXPECT stack parse_line 30/960
 * EXPECT stack load_settings 30/960
 * EXPECT stack main 80/4160
 */
#include "program.h"

#define REQUESTS 100
#define VALUE_BYTES 32
#define PAGE_BYTES 4096

struct session {
	int request;
	char *user;
	char rest[80];
};

char *settings[3];

SITE static char *copy_value(const char *text)
{
	char *value = malloc(VALUE_BYTES);

	REQUIRE(value != NULL);
	strncpy(value, text, VALUE_BYTES);
	return keep(value);
}

SITE static void parse_line(int number, const char *line)
{
	/* Leak: the value that is there already is not freed. */
	settings[number] = copy_value(line);
}

SITE static void load_settings(void)
{
	parse_line(0, "port=80");
	parse_line(1, "user=www");
	parse_line(2, "root=/srv");
}

SITE static struct session *open_session(int request)
{
	struct session *session = calloc(1, sizeof(*session));

	REQUIRE(session != NULL);
	session->request = request;
	session->user = copy_value("guest");
	return keep(session);
}

SITE static void render_page(void)
{
	char *page = keep(malloc(PAGE_BYTES));

	REQUIRE(page != NULL);
	memset(page, ' ', PAGE_BYTES);
	free(keep(page));
}

SITE static int handle_request(int request)
{
	struct session *session = open_session(request);

	render_page();
	/* Leak: the early way out leaves the session behind. */
	if (request % 4 == 0)
		return -1;
	free(session->user);
	free(session);
	return 0;
}

int main(int argc, char **argv)
{
	int failures = 0;

	program_begin(argc, argv);
	for (int request = 0; request < REQUESTS; request++) {
		if (request % 10 == 0)
			load_settings();
		failures += handle_request(request) < 0;
	}
	return failures != REQUESTS / 4;
}
