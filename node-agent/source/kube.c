/* SPDX-License-Identifier: Apache-2.0 */
/* The API server as a source: one list and watch of the namespaces, one of this node's pods. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/names.h"
#include "node-agent/kube/watch.h"
#include "node-agent/source/impl.h"
#include "node-agent/source/seed.h"

struct source_kube {
	struct source source;
	char *from;
	struct kube_watch *namespaces, *pods;
	bool pods_read;
	struct err no_access; /* why there are no watches */
};

static void log_no_memory(int r)
{
	if (r < 0)
		log_error(
			"out of memory, a change of the API server's is lost until the next list");
}

/* ---- what the watches tell ---- */

/* Which containers a pod has is not in its metadata, and asked for only where some pod of the node
 * names containers. */
static void look_for_containers(struct source_kube *s, const struct manifest_object *o)
{
	if (o->kind == MANIFEST_POD &&
	    json_object_get(o->pod.annotations, NAMES_PREFIX "containers"))
		kube_watch_want_whole(s->pods);
}

static void take(struct source_kube *s, enum kube_event_type type, struct manifest_object *o)
{
	struct source *source = &s->source;

	look_for_containers(s, o);
	if (type == KUBE_DELETED)
		source_store_remove(&source->store, o, source->changed, source->arg);
	else
		log_no_memory(source_store_put(&source->store, o, source->changed, source->arg));
}

static void on_changed(void *arg, enum kube_event_type type, struct manifest_object *o)
{
	take(arg, type, o);
}

/* The first list of a kind is news for everything that was decided without it, what is not in it
 * too. */
static void listed(struct source_kube *s, enum manifest_kind kind,
		   struct manifest_object *const *objects, size_t n, bool *read)
{
	struct source *source = &s->source;
	bool first = !*read;

	for (size_t i = 0; i < n; i++)
		look_for_containers(s, objects[i]);
	if (source_store_replace_kind(&source->store, kind, objects, n,
				      first ? NULL : source->changed, source->arg) < 0) {
		log_no_memory(-ENOMEM);
		return;
	}
	*read = true;
	if (!first)
		return;
	source->synced = s->pods_read && source->namespaces_read;
	if (source->synced)
		log_info("pods and namespaces are known", "server", s->from);
	source->changed(source->arg, NULL, "");
}

static void on_namespaces(void *arg, struct manifest_object *const *objects, size_t n)
{
	struct source_kube *s = arg;

	listed(s, MANIFEST_NAMESPACE, objects, n, &s->source.namespaces_read);
}

static void on_pods(void *arg, struct manifest_object *const *objects, size_t n)
{
	struct source_kube *s = arg;

	listed(s, MANIFEST_POD, objects, n, &s->pods_read);
}

/* ---- the source ---- */

static void forget_access(struct source_kube *s)
{
	kube_watch_free(s->namespaces);
	kube_watch_free(s->pods);
	free(s->from);
	s->namespaces = s->pods = NULL;
	s->from = NULL;
}

static void kube_close(struct source *source)
{
	struct source_kube *s = (struct source_kube *)source;

	forget_access(s);
	free(s);
}

static const char *kube_from(const struct source *source)
{
	const struct source_kube *s = (const struct source_kube *)source;

	return s->from ? s->from : "";
}

static const char *kube_why(const struct source *source)
{
	const struct source_kube *s = (const struct source_kube *)source;
	const char *why;

	if (!s->pods)
		return s->no_access.msg;
	why = kube_watch_why(s->pods);
	return why[0] ? why : kube_watch_why(s->namespaces);
}

static uint64_t kube_restarts(const struct source *source)
{
	const struct source_kube *s = (const struct source_kube *)source;

	return s->pods ? kube_watch_restarts(s->pods) + kube_watch_restarts(s->namespaces) : 0;
}

/* Of the namespaces; until they have been listed. */
static int kube_seed(struct source *source, const json_t *saved, struct err *err)
{
	struct seed seed;
	int r = source->namespaces_read ? 1 : seed_namespaces(saved, &seed, err);

	if (r != 0)
		return r < 0 ? r : 0;
	r = source_store_replace_kind(&source->store, MANIFEST_NAMESPACE, seed.objects, seed.n,
				      NULL, NULL);
	seed_clear(&seed);
	if (r < 0)
		return err_sys(err, r, "take over namespaces");
	source->namespaces_seeded = true;
	return 0;
}

static const struct source_ops kube_ops = {
	.kind = "kubernetes",
	.may_lag = true,
	.close = kube_close,
	.from = kube_from,
	.why = kube_why,
	.restarts = kube_restarts,
	.seed = kube_seed,
};

int source_kube_begin(struct source *source, struct kube *kube, struct loop *loop,
		      const char *node_name, struct err *err)
{
	struct source_kube *s = (struct source_kube *)source;
	struct kube_watch_target target = {
		.path = "/api/v1/namespaces",
		.selector = "",
		.kind = MANIFEST_NAMESPACE,
		.listed = on_namespaces,
		.changed = on_changed,
		.arg = s,
	};
	char selector[400];

	s->from = strdup(kube_server(kube));
	s->namespaces = kube_watch_new(kube, loop, &target);
	/* A node's name is [a-z0-9.-]: nothing to escape. Pods that have ended, of which anybody
	 * may bind any number to a node, have no network any more. */
	(void)snprintf(
		selector, sizeof(selector),
		"fieldSelector=spec.nodeName%%3D%s,status.phase%%21%%3DSucceeded,status.phase%%21%%3DFailed",
		node_name);
	target.path = "/api/v1/pods";
	target.selector = selector;
	target.kind = MANIFEST_POD;
	target.listed = on_pods;
	s->pods = kube_watch_new(kube, loop, &target);
	if (s->from && s->namespaces && s->pods)
		return 0;
	forget_access(s);
	return err_sys(err, ENOMEM, "watch the API server");
}

int source_kube_open(struct kube *kube, struct loop *loop, const char *node_name, const char *why,
		     source_changed_fn *changed, void *arg, struct source **ret, struct err *err)
{
	struct source_kube *s = calloc(1, sizeof(*s));
	int r = 0;

	if (!s)
		return err_sys(err, ENOMEM, "watch the API server");
	s->source = (struct source){ .ops = &kube_ops, .changed = changed, .arg = arg };
	if (kube)
		r = source_kube_begin(&s->source, kube, loop, node_name, err);
	else
		(void)err_set(&s->no_access, -ENOENT, "%s", why);
	if (r < 0) {
		source_close(&s->source);
		return r;
	}
	*ret = &s->source;
	return 0;
}
