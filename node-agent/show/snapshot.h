/* SPDX-License-Identifier: Apache-2.0 */
/* What the table of attachments means for /metrics: one entry a pod, its attachments added up. */
#ifndef SMC_AGENT_SNAPSHOT_H
#define SMC_AGENT_SNAPSHOT_H

#include "node-agent/model/attach.h"
#include "node-agent/show/metrics.h"

struct snapshot {
	int n, max;
	/* Sorted by namespace and name, each pair once; they point here and into the table. */
	struct metrics_pod *pods;
	struct stats *sums; /* NULL: no pod has two network namespaces */
};

/* Attachments of one netns share its counters, which count once. -ENOMEM. The caller clears *ret,
 * before the table changes. */
int snapshot_take(const struct attach_table *t, struct snapshot *ret);
void snapshot_clear(struct snapshot *s);

/* smc_cni_pods{state} of one attachment. */
enum metrics_state snapshot_state(const struct attach *a);

#endif
