/* SPDX-License-Identifier: Apache-2.0 */
/* What `smcctl status` shows of devices is as of now, not as of the last sweep. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "common/clock.h"
#include "node-agent/agent/job.h"
#include "node-agent/agent/listen.h"

#define WAIT_MS 10000
#define PODS 40
#define PORT_DOWN 1 /* enum ib_port_state */
#define PORT_ACTIVE 4

static int ready;
static uint8_t port_state;
static _Atomic int64_t looks; /* each look at the clock takes a millisecond */

int64_t __wrap_clock_now_ms(void);
int __wrap_rdma_nl_ports(int netns_fd, int timeout_ms, struct rdma_nl_port **ret, struct err *err);
bool __wrap_hostnet_wanted(const struct config *config, const struct rdma_nl_port *ports, int n);
int __wrap_smc_nl_open(int netns_fd, int timeout_ms, struct smc_nl **ret, struct err *err);
void __wrap_smc_nl_close(struct smc_nl *nl);
int __wrap_smc_devices_get(struct smc_nl *nl, struct smc_devices *ret, struct err *err);

int64_t __wrap_clock_now_ms(void)
{
	struct timespec ts;

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &ts), 0);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 + looks++;
}

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

static bool added; /* an ADD has had its turn */

static int add_run(struct work *w, void *arg, struct err *err)
{
	(void)w, (void)arg, (void)err;
	return 0;
}

static void add_done(struct work *w, void *arg)
{
	(void)w, (void)arg;
	assert_int_equal(ready, 0);
	added = true;
}

static void no_add_stands_behind_a_whole_reading(void **state)
{
	static struct config config;
	static struct node node = { .config = &config, .state_fd = -1, .cgroup_fd = -1 };
	static struct agent agent = { .config = &config, .node = &node };
	static struct listener listener = { .stats_ready = on_stats_ready };
	struct work add = { .deadline_ms = 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(worker_new(&node, &agent.worker, &err), 0);
	listen_begin(&agent, &listener);
	for (int i = 0; i < PODS; i++) {
		struct record *rec = calloc(1, sizeof(*rec));

		assert_non_null(rec);
		rec->phase = RECORD_COMMITTED;
		rec->netns.cookie = (uint64_t)i + 1;
		rec->req.attachment.ifname[0] = (char)('a' + i);
		assert_non_null(attach_add(&agent.table, rec));
	}
	ready = 0;
	assert_int_equal(job_stats(&agent), 0);
	worker_add(agent.worker, &add, add_run, add_done);
	while (!ready) {
		struct pollfd pfd = { .fd = worker_fd(agent.worker), .events = POLLIN };

		assert_int_equal(poll(&pfd, 1, WAIT_MS), 1);
		worker_collect(agent.worker, &agent);
	}
	assert_true(added);
	for (struct attach *a = agent.table.first; a; a = a->next)
		assert_string_equal(a->stats.why, "the kernel has no SMC"); /* each was read */
	assert_true(worker_stop(agent.worker, WAIT_MS));
	attach_clear(&agent.table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_that_came_up_is_up_in_the_next_answer),
		cmocka_unit_test(no_add_stands_behind_a_whole_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
