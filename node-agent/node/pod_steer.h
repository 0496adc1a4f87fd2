/* SPDX-License-Identifier: Apache-2.0 */
/* What steers one pod: its map entry with both gates, and the programs on its cgroup; the pieces of
 * the steps in pod.h. Worker thread only.
 */
#ifndef SMC_AGENT_POD_STEER_H
#define SMC_AGENT_POD_STEER_H

#include <stdbool.h>

#include "common/err.h"
#include "node-agent/model/record.h"
#include "node-agent/node/node.h"

/* Its cgroup is gone, so no process of the pod is left: a folder of cgroups goes only when no
 * process is in it. */
bool pod_cgroup_died(const struct node *node, const struct record *rec);

/* Remembers the cgroup, and where the hook finds it, when that is seen for the first time. Until
 * then the pod's network namespace alone says who is steered. An error is why it cannot be told. */
int pod_cgroup_see(const struct node *node, struct record *rec, struct err *err);

/* A descriptor of the folder, of a node that can have programs there. -ENOENT: no such. */
int pod_cgroup_open(const struct node *node, const struct record *rec, struct err *err);

/* The map entry: on or off, and as rec->wish and the cgroup say. */
int pod_entry_apply(struct node *node, const struct record *rec, bool on, struct err *err);
/* -ESTALE also when the cgroup that the entry lacks can be told by now. */
int pod_entry_check(struct node *node, const struct record *rec, struct err *err);

int pod_programs_apply(struct node *node, const struct record *rec, struct err *err);
int pod_programs_check(struct node *node, const struct record *rec, struct err *err);
int pod_programs_undo(struct node *node, const struct record *rec, struct err *err);

#endif
