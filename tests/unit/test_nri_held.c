/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told which container is which, and how long the runtime waits for that. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/text.h"
#include "node-agent/agent/containers.h"
#include "node-agent/agent/job.h"
#include "node-agent/agent/listen.h"
#include "node-agent/model/sandbox.h"
#include "node-agent/nri/nri.h"
#include "tests/unit/nri_runtime.h"

static char dir[] = "/tmp/test_nri_held.XXXXXX";
static char path[sizeof(dir) + sizeof("/nri.sock")];
static struct config config = { .nri = path };
static struct agent agent;
static struct attach *a; /* of pod shop/web, in sandbox "sand" */
static struct nri *nri;
static struct nri_runtime runtime;
static int64_t now_ms = 1000000; /* moves by pass() alone */
static bool settled;
static char told[512]; /* "app=c1 " for each telling, "app- " for each end */

int64_t __wrap_clock_now_ms(void);
int __wrap_job_nri(struct agent *ag, int rc, const struct err *why);
int __wrap_agent_container_is(struct agent *ag, const struct wire_pod *pod, const char *name,
			      const char *id);
bool __wrap_agent_container_settled(const struct attach *at);

int64_t __wrap_clock_now_ms(void)
{
	return now_ms;
}

int __wrap_job_nri(struct agent *ag, int rc, const struct err *why)
{
	(void)ag;
	(void)rc;
	(void)why;
	return 0;
}

int __wrap_agent_container_is(struct agent *ag, const struct wire_pod *pod, const char *name,
			      const char *id)
{
	size_t len = strlen(told);

	(void)ag;
	assert_string_equal(pod->namespace, "shop");
	assert_string_equal(pod->name, "web");
	assert_string_equal(pod->uid, "uid");
	(void)snprintf(told + len, sizeof(told) - len, "%s%s%s ", name, id ? "=" : "-",
		       id ? id : "");
	return 0;
}

bool __wrap_agent_container_settled(const struct attach *at)
{
	assert_ptr_equal(at, a);
	return settled;
}

static void pump(void *arg)
{
	(void)arg;
	while (loop_turn(agent.loop, 0, NULL) == 1)
		;
}

static void pass(int64_t ms)
{
	now_ms += ms;
	pump(NULL);
}

static const struct nri_pod pod = { .id = "sand",
				    .uid = "uid",
				    .namespace = "shop",
				    .name = "web",
				    .netns = "/var/run/netns/cni-1",
				    .cgroup_parent = "/kubepods/pod1" };

static struct nri_container container(const char *id, const char *name, uint32_t pid)
{
	return (struct nri_container){
		.id = id, .pod_id = "sand", .name = name, .cgroup = "/c", .pid = pid, .state = 3
	};
}

static struct attach *attach(bool named)
{
	struct record *rec = calloc(1, sizeof(*rec));
	struct attach *at;

	strcpy(rec->req.attachment.container_id, "sand");
	strcpy(rec->req.attachment.ifname, "eth0");
	strcpy(rec->req.pod.namespace, "shop");
	strcpy(rec->req.pod.name, "web");
	at = attach_add(&agent.table, rec);
	at->wish.containers = named ? text_new("app=") : NULL;
	return at;
}

static int begin(bool named)
{
	memset(&agent, 0, sizeof(agent));
	agent.config = &config;
	settled = false;
	told[0] = '\0';
	runtime = (struct nri_runtime){ .listen_fd = -1, .fd = -1, .pump = pump };
	assert_int_equal(loop_new(&agent.loop, NULL), 0);
	a = attach(named);
	assert_int_equal(nri_new(&agent, &nri, NULL), 0);
	nri_runtime_listen(&runtime, path);
	nri_runtime_begin(&runtime);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	return begin(true);
}

static int set_up_unnamed(void **state)
{
	(void)state;
	return begin(false);
}

static int tear_down(void **state)
{
	(void)state;
	nri_free(nri);
	nri_runtime_end(&runtime);
	attach_clear(&agent.table);
	sandbox_table_free(agent.sandboxes);
	loop_free(agent.loop);
	return 0;
}

static uint32_t call(const char *method, const char *id, const char *name, uint32_t pid)
{
	struct nri_container c = container(id, name, pid);
	struct pb_bytes b = nri_event_bytes(&pod, &c);

	return nri_runtime_call(&runtime, method, &b);
}

/* Nothing has come. */
static bool waits(void)
{
	struct pollfd p = { .fd = runtime.fd, .events = POLLIN };

	pump(NULL);
	return poll(&p, 1, 0) == 0;
}

static void assert_answer(uint32_t n)
{
	struct nri_message m;

	assert_int_equal(nri_runtime_answer(&runtime, n, &m), 0);
	assert_int_equal(m.len, 0);
}

static void a_named_container_starts_once_that_is_in_force(void **state)
{
	const struct err none = ERR_INIT;
	uint32_t n = call("StartContainer", "c1", "app", 7);

	(void)state;
	assert_true(waits());
	assert_string_equal(told, "app=c1 ");
	a->containers_told = text_new("app=c1");
	listen_pod_done(&agent, a, RECONCILE_ENSURE, 0, &none);
	assert_true(waits());
	settled = true;
	listen_pod_done(&agent, a, RECONCILE_ENSURE, 0, &none);
	assert_answer(n);
	assert_string_equal(told, "app=c1 ");
	assert_answer(call("StartContainer", "c2", "side", 8)); /* there is nothing to wait for */
}

/* No job may be needed, so that nobody says that one is done. */
static void it_is_looked_at_now_and_then_too(void **state)
{
	uint32_t n = call("StartContainer", "c1", "app", 7);

	(void)state;
	assert_true(waits());
	pass(2);
	assert_true(waits());
	settled = true;
	pass(2);
	assert_answer(n);
}

static void the_runtime_waits_for_half_a_second_and_no_longer(void **state)
{
	uint32_t n = call("StartContainer", "c1", "app", 7);

	(void)state;
	assert_true(waits());
	for (int i = 0; i < 499; i++)
		pass(1);
	assert_true(waits());
	pass(1);
	pass(2);
	assert_answer(n);
}

static void other_questions_are_answered_meanwhile(void **state)
{
	uint32_t n = call("StartContainer", "c1", "app", 7);

	(void)state;
	assert_true(waits());
	assert_answer(call("CreateContainer", "c2", "side", 0));
	assert_answer(call("StopContainer", "c1", "app", 7));
	pass(600);
	assert_answer(n);
}

static void more_than_can_be_held_are_answered_at_once(void **state)
{
	uint32_t calls[9];
	char id[16];

	(void)state;
	for (int i = 0; i < 9; i++) {
		(void)snprintf(id, sizeof(id), "c%d", i);
		calls[i] = call("StartContainer", id, "app", 7);
	}
	assert_answer(calls[8]);
	assert_true(waits());
	settled = true;
	pass(2);
	for (int i = 0; i < 8; i++) {
		struct nri_message m;

		nri_runtime_take(&runtime, &m); /* in any order */
	}
}

static void a_pod_that_names_none_is_not_held_up(void **state)
{
	(void)state;
	assert_answer(call("StartContainer", "c1", "app", 7));
	assert_string_equal(told, "app=c1 ");
}

static void a_connection_that_ends_takes_its_questions_along(void **state)
{
	(void)state;
	(void)call("StartContainer", "c1", "app", 7);
	assert_true(waits());
	nri_runtime_hang_up(&runtime);
	for (int i = 0; i < 1000 && agent.runtime.name[0]; i++) {
		pump(NULL);
		(void)usleep(1000);
	}
	pass(1000);
	nri_runtime_begin(&runtime);
	settled = true;
	pass(600);
	assert_true(waits());
}

/* What runs already is told, too; what has ended or not begun is not. */
static void all_that_runs_is_told_when_the_runtime_comes(void **state)
{
	const struct nri_container all[] = { container("c1", "app", 7), container("c2", "new", 0) };
	struct pb_bytes b = { .len = 0 }, part = nri_pod_bytes(&pod);

	(void)state;
	pb_bytes_message(&b, 1, &part);
	for (int i = 0; i < 2; i++) {
		part = nri_container_bytes(&all[i]);
		pb_bytes_message(&b, 2, &part);
	}
	(void)nri_runtime_ask(&runtime, "Synchronize", &b, 2);
	assert_string_equal(told, "app=c1 ");
	assert_true(agent.runtime_tells);
}

/* One that it did not know when its containers were told: after a restart of the agent. */
static void an_attachment_that_knows_nothing_is_told(void **state)
{
	const struct err none = ERR_INIT;

	(void)state;
	assert_answer(call("StartContainer", "c1", "app", 7));
	listen_pod_done(&agent, a, RECONCILE_ENSURE, 0, &none);
	assert_string_equal(told, "app=c1 app=c1 ");
	a->containers_told = text_new("app=c1");
	listen_pod_done(&agent, a, RECONCILE_ENSURE, 0, &none);
	assert_string_equal(told, "app=c1 app=c1 ");
}

static void the_end_of_a_container_is_told_unless_it_runs_anew(void **state)
{
	(void)state;
	assert_answer(call("StartContainer", "c1", "app", 7));
	assert_answer(call("StartContainer", "c2", "side", 8));
	assert_answer(call("StopContainer", "c1", "app", 7));
	assert_string_equal(told, "app=c1 side=c2 app- ");
	assert_answer(call("StartContainer", "c3", "side", 9));
	assert_answer(call("StopContainer", "c2", "side", 8));
	assert_string_equal(told, "app=c1 side=c2 app- side=c3 ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_UNNAMED(name) cmocka_unit_test_setup_teardown(name, set_up_unnamed, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_named_container_starts_once_that_is_in_force),
		TEST(it_is_looked_at_now_and_then_too),
		TEST(the_runtime_waits_for_half_a_second_and_no_longer),
		TEST(other_questions_are_answered_meanwhile),
		TEST(more_than_can_be_held_are_answered_at_once),
		TEST(a_connection_that_ends_takes_its_questions_along),
		TEST(all_that_runs_is_told_when_the_runtime_comes),
		TEST_UNNAMED(a_pod_that_names_none_is_not_held_up),
		TEST_UNNAMED(an_attachment_that_knows_nothing_is_told),
		TEST_UNNAMED(the_end_of_a_container_is_told_unless_it_runs_anew),
	};
	int failed;

	if (!mkdtemp(dir))
		return 1;
	(void)snprintf(path, sizeof(path), "%s/nri.sock", dir);
	log_set_level(LOG_LEVEL_ERROR);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(dir);
	return failed;
}
