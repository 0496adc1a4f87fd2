/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps our plugin installed while the agent runs: looks when the runtime's folder changes, and now
 * and then, and has the worker put things right. Loop thread. */
#ifndef SMC_AGENT_INSTALLER_H
#define SMC_AGENT_INSTALLER_H

#include "common/err.h"

struct agent;
struct installer;

/* For a config with 'cniPlugin'. A folder that is not there yet is waited for. */
int installer_new(struct agent *agent, struct installer **ret, struct err *err);
/* The network whose pods come to us; "": none yet, or i is NULL. */
const char *installer_network(const struct installer *i);
void installer_free(struct installer *i); /* NULL is fine; what is installed stays */

#endif
