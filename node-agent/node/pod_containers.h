/* SPDX-License-Identifier: Apache-2.0 */
/* The containers of one pod that are steered where its annotation names some: their cgroups, found
 * below the pod's own by the ids that rec->wish.containers has, and their entries in the map; a
 * piece of the steps in pod.h. rec->containers is what the map may have. Worker thread only.
 */
#ifndef SMC_AGENT_POD_CONTAINERS_H
#define SMC_AGENT_POD_CONTAINERS_H

#include <stdbool.h>

#include "common/err.h"
#include "node-agent/model/record.h"
#include "node-agent/node/node.h"

/* Looks which of them can be told now, and takes entries away that are not to be there any more:
 * before the record is written, and what is new is applied. shared: another attachment of the pod
 * needs the entries of this one. If all the pod is to be steered by now, entries stay until
 * pod_containers_undo(), which comes after the pod's own entry. On failure rec is as before. */
int pod_containers_see(struct node *node, struct record *rec, bool shared, struct err *err);
int pod_containers_apply(struct node *node, const struct record *rec, struct err *err);
/* -ESTALE also when others than those of rec->containers can be told by now. */
int pod_containers_check(struct node *node, const struct record *rec, struct err *err);
/* All entries go. */
int pod_containers_undo(struct node *node, const struct record *rec, struct err *err);

#endif
