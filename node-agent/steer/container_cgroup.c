/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/steer/container_cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

#define SCOPE ".scope"
#define MONITOR "conmon-"

static bool ends_with(const char *text, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && !memcmp(text + len - n, end, n);
}

bool cgroup_is_of_container(const char *name, const char *id)
{
	size_t len = strlen(name);

	if (ends_with(name, len, SCOPE))
		len -= strlen(SCOPE);
	if (!*id || !ends_with(name, len, id))
		return false;
	len -= strlen(id); /* of what is before the id */
	return len == 0 || (name[len - 1] == '-' && !ends_with(name, len, MONITOR));
}

int cgroup_find_container(int pod_fd, const char *id, uint64_t *ret, struct err *err)
{
	auto_closedir DIR *dir = NULL;
	const struct dirent *entry;
	uint64_t found = 0;
	int fd = openat(pod_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, errno, "open the pod's cgroup");
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return err_sys(err, ENOMEM, "read the pod's cgroup");
	}
	while (errno = 0, (entry = readdir(dir))) {
		struct stat st;

		if (!cgroup_is_of_container(entry->d_name, id) ||
		    fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISDIR(st.st_mode))
			continue;
		if (found)
			return err_set(err, -ENOTUNIQ,
				       "two cgroups below the pod's have the name of container "
				       "'%.12s'",
				       id);
		found = st.st_ino;
	}
	if (errno)
		return err_sys(err, errno, "read the pod's cgroup");
	if (!found)
		return err_set(err, -ENOENT,
			       "no cgroup below the pod's is that of container '%.12s'", id);
	*ret = found;
	return 0;
}
