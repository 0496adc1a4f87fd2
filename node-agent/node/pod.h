/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's side of one attachment, each step with its way back. Worker thread only (and
 * --cleanup).
 *
 * Extras (host's side, cgroup programs) that cannot be had do not fail a step: their text goes to
 * `missing`, and the record says what is in force.
 */
#ifndef SMC_AGENT_POD_H
#define SMC_AGENT_POD_H

#include "common/err.h"
#include "node-agent/model/conflict.h"
#include "node-agent/model/record.h"
#include "node-agent/node/node.h"

struct pod_extras {
	struct err missing; /* what could not be had, for log and status; "" = nothing */
	/* pod_ensure() turned steering on: TCP listeners that it found; -1: not known. */
	int listeners;
	/* What was found before steering was put in force: a wish for TCP was, if it forbids. */
	struct conflicts conflicts;
};

/* rec->req and rec->wish say what is wanted; fills rec->boot_id, netns and phase, which is to be
 * that given: prepared, or committed when the wish is empty. On failure nothing is left. -EINVAL or
 * -EPERM: the descriptor is no pod's network namespace. required: -EOPNOTSUPP if the pod cannot be
 * steered. */
int pod_prepare(struct node *node, struct record *rec, int netns_fd, enum record_phase phase,
		bool required, struct pod_extras *extras, struct err *err);
/* rec->undo has come from the plugin. required: the pod must not start unsteered, so the node is
 * asked whether steering is in force at this moment. On failure rec is as prepared, on disk too if
 * that can be done. */
int pod_commit(struct node *node, struct record *rec, bool required, struct err *err);
/* From `rec` as it is to `wish`, the netns part too, everything checked and put right; rec is
 * updated (on failure: to what may be in force). -ENOENT: the netns is gone. */
int pod_ensure(struct node *node, struct record *rec, const struct wish *wish,
	       const struct wish_shared *shared, struct pod_extras *extras, struct err *err);
/* True if the cgroup of a pod that the runtime tells of has died, although the runtime still keeps
 * its netns. */
bool pod_ended(const struct node *node, const struct record *rec);
/* 0, -ENOENT: the netns is gone, -EUCLEAN: err names the first thing that is missing. */
int pod_check(struct node *node, const struct record *rec, struct err *err);
/* Goes on after an error and returns the first; then the record stays. netns_part: undo that too,
 * if the netns lives. */
int pod_remove(struct node *node, const struct record *rec, const struct wish_shared *shared,
	       bool netns_part, struct err *err);

#endif
