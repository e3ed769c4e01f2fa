/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One leak in each situation that a stack may be in. All go through leak_here(): a
 * debugger stops there, and the size tells which one it is. The sizes are rows of
 * a table at the end; test_unwind.py has nothing but the names.
 *
 *   situations [LIBRARY [LIBRARY]]    for dlopen (needs WITH_DLOPEN); the second one
 *                                     is loaded where the first one was
 */
#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#ifdef WITH_DLOPEN
#include <dlfcn.h>
#endif
#ifdef WITH_CONTEXT
#include <ucontext.h>
#endif

#define SITE __attribute__((noinline))
/* What stands behind a call keeps it from becoming a jump. */
#define KEEP_FRAME __asm__ volatile("" ::: "memory")

/* A leak's size is 1000 and its number. */
enum situation {
	NESTED,
	RAISED,
	RAISED_TWICE,
	TIMER,
	SLEEPING,
	ALTERNATE_STACK,
	DEEP,
	AFTER_LONGJMP,
	AFTER_SIGLONGJMP,
	IN_QSORT,
	IN_BSEARCH,
	CONSTRUCTOR,
	IN_THREAD,
	THREAD_KEY,
	THREAD_SIGNAL,
	AT_EXIT,
	DESTRUCTOR,
	WITH_ALLOCA,
	WITH_VLA,
	REALIGNED,
	REALIGNED_VLA,
	INLINED,
	TAIL_CALL,
	MANY_ARGUMENTS,
	BIG_FRAME,
	INTO_CONTEXT,
	LIBRARY_FIRST,
	LIBRARY_SECOND,
};

void *volatile kept;

/* Not static: the libraries call it, too. */
SITE void leak_here(size_t size)
{
	kept = malloc(size);
	KEEP_FRAME;
}

static void leak(enum situation situation)
{
	leak_here(1000 + situation);
	KEEP_FRAME;
}

/* ---- plain calls ----------------------------------------------------------------- */

SITE static int nested_inner(int value)
{
	leak(NESTED);
	return value + 1;
}

SITE static int nested_middle(int value)
{
	return nested_inner(value * 2) + 1;
}

SITE static void nested(void)
{
	kept = (void *)(intptr_t)nested_middle(3);
}

static inline __attribute__((always_inline)) void inlined_inner(int value)
{
	leak(INLINED);
	kept = (void *)(intptr_t)value;
}

static inline __attribute__((always_inline)) void inlined_outer(int value)
{
	inlined_inner(value + 1);
	KEEP_FRAME;
}

SITE static void inlined(void)
{
	inlined_outer(1);
	KEEP_FRAME;
}

SITE static int tail_called(int value)
{
	leak(TAIL_CALL);
	return value + 1;
}

SITE static int tail_jumps(int value)
{
	return tail_called(value + 1);
}

SITE static void tail_call(void)
{
	kept = (void *)(intptr_t)tail_jumps(1);
	KEEP_FRAME;
}

SITE static long many_arguments_inner(long a, long b, long c, long d, long e, long f, long g,
				      long h, long i)
{
	leak(MANY_ARGUMENTS);
	return a + b + c + d + e + f + g + h + i;
}

SITE static void many_arguments(void)
{
	kept = (void *)many_arguments_inner(1, 2, 3, 4, 5, 6, 7, 8, (long)kept);
}

/* More than a window of the unwinder, more than a page. */
SITE static void big_frame(void)
{
	volatile char space[20000];

	space[0] = space[19999] = 1;
	leak(BIG_FRAME);
	space[1] = space[0];
}

SITE static int deep_level(int level)
{
	if (level == 0)
		leak(DEEP);
	else
		deep_level(level - 1);
	KEEP_FRAME;
	return level;
}

SITE static void deep(void)
{
	deep_level(200);
}

/* ---- frames of unknown size --------------------------------------------------------- */

SITE static void fill(volatile char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = 1;
}

SITE static void with_alloca(size_t size)
{
	char *bytes = alloca(size);

	fill(bytes, size);
	leak(WITH_ALLOCA);
	fill(bytes, size);
}

SITE static void with_vla(size_t size)
{
	char bytes[size];

	fill(bytes, size);
	leak(WITH_VLA);
	fill(bytes, size);
}

SITE static void realigned(void)
{
	alignas(64) char bytes[64];

	fill(bytes, sizeof(bytes));
	leak(REALIGNED);
	fill(bytes, sizeof(bytes));
}

SITE static void realigned_vla(size_t size)
{
	alignas(64) char bytes[64];
	char more[size];

	fill(bytes, sizeof(bytes));
	fill(more, size);
	leak(REALIGNED_VLA);
	fill(bytes, sizeof(bytes));
	fill(more, size);
}

static void unknown_sizes(void)
{
	with_alloca((size_t)kept % 100 + 1);
	with_vla((size_t)kept % 200 + 1);
	realigned();
	realigned_vla((size_t)kept % 300 + 1);
}

/* ---- callbacks ---------------------------------------------------------------------- */

static int sort_leaks;

SITE static int compare(const void *left, const void *right)
{
	const int *a = left, *b = right;

	if (!sort_leaks++)
		leak(IN_QSORT);
	return *a - *b;
}

SITE static int compare_key(const void *left, const void *right)
{
	const int *a = left, *b = right;

	if (*a == *b)
		leak(IN_BSEARCH);
	return *a - *b;
}

SITE static void callbacks(void)
{
	int numbers[] = { 5, 3, 9, 1, 7, 2, 8, 4, 6 };
	int key = 7;

	qsort(numbers, 9, sizeof(numbers[0]), compare);
	kept = bsearch(&key, numbers, 9, sizeof(numbers[0]), compare_key);
}

/* ---- jumps -------------------------------------------------------------------------- */

static jmp_buf target;
static sigjmp_buf signal_target;

SITE static void jump(int levels)
{
	if (levels)
		jump(levels - 1);
	else
		longjmp(target, 1);
	KEEP_FRAME;
}

SITE static void jump_from_signal(int number)
{
	(void)number;
	siglongjmp(signal_target, 1);
}

SITE static void after_jumps(void)
{
	if (!setjmp(target))
		jump(5);
	leak(AFTER_LONGJMP);
	signal(SIGUSR1, jump_from_signal);
	if (!sigsetjmp(signal_target, 1))
		raise(SIGUSR1);
	leak(AFTER_SIGLONGJMP);
}

/* ---- signals ------------------------------------------------------------------------ */

static volatile sig_atomic_t handled;
static volatile enum situation signal_situation;

SITE static void on_signal(int number)
{
	(void)number;
	leak(signal_situation);
	handled = 1;
}

SITE static void on_outer_signal(int number)
{
	(void)number;
	raise(SIGUSR2);
	KEEP_FRAME;
}

static void handle(int number, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaction(number, &action, NULL);
}

/* Interrupted between any two instructions. */
SITE static void spin(void)
{
	while (!handled)
		;
}

SITE static void timer(void)
{
	struct itimerval once = { .it_value.tv_usec = 2000 };

	signal_situation = TIMER;
	handled = 0;
	handle(SIGALRM, on_signal, 0);
	setitimer(ITIMER_REAL, &once, NULL);
	spin();
	KEEP_FRAME;
}

/* Interrupted inside a system call. */
SITE static void sleeping(void)
{
	struct itimerval again = { .it_value.tv_usec = 2000 };
	struct timespec day = { .tv_sec = 86400 };

	signal_situation = SLEEPING;
	handle(SIGALRM, on_signal, 0);
	setitimer(ITIMER_REAL, &again, NULL);
	nanosleep(&day, NULL);
	KEEP_FRAME;
}

SITE static void alternate_stack(void)
{
	static char space[65536];
	stack_t stack = { .ss_sp = space, .ss_size = sizeof(space) };

	signal_situation = ALTERNATE_STACK;
	sigaltstack(&stack, NULL);
	handle(SIGUSR1, on_signal, SA_ONSTACK);
	raise(SIGUSR1);
	KEEP_FRAME;
}

static void signals(void)
{
	signal_situation = RAISED;
	handle(SIGUSR1, on_signal, 0);
	raise(SIGUSR1);
	signal_situation = RAISED_TWICE;
	handle(SIGUSR1, on_outer_signal, 0);
	handle(SIGUSR2, on_signal, 0);
	raise(SIGUSR1);
	timer();
	sleeping();
	alternate_stack();
}

/* ---- threads ------------------------------------------------------------------------ */

SITE static void leave_key(void *value)
{
	(void)value;
	leak(THREAD_KEY);
}

SITE static void *thread(void *argument)
{
	pthread_setspecific(*(pthread_key_t *)argument, argument);
	leak(IN_THREAD);
	signal_situation = THREAD_SIGNAL;
	handle(SIGUSR1, on_signal, 0);
	pthread_kill(pthread_self(), SIGUSR1);
	return NULL;
}

static void threads(void)
{
	pthread_key_t key;
	pthread_t id;

	pthread_key_create(&key, leave_key);
	pthread_create(&id, NULL, thread, &key);
	pthread_join(id, NULL);
}

/* ---- another stack ------------------------------------------------------------------ */

#ifdef WITH_CONTEXT
static ucontext_t back;

SITE static void in_context(void)
{
	leak(INTO_CONTEXT);
	swapcontext(&(ucontext_t){ 0 }, &back);
}

SITE static void contexts(void)
{
	static char space[65536];
	ucontext_t there;

	getcontext(&there);
	there.uc_stack.ss_sp = space;
	there.uc_stack.ss_size = sizeof(space);
	there.uc_link = NULL;
	makecontext(&there, in_context, 0);
	swapcontext(&back, &there);
}
#else
static void contexts(void)
{
}
#endif

/* ---- libraries ---------------------------------------------------------------------- */

#ifdef WITH_DLOPEN
/* Their constructors leak. */
SITE static void libraries(char **paths)
{
	void *library = dlopen(paths[0], RTLD_NOW);
	void *first = library ? dlsym(library, "library_leak") : NULL;

	if (!first || dlclose(library))
		exit(3);
	if (!paths[1])
		return;
	library = dlopen(paths[1], RTLD_NOW);
	if (!library || dlsym(library, "library_leak") != first)
		exit(4);
}
#else
static void libraries(char **paths)
{
	(void)paths;
}
#endif

/* ---- around main -------------------------------------------------------------------- */

__attribute__((constructor)) static void before_main(void)
{
	leak(CONSTRUCTOR);
	KEEP_FRAME;
}

__attribute__((destructor)) static void after_main(void)
{
	leak(DESTRUCTOR);
	KEEP_FRAME;
}

SITE static void at_exit(void)
{
	leak(AT_EXIT);
	KEEP_FRAME;
}

int main(int argc, char **argv)
{
	atexit(at_exit);
	nested();
	inlined();
	tail_call();
	many_arguments();
	big_frame();
	deep();
	unknown_sizes();
	callbacks();
	after_jumps();
	signals();
	threads();
	contexts();
	if (argc > 1)
		libraries(argv + 1);
	return 0;
}
