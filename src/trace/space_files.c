/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/space_files.h"

#include <errno.h>
#include <stdlib.h>

#include "trace/file_text.h"
#include "util/array.h"
#include "util/strings.h"

void space_files_begin(struct space_files *files, uint64_t time_ns)
{
	free(files->before);
	files->before = files->files;
	files->before_count = files->count;
	files->files = NULL;
	files->count = 0;
	files->walked_ns = time_ns;
}

static int compare_fd(const void *key, const void *element)
{
	uint32_t fd = *(const uint32_t *)key;
	const struct open_file *file = element;

	return (fd > file->fd) - (fd < file->fd);
}

static const struct open_file *find(const struct open_file *files, size_t count, uint32_t fd)
{
	return count ? bsearch(&fd, files, count, sizeof(*files), compare_fd) : NULL;
}

const struct open_file *space_files_find(const struct space_files *files, uint32_t fd)
{
	return find(files->files, files->count, fd);
}

int space_files_add(struct space_files *files, const struct wire_event_file *event,
		    struct strings *strings)
{
	const struct open_file *before = find(files->before, files->before_count, event->fd);
	struct open_file *file = array_add(&files->files, &files->count, sizeof(*file));
	char text[FILE_TEXT_BYTES];

	if (!file)
		return -ENOMEM;
	file->fd = event->fd;
	file->origin = (enum wire_fd_origin)event->origin;
	file->file = event->file.file;
	file->name = strings_intern(strings, file_text(&event->file, text));
	if (file->origin != WIRE_FD_UNSEEN)
		return 0;
	file->walks = 1;
	if (before && before->file == file->file)
		file->walks += before->walks;
	return 0;
}

void space_files_clear(struct space_files *files)
{
	free(files->files);
	free(files->before);
	*files = (struct space_files){ 0 };
}

bool space_files_unsure(const struct space_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		if (files->files[i].origin == WIRE_FD_UNSEEN &&
		    files->files[i].walks < SPACE_FILES_WALKS)
			return true;
	return false;
}
