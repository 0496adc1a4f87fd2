/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of the agent's socket, which is the agent's own (0700). One that is there already is
 * changed only if it holds nothing but what is ours: kubelet makes it before us, with mode 0755. */
#ifndef SMC_AGENT_SOCKET_DIR_H
#define SMC_AGENT_SOCKET_DIR_H

#include "common/err.h"
#include "node-agent/config/config.h"

/* Changes nothing. 0: it can be had, or is not there yet. -EPERM: it is somebody else's, too, and
 * why. */
int socket_dir_check(const struct config *config, struct err *err);
/* Makes it, or makes what is ours 0700. */
int socket_dir_make(const struct config *config, struct err *err);

#endif
