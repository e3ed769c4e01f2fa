/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into leaktrace: one call of the process fails. Nothing of it reaches what leaktrace
 * starts: LD_PRELOAD is taken out of the environment, and after fork all calls pass.
 *
 *	LIBFAULT_FAIL=CLASS:N   the Nth call of a class fails, once; classes: "memory" (malloc and
 *	                        its family), "system" (system calls and what stands for them)
 *	LIBFAULT_LOG=FILE       without LIBFAULT_FAIL: a line "CLASS N NAME HASH" for each call,
 *with a hash of the functions that led to it; else what failed, and from where
 *
 * Calls are counted from main() on, until it returns.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum class { MEMORY, SYSTEM, CLASSES };

#define FRAMES 24

static const char *const class_names[CLASSES] = { "memory", "system" };

static atomic_ulong counts[CLASSES];
static unsigned long fail_at[CLASSES];
static int log_fd = -1;
static pid_t owner;
static atomic_bool counting;
static __thread bool inside;

/* ---- what comes next --------------------------------------------------------- */

static void *next(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function)
		_exit(99);
	return function;
}

#define NEXT(name)                                                                                 \
	({                                                                                         \
		static __typeof__(&name) function;                                                 \
		if (!function)                                                                     \
			function = (__typeof__(&name))next(#name);                                 \
		function;                                                                          \
	})

static long raw_write(int fd, const char *text, size_t bytes)
{
	return NEXT(syscall)(SYS_write, (long)fd, text, bytes);
}

/* ---- whether a call fails ---------------------------------------------------- */

static uint64_t hash_of(void **frames, int count)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (int i = 0; i < count; i++)
		hash = (hash ^ (uintptr_t)frames[i]) * 0x100000001b3;
	return hash;
}

static void tell(enum class class, unsigned long number, const char *name, bool fails)
{
	void *frames[FRAMES];
	int count = backtrace(frames, FRAMES);
	char line[160];
	int bytes = snprintf(line, sizeof(line), "%s %lu %s %016llx\n", class_names[class], number,
			     name, (unsigned long long)hash_of(frames, count));

	raw_write(log_fd, line, bytes);
	if (fails)
		backtrace_symbols_fd(frames, count, log_fd);
}

static bool fails(enum class class, const char *name, int error)
{
	unsigned long number;
	bool chosen;

	if (!counting || inside || getpid() != owner)
		return false;
	inside = true;
	number = ++counts[class];
	chosen = number == fail_at[class];
	if (log_fd >= 0 && (chosen || (!fail_at[MEMORY] && !fail_at[SYSTEM])))
		tell(class, number, name, chosen);
	inside = false;
	if (chosen)
		errno = error;
	return chosen;
}

static void read_choice(const char *text)
{
	for (int class = 0; text && class < CLASSES; class ++) {
		size_t length = strlen(class_names[class]);

		if (!strncmp(text, class_names[class], length) && text[length] == ':')
			fail_at[class] = strtoul(text + length + 1, NULL, 10);
	}
}

static int (*real_main)(int argc, char **argv, char **environment);

static int counted_main(int argc, char **argv, char **environment)
{
	const char *log = getenv("LIBFAULT_LOG");
	void *frame;
	int status;

	owner = getpid();
	read_choice(getenv("LIBFAULT_FAIL"));
	if (log)
		log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	unsetenv("LD_PRELOAD");
	unsetenv("LIBFAULT_FAIL");
	unsetenv("LIBFAULT_LOG");
	/* It loads a library at its first call. */
	backtrace(&frame, 1);
	counting = true;
	status = real_main(argc, argv, environment);
	counting = false;
	return status;
}

typedef int start_main(int (*main)(int, char **, char **), int argc, char **argv,
		       void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
		       void *stack_end);

start_main __libc_start_main;

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
	real_main = main;
	return NEXT(__libc_start_main)(counted_main, argc, argv, init, fini, rtld_fini, stack_end);
}

/* ---- memory ------------------------------------------------------------------ */

void *malloc(size_t size)
{
	return fails(MEMORY, "malloc", ENOMEM) ? NULL : NEXT(malloc)(size);
}

void *calloc(size_t count, size_t size)
{
	return fails(MEMORY, "calloc", ENOMEM) ? NULL : NEXT(calloc)(count, size);
}

void *realloc(void *block, size_t size)
{
	return size && fails(MEMORY, "realloc", ENOMEM) ? NULL : NEXT(realloc)(block, size);
}

void *reallocarray(void *block, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(block, bytes);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
	return fails(MEMORY, "posix_memalign", ENOMEM)
		       ? ENOMEM
		       : NEXT(posix_memalign)(block, alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return fails(MEMORY, "aligned_alloc", ENOMEM) ? NULL : NEXT(aligned_alloc)(alignment, size);
}

/* ---- files ------------------------------------------------------------------- */

static mode_t mode_of(int flags, va_list arguments)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name, parameters, ...)                                                                \
	int name parameters                                                                        \
	{                                                                                          \
		va_list arguments;                                                                 \
		mode_t mode;                                                                       \
                                                                                                   \
		va_start(arguments, flags);                                                        \
		mode = mode_of(flags, arguments);                                                  \
		va_end(arguments);                                                                 \
		return fails(SYSTEM, #name, EMFILE) ? -1 : NEXT(name)(__VA_ARGS__, flags, mode);   \
	}

OPEN(open, (const char *path, int flags, ...), path)
OPEN(open64, (const char *path, int flags, ...), path)
OPEN(openat, (int folder, const char *path, int flags, ...), folder, path)
OPEN(openat64, (int folder, const char *path, int flags, ...), folder, path)

/* A function that passes its arguments on, or fails. */
#define PASS(type, name, error, failure, parameters, ...)                                          \
	type name parameters                                                                       \
	{                                                                                          \
		return fails(SYSTEM, #name, error) ? failure : NEXT(name)(__VA_ARGS__);            \
	}

PASS(FILE *, fopen, EMFILE, NULL, (const char *path, const char *mode), path, mode)
PASS(FILE *, fopen64, EMFILE, NULL, (const char *path, const char *mode), path, mode)
PASS(FILE *, fdopen, ENOMEM, NULL, (int fd, const char *mode), fd, mode)
PASS(DIR *, opendir, EMFILE, NULL, (const char *path), path)
PASS(DIR *, fdopendir, ENOMEM, NULL, (int fd), fd)
PASS(ssize_t, read, EIO, -1, (int fd, void *to, size_t bytes), fd, to, bytes)
PASS(ssize_t, pread, EIO, -1, (int fd, void *to, size_t bytes, off_t at), fd, to, bytes, at)
PASS(ssize_t, pread64, EIO, -1, (int fd, void *to, size_t bytes, off64_t at), fd, to, bytes, at)
PASS(ssize_t, write, EIO, -1, (int fd, const void *from, size_t bytes), fd, from, bytes)
PASS(ssize_t, pwrite, EIO, -1, (int fd, const void *from, size_t bytes, off_t at), fd, from, bytes,
     at)
PASS(int, stat, EIO, -1, (const char *path, struct stat *status), path, status)
PASS(int, fstat, EIO, -1, (int fd, struct stat *status), fd, status)
PASS(ssize_t, readlink, ENOMEM, -1, (const char *path, char *to, size_t bytes), path, to, bytes)
PASS(void *, mmap, ENOMEM, MAP_FAILED,
     (void *at, size_t size, int access, int flags, int fd, off_t offset), at, size, access, flags,
     fd, offset)
PASS(void *, mmap64, ENOMEM, MAP_FAILED,
     (void *at, size_t size, int access, int flags, int fd, off64_t offset), at, size, access,
     flags, fd, offset)
PASS(int, dup, EMFILE, -1, (int fd), fd)
PASS(int, dup2, EMFILE, -1, (int fd, int to), fd, to)
PASS(int, dup3, EMFILE, -1, (int fd, int to, int flags), fd, to, flags)
PASS(int, rename, ENOSPC, -1, (const char *from, const char *to), from, to)
PASS(int, mkstemp, EMFILE, -1, (char *name), name)
PASS(int, mkostemp, EMFILE, -1, (char *name, int flags), name, flags)

/* ---- the rest of the kernel ------------------------------------------------- */

PASS(int, pipe, EMFILE, -1, (int ends[2]), ends)
PASS(int, pipe2, EMFILE, -1, (int ends[2], int flags), ends, flags)
PASS(pid_t, fork, EAGAIN, -1, (void), )
PASS(int, socket, EMFILE, -1, (int domain, int type, int protocol), domain, type, protocol)
PASS(int, epoll_create1, EMFILE, -1, (int flags), flags)
PASS(int, epoll_ctl, ENOMEM, -1, (int fd, int op, int other, struct epoll_event *event), fd, op,
     other, event)
PASS(int, epoll_wait, ENOMEM, -1, (int fd, struct epoll_event *events, int max, int timeout), fd,
     events, max, timeout)
PASS(int, signalfd, EMFILE, -1, (int fd, const sigset_t *set, int flags), fd, set, flags)
PASS(int, timerfd_create, EMFILE, -1, (int clock, int flags), clock, flags)
PASS(int, pthread_create, EAGAIN, EAGAIN,
     (pthread_t * thread, const pthread_attr_t *attributes, void *(*work)(void *), void *argument),
     thread, attributes, work, argument)

int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return fails(SYSTEM, "ioctl", ENOMEM) ? -1 : NEXT(ioctl)(fd, request, argument);
}

static const char *name_of(long number)
{
	return number == SYS_bpf	       ? "bpf"
	       : number == SYS_perf_event_open ? "perf_event_open"
					       : "syscall";
}

long syscall(long number, ...)
{
	long values[6];
	va_list arguments;

	va_start(arguments, number);
	for (int i = 0; i < 6; i++)
		values[i] = va_arg(arguments, long);
	va_end(arguments);
	if (fails(SYSTEM, name_of(number), number == SYS_perf_event_open ? EMFILE : ENOMEM))
		return -1;
	return NEXT(syscall)(number, values[0], values[1], values[2], values[3], values[4],
			     values[5]);
}
