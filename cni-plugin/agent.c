/* SPDX-License-Identifier: Apache-2.0 */
/* All verbs of agent.h but ADD, each of one request. */
#include "cni-plugin/agent.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "cni-plugin/netpart.h"
#include "cni-plugin/pending.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "common/netns_json.h"
#include "common/podnet.h"
#include "common/result.h"
#include "common/wire.h"

/* Of the list in a message; an agent of before takes 128 KiB. */
#define GC_LIST_BYTES (120 * 1024)

/* request may be NULL (no memory). */
static int call(const struct conf *conf, const json_t *request, int passed_fd, json_t **ret,
		const char **ret_code, struct err *err)
{
	int64_t deadline_ms = clock_now_ms() + conf->agent_timeout_ms;
	auto_close int sock = wire_connect(conf->agent_socket, deadline_ms, err);

	if (sock < 0)
		return sock;
	return wire_call(sock, request, passed_fd, deadline_ms, ret, ret_code, err);
}

static int call_for(const char *verb, const struct conf *conf, const struct wire_attachment *a,
		    int netns_fd, json_t **ret, const char **ret_code, struct err *err)
{
	json_auto_t *request = wire_request(verb);

	if (json_object_set_new(request, "attachment", wire_attachment_to_json(a)) < 0)
		return err_sys(err, ENOMEM, "write message");
	return call(conf, request, netns_fd, ret, ret_code, err);
}

/* CNI_NETNS may lead to another pod by now (/proc/PID/ns/net of a pid that is used again, a name
 * that was given twice), whose settings are its own. An agent of an older version does not say in
 * which namespace ADD was: then nothing is undone, and what is left there goes with it. */
static void undo_in(int netns_fd, const struct netns_id *then, const struct podnet *undo)
{
	struct netns_id now;

	if (netns_fd >= 0 && netns_identify(netns_fd, &now, NULL) == 0 && netns_id_same(&now, then))
		netpart_undo(netns_fd, undo);
}

/* Returns 1 if the agent knew the attachment, and where. */
static int tell_of_del(const struct conf *conf, const struct wire_attachment *a, int netns_fd,
		       struct podnet *ret_undo, struct netns_id *ret_netns, struct err *err)
{
	json_auto_t *reply = NULL;
	json_t *obj = NULL;
	int r = call_for("del", conf, a, netns_fd, &reply, NULL, err);

	if (r == 0)
		r = smc_json_get_object(reply, "reply", "undo", &obj, err);
	if (r > 0)
		r = podnet_from_json(obj, "undo", ret_undo, err);
	if (r < 0 || !json_object_get(reply, "netns"))
		return r < 0 ? r : 0;
	r = netns_from_json(reply, "reply", ret_netns, err);
	return r < 0 ? r : 1;
}

void agent_del(const struct env *env, const struct conf *conf, int netns_fd)
{
	struct netns_id own_then = { 0 }, then = { 0 };
	struct podnet own = { 0 }, undo = { 0 };
	struct wire_attachment a;
	struct err err = ERR_INIT;
	bool left;
	int r;

	env_attachment(env, conf->name, &a);
	left = pending_take(conf, &a, &own, &own_then);
	r = tell_of_del(conf, &a, netns_fd, &undo, &then, &err);
	if (r > 0)
		undo_in(netns_fd, &then, &undo);
	if (left)
		undo_in(netns_fd, &own_then, &own);
	/* There is no agent and no socket, and so nothing that it would have to remove. */
	if (r < 0 && r != -ENOENT)
		log_warn("tell the node agent of a DEL, ignoring: it finds out by itself",
			 "container", env->container_id, "err", err.msg);
}

/* reply: the agent's answer, or NULL. */
static int plan_of(const struct env *env, const struct conf *conf, const json_t *result,
		   const json_t *reply, struct podnet *ret, struct err *err)
{
	struct wire_interface interfaces[WIRE_INTERFACES_MAX];
	int n = result_pod_interfaces(result, env->netns, env->ifname, interfaces,
				      WIRE_INTERFACES_MAX);

	return netpart_plan(conf, interfaces, n, reply, ret, err);
}

int agent_check(const struct env *env, const struct conf *conf, int netns_fd, const json_t *result,
		struct cni_error *e)
{
	const char *code = NULL;
	json_auto_t *reply = NULL;
	struct wire_attachment a;
	struct podnet plan;
	struct err err = ERR_INIT;
	int r;

	env_attachment(env, conf->name, &a);
	r = call_for("check", conf, &a, netns_fd, &reply, &code, &err);
	if (r < 0 && code && !strcmp(code, WIRE_CODE_MISSING)) {
		e->err = err;
		return cni_fail(e, CNI_MISSING, r);
	}
	if (r == 0)
		r = plan_of(env, conf, result, reply, &plan, &err);
	if (r < 0) {
		log_warn("ask the node agent for a CHECK, ignoring", "container", env->container_id,
			 "err", err.msg);
		/* What the configuration itself asks for is done without the agent, too. */
		if (plan_of(env, conf, result, NULL, &plan, NULL) < 0)
			return 0;
	}
	return cni_fail(e, CNI_MISSING, netpart_check(netns_fd, &plan, &e->err));
}

static json_t *gc_list(const struct wire_attachment *valid, size_t n)
{
	json_auto_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *obj = json_pack("{s:s, s:s}", "containerID", valid[i].container_id,
					"ifname", valid[i].ifname);

		if (json_array_append_new(list, obj) < 0)
			return NULL;
	}
	return TAKE_PTR(list);
}

/* The list in a file without a name: it may be longer than a message. */
static int gc_file(json_t *list, struct err *err)
{
	json_auto_t *obj = json_pack("{s:O}", "valid", list);
	auto_close int fd = memfd_create("gc", MFD_CLOEXEC);

	if (fd < 0)
		return err_sys(err, errno, "make a file for the list of valid attachments");
	if (!obj || json_dumpfd(obj, fd, JSON_COMPACT) < 0)
		return err_sys(err, ENOMEM, "write the list of valid attachments");
	return TAKE_FD(fd);
}

/* How long the list is as text, or somewhat less. */
static size_t gc_bytes(const struct wire_attachment *valid, size_t n)
{
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += sizeof("{'containerID':'','ifname':''},") + strlen(valid[i].container_id) +
			 strlen(valid[i].ifname);
	return bytes;
}

static int gc_call(const struct conf *conf, json_t *list, bool is_long, struct err *err)
{
	json_auto_t *request = wire_request("gc");
	json_auto_t *reply = NULL;
	auto_close int fd = -1;

	if (json_object_set_new(request, "network", json_string(conf->name)) < 0)
		return err_sys(err, ENOMEM, "write message");
	if (is_long) {
		fd = gc_file(list, err);
		if (fd < 0)
			return fd;
	} else if (json_object_set(request, "valid", list) < 0) {
		return err_sys(err, ENOMEM, "write message");
	}
	return call(conf, request, fd, &reply, NULL, err);
}

int agent_gc(const struct conf *conf, const struct wire_attachment *valid, size_t n,
	     struct cni_error *e)
{
	json_auto_t *list = gc_list(valid, n);
	int r;

	pending_gc(conf, valid, n);
	r = list ? gc_call(conf, list, gc_bytes(valid, n) > GC_LIST_BYTES, &e->err) :
		   err_sys(&e->err, ENOMEM, "write message");
	if (r == -ENOENT) /* no agent, no state of it */
		return 0;
	return cni_fail(e, CNI_AGENT, r);
}

int agent_status(const struct conf *conf, struct cni_error *e)
{
	json_auto_t *request = wire_request("node");
	json_auto_t *reply = NULL;
	const char *why = "the node agent gave no reason";
	bool ready = false;
	int r = call(conf, request, -1, &reply, NULL, &e->err);

	if (r == 0)
		r = smc_json_get_bool(reply, "reply", "ready", &ready, &e->err);
	if (r >= 0)
		r = smc_json_get_string(reply, "reply", "why", &why, &e->err);
	if (r >= 0)
		r = ready ? 0 : err_set(&e->err, -EAGAIN, "steering is not ready: %s", why);
	return cni_fail(e, CNI_NOT_READY, r);
}
