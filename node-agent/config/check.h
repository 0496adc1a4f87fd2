/* SPDX-License-Identifier: Apache-2.0 */
/* What the keys of agent.yaml must be to each other. */
#ifndef SMC_AGENT_CONFIG_CHECK_H
#define SMC_AGENT_CONFIG_CHECK_H

#include "common/err.h"
#include "node-agent/config/config.h"
#include "node-agent/config/read.h"
#include "node-agent/parse/ytree.h"

/* `root` is the map that c was read from, for the lines in messages. -EINVAL for a pnet id,
 * interface, RDMA port or pod network that two pnets claim, for a limits.pnetIDs that no pnet has,
 * for peers of too many networks or port ranges, and for a key beside its old name, each told as
 * config_note() has it. */
int config_check(const struct config_at *at, const struct config *c, const struct ytree_node *root,
		 struct err *err);

#endif
