/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's life: from a config to its end by a signal. */
#ifndef SMC_AGENT_RUN_H
#define SMC_AGENT_RUN_H

#include "node-agent/config/config.h"

#define RUN_UNINSTALL 1 /* the agent is removed from the cluster: the caller cleans up */

/* Serves until SIGTERM or SIGINT, which is success (0 or RUN_UNINSTALL);
 * everything in the kernel stays. trouble: "" or
 * why the config file is bad; then config has only defaults (and where to answer), and nothing in
 * the kernel is touched. -EBUSY: another agent has the lock. */
int run_agent(const struct config *config, const struct err *trouble, struct err *err);

#endif
