/* SPDX-License-Identifier: Apache-2.0 */
/* The plan for a pod's netns (common/podnet.h): what the agent answered, and the configuration's
 * own pnetID, which wins for the pod's interfaces.
 */
#ifndef SMC_PLUGIN_NETPART_H
#define SMC_PLUGIN_NETPART_H

#include <jansson.h>

#include "cni-plugin/conf.h"
#include "common/podnet.h"
#include "common/wire.h"

/* From "netns" of the reply (NULL: none). -EPROTO if the reply is no plan. */
int netpart_plan(const struct conf *conf, const struct wire_interface *interfaces, int n,
		 const json_t *reply, struct podnet *ret, struct err *err);

/* podnet_apply() and podnet_check(), but on a kernel without SMC there is nothing to do: the pod is
 * not steered there, and the agent has said why. */
int netpart_apply(int netns_fd, const struct podnet *plan, struct podnet *ret_undo,
		  struct err *err);
int netpart_check(int netns_fd, const struct podnet *plan, struct err *err);

/* What is done without the agent: pnetID alone, where the kernel has SMC. *ret_undo is empty if
 * nothing was done. A failure fails no pod and is not logged, as the agent repairs it. */
void netpart_apply_own(const struct conf *conf, const struct wire_interface *interfaces, int n,
		       int netns_fd, struct podnet *ret_undo);

/* Logs what cannot be undone. */
void netpart_undo(int netns_fd, const struct podnet *undo);

#endif
