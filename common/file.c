/* SPDX-License-Identifier: Apache-2.0 */
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/fault.h"

#define FIRST_READ_BYTES 4096

int file_read_fd(int fd, const char *name, size_t max, char **ret, size_t *ret_len, struct err *err)
{
	size_t size = max < FIRST_READ_BYTES ? max : FIRST_READ_BYTES, len = 0;
	auto_free char *buf = NULL;

	for (;;) {
		/* One byte more than allowed tells a full file from a larger one; one for the NUL.
		 */
		char *grown = realloc(buf, size + 2);

		if (!grown)
			return err_sys(err, ENOMEM, "read '%s'", name);
		buf = grown;
		while (len < size + 1) {
			ssize_t n = read(fd, buf + len, size + 1 - len);

			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return err_sys(err, errno, "read '%s'", name);
			if (n == 0) {
				buf[len] = '\0';
				if (ret_len)
					*ret_len = len;
				*ret = TAKE_PTR(buf);
				return 0;
			}
			len += (size_t)n;
		}
		if (size == max)
			return err_set(err, -EFBIG, "read '%s': larger than %zu bytes", name, max);
		size = size > max / 2 ? max : size * 2;
	}
}

int file_read(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len, struct err *err)
{
	/* O_NONBLOCK: a FIFO somebody left in a watched folder reads as empty instead of hanging
	 * us. */
	auto_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return err_sys(err, errno, "open '%s'", path);
	return file_read_fd(fd, path, max, ret, ret_len, err);
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int temporary_path(const char *path, char ret[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	int dir_len = slash ? (int)(slash - path) + 1 : 0;
	int n = snprintf(ret, PATH_MAX, "%.*s.%s.tmp", dir_len, path, path + dir_len);

	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Opens a file without a name, of which a program that is killed leaves nothing. -errno where the
 * file system has no such files. */
static int open_unnamed(int dirfd, const char *path, mode_t mode)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int n = snprintf(dir, sizeof(dir), "%.*s.", slash ? (int)(slash - path) + 1 : 0, path);
	int fd;

	if (n >= PATH_MAX)
		return -ENAMETOOLONG;
	fd = openat(dirfd, dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
	return fd < 0 ? -errno : fd;
}

/* Gives the file without a name its own name, or `tmp` where there is a file of that name. Returns
 * 1 when it is in place. */
static int give_name(int fd, int dirfd, const char *path, const char *tmp)
{
	char self[32];

	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, self, dirfd, path, AT_SYMLINK_FOLLOW) == 0)
		return 1;
	if (errno != EEXIST)
		return -errno;
	if (unlinkat(dirfd, tmp, 0) < 0 && errno != ENOENT)
		return -errno;
	return linkat(AT_FDCWD, self, dirfd, tmp, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

/* The umask, and a temporary file left by a crash, have no say in the mode. */
static int fill(int fd, const void *data, size_t len, mode_t mode)
{
	int r = fchmod(fd, mode) < 0 ? -errno : write_all(fd, data, len);

	if (r < 0)
		return r;
	return fsync(fd) < 0 ? -errno : 0;
}

static int replace(int dirfd, const char *path, const char *tmp, const void *data, size_t len,
		   mode_t mode)
{
	auto_close int fd = open_unnamed(dirfd, path, mode);
	bool unnamed = fd >= 0;
	int r;

	if (!unnamed)
		fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
			    mode);
	if (fd < 0)
		return -errno;
	r = fill(fd, data, len, mode);
	FAULT_KILL("name of a written file");
	if (r == 0 && unnamed)
		r = give_name(fd, dirfd, path, tmp);
	FAULT_KILL("rename of a written file");
	if (r == 0 && renameat(dirfd, tmp, dirfd, path) < 0)
		r = -errno;
	return r;
}

int file_replace(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
		 struct err *err)
{
	char tmp[PATH_MAX];
	int r = temporary_path(path, tmp);

	FAULT_POINT("write of a file", err);
	if (r == 0)
		r = replace(dirfd, path, tmp, data, len, mode);
	if (r < 0) {
		(void)unlinkat(dirfd, tmp, 0);
		return err_sys(err, r, "write '%s'", path);
	}
	return 0;
}

int file_remove(int dirfd, const char *path, struct err *err)
{
	char tmp[PATH_MAX];

	if (temporary_path(path, tmp) == 0)
		(void)unlinkat(dirfd, tmp, 0);
	FAULT_KILL("removal of a file");
	if (unlinkat(dirfd, path, 0) < 0 && errno != ENOENT)
		return err_sys(err, errno, "remove '%s'", path);
	return 0;
}

bool file_name_ends(const char *name, const char *suffix)
{
	size_t len = strlen(name), end = strlen(suffix);

	return name[0] != '.' && len > end && !strcmp(name + len - end, suffix);
}

static int make_dir(const char *path, mode_t mode)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (stat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int file_mkdirs(const char *path, mode_t mode, struct err *err)
{
	char part[PATH_MAX];
	size_t len = strlen(path);
	int r;

	if (len == 0 || len >= sizeof(part))
		return err_sys(err, len ? ENAMETOOLONG : ENOENT, "create folder '%s'", path);
	memcpy(part, path, len + 1);
	for (char *p = part + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		r = make_dir(part, mode);
		if (r < 0)
			return err_sys(err, r, "create folder '%s'", part);
		*p = '/';
	}
	r = make_dir(part, mode);
	if (r < 0)
		return err_sys(err, r, "create folder '%s'", path);
	return 0;
}

int file_boot_id(char ret[FILE_BOOT_ID_LEN], struct err *err)
{
	static const char path[] = "/proc/sys/kernel/random/boot_id";
	auto_free char *text = NULL;
	size_t len;
	int r = file_read(AT_FDCWD, path, 64, &text, &len, err);

	if (r < 0)
		return r;
	if (len != FILE_BOOT_ID_LEN || text[len - 1] != '\n')
		return err_set(err, -EPROTO, "read '%s': not a boot id", path);
	memcpy(ret, text, FILE_BOOT_ID_LEN - 1);
	ret[FILE_BOOT_ID_LEN - 1] = '\0';
	return 0;
}
