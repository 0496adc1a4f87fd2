/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of the source on disk, as text, for the time when nobody can be asked. Pure; any
 * thread, as objects are not changed once they are made. */
#ifndef SMC_AGENT_KEPT_H
#define SMC_AGENT_KEPT_H

#include "node-agent/object/manifest.h"

/* The names of the namespaces that say `required`, one a line: what the plugin reads. The caller frees
 * it; NULL: no memory. */
char *kept_required(struct manifest_object *const *namespaces, size_t n);
/* {NAME: {KEY: VALUE}} of all of them, for source_seed_namespaces(). As above. */
char *kept_namespaces(struct manifest_object *const *namespaces, size_t n);

#endif
