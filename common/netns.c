/* SPDX-License-Identifier: Apache-2.0 */
#include "common/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

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

/* Of a thread that has called netns_stay(); else -1. The process and not its namespace: setns(2)
 * takes that, too (5.8), and who looks what the process keeps open finds no namespace. */
static _Thread_local int home = -1;

int netns_stay(struct err *err)
{
	if (syscall(SYS_gettid) == getpid())
		return err_set(err, -EINVAL,
			       "stay in a network namespace: the leader of a thread group cannot");
	if (home < 0)
		home = (int)syscall(SYS_pidfd_open, getpid(), 0);
	return home < 0 ? err_sys(err, errno, "open a descriptor of the own process") : 0;
}

int netns_call(int netns_fd, int (*fn)(void *arg, struct err *err), void *arg, struct err *err)
{
	auto_close int opened = home < 0 ? open(THREAD_NETNS, O_RDONLY | O_CLOEXEC) : -1;
	int back = home < 0 ? opened : home;
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
