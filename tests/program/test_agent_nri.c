/* SPDX-License-Identifier: Apache-2.0 */
/* The whole agent and a runtime in small: what is told is shown, it answers many at once, and
 * whatever becomes of it the runtime is not held up. */
#include "tests/program/agent_process.h"

#include "tests/program/agent_http.h"
#include "tests/unit/nri_runtime.h"

#define STARTS 50

static struct nri_runtime runtime;
static const struct nri_pod pod = { .id = "sand",
				    .uid = "uid",
				    .namespace = "shop",
				    .name = "web",
				    .netns = "/var/run/netns/cni-1",
				    .cgroup_parent = "/kubepods/pod1" };

static int set_up(void **state)
{
	char more[PATH_MAX];

	(void)state;
	if (agent_new() < 0)
		return -1;
	(void)snprintf(more, sizeof(more), "nri: %s\n", agent_path("nri.sock"));
	agent_config(more);
	runtime = (struct nri_runtime){ .listen_fd = -1, .fd = -1 };
	return 0;
}

static int tear_down(void **state)
{
	nri_runtime_end(&runtime);
	return agent_tear_down(state);
}

static const char *socket_path(void)
{
	static char path[PATH_MAX];

	return strcpy(path, agent_path("nri.sock"));
}

/* Whether the node's fact says so, and why not is this. */
static bool fact_is(bool ok, const char *why)
{
	json_auto_t *node = status_item("node", NULL);
	const json_t *fact = json_object_get(node, "nri");

	return json_is_true(json_object_get(fact, "ok")) == ok && strstr(text_of(fact, "why"), why);
}

static json_int_t runtime_has(const char *key)
{
	json_auto_t *node = status_item("node", NULL);

	return json_integer_value(json_object_get(json_object_get(node, "runtime"), key));
}

static uint32_t call_start(int i)
{
	char id[16], cgroup[64];
	const struct nri_container c = { .id = id,
					 .pod_id = "sand",
					 .name = "app",
					 .cgroup = cgroup,
					 .pid = (uint32_t)(1000 + i) };
	struct pb_bytes b;

	(void)snprintf(id, sizeof(id), "start-%d", i);
	(void)snprintf(cgroup, sizeof(cgroup), "/kubepods/pod1/start-%d", i);
	b = nri_event_bytes(&pod, &c);
	return nri_runtime_call(&runtime, "StartContainer", &b);
}

static void what_the_runtime_tells_is_shown(void **state)
{
	struct pb_bytes b;

	(void)state;
	nri_runtime_listen(&runtime, socket_path());
	agent_start();
	nri_runtime_begin(&runtime);
	eventually(fact_is(true, ""));
	b = nri_many_bytes(&pod, 0, 400, true);
	assert_int_equal(nri_runtime_ask(&runtime, "Synchronize", &b, 2).n, 1);
	b = nri_many_bytes(&pod, 400, 1000, false);
	assert_int_equal(nri_runtime_ask(&runtime, "Synchronize", &b, 2).n, 0);
	assert_int_equal(runtime_has("pods"), 100);
	assert_int_equal(runtime_has("containers"), 900);
	eventually(http_has("/metrics", "smc_cni_node_ready{check=\"nri\"} 1\n"));
	nri_runtime_end(&runtime);
	eventually(fact_is(false, "nri.sock': No such file or directory"));
	eventually(http_has("/metrics", "smc_cni_node_ready{check=\"nri\"} 0\n"));
	assert_true(log_has("level=warn msg=\"the runtime tells nothing by NRI, trying again\""));
}

/* The runtime's limit is 2 s for each, and one plugin that is slow holds up all pods. */
static void fifty_containers_at_once_have_their_answers(void **state)
{
	struct nri_message m;
	uint32_t calls[STARTS];
	int64_t begun;

	(void)state;
	nri_runtime_listen(&runtime, socket_path());
	agent_start();
	nri_runtime_begin(&runtime);
	begun = clock_now_ms();
	for (int i = 0; i < STARTS; i++)
		calls[i] = call_start(i);
	for (int i = 0; i < STARTS; i++)
		assert_int_equal(nri_runtime_answer(&runtime, calls[i], &m), 0);
	(void)printf("%d answers in %d ms\n", STARTS, (int)(clock_now_ms() - begun));
	assert_int_equal(runtime_has("containers"), STARTS);
}

static void an_agent_that_is_killed_registers_again(void **state)
{
	(void)state;
	nri_runtime_listen(&runtime, socket_path());
	agent_start();
	nri_runtime_begin(&runtime);
	(void)call_start(1);
	assert_int_equal(agent_end(SIGKILL), 1000 + SIGKILL);
	nri_runtime_hang_up(&runtime);
	agent_start();
	nri_runtime_begin(&runtime);
	eventually(fact_is(true, ""));
	assert_int_equal(runtime_has("containers"), 0);
}

/* As the runtime does: no answer in its time, so it hangs up and goes on. */
static void an_agent_that_stops_is_left_and_comes_back(void **state)
{
	(void)state;
	nri_runtime_listen(&runtime, socket_path());
	agent_start();
	nri_runtime_begin(&runtime);
	assert_int_equal(kill(agent.pid, SIGSTOP), 0);
	(void)call_start(1);
	(void)call_start(2);
	assert_false(nri_runtime_is_left(&runtime, 100));
	nri_runtime_hang_up(&runtime);
	assert_int_equal(kill(agent.pid, SIGCONT), 0);
	nri_runtime_begin(&runtime);
	eventually(fact_is(true, ""));
}

static void off_asks_nobody(void **state)
{
	(void)state;
	agent_config("nri: off\n");
	agent_start();
	assert_true(fact_is(false, "the config says 'nri: off'"));
	assert_false(http_has("/metrics", "check=\"nri\""));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_the_runtime_tells_is_shown),
		TEST(fifty_containers_at_once_have_their_answers),
		TEST(an_agent_that_is_killed_registers_again),
		TEST(an_agent_that_stops_is_left_and_comes_back),
		TEST(off_asks_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
