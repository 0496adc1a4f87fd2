/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/fault.h"
#include "common/file.h"

static int open_it(void)
{
	return open(RUNDIR_PATH, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int rundir_open(struct err *err)
{
	auto_close int fd = open_it();
	struct stat st;
	int r;

	FAULT_POINT("own folder", err);
	if (fd < 0 && errno == ENOENT) {
		r = file_mkdirs(RUNDIR_PATH, 0700, err);
		if (r < 0)
			return r;
		fd = open_it();
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, errno, "open folder '" RUNDIR_PATH "'");
	if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return err_set(err, -EPERM,
			       "open folder '" RUNDIR_PATH
			       "': others may write there, so that it cannot be "
			       "trusted: remove it, and the plugin makes it anew");
	return TAKE_FD(fd);
}
