/* SPDX-License-Identifier: Apache-2.0 */
/* At the agent's end: is it a restart, or is the agent being removed from the cluster? Loop
 * thread. */
#ifndef SMC_AGENT_UNINSTALL_H
#define SMC_AGENT_UNINSTALL_H

#include <stdbool.h>

struct agent;

#define UNINSTALL_ASK_MS 2000 /* then it is a restart */

/* Asks the API server for the agent's own DaemonSet ($DAEMONSET_NAME of $POD_NAMESPACE). One that
 * is not there (a 404 that names it), or has a deletionTimestamp, means uninstall; anything else,
 * silence included, a restart. Calls answer once, perhaps at once: then there was nobody to ask. */
void uninstall_ask(struct agent *agent, void (*answer)(struct agent *agent, bool uninstall));

#endif
