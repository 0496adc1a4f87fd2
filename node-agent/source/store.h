/* SPDX-License-Identifier: Apache-2.0 */
/* The pods and namespaces that a source knows, by name. Pure but for the changes that it tells;
 * those are told when the new content is in place. */
#ifndef SMC_AGENT_SOURCE_STORE_H
#define SMC_AGENT_SOURCE_STORE_H

#include <stddef.h>

#include "node-agent/object/manifest.h"
#include "node-agent/source/source.h"

struct source_store { /* all zero: empty */
	size_t n;
	struct manifest_object **objects; /* sorted, one reference each, no two of a name */
};

/* Takes new content: n objects, borrowed, sorted by manifest_object_compare(), no two of a name.
 * Then tells each that was added, removed or changed: all of the new content is in place by then.
 * -ENOMEM: nothing happened. */
int source_store_replace(struct source_store *s, struct manifest_object *const *objects, size_t n,
			 source_changed_fn *changed, void *arg);
/* The same for all objects of one kind, in any order; of two of a name the last one counts. */
int source_store_replace_kind(struct source_store *s, enum manifest_kind kind,
			      struct manifest_object *const *objects, size_t n,
			      source_changed_fn *changed, void *arg);
/* One object is added or takes the place of the one of its name (borrowed, as above). */
int source_store_put(struct source_store *s, struct manifest_object *o, source_changed_fn *changed,
		     void *arg);
/* And goes; what is not there is fine. */
void source_store_remove(struct source_store *s, const struct manifest_object *o,
			 source_changed_fn *changed, void *arg);
void source_store_clear(struct source_store *s);

/* How many of a kind there are: namespaces come first, then pods. */
size_t source_store_n(const struct source_store *s, enum manifest_kind kind);

/* NULL if there is none. */
const struct manifest_object *source_store_find(const struct source_store *s,
						enum manifest_kind kind, const char *namespace,
						const char *name);

#endif
