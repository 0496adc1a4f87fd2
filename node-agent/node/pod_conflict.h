/* SPDX-License-Identifier: Apache-2.0 */
/* Looks for what steering would break in a pod. Worker thread only. */
#ifndef SMC_AGENT_POD_CONFLICT_H
#define SMC_AGENT_POD_CONFLICT_H

#include "node-agent/model/conflict.h"
#include "node-agent/model/record.h"
#include "node-agent/node/node.h"

/* netns_fd -1: it is found by the record, whose wish says whether the pod is steered. */
void pod_conflicts_look(struct node *node, const struct record *rec, int netns_fd,
			struct conflicts *ret);

/* The same before a wish to steer is put in force (before: what is in force): where anything is in
 * the way it becomes a wish for TCP. */
void pod_conflicts_heed(struct node *node, const struct record *rec, int netns_fd,
			const struct wish *before, struct wish *wish, struct conflicts *ret);

#endif
