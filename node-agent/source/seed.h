/* SPDX-License-Identifier: Apache-2.0 */
/* What an earlier run knew of pods and namespaces, as agent/kept.h wrote it. Pure. */
#ifndef SMC_AGENT_SEED_H
#define SMC_AGENT_SEED_H

#include <jansson.h>

#include "common/err.h"
#include "node-agent/object/manifest.h"

struct seed {
	size_t n;
	struct manifest_object **objects; /* sorted, one reference each */
};

/* {NAME: {KEY: VALUE}} of namespaces. -EINVAL names what is wrong. The caller clears *ret. */
int seed_namespaces(const json_t *saved, struct seed *ret, struct err *err);
/* {"namespaces": as above, "pods": [{namespace, name, uid, hostNetwork, annotations}]}. */
int seed_manifests(const json_t *saved, struct seed *ret, struct err *err);
void seed_clear(struct seed *s);

#endif
