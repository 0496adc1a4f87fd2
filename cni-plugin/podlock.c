#include "cni-plugin/podlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>

#include "common/clock.h"
#include "common/fault.h"

int podlock_take(int netns_fd, int64_t deadline_ms, struct err *err)
{
	const struct timespec pause = { .tv_nsec = 2000000 };

	FAULT_POINT("lock of the pod", err);
	while (flock(netns_fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys(err, errno, "lock the pod's network namespace");
		if (clock_now_ms() >= deadline_ms)
			return err_set(err, -EBUSY,
				       "another ADD or DEL of this pod, or its IPAM plugin, is still at work");
		(void)nanosleep(&pause, NULL);
	}
	return fcntl(netns_fd, F_SETFD, 0) < 0 ? err_sys(err, errno, "pass the pod's lock on") : 0;
}

void podlock_drop(int netns_fd)
{
	(void)fcntl(netns_fd, F_SETFD, FD_CLOEXEC);
	(void)flock(netns_fd, LOCK_UN);
}
