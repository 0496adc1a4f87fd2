/* SPDX-License-Identifier: Apache-2.0 */
/* To whom one pod offers SMC: its rules, the programs on its interfaces, its addresses among those
 * of the node's pods; a piece of the steps in pod.h. Worker thread only.
 */
#ifndef SMC_AGENT_POD_OFFER_H
#define SMC_AGENT_POD_OFFER_H

#include <stdbool.h>

#include "common/err.h"
#include "node-agent/model/record.h"
#include "node-agent/node/node.h"

/* As rec->wish says: open where it is steered, else closed. Before steering begins, and after it
 * has ended. */
int pod_offer_apply(struct node *node, const struct record *rec, int netns_fd, struct err *err);
int pod_offer_check(struct node *node, const struct record *rec, int netns_fd, struct err *err);
/* Its netns has rules. */
bool pod_offer_is_there(const struct node *node, const struct record *rec);
/* netns_fd < 0: the namespace is gone, and with it the programs. Needs no handle. */
int pod_offer_undo(struct node *node, const struct record *rec, int netns_fd, struct err *err);

#endif
