/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/uninstall.h"

#include <stdlib.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "node-agent/agent/agent.h"
#include "node-agent/daemonset.h"
#include "node-agent/kube/kube.h"

/* One for a process: it asks when it ends. */
static struct {
	struct agent *agent;
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

static void on_reply(void *arg, const struct kube_reply *reply)
{
	enum daemonset_is said = daemonset_said(reply);

	(void)arg;
	if (said == DAEMONSET_UNKNOWN)
		log_info("the API server does not say whether this is the end, so it is a restart",
			 "err", reply->error);
	finish(said == DAEMONSET_GONE);
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

/* One that names another object (kustomize's namePrefix changes the DaemonSet alone) would be "not
 * there" at each restart. */
static bool is_ours(const char *name)
{
	if (daemonset_has_us(name))
		return true;
	log_warn(
		"DAEMONSET_NAME does not name the DaemonSet that this pod is of, so it is a restart",
		"daemonset", name, "pod", getenv("POD_NAME"));
	return false;
}

void uninstall_ask(struct agent *agent, void (*answer)(struct agent *agent, bool uninstall))
{
	auto_free char *path = daemonset_path();

	if (!path || !is_ours(daemonset_name()) || !has_access(agent)) {
		answer(agent, false);
		return;
	}
	asking.agent = agent;
	asking.answer = answer;
	asking.timer = (struct loop_timer){ .fn = on_timer };
	loop_arm(agent->loop, &asking.timer, clock_now_ms() + UNINSTALL_ASK_MS);
	if (kube_call(agent->kube, "GET", path, NULL, on_reply, agent) < 0)
		finish(false);
}
