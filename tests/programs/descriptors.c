/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors: every call that makes or closes one.
 * CASE opened EXPECT live fd held open_file 2
 * CASE opened EXPECT live fd held create_file 1
 * CASE opened EXPECT name fd open_file /etc/passwd
 * CASE failed EXPECT live fd none
 * CASE sockets EXPECT live fd held make_socket 2
 * CASE sockets EXPECT live fd held make_pair 1
 * CASE sockets EXPECT name fd make_pair unix
 * CASE accepted EXPECT live fd held accept_one 1
 * CASE accepted EXPECT live fd held make_socket 2
 * CASE accepted EXPECT name fd accept_one tcp 127.0.0.1:
 * CASE pipes EXPECT live fd held make_pipe 3
 * CASE pipes EXPECT name fd make_pipe pipe:[
 * CASE duplicates EXPECT live fd held open_file 1
 * CASE duplicates EXPECT live fd held duplicate 4
 * CASE onto EXPECT live fd held duplicate_onto 1
 * CASE onto EXPECT live fd held open_file 1
 * CASE itself EXPECT live fd held open_file 1
 * CASE closed_range EXPECT live fd held open_file 2
 * CASE closed_twice EXPECT live fd none
 * CASE special EXPECT live fd held make_special 8
 * CASE special EXPECT name fd make_special eventfd
 * CASE special EXPECT name fd make_special timerfd
 * CASE special EXPECT name fd make_special memfd:blocks
 * CASE rights EXPECT live fd held receive 2
 * CASE rights EXPECT live fd held make_pair 2
 * CASE rights EXPECT name fd receive /etc/passwd
 * CASE standard EXPECT live fd none
 * CASE standard EXPECT role fd standard 3
 * CASE fork EXPECT live fd held open_file 1
 * CASE fork EXPECT process child live fd held open_in_child 1
 * CASE fork EXPECT process child role fd inherited 1
 * CASE vfork EXPECT live fd held open_file 1
 * CASE exec EXPECT live fd none
 * CASE exec EXPECT role fd inherited 1
 * CASE threads EXPECT live fd held open_file 4
 * CASE uring EXPECT live fd any
 * CASE deleted EXPECT live fd held create_file 1
 * CASE killed EXPECT live fd held open_file 1
 * CASE killed EXPECT name fd open_file /etc/passwd
 * CASE killed EXPECT end signaled=9
 * CASE quick EXPECT live fd held open_file 1
 * CASE quick EXPECT name fd open_file /etc/passwd
 * RUN --kinds fd
 * VARIANT attach
 */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

SITE static int open_file(void)
{
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	REQUIRE(fd >= 0);
	return fd;
}

SITE static int create_file(void)
{
	char path[] = "/tmp/leaktrace-file-XXXXXX";
	int fd = mkstemp(path);

	REQUIRE(fd >= 0);
	unlink(path);
	return fd;
}

SITE static int make_socket(int family)
{
	int fd = socket(family, SOCK_STREAM, 0);

	REQUIRE(fd >= 0);
	return fd;
}

SITE static void make_pair(int fds[2])
{
	REQUIRE(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
}

SITE static void make_pipe(int fds[2], int flags)
{
	REQUIRE(!(flags ? pipe2(fds, flags) : pipe(fds)));
}

SITE static int duplicate(int way, int fd)
{
	int copy = way == 0   ? dup(fd)
		   : way == 1 ? fcntl(fd, F_DUPFD, 50)
		   : way == 2 ? fcntl(fd, F_DUPFD_CLOEXEC, 50)
			      : dup3(fd, 60, O_CLOEXEC);

	REQUIRE(copy >= 0);
	return copy;
}

SITE static void duplicate_onto(int from, int onto)
{
	REQUIRE(dup2(from, onto) == onto);
}

SITE static void make_special(void)
{
	sigset_t set;

	sigemptyset(&set);
	REQUIRE(eventfd(0, 0) >= 0);
	REQUIRE(epoll_create1(0) >= 0);
	REQUIRE(timerfd_create(CLOCK_MONOTONIC, 0) >= 0);
	REQUIRE(signalfd(-1, &set, 0) >= 0);
	REQUIRE(inotify_init1(0) >= 0);
	REQUIRE(memfd_create("blocks", 0) >= 0);
	REQUIRE(syscall(SYS_pidfd_open, getpid(), 0) >= 0);
	REQUIRE(open("/dev/null", O_RDWR) >= 0);
}

static void opened(void)
{
	int fd = open_file();

	open_file();
	open_file();
	create_file();
	close(fd);
	close(open_file());
}

static void failed(void)
{
	REQUIRE(open("/nonexistent", O_RDONLY) < 0);
	REQUIRE(socket(-1, 0, 0) < 0);
	REQUIRE(dup(999) < 0 && dup2(999, 1000) < 0 && close(999) < 0);
	REQUIRE(fcntl(STDIN_FILENO, F_GETFD) >= 0);
}

static void sockets(void)
{
	int pair[2];

	make_socket(AF_INET);
	make_socket(AF_UNIX);
	make_pair(pair);
	close(pair[0]);
}

SITE static int accept_one(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	REQUIRE(fd >= 0);
	return fd;
}

static void accepted(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof(address);
	int listener = make_socket(AF_INET), client = make_socket(AF_INET);

	REQUIRE(!bind(listener, (struct sockaddr *)&address, bytes) && !listen(listener, 5));
	REQUIRE(!getsockname(listener, (struct sockaddr *)&address, &bytes));
	REQUIRE(!connect(client, (struct sockaddr *)&address, bytes));
	accept_one(listener);
}

static void pipes(void)
{
	int first[2], second[2];

	make_pipe(first, 0);
	make_pipe(second, O_CLOEXEC);
	close(first[0]);
}

static void duplicates(void)
{
	int fd = open_file();

	for (int way = 0; way < 4; way++)
		duplicate(way, fd);
}

/* Onto a number that is open: that is closed by it. */
static void onto(void)
{
	int first = open_file(), second = open_file();

	duplicate_onto(first, second);
}

static void itself(void)
{
	int fd = open_file();

	REQUIRE(dup2(fd, fd) == fd);
}

static void closed_range(void)
{
	int first = open_file(), last;

	open_file();
	open_file();
	last = open_file();
	REQUIRE(!syscall(SYS_close_range, first + 1, last - 1, 0));
	/* CLOSE_RANGE_CLOEXEC closes nothing now. */
	REQUIRE(!syscall(SYS_close_range, last, ~0U, 4));
}

static void closed_twice(void)
{
	int fd = open_file();

	REQUIRE(!close(fd) && close(fd) < 0);
}

static void special(void)
{
	make_special();
}

static void send_rights(int socket, const int *fds, size_t count)
{
	char control[CMSG_SPACE(2 * sizeof(int))] = { 0 }, byte = 'x';
	struct iovec vector = { &byte, 1 };
	struct msghdr message = { .msg_iov = &vector,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = CMSG_SPACE(count * sizeof(int)) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(header), fds, count * sizeof(int));
	REQUIRE(sendmsg(socket, &message, 0) == 1);
}

SITE static void receive(int socket)
{
	char control[CMSG_SPACE(8 * sizeof(int))], byte;
	struct iovec vector = { &byte, 1 };
	struct msghdr message = { .msg_iov = &vector,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };

	REQUIRE(recvmsg(socket, &message, 0) == 1);
}

static void rights(void)
{
	int pair[2], fds[2] = { open_file(), open_file() };

	make_pair(pair);
	send_rights(pair[0], fds, 2);
	close(fds[0]);
	close(fds[1]);
	receive(pair[1]);
}

/* A daemon gives its standard streams away. */
static void standard(void)
{
	int fd = open("/dev/null", O_RDWR);

	for (int i = 0; i < 3; i++)
		REQUIRE(dup2(fd, i) == i);
	close(fd);
}

SITE static int open_in_child(void)
{
	return open("/dev/null", O_RDONLY);
}

static void forks(void)
{
	int fd = open_file(), status;
	pid_t child = fork();

	if (!child) {
		open_in_child();
		close(open_in_child());
		_exit(fd < 0);
	}
	REQUIRE(waitpid(child, &status, 0) == child && !status);
}

/* What a vfork child does with its descriptors is not its parent's doing. */
static void vforks(void)
{
	int fd = open_file(), status;
	pid_t child = vfork();

	if (!child) {
		close(fd);
		open("/dev/null", O_RDONLY);
		_exit(0);
	}
	REQUIRE(waitpid(child, &status, 0) == child && !status);
}

/* One is closed by exec, one goes on. */
static void execs(void)
{
	open_file();
	REQUIRE(open("/etc/group", O_RDONLY) >= 0);
	execl("/bin/true", "true", (char *)NULL);
}

static void *open_and_close(void *argument)
{
	for (int i = 0; i < 2000; i++)
		close(open_file());
	open_file();
	return argument;
}

static void threads(void)
{
	pthread_t all[4];

	for (int i = 0; i < 4; i++)
		REQUIRE(!pthread_create(&all[i], NULL, open_and_close, NULL));
	for (int i = 0; i < 4; i++)
		REQUIRE(!pthread_join(all[i], NULL));
}

static void uring(void)
{
	char parameters[120] = { 0 };
	int fd = syscall(SYS_io_uring_setup, 4, parameters);

	if (fd >= 0)
		close(fd);
}

static void deleted(void)
{
	create_file();
}

static void killed(void)
{
	open_file();
	kill(getpid(), SIGKILL);
}

static void quick(void)
{
	open_file();
	syscall(SYS_exit_group, 0);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "opened", opened },
	{ "failed", failed },
	{ "sockets", sockets },
	{ "accepted", accepted },
	{ "pipes", pipes },
	{ "duplicates", duplicates },
	{ "onto", onto },
	{ "itself", itself },
	{ "closed_range", closed_range },
	{ "closed_twice", closed_twice },
	{ "special", special },
	{ "rights", rights },
	{ "standard", standard },
	{ "fork", forks },
	{ "vfork", vforks },
	{ "exec", execs },
	{ "threads", threads },
	{ "uring", uring },
	{ "deleted", deleted },
	{ "killed", killed },
	{ "quick", quick },
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
