/* SPDX-License-Identifier: Apache-2.0 */
/* When the agent tells of a pod or its node by an event. Each call may be made again: the same
 * thing is told once an hour. Without an API server no call does anything.
 */
#ifndef SMC_AGENT_AGENT_EVENTS_H
#define SMC_AGENT_AGENT_EVENTS_H

#include "node-agent/agent/agent.h"

/* Policy was asked again about an attachment that is in the table. */
void agent_events_decided(struct agent *agent, const struct attach *a);
/* The attachment was refused: its ADD fails. */
void agent_events_refused(struct agent *agent, const struct attach *a);
/* The attachment is committed, or its steering was turned on or off. */
void agent_events_changed(struct agent *agent, const struct attach *a);
/* The path to a peer was closed. */
void agent_events_closed(struct agent *agent, const struct path_entry *path);
/* The node's facts are new. */
void agent_events_node(struct agent *agent);
/* Asks for statistics, where nobody else does. */
void agent_events_sweep(struct agent *agent);
/* Statistics have come. */
void agent_events_stats(struct agent *agent);

#endif
