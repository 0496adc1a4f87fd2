/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/reconcile.h"

static enum reconcile_action when_wanted(const struct reconcile_state *s)
{
	switch (s->phase) {
	case RECORD_NONE:
		return RECONCILE_PREPARE;
	case RECORD_PREPARED:
		return s->commit ? RECONCILE_COMMIT : RECONCILE_NOTHING;
	case RECORD_COMMITTED:
		return s->changed || s->damaged ? RECONCILE_ENSURE : RECONCILE_NOTHING;
	}
	return RECONCILE_NOTHING;
}

enum reconcile_action reconcile(const struct reconcile_state *s)
{
	if (s->busy || s->waits)
		return RECONCILE_NOTHING;
	if (s->wanted)
		return when_wanted(s);
	return s->phase == RECORD_NONE ? RECONCILE_FORGET : RECONCILE_REMOVE;
}
