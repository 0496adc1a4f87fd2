/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/found.h"

#include <stdlib.h>

void found_add(void *arg, struct record *rec)
{
	struct found *found = arg;
	struct record **grown = realloc(found->recs, (found->n + 1) * sizeof(*grown));

	if (!grown) { /* it stays on disk for the next start */
		record_free(rec);
		return;
	}
	found->recs = grown;
	found->recs[found->n++] = rec;
}

void found_adopt(struct found *found, struct agent *agent)
{
	for (size_t i = 0; i < found->n; i++) {
		if (agent)
			agent_adopt(agent, found->recs[i], i < found->n_inherited);
		else
			record_free(found->recs[i]);
	}
	free(found->recs);
}
