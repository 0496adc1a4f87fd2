/* SPDX-License-Identifier: Apache-2.0 */
/* Files of ours in folders of others. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/fault.h"
#include "common/file.h"
#include "node-agent/install/impl.h"

/* A folder may be exchanged for a link while we work. Paths are joined, checked for length, and
 * opened as they are, because only root can write there. */
int install_join(char path[PATH_MAX], const char *dir, const char *name, struct err *err)
{
	if (snprintf(path, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX)
		return err_set(err, -ENAMETOOLONG, "path '%.64s.../%.64s' is too long", dir, name);
	return 0;
}

/* containerd watches its folder, but not what is below it, and it does not see what is moved into
 * place. A file that comes and goes makes it read everything again. */
void install_poke(const char *conf_dir)
{
	char path[PATH_MAX];
	int fd;

	if (install_join(path, conf_dir, INSTALL_POKE, NULL) < 0)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	(void)!write(fd, "\n", 1);
	(void)close(fd);
	(void)unlink(path);
}

int install_lock(const char *dir, struct err *err)
{
	struct stat held, there;
	auto_close int fd = -1;
	char path[PATH_MAX];
	int r = install_join(path, dir, INSTALL_LOCK, err);

	if (r < 0)
		return r;
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, errno, "lock folder '%s'", dir);
	/* Some file systems know no locks. Who takes all away removes the file, too. */
	if ((flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) || fstat(fd, &held) < 0 ||
	    lstat(path, &there) < 0 || held.st_ino != there.st_ino)
		return err_set(err, -EAGAIN, "another agent works on folder '%s'", dir);
	return TAKE_FD(fd);
}

static bool is_as_it_was(const char *path, const struct stat *was)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_dev == was->st_dev && st.st_ino == was->st_ino &&
	       st.st_size == was->st_size && st.st_mtim.tv_sec == was->st_mtim.tv_sec &&
	       st.st_mtim.tv_nsec == was->st_mtim.tv_nsec;
}

/* The two files change places, so that we see what we took away. If it is not what we have read, it
 * goes back. */
static int take_place(const char *tmp, const char *path, const struct stat *was, struct err *err)
{
	if (!is_as_it_was(path, was))
		return err_set(err, -EAGAIN, "'%s' was just changed by somebody else", path);
	if (renameat2(AT_FDCWD, tmp, AT_FDCWD, path, RENAME_EXCHANGE) < 0) {
		if (errno != EINVAL && errno != ENOSYS) /* not every file system can */
			return err_sys(err, errno, "write '%s'", path);
		return rename(tmp, path) < 0 ? err_sys(err, errno, "write '%s'", path) : 0;
	}
	if (is_as_it_was(tmp, was)) {
		(void)unlink(tmp);
		return 0;
	}
	if (renameat2(AT_FDCWD, tmp, AT_FDCWD, path, RENAME_EXCHANGE) < 0)
		return err_sys(err, errno, "put '%s' back", path);
	return err_set(err, -EAGAIN, "'%s' was just changed by somebody else", path);
}

int install_put(const char *dir, const char *name, const void *data, size_t len, mode_t mode,
		const struct stat *was, struct err *err)
{
	char tmp[PATH_MAX], path[PATH_MAX];
	int r = install_join(tmp, dir, INSTALL_NEW, err);

	if (r == 0)
		r = install_join(path, dir, name, err);
	if (r == 0)
		r = file_replace(AT_FDCWD, tmp, data, len, mode, err);
	if (r < 0)
		return r;
	FAULT_KILL("a file of the runtime");
	if (was)
		r = take_place(tmp, path, was, err);
	else if (rename(tmp, path) < 0)
		r = err_sys(err, errno, "write '%s'", path);
	if (r < 0)
		(void)unlink(tmp);
	return r;
}
