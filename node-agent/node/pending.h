/* SPDX-License-Identifier: Apache-2.0 */
/* What plugins left in pending/ beside the socket while no agent answered: prepare messages with
 * "netnsPath". Worker thread only. */
#ifndef SMC_AGENT_PENDING_H
#define SMC_AGENT_PENDING_H

#include "node-agent/model/record.h"
#include "node-agent/node/node.h"

/* Each request whose netns lives becomes a record on disk, `committed` with nothing in force, and
 * its file goes; fn owns the record. One whose attachment has a record already is dropped, or left
 * for the next scan while that is only prepared. One that cannot be read is renamed to ".bad". */
int pending_scan(struct node *node, record_fn *fn, void *arg, struct err *err);

/* For DEL: what is pending of the attachment is not adopted any more. */
int pending_drop(const struct node *node, const struct wire_attachment *a, struct err *err);

#endif
