/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks and maps of layouts that are not needed any more. */
#include "node-agent/steer/impl.h"

#include <errno.h>
#include <unistd.h>

int steer_drop_older(struct steer *s, struct err *err)
{
	int rc = pins_remove(s->bpffs_dir, 1, STEER_LAYOUT - 1, err);

	return rc < 0 ? rc : 0;
}

int steer_remove_all(const char *bpffs_dir, struct err *err)
{
	int rc = pins_remove(bpffs_dir, 1, STEER_LAYOUT, err);

	if (rc < 0)
		return rc;
	/* what a newer version left in it, or a mount point, stays */
	if (rmdir(bpffs_dir) < 0 && errno != ENOENT && errno != ENOTEMPTY && errno != EBUSY)
		return err_sys(err, errno, "remove bpffs folder '%s'", bpffs_dir);
	return 0;
}
