/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Format of a definition: Documentation/trace/uprobetracer.rst of the kernel. */
#include "trace/shared_probes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "trace/tracefs.h"
#include "util/clock.h"
#include "util/hash.h"

#define LIST "uprobe_events"
/* Events of a leaktrace that was killed go one after the other. */
#define REMOVE_NS (30ULL * 1000 * 1000 * 1000)
#define REMOVE_PAUSE_US 50000

struct place_key {
	uint64_t device;
	uint64_t inode;
	uint64_t file_offset;
	uint64_t cookie;
	int program_fd;
	int at_return;
};

struct definition {
	struct place_key key;
	int event_id;
	int event_fd; /* the bearer's */
	int link_fd;
	UT_hash_handle hh;
};

struct shared_probes {
	int tracefs;
	struct shared_definitions definitions;
	struct definition *by_place;
	unsigned count;
	pid_t bearer;
};

int shared_probes_new(struct shared_probes **result)
{
	struct shared_probes *probes = calloc(1, sizeof(*probes));
	int error = 0;

	if (!probes)
		return -ENOMEM;
	probes->definitions.fd = -1;
	/* Process ids are alike in different namespaces. */
	snprintf(probes->definitions.group, sizeof(probes->definitions.group), "leaktrace_%d_%llx",
		 getpid(), (unsigned long long)monotonic_ns());
	probes->tracefs = tracefs_open();
	if (probes->tracefs < 0)
		error = probes->tracefs;
	else
		probes->definitions.fd =
			openat(probes->tracefs, LIST, O_RDWR | O_APPEND | O_CLOEXEC);
	if (!error && probes->definitions.fd < 0)
		error = -errno;
	if (error) {
		shared_probes_free(probes);
		return error;
	}
	*result = probes;
	return 0;
}

void shared_probes_set_bearer(struct shared_probes *probes, pid_t pid)
{
	if (probes)
		probes->bearer = pid;
}

/* Returns 0 or -errno. */
static int write_line(int fd, const char *line)
{
	ssize_t length = (ssize_t)strlen(line);
	ssize_t written = write(fd, line, (size_t)length);

	if (written == length)
		return 0;
	return written < 0 ? -errno : -EIO;
}

static int event_open(int event_id, pid_t pid)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = (uint64_t)event_id,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Names the place to the kernel. Returns the event's number or -errno. */
static int define(struct shared_probes *probes, const struct shared_place *place)
{
	const char *group = probes->definitions.group;
	char line[256], event[SHARED_GROUP_BYTES + 16];
	int error;

	snprintf(event, sizeof(event), "%s/p%u", group, probes->count);
	snprintf(line, sizeof(line), "%c:%s /proc/self/fd/%d:0x%llx\n",
		 place->at_return ? 'r' : 'p', event, place->file_fd,
		 (unsigned long long)place->file_offset);
	error = write_line(probes->definitions.fd, line);
	if (error)
		return error;
	probes->count++;
	return tracefs_event_id(probes->tracefs, event);
}

static void definition_free(struct definition *definition)
{
	if (definition->link_fd >= 0)
		close(definition->link_fd);
	if (definition->event_fd >= 0)
		close(definition->event_fd);
	free(definition);
}

static int definition_new(struct shared_probes *probes, const struct shared_place *place,
			  const struct place_key *key, struct definition **result)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .perf_event.bpf_cookie = place->cookie);
	struct definition *definition = calloc(1, sizeof(*definition));
	int error = 0;

	if (!definition)
		return -ENOMEM;
	definition->key = *key;
	definition->link_fd = -1;
	definition->event_fd = -1;
	definition->event_id = define(probes, place);
	if (definition->event_id < 0)
		error = definition->event_id;
	if (!error) {
		definition->event_fd = event_open(definition->event_id, probes->bearer);
		error = definition->event_fd < 0 ? definition->event_fd : 0;
	}
	if (!error) {
		definition->link_fd = bpf_link_create(place->program_fd, definition->event_fd,
						      BPF_PERF_EVENT, &options);
		error = definition->link_fd < 0 ? definition->link_fd : 0;
	}
	if (!error) {
		HASH_ADD(hh, probes->by_place, key, sizeof(definition->key), definition);
		error = hash_has(definition) ? 0 : -ENOMEM;
	}
	if (error) {
		definition_free(definition);
		return error;
	}
	*result = definition;
	return 0;
}

int shared_probes_open(struct shared_probes *probes, const struct shared_place *place, pid_t pid)
{
	struct definition *definition;
	struct place_key key;
	struct stat status;
	int error;

	if (fstat(place->file_fd, &status))
		return -errno;
	key = (struct place_key){ status.st_dev, status.st_ino,	    place->file_offset,
				  place->cookie, place->program_fd, place->at_return };
	HASH_FIND(hh, probes->by_place, &key, sizeof(key), definition);
	if (!definition) {
		error = definition_new(probes, place, &key, &definition);
		if (error)
			return error;
	}
	return event_open(definition->event_id, pid);
}

void shared_probes_free(struct shared_probes *probes)
{
	struct definition *definition, *next;

	if (!probes)
		return;
	HASH_ITER(hh, probes->by_place, definition, next)
	{
		HASH_DEL(probes->by_place, definition);
		definition_free(definition);
	}
	shared_definitions_remove(&probes->definitions);
	if (probes->definitions.fd >= 0)
		close(probes->definitions.fd);
	if (probes->tracefs >= 0)
		close(probes->tracefs);
	free(probes);
}

struct shared_definitions shared_probes_definitions(const struct shared_probes *probes)
{
	struct shared_definitions none = { .fd = -1 };

	return probes ? probes->definitions : none;
}

/* Removes what can be; returns whether some are left. A line: "p:GROUP/EVENT PATH:OFFSET". */
static bool remove_unused(const struct shared_definitions *definitions)
{
	size_t group_length = strlen(definitions->group), size = 0;
	int fd = dup(definitions->fd);
	FILE *list = fd < 0 ? NULL : fdopen(fd, "r+");
	char *text = NULL, *rest, *line;
	bool left = false;

	if (!list) {
		if (fd >= 0)
			close(fd);
		return true;
	}
	rewind(list);
	/* At the file's end it is empty; else it could not be read. */
	if (getdelim(&text, &size, '\0', list) < 0) {
		left = !feof(list);
		free(text);
		text = NULL;
	}
	for (line = text ? strtok_r(text, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest)) {
		char command[2 * SHARED_GROUP_BYTES];

		if (!line[0] || line[1] != ':' ||
		    strncmp(line + 2, definitions->group, group_length) ||
		    line[2 + group_length] != '/')
			continue;
		snprintf(command, sizeof(command), "-:%.*s\n", (int)strcspn(line + 2, " "),
			 line + 2);
		left |= write_line(definitions->fd, command) != 0;
	}
	free(text);
	fclose(list);
	return left;
}

void shared_definitions_remove(const struct shared_definitions *definitions)
{
	uint64_t begin_ns = monotonic_ns();

	while (definitions->fd >= 0 && remove_unused(definitions) &&
	       monotonic_ns() - begin_ns < REMOVE_NS)
		usleep(REMOVE_PAUSE_US);
}
