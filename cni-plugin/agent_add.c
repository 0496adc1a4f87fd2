/* ADD of agent.h: the transaction, and what becomes of the pod without it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cni-plugin/agent.h"
#include "cni-plugin/netpart.h"
#include "cni-plugin/pending.h"
#include "cni-plugin/result.h"
#include "common/cleanup.h"
#include "common/json.h"
#include "common/log.h"
#include "common/podnet.h"
#include "common/wire.h"

#define STEER_ANNOTATION WIRE_ANNOTATION_PREFIX "steer"

static void fill_request(const struct env *env, const struct conf *conf, const json_t *result,
			 struct wire_prepare *ret)
{
	env_attachment(env, conf->name, &ret->attachment);
	ret->pod = env->pod;
	ret->n_interfaces = result_pod_interfaces(result, env->netns, env->ifname, ret->interfaces,
						  WIRE_INTERFACES_MAX);
	strncpy(ret->cgroup_path, conf->cgroup_path, sizeof(ret->cgroup_path) - 1);
	ret->annotations = json_incref(conf->annotations);
}

/* What the plugin knows of it without the agent. The pod's own word beats its namespace's. */
static bool is_required(const struct env *env, const struct conf *conf)
{
	const char *own = json_string_value(json_object_get(conf->annotations, STEER_ANNOTATION));

	if (own)
		return !strcmp(own, "required");
	return pending_namespace_required(conf, env->pod.namespace);
}

struct transaction {
	const struct conf *conf;
	int netns_fd;
	int64_t deadline_ms;
	int sock;
	bool required;
	const char *code; /* a WIRE_CODE_ when the agent refused; NULL when it did not answer */
};

/* Tells the agent when it need not begin any more. */
static void set_timeout(const struct transaction *t, json_t *msg)
{
	(void)json_object_set_new(msg, "timeoutMs", json_integer(t->deadline_ms - wire_now_ms()));
}

static int prepare(struct transaction *t, const struct wire_prepare *request,
		   struct podnet *ret_plan, struct err *err)
{
	json_auto_t *msg = wire_prepare_to_json(request);
	json_auto_t *reply = NULL;
	bool required = false;
	int r;

	set_timeout(t, msg);
	r = wire_call(t->sock, msg, t->netns_fd, t->deadline_ms, &reply, &t->code, err);
	if (r < 0)
		return r;
	r = smc_json_get_bool(reply, "reply", "required", &required, err);
	if (r < 0)
		return r;
	t->required |= required;
	return netpart_plan(t->conf, request->interfaces, request->n_interfaces, reply, ret_plan,
			    err);
}

static int commit(struct transaction *t, const struct podnet *undo, struct err *err)
{
	json_auto_t *msg = wire_request("commit");
	json_auto_t *reply = NULL;

	if (!msg || json_object_set_new(msg, "undo", podnet_to_json(undo)) < 0)
		return err_sys(err, ENOMEM, "write message");
	set_timeout(t, msg);
	return wire_call(t->sock, msg, -1, t->deadline_ms, &reply, &t->code, err);
}

static int transact(struct transaction *t, const struct wire_prepare *request, struct err *err)
{
	auto_close int sock = wire_connect(t->conf->agent_socket, t->deadline_ms, err);
	struct podnet plan, undo;
	int r;

	if (sock < 0)
		return sock;
	t->sock = sock;
	r = prepare(t, request, &plan, err);
	if (r < 0)
		return r;
	r = netpart_apply(t->netns_fd, &plan, &undo, err);
	if (r < 0)
		return r;
	r = commit(t, &undo, err);
	if (r < 0)
		netpart_undo(t->netns_fd, &undo);
	return r;
}

/* The pod starts on TCP, and somebody is told why: one line. */
static void start_on_tcp(const struct env *env, const struct conf *conf,
			 const struct wire_prepare *request, const struct transaction *t,
			 const char *why)
{
	bool keep = !t->code || !strcmp(t->code, WIRE_CODE_UNAVAILABLE);
	struct err kept = ERR_INIT;
	struct podnet undo = { 0 };
	char pod[2 * WIRE_NAME_MAX];

	if (keep) {
		netpart_apply_own(conf, request->interfaces, request->n_interfaces, t->netns_fd,
				  &undo);
		(void)pending_write(conf, request, env->netns, &undo, &kept);
	}
	(void)snprintf(pod, sizeof(pod), "%s/%s", env->pod.namespace, env->pod.name);
	log_warn("pod starts on TCP: the node agent could not steer it", "pod",
		 *env->pod.name ? pod : NULL, "container", env->container_id, "err", why,
		 "kept_for_agent",
		 !keep	       ? "no"
		 : kept.msg[0] ? kept.msg
			       : "yes");
}

int agent_add(const struct env *env, const struct conf *conf, int netns_fd, const json_t *result,
	      struct cni_error *e)
{
	auto_free struct wire_prepare *request = calloc(1, sizeof(*request));
	struct transaction t = { .conf = conf,
				 .netns_fd = netns_fd,
				 .deadline_ms = wire_now_ms() + conf->agent_timeout_ms,
				 .sock = -1 };
	struct err err = ERR_INIT;
	int r;

	if (!request)
		return cni_fail(e, CNI_INTERNAL, err_sys(&e->err, ENOMEM, "write message"));
	fill_request(env, conf, result, request);
	t.required = is_required(env, conf);
	r = transact(&t, request, &err);
	if (r < 0 && (t.required || (t.code && !strcmp(t.code, WIRE_CODE_REQUIRED)))) {
		(void)err_set(&e->err, r, "the pod requires steering: %s", err.msg);
		(void)cni_fail(e, CNI_TRY_AGAIN, r);
	} else if (r < 0) {
		start_on_tcp(env, conf, request, &t, err.msg);
		r = 0;
	}
	wire_prepare_clear(request);
	return r;
}
