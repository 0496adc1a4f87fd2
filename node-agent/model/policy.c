/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/annotations.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/names.h"
#include "node-agent/config/scalar.h"
#include "node-agent/model/annotation.h"
#include "node-agent/model/share.h"

/* What pod, namespace and node say together. */
struct asked {
	enum policy_steer steer;
	enum policy_origin origin;
	unsigned int set; /* annotation_key bits, of the pod or its namespace */
	enum steer_ulp ulp; /* when set has ANNOTATION_ULP */
	const char *peers; /* when set has ANNOTATION_PEERS, else NULL */
	int percent; /* when set has ANNOTATION_PERCENT */
	struct annotation_values pod, ns;
	struct err bad; /* the first bad annotation; "" if there is none */
};

static bool is_exempt(const char *namespace)
{
	return strcmp(namespace, "kube-system") == 0;
}

static void ask(const struct config *config, const struct policy_pod *pod, struct asked *ret)
{
	struct annotation_values *ns = &ret->ns;

	*ret = (struct asked){ .steer = POLICY_DISABLED, .origin = POLICY_FROM_DEFAULT };
	if (annotation_read(pod->annotations, ANNOTATION_OF_POD, 0, &ret->pod, &ret->bad) == 0)
		ret->bad.msg[0] = '\0';
	if (!pod->own && !is_exempt(pod->namespace)) {
		struct err bad;

		if (config->default_steer) {
			ret->steer = POLICY_ENABLED;
			ret->origin = POLICY_FROM_NODE;
		}
		/* what the pod says itself hides what its namespace says, good or bad */
		if (annotation_read(pod->namespace_annotations, ANNOTATION_OF_NAMESPACE,
				    ret->pod.set, ns, &bad) < 0 &&
		    !ret->bad.msg[0])
			ret->bad = bad;
		if (ns->set & ANNOTATION_STEER) {
			ret->steer = ns->steer;
			ret->origin = POLICY_FROM_NAMESPACE;
		}
	}
	if (ret->pod.set & ANNOTATION_STEER) {
		ret->steer = ret->pod.steer;
		ret->origin = POLICY_FROM_POD;
	}
	ret->ulp = ret->pod.set & ANNOTATION_ULP ? ret->pod.ulp : ns->ulp;
	ret->peers = ret->pod.peers ? ret->pod.peers : ns->peers;
	ret->percent = ret->pod.set & ANNOTATION_PERCENT ? ret->pod.percent : ns->percent;
	ret->set = ret->pod.set | ns->set;
}

/* Says who decided, for the end of a sentence. */
static const char *origin_sentence(const struct asked *a)
{
	switch (a->origin) {
	case POLICY_FROM_POD:
		return "annotation '" NAMES_PREFIX "steer' of the pod says";
	case POLICY_FROM_NAMESPACE:
		return a->ns.steer_by_label ?
			       "label '" NAMES_PREFIX "steer' of the namespace says" :
			       "annotation '" NAMES_PREFIX "steer' of the namespace says";
	case POLICY_FROM_NODE:
		return "key 'defaultSteer' of the agent's configuration says";
	case POLICY_FROM_DEFAULT:
		break;
	}
	return "the default is";
}

/* The pod is not steered. The sentence says what comes of it, and then the cause. */
static void deny(struct policy_verdict *v, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void deny(struct policy_verdict *v, const char *fmt, ...)
{
	char cause[POLICY_WHY_MAX - 40];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(cause, sizeof(cause), fmt, ap);
	va_end(ap);
	v->refuse = v->wanted == POLICY_REQUIRED;
	(void)snprintf(v->why, sizeof(v->why), "%s: %s",
		       v->refuse ? "must not start, as SMC is required" : "stays TCP", cause);
}

/* Label and annotation of the namespace differ, and that is what counts for the pod. */
static bool is_contradicted(const struct asked *a)
{
	return a->origin == POLICY_FROM_NAMESPACE && a->ns.steer_differs;
}

static void deny_unasked(struct policy_verdict *v, const struct policy_pod *pod,
			 const struct asked *a)
{
	v->invalid = is_contradicted(a);
	if (v->invalid)
		deny(v,
		     "label and annotation '" NAMES_PREFIX "steer' of the namespace differ, one is "
		     "disabled and one %s: disabled counts",
		     policy_steer_text(a->ns.steer_other));
	else if (v->origin != POLICY_FROM_DEFAULT)
		deny(v, "%s disabled", origin_sentence(a));
	else if (pod->own || is_exempt(pod->namespace))
		deny(v, "%s takes no defaults of node or namespace, only annotations of the pod",
		     pod->own ? "the agent's own pod" : "kube-system");
	else
		deny(v, "not asked for: no annotation '" NAMES_PREFIX
			"steer' on the pod or its namespace");
}

static const char *peers_owner(const struct asked *a)
{
	return a->pod.peers ? "pod" : "namespace";
}

/* What the annotation leaves of the agent's peers. 1: something, 0: nothing; else v says why. */
static int narrow_peers(const struct config *config, const struct asked *a,
			struct policy_verdict *v)
{
	auto_peers struct peers_set *set = NULL;
	struct err err = ERR_INIT;
	int rc = peers_make(config, a->peers, &set, &err);

	if (rc == 0)
		return !peers_is_empty(set);
	v->invalid = rc == -EINVAL;
	deny(v, "annotation '" NAMES_PREFIX "peers' of the %s: %s", peers_owner(a), err.msg);
	return rc;
}

/* False when SMC would be offered nowhere: a socket that is SMC would be so for nothing. */
static bool has_peers(const struct config *config, const struct asked *a, struct policy_verdict *v)
{
	int some = a->peers ? narrow_peers(config, a, v) : config->n_peers > 0;

	if (some != 0)
		return some > 0;
	if (config->n_peers == 0)
		deny(v,
		     "key 'peers' of the agent's configuration is empty: SMC is offered nowhere");
	else
		deny(v,
		     "annotation '" NAMES_PREFIX "peers' of the %s has nothing in common with "
		     "'peers' of the agent's configuration: SMC would be offered nowhere",
		     peers_owner(a));
	return false;
}

/* False when none of the containers that the pod names could ever be steered. */
static bool has_containers(const struct policy_pod *pod, const struct asked *a,
			   struct policy_verdict *v)
{
	v->named = a->pod.containers;
	if (!v->named)
		return true;
	if (pod->containers_never) {
		v->unavailable = true;
		deny(v,
		     "the containers that annotation '" NAMES_PREFIX "containers' names cannot be "
		     "told from the others: %s",
		     pod->containers_never);
		return false;
	}
	if (!containers_stray(a->pod.containers, pod->containers_known, pod->containers_told,
			      v->stray))
		return true;
	v->invalid = true;
	deny(v,
	     "annotation '" NAMES_PREFIX "containers' of the pod: got '%.64s', allowed: names of "
	     "its containers (it has no '%s')",
	     a->pod.containers, v->stray);
	return false;
}

/* The injector's annotation that says so; NULL: there is none. */
static const char *sidecar_of(const struct policy_pod *pod)
{
	return json_string_value(json_object_get(pod->annotations, ANNOTATIONS_SIDECAR));
}

/* Who requires SMC is never left out. */
static bool is_left_out(const struct policy_pod *pod, const struct asked *a)
{
	return (a->set & ANNOTATION_PERCENT) && a->steer != POLICY_REQUIRED &&
	       share_place(pod->uid, pod->namespace, pod->name) >= (unsigned int)a->percent;
}

static bool namespace_allowed(const struct config_limits *l, const char *namespace)
{
	for (int i = 0; i < l->n_namespaces; i++)
		if (strcmp(l->namespaces[i], "*") == 0 || strcmp(l->namespaces[i], namespace) == 0)
			return true;
	return false;
}

static bool pnet_id_allowed(const struct config_limits *l, const char *id)
{
	for (int i = 0; i < l->n_pnet_ids; i++)
		if (strcmp(l->pnet_ids[i], id) == 0)
			return true;
	return false;
}

/* "A, B, C", cut with "..." where it does not fit; "none" of none. */
static void list_ids(const struct config_limits *l, char *buf, size_t size)
{
	size_t used = (size_t)snprintf(buf, size, "%s", l->n_pnet_ids ? "" : "none");

	for (int i = 0; i < l->n_pnet_ids; i++) {
		if (used + SMC_PNET_ID_MAX + sizeof(", ...") > size) {
			(void)snprintf(buf + used, size - used, ", ...");
			return;
		}
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "",
					 l->pnet_ids[i]);
	}
}

static enum steer_ulp default_ulp(const struct policy_node *node)
{
	return node->ulp_unsafe ? STEER_ULP_DENY : STEER_ULP_EMULATE;
}

/* False when a good value is more than the limits allow; then the verdict is complete. */
static bool within_limits(const struct config *config, const struct policy_node *node,
			  const struct policy_pod *pod, const struct asked *a,
			  struct policy_verdict *v)
{
	const struct config_limits *l = &config->limits;
	char ids[128];

	if (!namespace_allowed(l, pod->namespace)) {
		deny(v,
		     "namespace '%.64s' is not in 'limits.namespaces' of the agent's configuration",
		     pod->namespace);
		return false;
	}
	if ((a->set & ANNOTATION_PNET_ID) && !pnet_id_allowed(l, a->pod.pnet_id)) {
		v->invalid = true;
		list_ids(l, ids, sizeof(ids));
		deny(v,
		     "annotation '" NAMES_PREFIX "pnet-id' of the pod: got '%s', allowed: %s "
		     "('limits.pnetIDs' of the agent's configuration)",
		     a->pod.pnet_id, ids);
		return false;
	}
	/* what a pod gets without asking it may also ask for */
	if ((a->set & ANNOTATION_ULP) && scalar_ulp_weaker(a->ulp, l->ulp) &&
	    scalar_ulp_weaker(a->ulp, default_ulp(node))) {
		v->invalid = true;
		deny(v,
		     "annotation '" NAMES_PREFIX "ulp': got '%s', which is weaker than "
		     "'limits.ulp: %s' of the agent's configuration%s",
		     scalar_ulp_text(a->ulp), scalar_ulp_text(l->ulp),
		     node->ulp_unsafe ? " (TCP_ULP \"smc\" is a security hole of this kernel)" :
					"");
		return false;
	}
	return true;
}

static void grant(const struct config *config, const struct policy_node *node,
		  const struct asked *a, struct policy_verdict *v)
{
	char asked[SCALAR_BYTES_TEXT_MAX], given[SCALAR_BYTES_TEXT_MAX];
	int64_t max = config->limits.max_buffer_bytes;
	int used;

	v->steer = true;
	v->ulp = a->set & ANNOTATION_ULP ? a->ulp : default_ulp(node);
	memcpy(v->pnet_id, a->pod.pnet_id, sizeof(v->pnet_id));
	v->buffer_bytes = a->pod.buffer_bytes;
	used = snprintf(v->why, sizeof(v->why), "steered: %s %s", origin_sentence(a),
			policy_steer_text(v->wanted));
	if (is_contradicted(a))
		used += snprintf(v->why + used, sizeof(v->why) - (size_t)used,
				 " (label and annotation differ: the other one is %s)",
				 policy_steer_text(a->ns.steer_other));
	if (v->named)
		used += snprintf(v->why + used, sizeof(v->why) - (size_t)used,
				 "; only the containers that 'containers' names, each once it is "
				 "identified");
	if (v->stray[0])
		used += snprintf(v->why + used, sizeof(v->why) - (size_t)used,
				 "; no container of the pod is called '%s'", v->stray);
	if (v->buffer_bytes <= max)
		return;
	v->buffer_bytes = max;
	(void)snprintf(v->why + used, sizeof(v->why) - (size_t)used,
		       "; 'buffer-size' %s is capped to %s by 'limits.maxBufferSize'",
		       scalar_format_bytes(a->pod.buffer_bytes, asked),
		       scalar_format_bytes(max, given));
}

/* NULL, or what would have to be known first. Not having heard of a request is not the same as
 * knowing that there is none. */
static const char *not_heard(const struct policy_pod *pod, const struct asked *a)
{
	if (a->pod.set & ANNOTATION_STEER)
		return NULL;
	if (pod->unknown)
		return "of the pod";
	return pod->namespace_unknown && !pod->own && !is_exempt(pod->namespace) ?
		       "of its namespace" :
		       NULL;
}

void policy_decide(const struct config *config, const struct policy_node *node,
		   const struct policy_pod *pod, struct policy_verdict *ret)
{
	char conflict[POLICY_WHY_MAX - 40];
	struct asked a;

	ask(config, pod, &a);
	memset(ret, 0, sizeof(*ret));
	ret->wanted = a.steer;
	ret->origin = a.origin;
	if (a.bad.msg[0]) {
		ret->invalid = true;
		deny(ret, "%s", a.bad.msg);
	} else if (not_heard(pod, &a)) {
		ret->unavailable = ret->unknown = true;
		deny(ret, "the agent has not heard %s from the API server yet", not_heard(pod, &a));
	} else if (a.steer == POLICY_DISABLED) {
		deny_unasked(ret, pod, &a);
	} else if (pod->host_network) {
		deny(ret,
		     "a hostNetwork pod is never steered: it has no network namespace of its own");
	} else if (!within_limits(config, node, pod, &a, ret) || !has_peers(config, &a, ret)) {
		return;
	} else if (is_left_out(pod, &a)) {
		ret->left_out = true;
		deny(ret,
		     "not among the %d per cent that annotation '" NAMES_PREFIX "percent' of "
		     "the %s steers",
		     a.percent, a.pod.set & ANNOTATION_PERCENT ? "pod" : "namespace");
	} else if (sidecar_of(pod) && !a.pod.containers) {
		deny(ret,
		     "the pod has a service mesh's sidecar (annotation '%s'), whose own traffic "
		     "would be led back to it: rules that tell it by its user miss SMC sockets",
		     sidecar_of(pod));
	} else if (pod->conflicts && conflicts_forbid(config, pod->conflicts, a.pod.containers,
						      conflict, sizeof(conflict))) {
		deny(ret, "%s", conflict);
	} else if (!node->steering || !node->ueid) {
		ret->unavailable = true;
		deny(ret, "%s", node->why_not);
	} else if (has_containers(pod, &a, ret)) {
		grant(config, node, &a, ret);
	}
}

const char *policy_peers(const struct config *config, const struct policy_pod *pod)
{
	struct asked a;

	ask(config, pod, &a);
	return a.peers;
}

const char *policy_containers(const struct config *config, const struct policy_pod *pod)
{
	struct asked a;

	ask(config, pod, &a);
	return a.pod.containers;
}

bool policy_namespace_required(const char *name, const json_t *annotations)
{
	struct annotation_values ns;

	(void)annotation_read(annotations, ANNOTATION_OF_NAMESPACE, 0, &ns, NULL);
	return !is_exempt(name) && (ns.set & ANNOTATION_STEER) && ns.steer == POLICY_REQUIRED;
}
