/* SPDX-License-Identifier: Apache-2.0 */
/* The ADD of agent.h: the transaction, and what becomes of the pod where there is none. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cni-plugin/agent.h"
#include "cni-plugin/netpart.h"
#include "cni-plugin/pending.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/fault.h"
#include "common/json.h"
#include "common/log.h"
#include "common/names.h"
#include "common/podnet.h"
#include "common/result.h"
#include "common/wire.h"

#define STEER_ANNOTATION NAMES_PREFIX "steer"

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

/* Whether the pod requires steering, as far as the plugin knows without the agent. The pod's own
 * annotation beats its namespace's. */
static bool is_required(const struct env *env, const struct conf *conf)
{
	const char *own = json_string_value(json_object_get(conf->annotations, STEER_ANNOTATION));

	if (own)
		return !strcmp(own, "required");
	return pending_namespace_required(conf, env->pod.namespace);
}

struct agent_add {
	const struct env *env;
	const struct conf *conf;
	int netns_fd;
	struct wire_prepare request;
	int64_t left_ms; /* of agentTimeoutMs */
	int64_t deadline_ms; /* between spend() and stop() */
	int sock; /* -errno: the request could not be sent */
	bool required;
	bool at_once; /* asked of the agent: what it has done may hold without our COMMIT */
	const char *code; /* a WIRE_CODE_ when the agent refused; NULL when it did not answer */
	struct err err;
};

/* Only sending to the agent and waiting for it counts. In between the plugin waits for others. */
static void spend(struct agent_add *a)
{
	a->deadline_ms = clock_now_ms() + a->left_ms;
}

static void stop(struct agent_add *a)
{
	int64_t left_ms = a->deadline_ms - clock_now_ms();

	a->left_ms = left_ms > 0 ? left_ms : 0;
}

/* Tells the agent how long the plugin waits: later it need not begin any more. */
static void set_timeout(const struct agent_add *a, json_t *msg)
{
	(void)json_object_set_new(msg, "timeoutMs", json_integer(a->deadline_ms - clock_now_ms()));
}

/* Returns a connected socket on which the request has been sent. */
static int send_request(const struct agent_add *a, struct err *err)
{
	auto_close int sock = wire_connect(a->conf->agent_socket, a->deadline_ms, err);
	json_auto_t *msg = wire_prepare_to_json(&a->request);
	int r;

	if (sock < 0)
		return sock;
	if (!msg)
		return err_sys(err, ENOMEM, "write message");
	set_timeout(a, msg);
	(void)json_object_set_new(msg, "commit", json_boolean(a->at_once));
	FAULT_POINT("message to the agent", err);
	r = wire_send(sock, msg, a->netns_fd, a->deadline_ms, err);
	return r < 0 ? r : TAKE_FD(sock);
}

struct agent_add *agent_add_begin(const struct env *env, const struct conf *conf, int netns_fd,
				  const json_t *result)
{
	struct agent_add *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->env = env;
	a->conf = conf;
	a->netns_fd = netns_fd;
	a->left_ms = conf->agent_timeout_ms;
	fill_request(env, conf, result, &a->request);
	a->required = is_required(env, conf);
	a->at_once = !*conf->pnet_id; /* a pnet id of ours is something to be done */
	spend(a);
	a->sock = send_request(a, &a->err);
	stop(a);
	return a;
}

void agent_add_free(struct agent_add **a)
{
	if (!*a)
		return;
	if ((*a)->sock >= 0) {
		(void)close((*a)->sock);
		if ((*a)->at_once)
			agent_del((*a)->env, (*a)->conf, -1);
	}
	wire_prepare_clear(&(*a)->request);
	free(*a);
}

static int take_plan(struct agent_add *a, struct podnet *ret_plan, bool *ret_committed)
{
	json_auto_t *reply = NULL;
	bool required = false;
	int r;

	spend(a);
	r = wire_answer(a->sock, a->deadline_ms, &reply, &a->code, &a->err);
	stop(a);
	if (r < 0)
		return r;
	if (smc_json_get_bool(reply, "reply", "required", &required, &a->err) < 0 ||
	    smc_json_get_bool(reply, "reply", "committed", ret_committed, &a->err) < 0)
		return -EINVAL;
	a->required |= required;
	return netpart_plan(a->conf, a->request.interfaces, a->request.n_interfaces, reply,
			    ret_plan, &a->err);
}

static int commit(struct agent_add *a, const struct podnet *undo)
{
	json_auto_t *msg = wire_request("commit");
	json_auto_t *reply = NULL;

	if (!msg || json_object_set_new(msg, "undo", podnet_to_json(undo)) < 0)
		return err_sys(&a->err, ENOMEM, "write message");
	spend(a);
	set_timeout(a, msg);
	return wire_call(a->sock, msg, -1, a->deadline_ms, &reply, &a->code, &a->err);
}

static int transact(struct agent_add *a)
{
	struct podnet plan, undo;
	bool committed = false;
	int r = a->sock < 0 ? a->sock : take_plan(a, &plan, &committed);

	if (r < 0 || committed)
		return r;
	r = netpart_apply(a->netns_fd, &plan, &undo, &a->err);
	if (r < 0)
		return r;
	r = commit(a, &undo);
	if (r < 0)
		netpart_undo(a->netns_fd, &undo);
	return r;
}

/* The pod starts on TCP, and somebody is told why: one line. */
static void start_on_tcp(const struct agent_add *a)
{
	bool keep = !a->code || !strcmp(a->code, WIRE_CODE_UNAVAILABLE);
	const struct wire_pod *its = &a->env->pod;
	struct err kept = ERR_INIT;
	struct podnet undo = { 0 };
	char pod[2 * WIRE_NAME_MAX];

	if (keep) {
		netpart_apply_own(a->conf, a->request.interfaces, a->request.n_interfaces,
				  a->netns_fd, &undo);
		(void)pending_write(a->conf, &a->request, a->env->netns, &undo, &kept);
	}
	(void)snprintf(pod, sizeof(pod), "%s/%s", its->namespace, its->name);
	log_warn("pod starts on TCP: the node agent could not steer it", "pod",
		 *its->name ? pod : NULL, "container", a->env->container_id, "err", a->err.msg,
		 "kept_for_agent",
		 !keep	     ? "no" :
		 kept.msg[0] ? kept.msg :
			       "yes");
}

int agent_add_end(struct agent_add *a, struct cni_error *e)
{
	int r = transact(a);

	a->at_once = false; /* from here on what the agent has done holds */
	if (r == 0)
		return 0;
	if (a->required || (a->code && !strcmp(a->code, WIRE_CODE_REQUIRED)))
		return cni_fail(e, CNI_TRY_AGAIN,
				err_set(&e->err, -EAGAIN, "the pod requires steering: %s",
					a->err.msg));
	start_on_tcp(a);
	return 0;
}

int agent_add(const struct env *env, const struct conf *conf, int netns_fd, const json_t *result,
	      struct cni_error *e)
{
	auto_with(agent_add_free) struct agent_add *a =
		agent_add_begin(env, conf, netns_fd, result);

	if (!a)
		return cni_fail(e, CNI_INTERNAL, err_sys(&e->err, ENOMEM, "write message"));
	return agent_add_end(a, e);
}
