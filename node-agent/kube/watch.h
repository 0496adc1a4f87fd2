/* SPDX-License-Identifier: Apache-2.0 */
/* Lists one kind of object and then watches it, for ever: pages, bookmarks, 410 Gone, time limits,
 * connections that died without a word, back-off. Loop thread only.
 */
#ifndef SMC_AGENT_KUBE_WATCH_H
#define SMC_AGENT_KUBE_WATCH_H

#include "node-agent/kube/kube.h"
#include "node-agent/object/kube_object.h"

struct kube_watch;

struct kube_watch_times {
	/* The server is asked to end a watch between these two, for an even load (client-go: 5 to
	 * 10 minutes). */
	int min_s, max_s;
	/* When nothing has come for so long the connection is dead, whatever TCP thinks. A bookmark
	 * comes each minute (k8s.io/apiserver, storage/cacher: bookmarkFrequency). */
	int64_t idle_ms;
};

struct kube_watch_target {
	const char *path; /* "/api/v1/pods"; borrowed */
	const char *selector; /* "fieldSelector=...", escaped, or ""; copied */
	enum manifest_kind kind;
	const struct kube_watch_times *times; /* NULL: the usual ones */
	/* The whole list; objects are borrowed. */
	void (*listed)(void *arg, struct manifest_object *const *objects, size_t n);
	/* One of ADDED, MODIFIED, DELETED; borrowed. */
	void (*changed)(void *arg, enum kube_event_type type, struct manifest_object *o);
	void *arg;
};

/* The first request is made from the loop. NULL: no memory. */
struct kube_watch *kube_watch_new(struct kube *kube, struct loop *loop,
				  const struct kube_watch_target *target);
void kube_watch_free(struct kube_watch *w); /* NULL is fine; not from its functions */
/* From now on asks for whole objects, and no longer for their metadata alone: what is known of all
 * of them is listed anew. To be said as often as one likes. */
void kube_watch_want_whole(struct kube_watch *w);

const char *kube_watch_why(const struct kube_watch *w); /* why it does not work now; "" */
uint64_t kube_watch_restarts(const struct kube_watch *w);

#endif
