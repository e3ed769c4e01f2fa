/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory mappings: what is unmapped in part, replaced, moved, resized; whose they are.
 * Each byte is the call's that asked for it.
 * EXPECT unmatched=0
 * CASE partial EXPECT live mmap held map_pages 1/28672
 * CASE whole EXPECT live mmap none
 * CASE several EXPECT live mmap held map_pages 2/8192
 * CASE fixed EXPECT live mmap held map_pages 1/12288
 * CASE fixed EXPECT live mmap held map_fixed 1/4096
 * CASE noreplace EXPECT live mmap held map_pages 1/16384
 * CASE move EXPECT live mmap held map_pages 1/16384
 * CASE move EXPECT live mmap held map_remapped 1/4194304
 * CASE shrink EXPECT live mmap held map_pages 1/8192
 * CASE grow EXPECT live mmap held map_pages 1/8192
 * CASE grow EXPECT live mmap held map_remapped 1/12288
 * CASE onto EXPECT live mmap held map_pages 1/8192
 * CASE dontunmap EXPECT live mmap held map_pages 1/16384
 * CASE dontunmap EXPECT live mmap held map_remapped 1/16384
 * CASE failure EXPECT live mmap held map_pages 2/24576
 * CASE file EXPECT live mmap held map_file 1/8192
 * CASE file EXPECT name mmap map_file /tmp/leaktrace-mapped
 * CASE memfd EXPECT live mmap held map_file 1/8192
 * CASE memfd EXPECT name mmap map_file memfd:shared
 * CASE shm EXPECT live mmap held attach_shared 1/12288
 * CASE shm EXPECT name mmap attach_shared SYSV
 * CASE allocator EXPECT live mmap none
 * CASE allocator EXPECT heap acquired=1/4000000 released=0/0 live=1/4000000
 * CASE stacks EXPECT live mmap none
 * CASE stacks EXPECT role mmap thread_stack 1
 * CASE fork EXPECT live mmap held map_pages 1/8192
 * CASE fork EXPECT process child live mmap held map_in_child 1/4096
 * CASE exec EXPECT live mmap none
 * CASE threads EXPECT live mmap held map_pages 4/16384
 * CASE huge EXPECT live mmap none
 * RUN --kinds heap,mmap,thread
 * VARIANT attach
 */
#include "program.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>

#define PAGE 4096UL
#define WRITABLE (PROT_READ | PROT_WRITE)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)

SITE static char *map_pages(size_t count)
{
	char *pages = mmap(NULL, count * PAGE, WRITABLE, PRIVATE, -1, 0);

	REQUIRE(pages != MAP_FAILED);
	return keep(pages);
}

SITE static char *map_fixed(char *place, size_t count)
{
	return keep(mmap(place, count * PAGE, WRITABLE, PRIVATE | MAP_FIXED, -1, 0));
}

SITE static char *map_remapped(char *old, size_t old_count, size_t count, int flags, char *place)
{
	return keep(mremap(old, old_count * PAGE, count * PAGE, flags, place));
}

SITE static char *map_file(int fd)
{
	return keep(mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0));
}

SITE static void *attach_shared(int id)
{
	return keep(shmat(id, NULL, 0));
}

SITE static char *map_in_child(void)
{
	char *pages = mmap(NULL, PAGE, WRITABLE, PRIVATE, -1, 0);

	return keep(pages);
}

static void partial(void)
{
	char *pages = map_pages(10);

	REQUIRE(!munmap(pages + 3 * PAGE, 2 * PAGE));
	REQUIRE(!munmap(pages, PAGE));
}

static void whole(void)
{
	REQUIRE(!munmap(map_pages(10), 10 * PAGE));
}

/* Two neighbours lose what one call takes from both. */
static void several(void)
{
	char *room = map_pages(8), *low, *high;

	REQUIRE(!munmap(room, 8 * PAGE));
	low = mmap(room, 2 * PAGE, WRITABLE, PRIVATE | MAP_FIXED_NOREPLACE, -1, 0);
	REQUIRE(low == room && !munmap(low, 2 * PAGE));
	low = map_pages(3);
	high = map_pages(3);
	if (high < low) {
		char *other = low;

		low = high;
		high = other;
	}
	if (high == low + 3 * PAGE) {
		REQUIRE(!munmap(low + PAGE, 4 * PAGE));
	} else {
		REQUIRE(!munmap(low + PAGE, 2 * PAGE));
		REQUIRE(!munmap(high, 2 * PAGE));
	}
}

static void fixed(void)
{
	char *pages = map_pages(4);

	REQUIRE(map_fixed(pages + PAGE, 1) == pages + PAGE);
}

static void noreplace(void)
{
	char *pages = map_pages(4);

	REQUIRE(mmap(pages + PAGE, PAGE, WRITABLE, PRIVATE | MAP_FIXED_NOREPLACE, -1, 0) ==
		MAP_FAILED);
}

/* A neighbour makes it move. */
static void move(void)
{
	char *pages = map_pages(4);

	REQUIRE(map_remapped(pages, 4, 4 + 1024, MREMAP_MAYMOVE, NULL) != MAP_FAILED);
}

static void shrink(void)
{
	char *pages = map_pages(4);

	REQUIRE(map_remapped(pages, 4, 2, 0, NULL) == pages);
}

static void grow(void)
{
	char *pages = map_pages(5);

	REQUIRE(!munmap(pages + 2 * PAGE, 3 * PAGE));
	REQUIRE(map_remapped(pages, 2, 5, 0, NULL) == pages);
}

/* Moved onto another mapping, which goes. */
static void onto(void)
{
	char *pages = map_pages(2), *other = map_pages(2);

	REQUIRE(map_remapped(pages, 2, 2, MREMAP_MAYMOVE | MREMAP_FIXED, other) == other);
}

static void dontunmap(void)
{
	char *pages = map_pages(4);

	REQUIRE(map_remapped(pages, 4, 4, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL) != MAP_FAILED);
}

static void failure(void)
{
	char *pages = map_pages(4), *other = map_pages(2);

	REQUIRE(munmap(pages + 1, PAGE) == -1);
	REQUIRE(mmap(pages, PAGE, WRITABLE, MAP_PRIVATE | MAP_FIXED, -1, 0) == MAP_FAILED);
	REQUIRE(mremap(pages, 4 * PAGE, 1UL << 50, MREMAP_MAYMOVE) == MAP_FAILED);
	REQUIRE(mremap(pages, 4 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, other + 1) ==
		MAP_FAILED);
}

static void mapped_file(int fd)
{
	REQUIRE(fd >= 0 && !ftruncate(fd, 2 * PAGE));
	REQUIRE(map_file(fd) != MAP_FAILED);
	close(fd);
}

static void file(void)
{
	char path[] = "/tmp/leaktrace-mapped-XXXXXX";
	int fd = mkstemp(path);

	mapped_file(fd);
	unlink(path);
}

static void memfd(void)
{
	mapped_file(memfd_create("shared", 0));
}

static void shm(void)
{
	int id = shmget(IPC_PRIVATE, 3 * PAGE, IPC_CREAT | 0600);
	void *first;

	REQUIRE(id >= 0);
	first = attach_shared(id);
	REQUIRE(first != (void *)-1 && attach_shared(id) != (void *)-1);
	REQUIRE(!shmdt(first));
	REQUIRE(!shmctl(id, IPC_RMID, NULL));
}

static void allocator(void)
{
	REQUIRE(keep(malloc(4000000)));
}

static void *nothing(void *argument)
{
	return argument;
}

static void stacks(void)
{
	pthread_t thread;

	REQUIRE(!pthread_create(&thread, NULL, nothing, NULL) && !pthread_join(thread, NULL));
}

/* What a child inherits is its parent's. */
static void forks(void)
{
	char *pages = map_pages(2);
	pid_t child = fork();
	int status;

	if (!child) {
		munmap(pages, 2 * PAGE);
		_exit(map_in_child() == MAP_FAILED);
	}
	REQUIRE(waitpid(child, &status, 0) == child && !status);
}

static void execs(void)
{
	map_pages(3);
	execl("/bin/true", "true", (char *)NULL);
}

static void *map_and_unmap(void *argument)
{
	for (int i = 0; i < 2000; i++)
		if (munmap(map_pages(1 + i % 7), (1 + i % 7) * PAGE))
			_exit(97);
	map_pages(1);
	return argument;
}

/* Four threads get each other's addresses all the time. */
static void threads(void)
{
	pthread_t all[4];

	for (int i = 0; i < 4; i++)
		REQUIRE(!pthread_create(&all[i], NULL, map_and_unmap, NULL));
	for (int i = 0; i < 4; i++)
		REQUIRE(!pthread_join(all[i], NULL));
}

/* Sizes of huge pages are rounded up to these; there may be none to have. */
static void huge(void)
{
	char *pages = mmap(NULL, PAGE, WRITABLE, PRIVATE | MAP_HUGETLB, -1, 0);

	if (pages != MAP_FAILED)
		REQUIRE(!munmap(pages, 2 << 20));
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "partial", partial },	    { "whole", whole },
	{ "several", several },	    { "fixed", fixed },
	{ "noreplace", noreplace }, { "move", move },
	{ "shrink", shrink },	    { "grow", grow },
	{ "onto", onto },	    { "dontunmap", dontunmap },
	{ "failure", failure },	    { "file", file },
	{ "memfd", memfd },	    { "shm", shm },
	{ "allocator", allocator }, { "stacks", stacks },
	{ "fork", forks },	    { "exec", execs },
	{ "threads", threads },	    { "huge", huge },
};

int main(int argc, char **argv)
{
	program_begin(argc, argv);
	REQUIRE(argc > 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (!strcmp(cases[i].name, argv[1]))
			cases[i].run();
	return 0;
}
