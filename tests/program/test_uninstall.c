/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's end in a cluster: what its DaemonSet says decides between uninstall and restart. */
#include "common/clock.h"
#include "tests/program/agent_kube.h"
#include "tests/program/daemonset_answers.h"

static bool is_there(const char *name)
{
	return access(agent_path(name), F_OK) == 0;
}

/* True if the agent has removed what it made. It says so, and nothing is left then. */
static bool end_cleans_up(void)
{
	bool uninstalled;

	assert_int_equal(agent_end(SIGTERM), 0);
	uninstalled = log_has("the agent is removed from the cluster, cleaning up");
	assert_true(uninstalled != is_there("state"));
	assert_true(uninstalled != is_there("run"));
	assert_false(is_there("run/a.sock"));
	return uninstalled;
}

/* An agent starts, and ends when the server has this answer for it. */
static bool end_is_answered(const struct api_answer *answer, bool watches)
{
	(void)unlink(agent_path("log"));
	agent_start();
	api_tell(API_OTHER, answer);
	eventually(!watches || is_there("state/namespaces.json"));
	return end_cleans_up();
}

static void try(const struct daemonset_answer *t)
{
	if (end_is_answered(&t->answer, true) != t->gone)
		fail_msg("%s: taken for %s", t->name, t->gone ? "a restart" : "the end");
	assert_true(log_has("steering stays in force") != t->gone);
	assert_non_null(strstr(api_log(), DAEMONSET_ASKED));
	assert_int_equal(api_untold(API_OTHER), 0);
	/* A server of its own: a held answer must not meet the next one. */
	api_stop();
	api_start(agent.dir, "server.crt");
}

static void its_daemonset_says_whether_it_is_the_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(daemonset_answers); i++)
		try(&daemonset_answers[i]);
}

static void without_a_server_it_is_a_restart(void **state)
{
	(void)state;
	agent_start();
	api_stop();
	assert_false(end_cleans_up());
}

static void a_second_signal_ends_the_question(void **state)
{
	(void)state;
	api_tell(API_OTHER, &(struct api_answer){ .body = "", .end = API_HOLD });
	agent_start();
	assert_int_equal(kill(agent.pid, SIGTERM), 0);
	eventually(strstr(api_log(), DAEMONSET_ASKED));
	assert_false(end_cleans_up());
}

static void an_agent_that_is_no_pod_asks_nobody(void **state)
{
	(void)state;
	assert_int_equal(unsetenv("DAEMONSET_NAME"), 0);
	agent_start();
	assert_false(end_cleans_up());
	assert_null(strstr(api_log(), "daemonsets"));
}

/* kustomize's namePrefix and nameSuffix change the DaemonSet and not what is in it. */
static void a_name_of_another_daemonset_is_no_end(void **state)
{
	static const char *const pods[] = { "lab-smc-node-agent-x7k2p", "smc-node-agent-lab-x7k2p",
					    "smc-node-agent" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pods); i++) {
		assert_int_equal(setenv("POD_NAME", pods[i], 1), 0);
		agent_start();
		assert_false(end_cleans_up());
		assert_null(strstr(api_log(), "daemonsets"));
		assert_true(
			log_has("DAEMONSET_NAME does not name the DaemonSet that this pod is of"));
	}
}

/* Its agent.yaml is bad, or pods come from a folder. */
static void an_agent_that_does_not_watch_asks_all_the_same(void **state)
{
	static const char *const more[] = { "defaultSteer: maybe\n",
					    "podSource: {folder: /nonexistent/manifests}\n" };
	auto_free char *text = NULL;
	size_t len;

	(void)state;
	assert_int_equal(file_read(AT_FDCWD, agent_path("agent.yaml"), 4096, &text, &len, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
		auto_free char *changed = NULL;

		assert_true(asprintf(&changed, "%s%s", text, more[i]) > 0);
		write_file(agent_path("agent.yaml"), changed);
		assert_true(end_is_answered(ANSWER_GONE, false));
	}
}

static void a_pod_is_forgotten_at_the_end_and_kept_over_a_restart(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);

	(void)state;
	agent_start();
	add_pod("a", "enabled", fd);
	api_tell(API_OTHER, ANSWER_THERE);
	assert_false(end_cleans_up());
	assert_int_equal(count_files("state/pods"), 1);
	assert_true(end_is_answered(ANSWER_GONE, true));
	pod_end(pid);
}

static int set_up(void **state)
{
	if (setenv("POD_NAMESPACE", "smc-cni", 1) < 0 ||
	    setenv("DAEMONSET_NAME", "smc-node-agent", 1) < 0 ||
	    setenv("POD_NAME", "smc-node-agent-x7k2p", 1) < 0)
		return -1;
	return kube_set_up(state);
}

#define uninstall_test(fn) cmocka_unit_test_setup_teardown(fn, set_up, kube_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		uninstall_test(its_daemonset_says_whether_it_is_the_end),
		uninstall_test(an_agent_that_does_not_watch_asks_all_the_same),
		uninstall_test(without_a_server_it_is_a_restart),
		uninstall_test(a_second_signal_ends_the_question),
		uninstall_test(an_agent_that_is_no_pod_asks_nobody),
		uninstall_test(a_name_of_another_daemonset_is_no_end),
		uninstall_test(a_pod_is_forgotten_at_the_end_and_kept_over_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
