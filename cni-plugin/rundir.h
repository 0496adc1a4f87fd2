/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin's own folder on the node. It holds the locks, and what the plugin must know of a pod
 * and may not ask the pod for. Nobody but root looks into it, and it ends with the boot, as do the
 * things that it tells of.
 */
#ifndef SMC_PLUGIN_RUNDIR_H
#define SMC_PLUGIN_RUNDIR_H

#include "common/err.h"
#include "common/wire.h"

#define RUNDIR_PATH WIRE_PLUGIN_DIR

/* Makes it where it is missing. Returns a descriptor of the folder. -EPERM: others may write
 * there. */
int rundir_open(struct err *err);

#endif
