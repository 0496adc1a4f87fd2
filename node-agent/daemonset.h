/* SPDX-License-Identifier: Apache-2.0 */
/* What the API server says of the agents' DaemonSet, $DAEMONSET_NAME of $POD_NAMESPACE. "Could not
 * ask" is never "gone". */
#ifndef SMC_AGENT_DAEMONSET_H
#define SMC_AGENT_DAEMONSET_H

#include <stdbool.h>

#include "common/err.h"
#include "node-agent/config/config.h"
#include "node-agent/kube/kube.h"

enum daemonset_is {
	DAEMONSET_UNKNOWN, /* nobody could be asked, or what came is no answer */
	DAEMONSET_THERE,
	DAEMONSET_GONE, /* a 404 that names it, or it has a deletionTimestamp */
};

/* "" where the environment has no such name, or one that is none. */
const char *daemonset_name(void);
/* False: this pod is another DaemonSet's than the one of that name. kubelet's POD_NAME is the
 * DaemonSet's, '-' and a random word; without one there is no pod. */
bool daemonset_has_us(const char *name);
/* Of the request that asks for it; owned by the caller. NULL: the environment does not name it. */
char *daemonset_path(void);
enum daemonset_is daemonset_said(const struct kube_reply *reply);

/* Asks and waits for the answer, in a loop of its own; DAEMONSET_UNKNOWN has the reason in err. Not
 * for the agent, which has a loop. */
#define DAEMONSET_ASK_MS 10000
enum daemonset_is daemonset_ask(const struct config *config, struct err *err);

#endif
