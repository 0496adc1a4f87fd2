/* SPDX-License-Identifier: Apache-2.0 */
/* Room source/: where pods and namespaces come from, a folder of manifests or the API server.
 * Thread: the loop's.
 * Never: decides about a pod; it tells that one has changed, and answers when asked.
 */

/* Where the agent learns of pods and namespaces: a store of objects, filled by a manifest folder or
 * by the API server. Loop thread only. */
#ifndef SMC_AGENT_SOURCE_H
#define SMC_AGENT_SOURCE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"
#include "node-agent/object/object.h"

struct kube;
struct loop;
struct manifest_object;
struct source;

/* Called from the loop for every pod or namespace that was added, changed or removed; name "" =
 * every pod of the namespace; namespace NULL = anything may be another. The source has all of the
 * new content by then, and may be asked; it must not be closed. What a folder's first read brings
 * is not told. */
typedef void source_changed_fn(void *arg, const char *namespace, const char *name);

/* Reads the folder (its *.yaml, *.yml, *.json files, many documents each) and begins to watch it. A
 * bad file or document is logged with file, line and what is wrong; the objects that it brought
 * earlier stay until it is good again or gone, the other files are served. A folder that does not
 * exist yet is waited for (its parent is watched); one that went keeps what it brought. While it
 * cannot be read or watched at all that is tried again. -ENOMEM */
int source_folder_open(const char *path, struct loop *loop, source_changed_fn *changed, void *arg,
		       struct source **ret, struct err *err);
/* Begins to list and watch the namespaces and the pods of that node (docs/agent.md, "The API
 * server"). kube NULL: no access; such a source knows what it is seeded with, and `why` says
 * why. */
int source_kube_open(struct kube *kube, struct loop *loop, const char *node_name, const char *why,
		     source_changed_fn *changed, void *arg, struct source **ret, struct err *err);
/* The access that it was opened without. -ENOMEM */
int source_kube_begin(struct source *source, struct kube *kube, struct loop *loop,
		      const char *node_name, struct err *err);
void source_close(struct source *s); /* NULL is fine */

/* NULL if unknown; borrowed until the loop goes on. */
const struct object_pod *source_pod(const struct source *s, const char *namespace,
				    const char *name);
const struct object_namespace *source_namespace(const struct source *s, const char *name);
/* What is kept of it for a start without it, one reference each: the namespaces, sorted by name,
 * and behind them, where nobody else says it, the pods. What they say may be read on another
 * thread. The caller gives the references back on this one, and frees the array. Their number, or
 * -ENOMEM. */
ssize_t source_objects(const struct source *s, struct manifest_object ***ret);

/* True once the first full read of all is done. */
bool source_synced(const struct source *s);
/* True when namespaces are known: read in full, or seeded. */
bool source_namespaces_known(const struct source *s);
/* True when what is not in it may only not have been heard of yet; false: it is not there. */
bool source_may_lag(const struct source *s);
/* What an earlier run knew (agent/kept.h: of the API server the namespaces, of a folder all):
 * counts until it is known better. -EINVAL */
int source_seed(struct source *s, const json_t *saved, struct err *err);
/* True when what it knows is worth to be kept for the next run. */
bool source_is_kept(const struct source *s);

const char *source_kind(const struct source *s); /* "folder" or "kubernetes" */
const char *source_from(const struct source *s); /* path or URL */
const char *source_why(const struct source *s); /* what is wrong with it now; "" = nothing */
uint64_t source_restarts(const struct source *s); /* of watches, smc_cni_watch_restarts_total */

#endif
