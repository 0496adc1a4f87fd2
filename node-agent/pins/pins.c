/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/pins/pins.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "common/cleanup.h"
#include "common/fault.h"

int pins_check_fs(const char *dir, struct err *err)
{
	char path[PATH_MAX];
	struct statfs fs;

	if (dir[0] != '/' || strlen(dir) >= sizeof(path))
		return err_set(err, -EINVAL, "use bpffs folder '%s': not an absolute path", dir);
	strcpy(path, dir);
	while (statfs(path, &fs) < 0) {
		char *slash = strrchr(path, '/');

		if (errno != ENOENT)
			return err_sys(err, errno, "read file system of '%s'", path);
		slash[slash == path] = '\0'; /* the parent; of "/x" that is "/" */
	}
	if (fs.f_type != BPF_FS_MAGIC)
		return err_set(err, -EINVAL,
			       "use bpffs folder '%s': '%s' is not on a bpffs "
			       "(mount -t bpf bpf /sys/fs/bpf)",
			       dir, path);
	return 0;
}

int pins_path(char ret[PATH_MAX], const char *bpffs_dir, unsigned layout, const char *name,
	      struct err *err)
{
	int len = snprintf(ret, PATH_MAX, "%s/v%u%s%s", bpffs_dir, layout, name ? "/" : "",
			   name ? name : "");

	if (len >= PATH_MAX)
		return err_set(err, -ENAMETOOLONG, "use bpffs folder '%s': too long", bpffs_dir);
	return 0;
}

unsigned pins_layout(const char *folder)
{
	char canonical[16];
	unsigned layout;

	if (sscanf(folder, "v%9u", &layout) != 1)
		return 0;
	(void)snprintf(canonical, sizeof(canonical), "v%u", layout);
	return strcmp(folder, canonical) ? 0 : layout;
}

static int open_folder(const char *path, DIR **ret, struct err *err)
{
	*ret = opendir(path);
	if (!*ret && errno != ENOENT)
		return err_sys(err, errno, "open bpffs folder '%s'", path);
	return 0;
}

int pins_newest(const char *bpffs_dir, unsigned *ret, struct err *err)
{
	auto_closedir DIR *dir = NULL;
	unsigned newest = 0;
	struct dirent *entry;
	int rc = open_folder(bpffs_dir, &dir, err);

	if (rc < 0)
		return rc;
	while (dir && (entry = readdir(dir))) {
		unsigned layout = pins_layout(entry->d_name);

		if (layout > newest)
			newest = layout;
	}
	*ret = newest;
	return 0;
}

/* Pins have no subfolders. The hook goes first: it must not ask maps of which half are gone. */
static int remove_layout(const char *bpffs_dir, unsigned layout, struct err *err)
{
	static const char *const first[] = { STEER_PIN_LINK, STEER_PIN_LINK_NEW };
	auto_closedir DIR *dir = NULL;
	struct dirent *entry;
	char path[PATH_MAX];
	int rc = pins_path(path, bpffs_dir, layout, NULL, err);

	if (rc < 0)
		return rc;
	rc = open_folder(path, &dir, err);
	if (rc < 0 || !dir)
		return rc;
	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		FAULT_POINT("removal of the hook's pin", err);
		if (unlinkat(dirfd(dir), first[i], 0) < 0 && errno != ENOENT)
			return err_sys(err, errno, "remove pin '%s/%s'", path, first[i]);
	}
	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		FAULT_POINT("removal of a map's pin", err);
		if (unlinkat(dirfd(dir), entry->d_name, 0) < 0 && errno != ENOENT)
			return err_sys(err, errno, "remove pin '%s/%s'", path, entry->d_name);
	}
	if (rmdir(path) < 0)
		return err_sys(err, errno, "remove bpffs folder '%s'", path);
	return 0;
}

int pins_remove(const char *bpffs_dir, unsigned from, unsigned to, struct err *err)
{
	auto_closedir DIR *dir = NULL;
	struct dirent *entry;
	int removed = 0;
	int rc = open_folder(bpffs_dir, &dir, err);

	if (rc < 0)
		return rc;
	while (dir && (entry = readdir(dir))) {
		unsigned layout = pins_layout(entry->d_name);

		if (layout < from || layout > to || !layout)
			continue;
		rc = remove_layout(bpffs_dir, layout, err);
		if (rc < 0)
			return rc;
		removed++;
	}
	return removed;
}
