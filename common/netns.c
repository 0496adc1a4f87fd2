/* SPDX-License-Identifier: Apache-2.0 */
#include "common/netns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/caps.h"
#include "common/cleanup.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* asm-generic/socket.h; musl 1.2.3 lacks it */
#endif

/* The namespace of the thread group's leader. In the agent that is the loop, which never leaves
 * it. */
#define OWN_NETNS "/proc/self/ns/net"
/* The calling thread's own namespace, which is the way back. */
#define THREAD_NETNS "/proc/thread-self/ns/net"

static bool is_netns(int fd)
{
	struct statfs fs;

	/* First the file system: an ioctl number means something else to other kinds of files. */
	return fstatfs(fd, &fs) == 0 && fs.f_type == NSFS_MAGIC &&
	       ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET;
}

int netns_open(const char *path, struct err *err)
{
	/* O_NONBLOCK: a FIFO must not hang us before it is refused. */
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return err_sys(err, errno, "open network namespace '%s'", path);
	if (!is_netns(fd))
		return err_set(err, -EINVAL,
			       "open network namespace '%s': it is not a network namespace", path);
	return TAKE_FD(fd);
}

int netns_check_foreign(int fd, const char *name, struct err *err)
{
	struct stat given, own;

	if (!is_netns(fd))
		return err_set(
			err, -EINVAL,
			"check network namespace '%s': the descriptor is not a network namespace",
			name);
	if (fstat(fd, &given) < 0)
		return err_sys(err, errno, "check network namespace '%s'", name);
	if (stat(OWN_NETNS, &own) < 0)
		return err_sys(err, errno, "check network namespace '%s': stat " OWN_NETNS, name);
	if (given.st_dev == own.st_dev && given.st_ino == own.st_ino)
		return err_set(
			err, -EPERM,
			"check network namespace '%s': it is the host's own, a pod's is needed",
			name);
	return 0;
}

int netns_call(int netns_fd, int (*fn)(void *arg, struct err *err), void *arg, struct err *err)
{
	auto_close int back = open(THREAD_NETNS, O_RDONLY | O_CLOEXEC);
	int r;

	if (back < 0)
		return err_sys(err, errno, "open own network namespace '" THREAD_NETNS "'");
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return err_sys(err, errno, "enter network namespace");
	r = fn(arg, err);
	if (setns(back, CLONE_NEWNET) < 0) {
		(void)dprintf(STDERR_FILENO,
			      "level=error msg=\"cannot leave a network namespace, aborting\""
			      " err=\"%s\"\n",
			      strerror(errno));
		abort();
	}
	return r;
}

struct socket_args {
	int family, type, protocol;
};

static int open_socket(void *arg, struct err *err)
{
	const struct socket_args *a = arg;
	int fd = socket(a->family, a->type, a->protocol);

	return fd >= 0 ? fd : err_sys(err, errno, "open socket in network namespace");
}

int netns_socket(int netns_fd, int family, int type, int protocol, struct err *err)
{
	struct socket_args args = { family, type, protocol };

	return netns_call(netns_fd, open_socket, &args, err);
}

struct file_args {
	const char *path;
	int flags;
};

static int open_file(void *arg, struct err *err)
{
	const struct file_args *a = arg;
	int fd = open(a->path, a->flags | O_CLOEXEC);

	return fd >= 0 ? fd : err_sys(err, errno, "open '%s' in network namespace", a->path);
}

int netns_open_file(int netns_fd, const char *path, int flags, struct err *err)
{
	struct file_args args = { path, flags };

	return netns_call(netns_fd, open_file, &args, err);
}

int netns_identify(int fd, struct netns_id *ret, struct err *err)
{
	auto_close int sock = -1;
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "identify network namespace");
	sock = netns_socket(fd, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, err);
	if (sock < 0)
		return err_prefix(err, sock, "identify network namespace");
	if (getsockopt(sock, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) < 0 &&
	    errno != ENOPROTOOPT)
		return err_sys(err, errno, "identify network namespace: read SO_NETNS_COOKIE");
	*ret = (struct netns_id){ .dev = st.st_dev, .inode = st.st_ino, .cookie = cookie };
	return 0;
}

bool netns_id_same(const struct netns_id *a, const struct netns_id *b)
{
	return a->dev == b->dev && a->inode == b->inode && a->cookie == b->cookie;
}

static bool matches(const struct stat *st, const struct netns_id *id)
{
	return st->st_dev == id->dev && st->st_ino == id->inode;
}

/* Returns an fd if `name` below dirfd is the namespace, -ENOENT if it is another one or gone, and
 * -EACCES if we may not look at it. -ESTALE: it has the same inode and another cookie, so that the
 * one that is looked for is gone, wherever else we look. */
static int try_path(int dirfd, const char *name, const struct netns_id *id)
{
	auto_close int fd = -1;
	struct netns_id found;
	struct stat st;

	if (fstatat(dirfd, name, &st, 0) < 0 || !matches(&st, id))
		return -ENOENT;
	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0 || !matches(&st, id) || !is_netns(fd))
		return -ENOENT;
	if (netns_identify(fd, &found, NULL) < 0)
		return -ENOENT;
	return found.cookie == id->cookie ? TAKE_FD(fd) : -ESTALE;
}

static int try_each(int dirfd, const char *suffix, const struct netns_id *id);

/* `suffix` "ns/net" asks for PID/ns/net. A leader that has exited before its threads has no
 * namespace any more; then its threads are asked. */
static int try_entry(int dirfd, const char *entry, const char *suffix, const struct netns_id *id)
{
	auto_close int tasks = -1;
	char path[NAME_MAX + 16];
	struct stat st;

	if (!suffix)
		return try_path(dirfd, entry, id);
	(void)snprintf(path, sizeof(path), "%s/%s", entry, suffix);
	if (fstatat(dirfd, path, &st, 0) == 0)
		return try_path(dirfd, path, id);
	if (errno == EACCES)
		return -EACCES;
	(void)snprintf(path, sizeof(path), "%s/task", entry);
	tasks = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tasks < 0 ? -ENOENT : try_each(tasks, suffix, id);
}

static int try_each(int dirfd, const char *suffix, const struct netns_id *id)
{
	int copy = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	auto_closedir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	int r, none = -ENOENT;

	if (!dir) {
		if (copy >= 0)
			(void)close(copy);
		return -ENOENT;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
		    (suffix && (entry->d_name[0] < '0' || entry->d_name[0] > '9')))
			continue;
		r = try_entry(dirfd, entry->d_name, suffix, id);
		if (r == -EACCES)
			none = r; /* the one that we may not look at may be it */
		else if (r != -ENOENT)
			return r;
	}
	return none;
}

/* With CAP_SYS_PTRACE, a process that we still may not look at is none of a pod's: it belongs to an
 * outer user namespace. */
static bool has_sys_ptrace(void)
{
	uint64_t set = 0;

	return caps_effective(&set) == 0 && (set >> CAP_SYS_PTRACE & 1);
}

int netns_find(const struct netns_id *id, struct err *err)
{
	static const struct {
		const char *folder, *suffix;
	} places[] = { { "/run/netns", NULL }, { "/proc", "ns/net" } };
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(places) && r == -ENOENT; i++) {
		auto_close int dirfd = open(places[i].folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (dirfd >= 0)
			r = try_each(dirfd, places[i].suffix, id);
	}
	if (r == -EACCES && !has_sys_ptrace())
		return err_set(
			err, r,
			"find network namespace %llu: not in /run/netns, and processes' own may not "
			"be looked at (needs CAP_SYS_PTRACE)",
			(unsigned long long)id->inode);
	if (r < 0)
		return err_set(err, -ENOENT,
			       "find network namespace %llu: nothing holds it any more",
			       (unsigned long long)id->inode);
	return r;
}
