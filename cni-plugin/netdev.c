/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/netdev.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/fault.h"
#include "common/file.h"
#include "common/netns.h"

#define INDEX_MAX 16 /* bytes of a number */

/* sysfs shows the devices of the namespace in which it was opened. This one has no place in the
 * tree of files, and goes when its descriptor is closed. The calls are made by number, as musl
 * 1.2.3 has no names for them. */
static int mount_sysfs(void *arg, struct err *err)
{
	auto_close int context = (int)syscall(SYS_fsopen, "sysfs", FSOPEN_CLOEXEC);
	int fd;

	(void)arg;
	if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_sys(err, errno, "open sysfs");
	fd = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC,
			  MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				  MOUNT_ATTR_NOEXEC);
	return fd < 0 ? err_sys(err, errno, "open sysfs") : fd;
}

/* The folder of sysfs that has an entry for each device. */
static int open_devices(int netns_fd, struct err *err)
{
	auto_close int fs = -1;
	int fd;

	FAULT_POINT("sysfs", err);
	fs = netns_fd < 0 ? mount_sysfs(NULL, err) : netns_call(netns_fd, mount_sysfs, NULL, err);
	if (fs < 0)
		return fs;
	fd = openat(fs, "class/net", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, errno, "open 'class/net' of sysfs") : fd;
}

int netdev_id(int netns_fd, const char *name, uint64_t *ret, bool *ret_real, struct err *err)
{
	auto_close int devices = open_devices(netns_fd, err);
	char parent[IFNAMSIZ + sizeof("/device")];
	struct stat st;

	if (devices < 0)
		return devices;
	if (fstatat(devices, name, &st, 0) < 0)
		return err_sys(err, errno == ENOENT ? ENODEV : errno, "identify interface '%s'",
			       name);
	*ret = st.st_ino;
	(void)snprintf(parent, sizeof(parent), "%s/device", name);
	if (ret_real)
		*ret_real = faccessat(devices, parent, F_OK, 0) == 0;
	return 0;
}

/* True if the folder `name` is the device's. The index is read through the folder's descriptor, so
 * that it is the device's, however that is called by now. */
static bool look_at(int devices, const char *name, uint64_t id, struct netdev *ret)
{
	auto_close int folder = openat(devices, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_free char *index = NULL;
	struct stat st;

	if (folder < 0 || fstat(folder, &st) < 0 || st.st_ino != id ||
	    file_read(folder, "ifindex", INDEX_MAX, &index, NULL, NULL) < 0)
		return false;
	*ret = (struct netdev){ .index = atoi(index) };
	memcpy(ret->name, name, strnlen(name, sizeof(ret->name) - 1));
	return ret->index > 0;
}

static int read_devices(int netns_fd, DIR **ret, struct err *err)
{
	auto_close int fd = open_devices(netns_fd, err);

	if (fd < 0)
		return fd;
	*ret = fdopendir(fd);
	if (!*ret)
		return err_sys(err, ENOMEM, "read 'class/net' of sysfs");
	(void)TAKE_FD(fd);
	return 0;
}

int netdev_find(int netns_fd, uint64_t id, struct netdev *ret, struct err *err)
{
	auto_closedir DIR *dir = NULL;
	const struct dirent *entry;
	int r = read_devices(netns_fd, &dir, err);
	bool found = false;

	while (r == 0 && !found && (entry = readdir(dir))) {
		struct stat st;

		if (strlen(entry->d_name) < IFNAMSIZ &&
		    fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 && st.st_ino == id)
			found = look_at(dirfd(dir), entry->d_name, id, ret);
	}
	return r < 0 ? r : found;
}

static int add_name(char (**names)[IFNAMSIZ], int n, const char *name, struct err *err)
{
	void *grown = reallocarray(*names, (size_t)n + 1, sizeof(**names));

	if (!grown)
		return err_sys(err, ENOMEM, "list interfaces");
	*names = grown;
	strcpy((*names)[n], name);
	return 0;
}

int netdev_names(int netns_fd, char (**ret)[IFNAMSIZ], struct err *err)
{
	auto_free char(*names)[IFNAMSIZ] = NULL;
	auto_closedir DIR *dir = NULL;
	const struct dirent *entry;
	int r = read_devices(netns_fd, &dir, err), n = 0;

	while (r == 0 && (entry = readdir(dir))) {
		/* With bonds there is a file too, bonding_masters: no name is as long. */
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    strlen(entry->d_name) >= IFNAMSIZ)
			continue;
		r = add_name(&names, n, entry->d_name, err);
		n += r == 0;
	}
	if (r < 0)
		return r;
	*ret = TAKE_PTR(names);
	return n;
}
