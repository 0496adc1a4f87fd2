/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "cni-plugin/rundir.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/fault.h"
#include "common/netns.h"

#define PODS 64 /* the first byte that is a pod's; those before are of enum lock_node */

/* Waiting for a file lock in the kernel has no end, so the lock is asked for again and again. */
static int take(off_t byte, bool shared, int64_t deadline_ms, struct err *err)
{
	struct flock lock = { .l_type = shared ? F_RDLCK : F_WRLCK,
			      .l_whence = SEEK_SET,
			      .l_start = byte,
			      .l_len = 1 };
	struct timespec pause = { .tv_nsec = 100000 };
	auto_close int dir = rundir_open(err), fd = -1;

	if (dir < 0)
		return dir;
	fd = openat(dir, WIRE_PLUGIN_LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(err, errno, "open '" RUNDIR_PATH "/" WIRE_PLUGIN_LOCK "'");
	while (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return err_sys(err, errno, "lock '" RUNDIR_PATH "/" WIRE_PLUGIN_LOCK "'");
		if (clock_now_ms() >= deadline_ms)
			return err_sys(err, EBUSY,
				       "lock byte %" PRId64 " of '" RUNDIR_PATH "/" WIRE_PLUGIN_LOCK
				       "'",
				       (int64_t)byte);
		(void)nanosleep(&pause, NULL);
		if (pause.tv_nsec < 3000000)
			pause.tv_nsec *= 2;
	}
	return TAKE_FD(fd);
}

int lock_node(enum lock_node what, bool shared, int64_t deadline_ms, struct err *err)
{
	int fd;

	FAULT_POINT("lock", err);
	fd = take(what, shared, deadline_ms, err);
	return fd == -EBUSY ?
		       err_prefix(err, fd, "another ADD, DEL or GC is at work on the node's %s",
				  what == LOCK_BRIDGES ? "bridges" : "devices") :
		       fd;
}

int lock_pod(int netns_fd, int64_t deadline_ms, struct err *err)
{
	auto_close int fd = -1;
	struct netns_id id;
	int r;

	FAULT_POINT("lock of the pod", err);
	r = netns_identify(netns_fd, &id, err);
	if (r < 0)
		return r;
	fd = take(PODS + (off_t)((id.cookie ? id.cookie : id.inode) & INT64_MAX / 2), false,
		  deadline_ms, err);
	if (fd == -EBUSY)
		return err_prefix(
			err, fd,
			"another ADD or DEL of this pod, or its IPAM plugin, is still at work");
	if (fd >= 0 && fcntl(fd, F_SETFD, 0) < 0)
		return err_sys(err, errno, "pass the pod's lock on");
	return TAKE_FD(fd);
}

void lock_drop(const int *fd)
{
	struct flock all = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	if (*fd < 0)
		return;
	(void)fcntl(*fd, F_OFD_SETLK, &all);
	(void)close(*fd);
}
