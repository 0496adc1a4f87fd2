/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of the verb `flows`: docs/flows-format.md. */
#ifndef SMC_AGENT_SHOW_FLOWS_H
#define SMC_AGENT_SHOW_FLOWS_H

#include <jansson.h>

#include "node-agent/agent/agent.h"
#include "node-agent/model/flow.h"

/* Calls fn with {flow} for each peer of the pods in the table, those of a pod together; fn owns msg
 * (NULL: no memory). all[n] is sorted on the way. */
typedef void flows_fn(void *arg, json_t *msg);
void flows_each(const struct agent *agent, struct flow_entry *all, int n, flows_fn *fn, void *arg);

#endif
