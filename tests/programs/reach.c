/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks of every class, held by every sort of root, at every way to end. Each allocation
 * says behind it what its blocks are at the end:
 *
 *     malloc(10); // = [WHOSE] CLASS[*COUNT][, CLASS[*COUNT]] [; TOOL CLASS[*COUNT]: reason]
 *
 * tests/e2e/test_reach.py holds leaktrace, Valgrind ("valgrind") and LeakSanitizer ("lsan",
 * which calls no block possibly lost) against that. WHOSE: "child", of a child process;
 * "library", what the C library allocates for the call, which others may not. Blocks that no line
 * here has asked for are the libraries': none may be lost.
 *
 * VARIANT flavour=static
 * VARIANT flavour=musl
 * VARIANT flavour=musl-static
 * VARIANT flavour=lsan
 */
/* What is stored is stored, though nobody reads it. */
#pragma GCC optimize("O0")

/* Words stay behind what they are of. */
/* clang-format off */
#include "program.h"

#include <fcntl.h>
#include <pthread.h>
#include <search.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>

struct node {
	struct node *next;
	struct node *other;
	char rest[16];
};

/* Not static, so that what is stored in them is not left out. */
void *kept;
void *kept_too;
char *middle;
void *initialised = &kept;
static pthread_barrier_t barrier;

/* The library allocates a vector for the thread's data, and points behind its head. */
#define THREAD(run, argument) REQUIRE(!pthread_create(&thread, NULL, run, argument))

/* What calls leave below the stack, where later ones may have it in theirs. */
SITE static void scrub(void)
{
	volatile char rest[16384];

	memset((void *)rest, 0, sizeof(rest));
}

/* ---- lost -------------------------------------------------------------------------- */

SITE static void one(void)
{
	keep(malloc(11)); // = definite
}

SITE static void several(void)
{
	for (int i = 0; i < 7; i++)
		keep(calloc(1, 21)); // = definite*7
}

SITE static void overwritten(void)
{
	kept = malloc(12); // = definite
	kept = malloc(13); // = reachable
}

SITE static void holder_freed(void)
{
	void **holder = malloc(16);

	*holder = malloc(14); // = definite
	free(holder);
}

SITE static void reallocated(void)
{
	kept = keep(malloc(100));
	kept = realloc(kept, 200000);	    // = reachable
	kept_too = realloc(malloc(30), 60); // = reachable
	keep(realloc(malloc(31), 5000));    // = definite
}

/* Big ones get a mapping of their own. */
SITE static void large(void)
{
	keep(malloc(1 << 20));	     // = definite
	kept = malloc(1 << 21);	     // = reachable
	*(void **)kept = malloc(17); // = reachable
}

SITE static void empty(void)
{
	keep(malloc(0));  // = definite
	kept = malloc(0); // = reachable
}

SITE static void aligned(void)
{
	keep(aligned_alloc(64, 128));		       // = definite
	REQUIRE(!posix_memalign(&kept, 4096, 300));    // = reachable
	REQUIRE(!posix_memalign(&kept_too, 256, 301)); // = definite
	kept_too = NULL;
}

SITE static void hidden(void)
{
	/* No tool sees through that. */
	kept = (void *)((uintptr_t)malloc(15) ^ 0x5555555555555555); // = definite
}

SITE static void behind_end(void)
{
	middle = malloc(24); // = definite
	middle += 24;
}

/* ---- lost with others ---------------------------------------------------------------- */

SITE static void chain(void)
{
	struct node *head = NULL;

	for (int i = 0; i < 50; i++) {
		struct node *next = head;

		head = malloc(sizeof(*head)); // = definite, indirect*49
		memset(head, 0, sizeof(*head));
		head->next = next;
	}
	keep(head);
}

SITE static struct node *tree(int depth)
{
	struct node *top = malloc(sizeof(*top)); // = definite, indirect*30

	memset(top, 0, sizeof(*top));
	if (depth) {
		top->next = tree(depth - 1);
		top->other = tree(depth - 1);
	}
	return top;
}

SITE static void lost_tree(void)
{
	keep(tree(4));
}

SITE static void own_cycle(void)
{
	void **block = malloc(18); // = definite

	*block = block;
}

SITE static void cycle(void)
{
	struct node *first =
		malloc(sizeof(*first)); // = definite; lsan indirect: all of a cycle are
	struct node *last = first;

	for (int i = 0; i < 19; i++) {
		struct node *next = malloc(sizeof(*next)); // = indirect*19

		memset(next, 0, sizeof(*next));
		last->next = next;
		last = next;
	}
	memset(first->rest, 0, sizeof(first->rest));
	last->next = first;
}

SITE static void cycle_with_tail(void)
{
	struct node *first = calloc(1, 40);  // = definite; lsan indirect: all of a cycle are
	struct node *second = calloc(1, 40); // = indirect

	first->next = second;
	second->next = first;
	second->other = calloc(1, 50); // = indirect
}

SITE static void two_parents(void)
{
	struct node *left = calloc(1, 64);  // = definite
	struct node *right = calloc(1, 65); // = definite

	left->next = right->next = calloc(1, 66); // = indirect
}

SITE static void lost_with_middle(void)
{
	char **holder = malloc(8); // = definite

	*holder = (char *)malloc(40) + 20; // = indirect
}

/* ---- possibly lost ------------------------------------------------------------------- */

SITE static void interior(void)
{
	middle = (char *)malloc(40) + 20; // = possible
}

SITE static void interior_in_block(void)
{
	char **holder = malloc(8); // = reachable

	kept = holder;
	*holder = (char *)malloc(41) + 20; // = possible
}

SITE static void interior_leads_on(void)
{
	void **block = malloc(42); // = possible

	block[0] = malloc(19); // = possible
	middle = (char *)block + 16;
}

SITE static void last_byte(void)
{
	middle = (char *)malloc(43) + 42; // = possible
}

SITE static void tagged(void)
{
	kept = (void *)((uintptr_t)malloc(44) | 1); // = possible
}

SITE static void behind_length(void)
{
	uint64_t *block = malloc(48); // = reachable

	block[0] = 40;
	middle = (char *)&block[1];
}

SITE static void behind_no_length(void)
{
	uint64_t *block = malloc(56); // = possible

	block[0] = 41;
	middle = (char *)&block[1];
}

/* ---- reachable, by root -------------------------------------------------------------- */

SITE static void global(void)
{
	kept = malloc(10);	  // = reachable
	initialised = malloc(10); // = reachable
}

SITE static void block_chain(void)
{
	struct node *head = NULL;

	for (int i = 0; i < 30; i++) {
		struct node *next = head;

		head = malloc(32); // = reachable*30
		memset(head, 0, 32);
		head->next = next;
	}
	kept = head;
}

__thread void *of_thread;

SITE static void thread_local(void)
{
	of_thread = malloc(26); // = reachable
}

static pthread_key_t key;

SITE static void thread_key(void)
{
	REQUIRE(!pthread_key_create(&key, NULL));
	REQUIRE(!pthread_setspecific(key, malloc(27))); // = reachable
}

SITE static void end_in_depth(int depth)
{
	void *volatile local = malloc(28); // = reachable*4

	keep((void *)local);
	if (depth)
		end_in_depth(depth - 1);
	exit(0);
}

SITE static void own_stack(void)
{
	end_in_depth(3);
}

SITE static void mapped(void)
{
	void **memory =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(memory != MAP_FAILED);
	memory[100] = malloc(29); // = reachable; lsan definite: mappings are no roots
}

SITE static void shared(void)
{
	void **memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	REQUIRE(memory != MAP_FAILED);
	memory[7] = malloc(33); // = reachable; lsan definite: mappings are no roots
}

SITE static void of_file(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	void **memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	REQUIRE(memory != MAP_FAILED);
	close(fd);
	memory[9] = malloc(34); // = reachable; lsan definite: mappings are no roots
}

SITE static void own_break(void)
{
	void **memory = sbrk(4096);

	REQUIRE(memory != (void *)-1);
	memory[3] = malloc(35); // = reachable; lsan definite: mappings are no roots
}

/* Cut off, its pointers are gone. */
SITE static void unmapped(void)
{
	void **memory =
		mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(memory != MAP_FAILED);
	memory[600] = malloc(36); // = definite
	memory[1] = malloc(37);	  // = reachable; lsan definite: mappings are no roots
	munmap((char *)memory + 4096, 4096);
}

SITE static void in_environment(void)
{
	char *text = malloc(38); // = reachable

	strcpy(text, "LEAKTRACE_TEST=1");
	putenv(text); // = library reachable
}

#ifdef __GLIBC__
static void at_exit(int status, void *argument)
{
	(void)status;
	keep(argument);
}

SITE static void of_handler(void)
{
	on_exit(at_exit, malloc(39)); // = reachable
}
#endif

SITE static void signal_stack(void)
{
	stack_t stack = { .ss_size = 65536 };

	stack.ss_sp =
		malloc(65536); // = reachable; valgrind definite: in no memory; lsan definite: too
	REQUIRE(!sigaltstack(&stack, NULL));
}

#ifdef __GLIBC__
static ucontext_t outer;
static ucontext_t inner;

SITE static void in_coroutine(void)
{
	void *volatile local = malloc(45); // = reachable

	swapcontext(&inner, &outer);
	keep((void *)local);
}

SITE static void coroutine(void)
{
	REQUIRE(!getcontext(&inner));
	inner.uc_stack.ss_sp = malloc(32768); // = reachable
	inner.uc_stack.ss_size = 32768;
	makecontext(&inner, in_coroutine, 0);
	REQUIRE(!swapcontext(&outer, &inner));
}
#endif

SITE static void epoll_data(void)
{
	int ends[2], poll = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN };

	REQUIRE(!pipe(ends));
	event.data.ptr =
		malloc(46); // = reachable; valgrind definite: in no memory; lsan definite: too
	REQUIRE(!epoll_ctl(poll, EPOLL_CTL_ADD, ends[0], &event));
	event.data.ptr = NULL;
	memset(&event, 0, sizeof(event));
}

typedef int (*compare)(const void *, const void *);

SITE static void tree_of_library(void)
{
	static const char *const words[] = { "one", "two", "three" };
	static void *root;

	for (int i = 0; i < 3; i++) {
		char *word = malloc(47); // = reachable*3

		strcpy(word, words[i]);
		tsearch(word, &root, (compare)strcmp); // = library reachable*3
	}
}

/* ---- threads ------------------------------------------------------------------------- */

SITE static void *lose(void *argument)
{
	keep(malloc(51)); // = definite
	return argument;
}

SITE static void in_thread(void)
{
	pthread_t thread;

	THREAD(lose, NULL); // = library reachable; valgrind library possible: interior
	pthread_join(thread, NULL);
}

static void *wait_with_local(void *argument)
{
	void *volatile local = malloc(52); // = reachable

	of_thread = malloc(53);		      // = reachable
	pthread_setspecific(key, malloc(54)); // = reachable
	pthread_barrier_wait(&barrier);
	for (;;)
		pause();
	keep((void *)local);
	return argument;
}

SITE static void thread_stack(void)
{
	pthread_t thread;

	REQUIRE(!pthread_key_create(&key, NULL));
	pthread_barrier_init(&barrier, NULL, 2);
	THREAD(wait_with_local, NULL); // = library reachable; valgrind library possible: interior
	pthread_barrier_wait(&barrier);
}

/* Moves %0 into a register that functions keep, tells by %1, and spins. */
#if defined(__x86_64__)
#define SPIN_CODE                                                                                  \
	"movq %0, %%rbx\n\t"                                                                       \
	"movq $0, %0\n\t"                                                                          \
	"xorl %%eax, %%eax\n\t"                                                                    \
	"movb $1, (%1)\n\t"                                                                        \
	"1: pause\n\t"                                                                             \
	"testq %%rbx, %%rbx\n\t"                                                                   \
	"jnz 1b\n\t"
#define SPIN_REGISTERS "rax", "rbx"
#elif defined(__aarch64__)
#define SPIN_CODE                                                                                  \
	"mov x19, %0\n\t"                                                                          \
	"mov %0, #0\n\t"                                                                           \
	"mov w20, #1\n\t"                                                                          \
	"strb w20, [%1]\n\t"                                                                       \
	"1: yield\n\t"                                                                             \
	"cbnz x19, 1b\n\t"
#define SPIN_REGISTERS "x19", "x20"
#endif

/* In a register alone: the thread spins, its memory does not have it. */
static void *spin(void *argument)
{
	void *block = malloc(55); // = reachable
	volatile bool *flag = argument;

	__asm__ volatile(SPIN_CODE : "+r"(block) : "r"(flag) : SPIN_REGISTERS, "memory");
	return NULL;
}

SITE static void thread_register(void)
{
	static volatile bool flag;
	pthread_t thread;

	THREAD(spin, (void *)&flag); // = library reachable; valgrind library possible: interior
	while (!flag)
		sleep_ms(1);
}

static void *leave_result(void *argument)
{
	(void)argument;
	return malloc(56); // = reachable; lsan definite: knows of no result
}

/* Ended and not joined: who joins it may still have its result. */
SITE static void thread_result(void)
{
	pthread_t thread;

	THREAD(leave_result, NULL); // = library reachable; valgrind library possible: interior
	sleep_ms(50);
}

static void *end_with_local(void *argument)
{
	void *volatile local = calloc(1, 57); // = definite

	of_thread = calloc(1, 58); // = definite; valgrind reachable: sees what ended threads have left
	keep((void *)local);
	return argument;
}

/* Its stack is kept by the library, to be used again. */
SITE static void ended_stack(void)
{
	pthread_t thread;

	THREAD(end_with_local, NULL); // = library reachable; valgrind library possible: interior
	pthread_join(thread, NULL);
}

static void *wait_for_ever(void *argument)
{
	pthread_barrier_wait(&barrier);
	for (;;)
		pause();
	return argument;
}

SITE static void many_threads(void)
{
	static void *held[20];

	pthread_barrier_init(&barrier, NULL, 21);
	for (int i = 0; i < 20; i++) {
		pthread_t thread;

		held[i] = calloc(1, 59); // = reachable*20
		keep(calloc(1, 60)); // = definite*20
		THREAD(wait_for_ever, held[i]); // = library reachable*20; valgrind library possible*20: interior
	}
	pthread_barrier_wait(&barrier);
}

/* ---- ways to end ---------------------------------------------------------------------- */

SITE static void keep_and_lose(void)
{
	kept = calloc(1, 61); // = reachable
	keep(calloc(1, 62));  // = definite
}

static void *exit_from_thread(void *argument)
{
	void *volatile local = malloc(63); // = reachable

	keep((void *)local);
	exit(0);
	return argument;
}

SITE static void by_exit(void)
{
	keep_and_lose();
	exit(0);
}

SITE static void by__exit(void)
{
	keep_and_lose();
	_exit(0);
}

#ifdef __GLIBC__
SITE static void by_quick_exit(void)
{
	keep_and_lose();
	quick_exit(0);
}
#endif

SITE static void by_thread(void)
{
	pthread_t thread;

	keep_and_lose();
	scrub();
	THREAD(exit_from_thread, NULL); // = library reachable; valgrind library possible: interior
	pthread_join(thread, NULL);
}

static void *end_later(void *argument)
{
	sleep_ms(50);
	return argument;
}

/* The first thread ends, the other one with the process. */
SITE static void by_last_thread(void)
{
	pthread_t thread;

	keep_and_lose();
	scrub();
	THREAD(end_later, NULL); // = library reachable; valgrind library possible: interior
	pthread_detach(thread);
	pthread_exit(NULL); // = library reachable*6
}

/* Its child has the parent's blocks, and holds its own by them. */
SITE static void in_child(void)
{
	void **holder = malloc(70);
	pid_t child = fork();
	int status;

	if (!child) {
		kept = holder;
		*holder = malloc(71); // = child reachable
		keep(malloc(72));     // = child definite
		exit(0);
	}
	REQUIRE(waitpid(child, &status, 0) == child);
	free(holder);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "one", one },
	{ "several", several },
	{ "overwritten", overwritten },
	{ "holder_freed", holder_freed },
	{ "reallocated", reallocated },
	{ "large", large },
	{ "empty", empty },
	{ "aligned", aligned },
	{ "hidden", hidden },
	{ "behind_end", behind_end },
	{ "chain", chain },
	{ "lost_tree", lost_tree },
	{ "own_cycle", own_cycle },
	{ "cycle", cycle },
	{ "cycle_with_tail", cycle_with_tail },
	{ "two_parents", two_parents },
	{ "lost_with_middle", lost_with_middle },
	{ "interior", interior },
	{ "interior_in_block", interior_in_block },
	{ "interior_leads_on", interior_leads_on },
	{ "last_byte", last_byte },
	{ "tagged", tagged },
	{ "behind_length", behind_length },
	{ "behind_no_length", behind_no_length },
	{ "global", global },
	{ "block_chain", block_chain },
	{ "thread_local", thread_local },
	{ "thread_key", thread_key },
	{ "own_stack", own_stack },
	{ "mapped", mapped },
	{ "shared", shared },
	{ "of_file", of_file },
	{ "own_break", own_break },
	{ "unmapped", unmapped },
	{ "in_environment", in_environment },
#ifdef __GLIBC__
	{ "of_handler", of_handler },
	{ "by_quick_exit", by_quick_exit },
	{ "coroutine", coroutine },
#endif
	{ "signal_stack", signal_stack },
	{ "epoll_data", epoll_data },
	{ "tree_of_library", tree_of_library },
	{ "in_thread", in_thread },
	{ "thread_stack", thread_stack },
	{ "thread_register", thread_register },
	{ "thread_result", thread_result },
	{ "ended_stack", ended_stack },
	{ "many_threads", many_threads },
	{ "keep_and_lose", keep_and_lose },
	{ "by_exit", by_exit },
	{ "by__exit", by__exit },
	{ "by_thread", by_thread },
	{ "by_last_thread", by_last_thread },
	{ "in_child", in_child },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(cases) / sizeof(*cases); i++) {
		if (strcmp(argv[1], cases[i].name) != 0)
			continue;
		cases[i].run();
		scrub();
		return 0;
	}
	return 2;
}
