/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process of a tree: allocates by a seeded generator, keeps its own books, and
 * may start others. Each image of each process adds one line to the file that
 * TREE_BOOKS names, just before it ends: pid, image, acquired count and bytes,
 * released count and bytes, releases of inherited blocks, then live count and
 * bytes of each function of `kinds`.
 *
 *	tree_worker IMAGE SEED [ROLE [ARGUMENT...]]
 *
 * fork BREADTH DEPTH: children that inherit blocks, and free and resize some
 * spawn vfork|posix|fork COUNT: children that run this program
 * daemon: a grandchild in a session of its own, which works when its parent is gone
 * exec COUNT: replaces itself so often
 *
 * VARIANT flavour=static
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "program.h"

#define SLOTS 48
#define ROUNDS_MAX 80

enum kind { LEAK_SMALL, LEAK_LARGE, ACQUIRE, ACQUIRE_ZEROED, RESIZE, KINDS };

struct slot {
	void *block;
	size_t bytes;
	enum kind kind;
	bool own; /* false: a parent acquired it */
};

struct books {
	uint64_t acquired_count;
	uint64_t acquired_bytes;
	uint64_t released_count;
	uint64_t released_bytes;
	uint64_t unmatched;
	struct {
		uint64_t count;
		uint64_t bytes;
	} live[KINDS];
};

static struct slot slots[SLOTS];
static struct books books;
static uint64_t image, state;
static char *self;

/* ---- books ----------------------------------------------------------------------- */

static char *put_number(char *text, uint64_t number)
{
	if (number >= 10)
		text = put_number(text, number / 10);
	*text = (char)('0' + number % 10);
	return text + 1;
}

static char *put_numbers(char *text, const uint64_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		text = put_number(text, numbers[i]);
		*text++ = ' ';
	}
	return text;
}

static void write_books(void)
{
	const char *path = getenv("TREE_BOOKS");
	uint64_t numbers[2] = { (uint64_t)getpid(), image };
	char text[512], *end = text;
	int file;

	end = put_numbers(end, numbers, 2);
	end = put_numbers(end, (const uint64_t *)&books, sizeof(books) / sizeof(uint64_t));
	end[-1] = '\n';
	if (!path)
		return;
	file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	REQUIRE(file >= 0 && write(file, text, (size_t)(end - text)) == end - text);
	close(file);
}

static void acquired(enum kind kind, void *block, size_t bytes)
{
	REQUIRE(block != NULL);
	memset(block, 0x5a, bytes);
	books.acquired_count++;
	books.acquired_bytes += bytes;
	books.live[kind].count++;
	books.live[kind].bytes += bytes;
}

static void released(const struct slot *slot)
{
	if (!slot->own) {
		books.unmatched++;
		return;
	}
	books.released_count++;
	books.released_bytes += slot->bytes;
	books.live[slot->kind].count--;
	books.live[slot->kind].bytes -= slot->bytes;
}

/* ---- work ------------------------------------------------------------------------ */

/* xorshift64: Marsaglia, "Xorshift RNGs", 2003. */
static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void seed(uint64_t value)
{
	state = (value + 1) * 0x9e3779b97f4a7c15;
	for (int i = 0; i < 8; i++)
		draw();
}

SITE static void leak_small(void)
{
	size_t bytes = 1 + draw() % 60;

	acquired(LEAK_SMALL, keep(malloc(bytes)), bytes);
}

SITE static void leak_large(void)
{
	size_t bytes = 2000 + draw() % 200000;

	acquired(LEAK_LARGE, keep(malloc(bytes)), bytes);
}

SITE static void acquire(struct slot *slot, size_t bytes)
{
	*slot = (struct slot){ keep(malloc(bytes)), bytes, ACQUIRE, true };
	acquired(ACQUIRE, slot->block, bytes);
}

SITE static void acquire_zeroed(struct slot *slot, size_t bytes)
{
	*slot = (struct slot){ keep(calloc(1, bytes)), bytes, ACQUIRE_ZEROED, true };
	acquired(ACQUIRE_ZEROED, slot->block, bytes);
}

SITE static void resize(struct slot *slot, size_t bytes)
{
	void *block = keep(realloc(slot->block, bytes));

	released(slot);
	*slot = (struct slot){ block, bytes, RESIZE, true };
	acquired(RESIZE, block, bytes);
}

SITE static void release(struct slot *slot)
{
	free(slot->block);
	released(slot);
	slot->block = NULL;
}

static void work(void)
{
	size_t rounds = draw() % ROUNDS_MAX;

	for (size_t i = 0; i < rounds; i++) {
		struct slot *slot = &slots[draw() % SLOTS];
		size_t bytes = 1 + draw() % 3000;

		if (!slot->block && i % 2)
			acquire(slot, bytes);
		else if (!slot->block)
			acquire_zeroed(slot, bytes);
		else if (i % 3 == 0)
			resize(slot, bytes);
		else
			release(slot);
	}
	for (uint64_t count = 1 + draw() % 3; count; count--)
		leak_small();
	leak_large();
}

/* ---- others ---------------------------------------------------------------------- */

static void reap(pid_t child)
{
	int status;

	REQUIRE(waitpid(child, &status, 0) == child);
	REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* What a child has from its parent is the parent's. */
static void become_child(uint64_t number)
{
	memset(&books, 0, sizeof(books));
	image = 0;
	for (size_t i = 0; i < SLOTS; i++)
		slots[i].own = false;
	seed(state + number);
}

static void end(void)
{
	write_books();
	_exit(0);
}

static void fork_tree(uint64_t breadth, uint64_t depth)
{
	pid_t children[16];

	REQUIRE(breadth <= 16);
	for (uint64_t i = 0; depth && i < breadth; i++) {
		children[i] = fork();
		REQUIRE(children[i] >= 0);
		if (children[i] == 0) {
			become_child(i);
			work();
			fork_tree(breadth, depth - 1);
			end();
		}
	}
	for (uint64_t i = 0; depth && i < breadth; i++)
		reap(children[i]);
}

static void run_self(uint64_t new_image, const char *role, uint64_t count, pid_t *child,
		     bool in_place)
{
	char numbers[3][24];
	char *arguments[] = { self, numbers[0], numbers[1], (char *)role, numbers[2], NULL };
	uint64_t values[] = { new_image, draw() % 1000000, count };

	for (size_t i = 0; i < 3; i++)
		*put_number(numbers[i], values[i]) = '\0';
	if (in_place) {
		execv(self, arguments);
		_exit(97);
	}
	REQUIRE(posix_spawn(child, self, NULL, NULL, arguments, environ) == 0);
}

SITE static pid_t start_posix(uint64_t number)
{
	pid_t child = 0;

	(void)number;
	run_self(1, NULL, 0, &child, false);
	return child;
}

SITE static pid_t start_vfork(uint64_t number)
{
	pid_t child = vfork();

	(void)number;
	if (child == 0)
		run_self(1, NULL, 0, NULL, true);
	return child;
}

SITE static pid_t start_fork(uint64_t number)
{
	pid_t child = fork();

	if (child == 0) {
		become_child(number);
		work();
		write_books();
		run_self(1, NULL, 0, NULL, true);
	}
	return child;
}

static const struct {
	const char *name;
	pid_t (*start)(uint64_t number);
} ways[] = { { "posix", start_posix }, { "vfork", start_vfork }, { "fork", start_fork } };

static void spawn(const char *how, uint64_t count)
{
	size_t way = 0;

	while (strcmp(ways[way].name, how) != 0)
		REQUIRE(++way < sizeof(ways) / sizeof(*ways));
	for (uint64_t i = 0; i < count; i++) {
		pid_t child = ways[way].start(i);

		REQUIRE(child > 0);
		reap(child);
	}
}

static void leave_daemon(void)
{
	pid_t child = fork(), parent;

	REQUIRE(child >= 0);
	if (child) {
		reap(child);
		return;
	}
	become_child(1);
	REQUIRE(setsid() > 0);
	parent = getpid();
	child = fork();
	REQUIRE(child >= 0);
	if (child == 0) {
		become_child(2);
		while (getppid() == parent)
			sleep_ms(1);
		work();
	}
	end();
}

static uint64_t number(int argc, char **argv, int index)
{
	REQUIRE(index < argc);
	return strtoull(argv[index], NULL, 10);
}

int main(int argc, char **argv)
{
	const char *role = argc > 3 ? argv[3] : "";

	program_begin(argc, argv);
	self = argv[0];
	image = number(argc, argv, 1);
	seed(number(argc, argv, 2));
	work();
	if (!strcmp(role, "fork"))
		fork_tree(number(argc, argv, 4), number(argc, argv, 5));
	else if (!strcmp(role, "spawn"))
		spawn(argv[4], number(argc, argv, 5));
	else if (!strcmp(role, "daemon"))
		leave_daemon();
	else if (!strcmp(role, "exec") && number(argc, argv, 4)) {
		write_books();
		run_self(image + 1, "exec", number(argc, argv, 4) - 1, NULL, true);
	}
	end();
}
