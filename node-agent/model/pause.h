/* SPDX-License-Identifier: Apache-2.0 */
/* The switch: what `smc-cni.io/pause` on the agents' own namespace says, as annotation or label.
 * Pure. */
#ifndef SMC_AGENT_PAUSE_H
#define SMC_AGENT_PAUSE_H

#include <jansson.h>

#include "common/err.h"

enum pause_said {
	PAUSE_OFF, /* "false", or nothing */
	PAUSE_ON, /* "true", by either: who is in a hurry writes one of them */
	PAUSE_BAD, /* neither: err names it, and what was before stays */
};

/* annotations: those of the namespace, with its labels among them (object.h); NULL: none. */
enum pause_said pause_read(const json_t *annotations, struct err *err);

#endif
