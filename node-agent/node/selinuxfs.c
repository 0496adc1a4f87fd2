/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/node/selinuxfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"

#define FILESYSTEMS_MAX (64 * 1024)
#define ANSWER_MAX 256

/* fsopen(2) is not asked: who may not mount gets EPERM from it, whatever the kernel has. */
static int kernel_has_it(struct err *err)
{
	auto_free char *text = NULL;
	int r = file_read(AT_FDCWD, "/proc/filesystems", FILESYSTEMS_MAX, &text, NULL, err);

	return r < 0 ? r : strstr(text, "\tselinuxfs\n") ? 0 : -ENODEV;
}

int selinuxfs_open(struct err *err)
{
	auto_close int context = -1;
	int fd, r = kernel_has_it(err);

	if (r < 0)
		return r;
	context = fsopen("selinuxfs", FSOPEN_CLOEXEC);
	if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_sys(err, errno, "open selinuxfs");
	fd = fsmount(context, FSMOUNT_CLOEXEC,
		     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return fd < 0 ? err_sys(err, errno, "open selinuxfs") : fd;
}

int selinuxfs_read(int fs, const char *name, char *buf, size_t size, struct err *err)
{
	auto_free char *text = NULL;
	int r = file_read(fs, name, size - 1, &text, NULL, err);

	if (r < 0)
		return r;
	text[strcspn(text, "\n")] = '\0';
	(void)snprintf(buf, size, "%s", text);
	return 0;
}

int selinuxfs_read_number(int fs, const char *name, unsigned int *ret, struct err *err)
{
	char text[16], *end;
	unsigned long value;
	int r = selinuxfs_read(fs, name, text, sizeof(text), err);

	if (r < 0)
		return r;
	value = strtoul(text, &end, 10);
	if (end == text || *end || value > UINT16_MAX)
		return err_set(err, -EBADMSG, "read '%s': got '%s', no number", name, text);
	*ret = (unsigned int)value;
	return 0;
}

/* A question is written and its answer read through one descriptor. */
int selinuxfs_access(int fs, const char *source, const char *target, unsigned int class,
		     struct selinux_av *ret, struct err *err)
{
	char text[2 * SELINUX_CONTEXT_MAX + 16];
	int len = snprintf(text, sizeof(text), "%s %s %u", source, target, class);
	auto_close int fd = openat(fs, "access", O_RDWR | O_CLOEXEC);
	unsigned int flags;
	ssize_t n;

	if (fd < 0)
		return err_sys(err, errno, "open 'access' of selinuxfs");
	if (write(fd, text, (size_t)len) < 0)
		return err_sys(err, errno, "ask SELinux about '%s'", source);
	n = pread(fd, text, ANSWER_MAX - 1, 0);
	if (n < 0)
		return err_sys(err, errno, "ask SELinux about '%s'", source);
	text[n] = '\0';
	if (sscanf(text, "%x %*x %*x %*x %*u %x", &ret->allowed, &flags) != 2)
		return err_set(err, -EBADMSG, "ask SELinux about '%s': got '%.64s'", source, text);
	ret->permissive = flags & 1; /* SELINUX_AVD_FLAGS_PERMISSIVE */
	return 0;
}
