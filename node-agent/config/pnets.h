/* SPDX-License-Identifier: Apache-2.0 */
/* The key `pnets` of agent.yaml: which RDMA device and interface serve which pods. */
#ifndef SMC_AGENT_CONFIG_PNETS_H
#define SMC_AGENT_CONFIG_PNETS_H

#include "node-agent/config/read.h"

/* A config_read_fn: out is the struct config. */
int config_pnets_read(const struct config_at *at, const struct ytree_node *value, void *out,
		      struct err *err);

#endif
