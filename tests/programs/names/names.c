/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names [--wait] [--stay] [LIBRARY]: loses 1001 bytes in an inlined function of a static
 * one, and lets LIBRARY lose 1002. It says "ready" and waits before that, "done" and
 * waits after it.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile int calls;
static void *volatile kept;

static inline __attribute__((always_inline)) void take(void)
{
	kept = malloc(1001); /* in take */
	kept = NULL;
}

static __attribute__((noinline)) void hidden(void)
{
	take(); /* in hidden */
	calls++;
}

static void pause_for(const char *word)
{
	puts(word);
	fflush(stdout);
	getchar();
}

int main(int argc, char **argv)
{
	void (*enter)(void) = NULL;
	int wait = 0, stay = 0;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--wait"))
			wait = 1;
		else if (!strcmp(argv[i], "--stay"))
			stay = 1;
		else
			*(void **)&enter = dlsym(dlopen(argv[i], RTLD_NOW), "enter");
	}
	if (wait)
		pause_for("ready");
	hidden(); /* in main */
	if (enter)
		enter();
	if (stay)
		pause_for("done");
	return 0;
}
