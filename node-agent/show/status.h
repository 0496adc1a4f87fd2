/* SPDX-License-Identifier: Apache-2.0 */
/* Room show/: what others may see: the verb `status`, /metrics and the probes.
 * Thread: the loop's.
 * Never: changes anything; it reads the agent's state and renders it.
 */

/* The messages of the verb `status`: docs/status-format.md. */
#ifndef SMC_AGENT_STATUS_H
#define SMC_AGENT_STATUS_H

#include <jansson.h>

#include "node-agent/agent/agent.h"

/* Calls fn with {node}, then with {pod} for each attachment, sorted; fn owns msg (NULL: no memory).
 */
typedef void status_fn(void *arg, json_t *msg);
void status_each(const struct agent *agent, status_fn *fn, void *arg);

#endif
