#include "cni-plugin/hostlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "common/cleanup.h"
#include "common/fault.h"

int hostlock_take(int mode, struct err *err)
{
	auto_close int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	FAULT_POINT("lock", err);
	if (fd < 0 || flock(fd, mode) < 0)
		return err_sys(err, errno, "lock own network namespace");
	return TAKE_FD(fd);
}
