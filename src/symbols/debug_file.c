/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the places where separate debug files are, and the checks that one
 * belongs to its file. The names come out of untrusted files: what they lead to
 * counts only when build-id or CRC agree. Knows nothing of what DWARF says.
 */
#include "symbols/debug_file.h"

#include <elfutils/libdwelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "elf/elf_file.h"
#include "symbols/debug_server.h"

/*
 * To the offsets that 32-bit DWARF has. A file with holes may claim to be as large as
 * the file system lets it, and is read whole.
 */
#define MAX_CRC_BYTES UINT32_MAX

static struct elf_file *open_with_build_id(const char *path, const char *build_id)
{
	struct elf_file *file;
	const char *found;

	if (elf_file_open(path, &file))
		return NULL;
	found = elf_file_build_id(file);
	if (found && !strcmp(found, build_id))
		return file;
	elf_file_close(file);
	return NULL;
}

static struct elf_file *find_by_build_id(const char *root, const char *build_id,
					 char path[PATH_MAX])
{
	if (!build_id || strlen(build_id) < 4 ||
	    snprintf(path, PATH_MAX, "%s/.build-id/%.2s/%s.debug", root, build_id, build_id + 2) >=
		    PATH_MAX)
		return NULL;
	return open_with_build_id(path, build_id);
}

static struct elf_file *open_with_crc(const char *path, uint32_t expected)
{
	struct elf_file *file;
	const char *image;
	size_t size = 0;

	if (elf_file_open(path, &file))
		return NULL;
	image = elf_rawfile(elf_file_elf(file), &size);
	if (image && size <= MAX_CRC_BYTES && crc32_z(0, (const Bytef *)image, size) == expected)
		return file;
	elf_file_close(file);
	return NULL;
}

/* Length of the folder part of a path, without its slash; 0 for "/x" and "x". */
static int folder_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash - path : 0;
}

static struct elf_file *find_by_link(struct elf_file *file, const struct debug_places *places,
				     char path[PATH_MAX])
{
	const struct {
		const char *root;
		const char *subfolder;
	} rows[] = {
		{ places->process_root, "" },
		{ places->process_root, "/.debug" },
		{ places->root, "" },
	};
	GElf_Word crc = 0;
	const char *name = dwelf_elf_gnu_debuglink(elf_file_elf(file), &crc);
	struct elf_file *found = NULL;

	if (!name || !*name || strchr(name, '/') || places->path[0] != '/')
		return NULL;
	for (size_t i = 0; !found && i < sizeof(rows) / sizeof(*rows); i++) {
		if (snprintf(path, PATH_MAX, "%s%.*s%s/%s", rows[i].root,
			     folder_length(places->path), places->path, rows[i].subfolder,
			     name) < PATH_MAX)
			found = open_with_crc(path, crc);
	}
	return found;
}

static struct elf_file *fetch_by_build_id(struct debug_server *server, const char *build_id,
					  char path[PATH_MAX])
{
	if (!build_id || debug_server_find(server, build_id, path))
		return NULL;
	return open_with_build_id(path, build_id);
}

struct elf_file *debug_file_find(struct elf_file *file, const struct debug_places *places,
				 char path[PATH_MAX])
{
	const char *build_id = elf_file_build_id(file);
	struct elf_file *found = find_by_build_id(places->root, build_id, path);

	if (!found)
		found = find_by_link(file, places, path);
	return found ? found : fetch_by_build_id(places->server, build_id, path);
}

static char *hex_of(const uint8_t *bytes, size_t count)
{
	char *hex = malloc(2 * count + 1);

	for (size_t i = 0; hex && i < count; i++)
		sprintf(hex + 2 * i, "%02x", bytes[i]);
	return hex;
}

struct elf_file *debug_file_find_alt(Dwarf *dwarf, const char *dwarf_path,
				     const struct debug_places *places)
{
	struct elf_file *found = NULL;
	const char *name = NULL;
	const void *id = NULL;
	ssize_t length = dwelf_dwarf_gnu_debugaltlink(dwarf, &name, &id);
	char path[PATH_MAX], *build_id;
	bool absolute;

	if (length <= 0)
		return NULL;
	build_id = hex_of(id, length);
	if (!build_id)
		return NULL;
	found = find_by_build_id(places->root, build_id, path);
	absolute = name[0] == '/';
	if (!found && snprintf(path, PATH_MAX, "%.*s%s%s", absolute ? 0 : folder_length(dwarf_path),
			       dwarf_path, absolute ? "" : "/", name) < PATH_MAX)
		found = open_with_build_id(path, build_id);
	if (!found)
		found = fetch_by_build_id(places->server, build_id, path);
	free(build_id);
	return found;
}
