/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of the source on disk, as text, for the time when nobody can be asked. Pure; any
 * thread, as objects are not changed once they are made. */
#ifndef SMC_AGENT_KEPT_H
#define SMC_AGENT_KEPT_H

#include "node-agent/object/manifest.h"

/* The names of the namespaces among them that say `required`, one a line: what the plugin reads.
 * The caller frees it; NULL: no memory. */
char *kept_required(struct manifest_object *const *objects, size_t n);
/* {NAME: {KEY: VALUE}} of all of them: the form of source/seed.h. As above. */
char *kept_namespaces(struct manifest_object *const *namespaces, size_t n);
/* {"namespaces": as above, "pods": [{namespace, name, uid, hostNetwork, annotations}]}, of
 * namespaces and, behind them, pods. As above. */
char *kept_manifests(struct manifest_object *const *objects, size_t n);

#endif
