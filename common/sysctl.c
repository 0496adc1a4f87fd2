/* SPDX-License-Identifier: Apache-2.0 */
#include "common/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/fault.h"
#include "common/netns.h"

#define PATH_BYTES 256
#define VALUE_BYTES 256
#define PROC_SYS "/proc/sys/"
/* Where the agent's container has what can be written (deploy/base/daemonset.yaml). */
#define HOST_PROC_SYS "/host/proc/sys/"

bool sysctl_name_valid(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len < PATH_BYTES - sizeof(HOST_PROC_SYS) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.") == len && name[0] != '.' &&
	       name[len - 1] != '.' && !strstr(name, "..");
}

/* The file's handler knows its namespace from the open on, wherever it is read and written. */
static int open_below(const char *root, int netns_fd, const char *name, int flags, struct err *err)
{
	char path[PATH_BYTES];
	int fd;

	(void)snprintf(path, sizeof(path), "%s%s", root, name);
	for (char *p = path + strlen(root); *p != '\0'; p++) {
		if (*p == '.')
			*p = '/';
	}
	if (netns_fd >= 0)
		return netns_open_file(netns_fd, path, flags, err);
	fd = open(path, flags | O_CLOEXEC);
	return fd >= 0 ? fd : err_sys(err, errno, "open '%s'", path);
}

static int open_setting(int netns_fd, const char *name, int flags, struct err *err)
{
	struct err why = ERR_INIT;
	int fd;

	if (!sysctl_name_valid(name))
		return err_set(err, -EINVAL, "expected lower-case words joined by dots");
	fd = open_below(PROC_SYS, netns_fd, name, flags, &why);
	if (fd == -EROFS)
		fd = open_below(HOST_PROC_SYS, netns_fd, name, flags, NULL);
	else if (fd < 0)
		return err_set(err, fd, "%s", why.msg);
	return fd >= 0 ? fd :
			 err_set(err, -EROFS,
				 "/proc/sys is read-only, as in a container: mount the host's "
				 "/proc/sys/net at " HOST_PROC_SYS "net");
}

int sysctl_get(int netns_fd, const char *name, char *ret, size_t size, struct err *err)
{
	auto_close int fd = open_setting(netns_fd, name, O_RDONLY, err);
	char value[VALUE_BYTES];
	ssize_t n;

	if (fd < 0)
		return err_prefix(err, fd, "read sysctl '%s'", name);
	n = read(fd, value, sizeof(value));
	if (n < 0)
		return err_sys(err, errno, "read sysctl '%s'", name);
	if (n > 0 && value[n - 1] == '\n')
		n--;
	if ((size_t)n >= size || (size_t)n == sizeof(value))
		return err_sys(err, EOVERFLOW, "read sysctl '%s'", name);
	memcpy(ret, value, (size_t)n);
	ret[n] = '\0';
	return 0;
}

int sysctl_set(int netns_fd, const char *name, const char *value, struct err *err)
{
	auto_close int fd = open_setting(netns_fd, name, O_WRONLY, err);
	char line[VALUE_BYTES];
	int len = snprintf(line, sizeof(line), "%s\n", value);

	FAULT_POINT("write of a sysctl", err);
	if (fd < 0)
		return err_prefix(err, fd, "set sysctl '%s' to '%s'", name, value);
	if ((size_t)len >= sizeof(line))
		return err_sys(err, EOVERFLOW, "set sysctl '%s' to '%s'", name, value);
	if (write(fd, line, (size_t)len) != len)
		return err_sys(err, errno, "set sysctl '%s' to '%s'", name, value);
	return 0;
}
