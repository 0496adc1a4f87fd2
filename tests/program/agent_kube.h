/* SPDX-License-Identifier: Apache-2.0 */
/* The agent of agent_process.h with the API server of api_server.h as its source. */
#ifndef TESTS_AGENT_KUBE_H
#define TESTS_AGENT_KUBE_H

#include "tests/program/agent_process.h"
#include "tests/program/api_server.h"

MAYBE void kube_config(void)
{
	auto_free char *text = NULL;

	api_kubeconfig(agent.dir, "ca.crt");
	assert_true(asprintf(&text,
			     "nodeName: test\nkubeconfig: %s/kubeconfig\nsocket: %s/run/a.sock\n"
			     "stateDir: %s/state\nbpffsDir: %s/bpf\nmetrics: 127.0.0.1:%d\n",
			     agent.dir, agent.dir, agent.dir, agent.dir, agent.port) > 0);
	write_file(agent_path("agent.yaml"), text);
}

/* The server runs, the agent not yet. */
MAYBE int kube_set_up(void **state)
{
	(void)state;
	if (agent_new() < 0)
		return -1;
	api_make_keys(agent.dir);
	api_start(agent.dir, "server.crt");
	kube_config();
	return 0;
}

MAYBE int kube_tear_down(void **state)
{
	api_stop();
	return agent_tear_down(state);
}

#endif
