/* SPDX-License-Identifier: Apache-2.0 */
/* Records that a job found, on their way from the worker to the loop. */
#ifndef SMC_AGENT_FOUND_H
#define SMC_AGENT_FOUND_H

#include "node-agent/agent/agent.h"
#include "node-agent/model/record.h"

struct found { /* all zero: nothing */
	struct record **recs;
	size_t n;
	size_t n_inherited; /* the first ones: of an earlier run, not of pending/ */
};

void found_add(void *arg, struct record *rec); /* a record_fn: arg is the struct found; owns rec */
/* Hands all of them to the agent; agent NULL: drops them. */
void found_adopt(struct found *found, struct agent *agent);

#endif
