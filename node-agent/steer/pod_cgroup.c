/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/steer/pod_cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/cleanup.h"

#define SLICE ".slice"

int cgroup_open_root(const char *path, struct err *err)
{
	auto_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0)
		return err_sys(err, errno, "open cgroupRoot '%s'", path);
	if (fstatfs(fd, &fs) < 0)
		return err_sys(err, errno, "check cgroupRoot '%s'", path);
	if (fs.f_type != CGROUP2_SUPER_MAGIC)
		return err_set(
			err, -EOPNOTSUPP,
			"cgroupRoot '%s' is no cgroup v2: no counts of unsteered sockets and no "
			"answer to TCP_ULP there",
			path);
	return TAKE_FD(fd);
}

/* "a-b-c.slice" -> "a.slice/a-b.slice/a-b-c.slice" (systemd.slice(5)). */
static int expand_slice(const char *slice, size_t len, char *buf, size_t size, struct err *err)
{
	size_t used = 0, stem = len - strlen(SLICE);

	for (size_t i = 1; i <= stem; i++) {
		int n;

		if (i < stem && slice[i] != '-')
			continue;
		n = snprintf(buf + used, size - used, "%s%.*s" SLICE, used ? "/" : "", (int)i,
			     slice);
		if (n < 0 || (size_t)n >= size - used)
			return err_set(err, -ENAMETOOLONG, "cgroup path '%s' is too long", slice);
		used += (size_t)n;
	}
	return 0;
}

int cgroup_expand(const char *name, char *buf, size_t size, struct err *err)
{
	size_t len;

	while (*name == '/')
		name++;
	/* runc's form for the systemd driver is slice:prefix:name; the pod is the slice. */
	len = strcspn(name, ":");
	if (len == 0)
		return err_set(err, -EINVAL, "the pod's cgroup path is empty");
	if (len > strlen(SLICE) && !memchr(name, '/', len) && name[0] != '-' &&
	    !memcmp(name + len - strlen(SLICE), SLICE, strlen(SLICE)))
		return expand_slice(name, len, buf, size, err);
	if (len >= size)
		return err_set(err, -ENAMETOOLONG, "cgroup path '%s' is too long", name);
	memcpy(buf, name, len);
	buf[len] = '\0';
	return 0;
}

int cgroup_open(int root_fd, const char *name, struct err *err)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
					   RESOLVE_NO_XDEV };
	char path[4096];
	long fd;
	int r = cgroup_expand(name, path, sizeof(path), err);

	if (r < 0)
		return r;
	fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
	if (fd < 0)
		return err_sys(err, errno, "open the pod's cgroup '%s'", path);
	return (int)fd;
}
