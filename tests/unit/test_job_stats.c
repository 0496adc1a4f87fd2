/* SPDX-License-Identifier: Apache-2.0 */
/* What `smcctl status` shows of devices is as of now, not as of the last sweep. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node-agent/agent/job.h"
#include "node-agent/agent/listen.h"

#define WAIT_MS 10000
#define PORT_DOWN 1 /* enum ib_port_state */
#define PORT_ACTIVE 4

static int ready;
static uint8_t port_state;

int __wrap_rdma_nl_ports(int netns_fd, int timeout_ms, struct rdma_nl_port **ret, struct err *err);
bool __wrap_hostnet_wanted(const struct config *config, const struct rdma_nl_port *ports, int n);
int __wrap_smc_nl_open(int netns_fd, int timeout_ms, struct smc_nl **ret, struct err *err);
void __wrap_smc_nl_close(struct smc_nl *nl);
int __wrap_smc_devices_get(struct smc_nl *nl, struct smc_devices *ret, struct err *err);

int __wrap_rdma_nl_ports(int netns_fd, int timeout_ms, struct rdma_nl_port **ret, struct err *err)
{
	struct rdma_nl_port *port = calloc(1, sizeof(*port));

	(void)netns_fd;
	(void)timeout_ms;
	(void)err;
	assert_non_null(port);
	strcpy(port->device, "rxe0");
	port->port = 1;
	port->state = port_state;
	*ret = port;
	return 1;
}

bool __wrap_hostnet_wanted(const struct config *config, const struct rdma_nl_port *ports, int n)
{
	(void)config, (void)ports, (void)n;
	return true;
}

int __wrap_smc_nl_open(int netns_fd, int timeout_ms, struct smc_nl **ret, struct err *err)
{
	(void)netns_fd;
	(void)timeout_ms;
	(void)err;
	*ret = NULL;
	return 0;
}

void __wrap_smc_nl_close(struct smc_nl *nl)
{
	assert_null(nl);
}

int __wrap_smc_devices_get(struct smc_nl *nl, struct smc_devices *ret, struct err *err)
{
	(void)nl;
	(void)err;
	ret->n_smcr = 1;
	return 0;
}

static void on_stats_ready(void *arg)
{
	(void)arg;
	ready++;
}

static void read_statistics(struct agent *agent)
{
	struct pollfd pfd = { .fd = worker_fd(agent->worker), .events = POLLIN };

	ready = 0;
	assert_int_equal(job_stats(agent), 0);
	while (!ready) {
		assert_int_equal(poll(&pfd, 1, WAIT_MS), 1);
		worker_collect(agent->worker, agent);
	}
}

static void a_port_that_came_up_is_up_in_the_next_answer(void **state)
{
	static struct config config;
	static struct node node = { .config = &config, .state_fd = -1, .cgroup_fd = -1 };
	static struct agent agent = { .config = &config, .node = &node };
	static struct listener listener = { .stats_ready = on_stats_ready };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(worker_new(&node, &agent.worker, &err), 0);
	listen_begin(&agent, &listener);
	agent.facts.hook.ok = true; /* the sweep's: not touched */
	port_state = PORT_DOWN;
	read_statistics(&agent);
	assert_int_equal(agent.facts.n_ports, 1);
	assert_string_equal(rdma_nl_state_text(agent.facts.ports[0].state), "down");
	assert_int_equal(agent.facts.devices.n_smcr, 1);
	port_state = PORT_ACTIVE;
	read_statistics(&agent);
	assert_string_equal(rdma_nl_state_text(agent.facts.ports[0].state), "active");
	assert_true(agent.facts.hook.ok);
	assert_true(worker_stop(agent.worker, WAIT_MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_that_came_up_is_up_in_the_next_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
