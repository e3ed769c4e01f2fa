#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 64

static struct {
	char *name;
	int number;
} table[ROOM];
static int count;

/* Made at the first question for it, and kept. */
static char *last_answers[8];

void names_set(const char *name, int number)
{
	char *copy = strdup(name);

	for (int i = 0; i < count; i++) {
		if (strcmp(table[i].name, name) != 0)
			continue;
		table[i].number = number;
#ifdef FIXED
		free(copy);
#endif
		/* Leak: the copy is not needed. */
		return;
	}
	table[count].name = copy;
	table[count++].number = number;
}

int names_find(const char *name)
{
	char *key = strdup(name);
	int number = -1;

	for (int i = 0; i < count && number < 0; i++)
		if (!strcmp(table[i].name, key))
			number = table[i].number;
	if (number >= 0 && !last_answers[number % 8]) {
		last_answers[number % 8] = malloc(32);
		snprintf(last_answers[number % 8], 32, "%d", number);
	}
#ifndef FIXED
	/* Leak: the key of a name that is not there. */
	if (number < 0)
		return number;
#endif
	free(key);
	return number;
}

void names_clear(void)
{
	while (count)
		free(table[--count].name);
}
