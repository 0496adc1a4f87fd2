/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/uninstall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "node-agent/agent/agent.h"
#include "node-agent/kube/kube.h"
#include "node-agent/parse/k8s_name.h"

/* One for a process: it asks when it ends. */
static struct {
	struct agent *agent;
	const char *name; /* of the DaemonSet */
	void (*answer)(struct agent *agent, bool uninstall);
	struct loop_timer timer;
} asking;

static void finish(bool uninstall)
{
	void (*answer)(struct agent * agent, bool uninstall) = asking.answer;

	loop_disarm(&asking.timer);
	asking.answer = NULL;
	if (answer)
		answer(asking.agent, uninstall);
}

static void on_timer(void *arg)
{
	(void)arg;
	log_info("the API server does not say whether this is the end, so it is a restart");
	finish(false);
}

static const char *member_text(const json_t *object, const char *of, const char *key)
{
	const char *text = json_string_value(json_object_get(json_object_get(object, of), key));

	return text ? text : "";
}

/* A 404 counts when it is about the DaemonSet: a proxy on the way, or a server that does not know
 * the resource yet, knows nothing of it. */
static bool goes(const struct kube_reply *reply)
{
	json_auto_t *object = NULL;

	if (reply->status != 200 && reply->status != 404)
		return false;
	object = json_loadb(reply->body, reply->len, 0, NULL);
	if (reply->status == 404)
		return !strcmp(member_text(object, "details", "name"), asking.name);
	return member_text(object, "metadata", "deletionTimestamp")[0];
}

static void on_reply(void *arg, const struct kube_reply *reply)
{
	bool end = goes(reply);

	(void)arg;
	if (!end && reply->status != 200)
		log_info("the API server does not say whether this is the end, so it is a restart",
			 "err", reply->error);
	finish(end);
}

/* There is none yet where pods come from a folder, or agent.yaml is bad. */
static bool has_access(struct agent *agent)
{
	struct err err = ERR_INIT;

	if (!agent->kube && kube_new(agent->config, agent->loop, &agent->kube, &err) < 0)
		log_info(
			"the API server cannot be asked whether this is the end, so it is a restart",
			"err", err.msg);
	return agent->kube;
}

/* kubelet's POD_NAME is that name, '-' and a random word; DAEMONSET_NAME is written by hand. One
 * that names another object (kustomize's namePrefix changes the DaemonSet alone) would be "not
 * there" at each restart. */
static bool is_ours(const char *name)
{
	const char *pod = getenv("POD_NAME");
	size_t len = strlen(name);

	if (!pod || (!strncmp(pod, name, len) && pod[len] == '-' && !strchr(pod + len + 1, '-')))
		return true;
	log_warn(
		"DAEMONSET_NAME does not name the DaemonSet that this pod is of, so it is a restart",
		"daemonset", name, "pod", pod);
	return false;
}

void uninstall_ask(struct agent *agent, void (*answer)(struct agent *agent, bool uninstall))
{
	const char *namespace = getenv("POD_NAMESPACE"), *name = getenv("DAEMONSET_NAME");
	auto_free char *path = NULL;

	if (!namespace || !name || !k8s_name_label(namespace) || !k8s_name_subdomain(name) ||
	    !is_ours(name) || !has_access(agent) ||
	    asprintf(&path, "/apis/apps/v1/namespaces/%s/daemonsets/%s", namespace, name) < 0) {
		answer(agent, false);
		return;
	}
	asking.agent = agent;
	asking.name = name;
	asking.answer = answer;
	asking.timer = (struct loop_timer){ .fn = on_timer };
	loop_arm(agent->loop, &asking.timer, clock_now_ms() + UNINSTALL_ASK_MS);
	if (kube_call(agent->kube, "GET", path, NULL, on_reply, agent) < 0)
		finish(false);
}
