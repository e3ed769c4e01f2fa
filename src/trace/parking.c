/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns when a process that was stopped goes on, and how other leaktraces' maps are found. */
#include "trace/parking.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "util/array.h"

/* Nobody may stay stopped for a call that failed once. */
#define CONTINUE_TRIES 3

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
static void find_new_maps(struct parking *parking)
{
	struct bpf_map_info own, info;
	uint32_t *id;

	if (map_info(parking->map_fd, &own))
		return;
	while (!bpf_map_get_next_id(parking->last_id, &parking->last_id)) {
		int fd = parking->last_id == own.id ? -1 : bpf_map_get_fd_by_id(parking->last_id);

		if (fd < 0)
			continue;
		if (!map_info(fd, &info) && is_of_a_leaktrace(&info, &own) &&
		    (id = array_add(&parking->others_ids, &parking->others_count, sizeof(*id))))
			*id = parking->last_id;
		close(fd);
	}
}

bool parking_is_by_others(struct parking *parking, pid_t pid, uint32_t task)
{
	uint32_t key = pid, value;
	bool found = false;

	find_new_maps(parking);
	for (size_t i = 0; i < parking->others_count;) {
		int fd = bpf_map_get_fd_by_id(parking->others_ids[i]);

		if (fd < 0) {
			parking->others_ids[i] = parking->others_ids[--parking->others_count];
			continue;
		}
		/* Process ids alone are alike in different namespaces. */
		found |= !bpf_map_lookup_elem(fd, &key, &value) && (!task || value == task);
		close(fd);
		i++;
	}
	return found;
}

int parking_stop(struct parking *parking, pid_t pid, uint32_t task)
{
	uint32_t key = pid;
	int error = bpf_map_update_elem(parking->map_fd, &key, &task, BPF_ANY);

	if (error || !kill(pid, SIGSTOP))
		return error;
	error = -errno;
	bpf_map_delete_elem(parking->map_fd, &key);
	return error;
}

void parking_continue(struct parking *parking, pid_t pid)
{
	uint32_t key = pid, task = 0;
	int error = bpf_map_lookup_and_delete_elem(parking->map_fd, &key, &task);

	if (error == -ENOENT)
		return;
	if (error)
		bpf_map_delete_elem(parking->map_fd, &key);
	/* After the removal: of two that do so at once, one finds the other gone. */
	if (!task || !parking_is_by_others(parking, pid, task))
		kill(pid, SIGCONT);
}

void parking_continue_all(struct parking *parking)
{
	uint32_t key;
	int error = 0;

	for (int failures = 0; error != -ENOENT && failures < CONTINUE_TRIES; failures += !!error)
		if (!(error = bpf_map_get_next_key(parking->map_fd, NULL, &key)))
			parking_continue(parking, (pid_t)key);
}

bool parking_has(const struct parking *parking, pid_t pid)
{
	uint32_t key = pid, value;

	return !bpf_map_lookup_elem(parking->map_fd, &key, &value);
}

void parking_free(struct parking *parking)
{
	free(parking->others_ids);
	parking->others_ids = NULL;
	parking->others_count = 0;
}
