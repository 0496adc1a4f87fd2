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

int netdev_find(int netns_fd, uint64_t id, struct netdev *ret, struct err *err)
{
	auto_closedir DIR *dir = NULL;
	const struct dirent *entry;
	int fd = open_devices(netns_fd, err);
	bool found = false;

	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return err_sys(err, ENOMEM, "read 'class/net' of sysfs");
	}
	while (!found && (entry = readdir(dir))) {
		struct stat st;

		if (strlen(entry->d_name) < IFNAMSIZ && fstatat(fd, entry->d_name, &st, 0) == 0 &&
		    st.st_ino == id)
			found = look_at(fd, entry->d_name, id, ret);
	}
	return found;
}
