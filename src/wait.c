/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ends a run. Ctrl-C comes to the command too, since it shares our
 * terminal: it decides, and we report when it has ended. A second one, or one
 * with the command gone, ends the trace at once.
 */
#include "wait.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "target.h"
#include "trace/follow.h"
#include "trace/processes.h"
#include "trace/tracer.h"
#include "util/log.h"

/* New stacks do not wake us: look at least so often. */
#define LOOK_MS 200
#define COLLECT_AFTER_ENDED 256
/* What living processes fill can't be emptied: such a part of the rest is worth a collection. */
#define COLLECT_FREE_PART 3
#define COLLECT_MIN_PERCENT 5
/* Steps without an event after which we look whether anybody is left. */
#define IDLE_STEPS 10

enum source {
	SOURCE_KERNEL,
	SOURCE_SIGNAL,
	SOURCE_DURATION,
	SOURCE_INTERVAL,
	SOURCE_SCAN,
	SOURCE_OTHER, /* the first of the configuration's */
	SOURCES = SOURCE_OTHER + WAIT_SOURCES_MAX,
};

struct loop {
	const struct wait_config *config;
	int epoll_fd;
	int fds[SOURCES]; /* -1: not used */
	int interrupts;
	int idle_steps;
	unsigned kept_percent; /* of the tables, by the last collection */
	bool has_more;	       /* work for when nothing is to be done */
	bool done;
};

void wait_event(const struct wire_event *event, void *follower)
{
	follower_event(follower, event);
}

/* Takes the descriptor over. */
static int watch(struct loop *loop, int source, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = source };

	if (fd < 0)
		return -errno;
	loop->fds[source] = fd;
	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int watch_timer(struct loop *loop, enum source source, uint64_t ns, bool repeat)
{
	struct itimerspec when = { .it_value = { ns / 1000000000, ns % 1000000000 } };
	int fd;

	if (!ns)
		return 0;
	if (repeat)
		when.it_interval = when.it_value;
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (fd < 0 || timerfd_settime(fd, 0, &when, NULL))
		return -errno;
	return watch(loop, source, fd);
}

static void watched_signals(sigset_t *set)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGUSR1 };

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaddset(set, signals[i]);
}

void wait_hold_signals(void)
{
	sigset_t set;

	watched_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int watch_signals(struct loop *loop)
{
	sigset_t set;

	watched_signals(&set);
	return watch(loop, SOURCE_SIGNAL, signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

/* si_code of a signal that the kernel sent, the terminal's for one: the command has it as well. */
static bool from_terminal(const struct signalfd_siginfo *info)
{
	return info->ssi_code > 0;
}

/* `signal`: what a command that runs is to have; 0: it has it already. */
static void interrupt(struct loop *loop, int signal)
{
	struct target *target = loop->config->target;

	if (!target_is_running(target) || ++loop->interrupts > 1)
		loop->done = true;
	else if (signal)
		target_signal(target, signal);
}

static void scan(struct loop *loop)
{
	if (loop->config->on_scan)
		loop->config->on_scan(loop->config->context);
}

static void on_signal(struct loop *loop)
{
	struct signalfd_siginfo info;

	while (read(loop->fds[SOURCE_SIGNAL], &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1) {
			scan(loop);
			continue;
		}
		if (info.ssi_signo != SIGCHLD) {
			interrupt(loop, from_terminal(&info) ? 0 : (int)info.ssi_signo);
			continue;
		}
		if (target_reap(loop->config->target) && processes_running(loop->config->processes))
			log_notice("the command has ended; processes that it left behind are "
				   "still traced (Ctrl-C reports now)");
	}
}

static void on_other(struct loop *loop, int source)
{
	const struct wait_source *other = &loop->config->sources[source - SOURCE_OTHER];

	switch (other->ready(other->context)) {
	case WAIT_GO_ON:
		break;
	case WAIT_NO_MORE:
		epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, loop->fds[source], NULL);
		close(loop->fds[source]);
		loop->fds[source] = -1;
		break;
	case WAIT_STOP:
		interrupt(loop, SIGTERM);
		break;
	}
}

static void on_source(struct loop *loop, int source)
{
	uint64_t expirations;

	switch (source) {
	case SOURCE_SIGNAL:
		on_signal(loop);
		break;
	case SOURCE_DURATION:
		loop->done = true;
		break;
	case SOURCE_INTERVAL:
		if (read(loop->fds[source], &expirations, sizeof(expirations)) > 0)
			loop->config->on_interval(loop->config->interval_context);
		break;
	case SOURCE_SCAN:
		if (read(loop->fds[source], &expirations, sizeof(expirations)) > 0)
			scan(loop);
		break;
	case SOURCE_KERNEL:
		break;
	default:
		on_other(loop, source);
	}
}

/* Many have ended, or those that have fill the tables. */
static bool must_collect(const struct loop *loop)
{
	size_t ended = processes_uncollected(loop->config->processes);
	unsigned free_percent = 100 - loop->kept_percent;

	if (!ended || ended >= COLLECT_AFTER_ENDED)
		return ended;
	return processes_fill_percent(loop->config->tracer) >
	       loop->kept_percent + free_percent / COLLECT_FREE_PART + COLLECT_MIN_PERCENT;
}

static void collect_ended(struct loop *loop)
{
	loop->config->on_ended(loop->config->context);
	loop->kept_percent = processes_fill_percent(loop->config->tracer);
}

static int step(struct loop *loop)
{
	const struct wait_config *config = loop->config;
	struct epoll_event events[SOURCES];
	int count = epoll_wait(loop->epoll_fd, events, SOURCES, loop->has_more ? 0 : LOOK_MS);

	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	follower_wake_parents(config->follower);
	loop->idle_steps = count ? 0 : loop->idle_steps + 1;
	if (loop->idle_steps >= IDLE_STEPS) {
		follower_check_alive(config->follower);
		loop->idle_steps = 0;
	}
	tracer_drain(config->tracer, wait_event, config->follower);
	for (int i = 0; i < count; i++)
		on_source(loop, (int)events[i].data.u32);
	loop->has_more = config->on_idle && config->on_idle(config->idle_context);
	if (must_collect(loop))
		collect_ended(loop);
	if (!processes_running(config->processes))
		loop->done = true;
	return 0;
}

int wait_run(const struct wait_config *config)
{
	struct loop loop = { .config = config, .epoll_fd = epoll_create1(EPOLL_CLOEXEC) };
	int error;

	memset(loop.fds, -1, sizeof(loop.fds));
	if (loop.epoll_fd < 0)
		return -errno;
	error = watch(&loop, SOURCE_KERNEL, dup(tracer_event_fd(config->tracer))) ?:
		watch_signals(&loop) ?:
		watch_timer(&loop, SOURCE_DURATION, config->duration_ns, false) ?:
		watch_timer(&loop, SOURCE_INTERVAL, config->interval_ns, true) ?:
		watch_timer(&loop, SOURCE_SCAN, config->scan_ns, true);
	for (size_t i = 0; !error && i < config->source_count; i++)
		error = watch(&loop, SOURCE_OTHER + (int)i, dup(config->sources[i].fd));
	if (!error)
		error = target_go(config->target);
	while (!error && !loop.done)
		error = step(&loop);
	for (int i = 0; i < SOURCES; i++)
		if (loop.fds[i] >= 0)
			close(loop.fds[i]);
	close(loop.epoll_fd);
	return error;
}
