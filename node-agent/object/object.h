/* SPDX-License-Identifier: Apache-2.0 */
/* Room object/: what a Pod and a Namespace say, from a manifest or from the API server, in one
 * form.
 * Thread: the loop's; counted references without locks.
 * Never: decides anything about it.
 */

/* What a Pod and a Namespace say, as far as the agent listens. Pure. */
#ifndef SMC_AGENT_OBJECT_H
#define SMC_AGENT_OBJECT_H

#include <jansson.h>
#include <stdbool.h>

#include "common/text.h"

struct object_pod {
	char *namespace;
	char *name;
	char *uid; /* "" in manifests that have none */
	bool host_network;
	json_t *annotations; /* object of strings; never NULL */
	struct text *containers; /* those that it has: containers.h; NULL: not known */
};

struct object_namespace {
	char *name;
	/* Object of strings; never NULL. The labels that count are among them, as
	 * ANNOTATIONS_STEER_LABEL and so on (common/annotations.h). */
	json_t *annotations;
};

#endif
