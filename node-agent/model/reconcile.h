/* SPDX-License-Identifier: Apache-2.0 */
/* Which job of an attachment is due. Pure. */
#ifndef SMC_AGENT_RECONCILE_H
#define SMC_AGENT_RECONCILE_H

#include <stdbool.h>

#include "node-agent/model/record.h"

struct reconcile_state {
	enum record_phase phase; /* confirmed by the worker */
	bool busy; /* a job of it is under way */
	bool wanted; /* false: DEL, GC, netns gone, or its transaction ended */
	bool commit; /* the plugin asked for it */
	bool changed; /* the wish is another than the one in force */
	bool damaged; /* something of the wish in force is missing */
	bool waits; /* the last job failed: not before the next sweep */
};

enum reconcile_action {
	RECONCILE_NOTHING,
	RECONCILE_PREPARE,
	RECONCILE_COMMIT,
	RECONCILE_ENSURE,
	RECONCILE_REMOVE,
	RECONCILE_FORGET, /* nothing is left of it: drop it from the table */
};

enum reconcile_action reconcile(const struct reconcile_state *s);

#endif
