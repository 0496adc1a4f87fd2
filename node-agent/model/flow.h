/* SPDX-License-Identifier: Apache-2.0 */
/* A flow as the worker reads it and the loop shows it. */
#ifndef SMC_AGENT_FLOW_H
#define SMC_AGENT_FLOW_H

#include "bpf/flows.h"

struct flow_entry {
	struct flow_key key;
	struct flow value;
};

#endif
