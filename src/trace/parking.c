/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns when a process that was stopped goes on. Several leaktraces may stop one, a trace around
 * another's command say, and SIGCONT ends the stops of all: it is left to the last of them.
 */
#include "trace/parking.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "trace/tracer_tables.h"
#include "util/array.h"

/* Nobody may stay stopped for a call that failed once. */
#define UNPARK_TRIES 3

static int map_info(int fd, struct bpf_map_info *info)
{
	uint32_t size = sizeof(*info);

	memset(info, 0, size);
	return bpf_obj_get_info_by_fd(fd, info, &size);
}

/* Where anybody may make maps, only who has rights like ours may describe one by BTF. */
static bool is_of_a_leaktrace(const struct bpf_map_info *info, const struct bpf_map_info *own)
{
	return info->btf_id && info->type == own->type && info->key_size == own->key_size &&
	       info->value_size == own->value_size && !strcmp(info->name, own->name);
}

/* Maps are numbered in the order that they are made in. */
static void find_new_maps(struct foreign_parked *foreign, int own_fd)
{
	struct bpf_map_info own, info;
	uint32_t *id;

	if (map_info(own_fd, &own))
		return;
	while (!bpf_map_get_next_id(foreign->last_id, &foreign->last_id)) {
		int fd = foreign->last_id == own.id ? -1 : bpf_map_get_fd_by_id(foreign->last_id);

		if (fd < 0)
			continue;
		if (!map_info(fd, &info) && is_of_a_leaktrace(&info, &own) &&
		    (id = array_add(&foreign->map_ids, &foreign->count, sizeof(*id))))
			*id = foreign->last_id;
		close(fd);
	}
}

/* `task` is what BPF has noted for it: process ids alone are alike in different namespaces. */
static bool is_parked_by_others(struct tracer *tracer, uint32_t pid, uint32_t task)
{
	struct foreign_parked *foreign = &tracer->foreign_parked;
	bool found = false;

	find_new_maps(foreign, tracer_parked_fd(tracer));
	for (size_t i = 0; i < foreign->count;) {
		int fd = bpf_map_get_fd_by_id(foreign->map_ids[i]);
		uint32_t value;

		if (fd < 0) {
			foreign->map_ids[i] = foreign->map_ids[--foreign->count];
			continue;
		}
		found |= !bpf_map_lookup_elem(fd, &pid, &value) && value == task;
		close(fd);
		i++;
	}
	return found;
}

int tracer_park(struct tracer *tracer, pid_t pid)
{
	uint32_t key = pid, unknown_task = 0;
	int error = bpf_map_update_elem(tracer_parked_fd(tracer), &key, &unknown_task, BPF_ANY);

	if (error || !kill(pid, SIGSTOP))
		return error;
	error = -errno;
	bpf_map_delete_elem(tracer_parked_fd(tracer), &key);
	return error;
}

void tracer_unpark(struct tracer *tracer, pid_t pid)
{
	uint32_t key = pid, task = 0;

	if (bpf_map_lookup_and_delete_elem(tracer_parked_fd(tracer), &key, &task) == -ENOENT)
		return;
	/* After the removal: of two that do so at once, one finds the other gone. */
	if (!task || !is_parked_by_others(tracer, key, task))
		kill(pid, SIGCONT);
}

bool tracer_is_parked(const struct tracer *tracer, pid_t pid)
{
	uint32_t key = pid, value;

	return !bpf_map_lookup_elem(tracer_parked_fd(tracer), &key, &value);
}

void tracer_unpark_all(struct tracer *tracer)
{
	int fd = tracer_parked_fd(tracer), error = 0;
	uint32_t key;

	for (int failures = 0; error != -ENOENT && failures < UNPARK_TRIES; failures += !!error)
		if (!(error = bpf_map_get_next_key(fd, NULL, &key)))
			tracer_unpark(tracer, key);
}
