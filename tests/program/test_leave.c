/* SPDX-License-Identifier: Apache-2.0 */
/* --cleanup --stay, as a DaemonSet that somebody has applied: it takes nothing away before the API
 * server says that the agents' DaemonSet is gone. */
#include "tests/program/agent_kube.h"
#include "tests/program/daemonset_answers.h"

static pid_t pod_pid, leaver;

static const char *mark(void)
{
	return agent_path("mark");
}

static void leave_with(const char *gone)
{
	const char *const options[] = {
		"--cleanup", "--stay", "--mark", mark(), gone ? "--gone" : NULL, gone, NULL
	};

	(void)unlink(agent_path("log"));
	leaver = agent_spawn_with(options);
}

static int leaver_end(void)
{
	pid_t pid = leaver;

	leaver = 0;
	assert_int_equal(kill(pid, SIGTERM), 0);
	return wait_for(pid);
}

static bool is_marked(void)
{
	const char *const options[] = { "--marked", mark(), NULL };

	return wait_for(agent_spawn_with(options)) == 0;
}

static bool is_as_the_agent_left_it(void)
{
	return count_files("state/pods") == 1;
}

/* What it says after its first question. */
static bool has_heard(void)
{
	return log_has("nothing is cleaned up until it is gone") || log_has("so it is not") ||
	       log_has("this node is clean");
}

static void tell_there(void)
{
	for (int i = 0; i < 20; i++)
		api_tell(API_OTHER, ANSWER_THERE);
}

static void only_a_daemonset_that_is_gone_is_cleaned_up_after(void **state)
{
	(void)state;
	assert_int_equal(agent_end(SIGKILL), 1000 + SIGKILL);
	/* Those that mean "gone" come last, as nothing is left then. */
	for (size_t i = ARRAY_SIZE(daemonset_answers); i-- > 1;) {
		const struct daemonset_answer *a = &daemonset_answers[i];

		api_tell(API_OTHER, &a->answer);
		leave_with(NULL);
		eventually(has_heard());
		assert_non_null(strstr(api_log(), DAEMONSET_ASKED));
		if (a->gone)
			eventually(is_marked());
		if (leaver_end() != (a->gone ? 0 : 1) || is_as_the_agent_left_it() == a->gone)
			fail_msg("%s: taken for %s", a->name, a->gone ? "there" : "gone");
		assert_true(is_marked() == a->gone);
		api_stop();
		api_start(agent.dir, "server.crt");
	}
	assert_int_equal(access(agent_path("state"), F_OK), -1);
	assert_int_equal(access(agent_path("run"), F_OK), -1);
}

static void beside_live_agents_it_survives_their_restart(void **state)
{
	(void)state;
	tell_there();
	leave_with(NULL);
	eventually(has_heard());
	assert_int_equal(agent_end(SIGTERM), 0);
	assert_true(is_as_the_agent_left_it());
	/* Asked again, while no agent has the lock. */
	api_stop();
	api_start(agent.dir, "server.crt");
	tell_there();
	eventually(strstr(api_log(), DAEMONSET_ASKED));
	agent_start();
	assert_true(is_as_the_agent_left_it());
	assert_false(is_marked());
	assert_int_equal(leaver_end(), 1);
}

static void it_waits_for_an_agent_that_ends_later(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		api_tell(API_OTHER, ANSWER_GONE);
	leave_with(NULL);
	eventually(log_has("the agent with pid"));
	assert_true(is_as_the_agent_left_it());
	assert_int_equal(agent_end(SIGKILL), 1000 + SIGKILL);
	eventually(is_marked());
	assert_false(is_as_the_agent_left_it());
	assert_int_equal(leaver_end(), 0);
}

/* Somebody installs again while an agent of before still runs. */
static void it_asks_anew_before_each_try(void **state)
{
	(void)state;
	api_tell(API_OTHER, ANSWER_GONE);
	tell_there();
	leave_with(NULL);
	eventually(log_has("the agent with pid"));
	assert_int_equal(agent_end(SIGKILL), 1000 + SIGKILL);
	eventually(log_has("nothing is cleaned up until it is gone"));
	assert_int_equal(leaver_end(), 1);
	assert_true(is_as_the_agent_left_it());
}

static void who_is_told_by_name_asks_nobody(void **state)
{
	(void)state;
	assert_int_equal(agent_end(SIGKILL), 1000 + SIGKILL);
	leave_with("smc-agent");
	assert_int_equal(wait_for(leaver), 1);
	assert_true(log_has("--gone does not name the agents' DaemonSet"));
	assert_true(is_as_the_agent_left_it());
	leave_with("smc-node-agent");
	eventually(is_marked());
	assert_null(strstr(api_log(), "daemonsets"));
	assert_int_equal(leaver_end(), 0);
}

static void without_names_nothing_is_gone(void **state)
{
	(void)state;
	assert_int_equal(agent_end(SIGKILL), 1000 + SIGKILL);
	assert_int_equal(unsetenv("POD_NAMESPACE"), 0);
	leave_with(NULL);
	eventually(log_has("do not name the agents' DaemonSet"));
	assert_int_equal(leaver_end(), 1);
	assert_true(is_as_the_agent_left_it());
}

/* kustomize's namePrefix changes the DaemonSets, and not the names in their environment. */
static void changed_names_are_no_end(void **state)
{
	(void)state;
	assert_int_equal(agent_end(SIGKILL), 1000 + SIGKILL);
	assert_int_equal(setenv("POD_NAME", "lab-smc-cni-cleanup-x7k2p", 1), 0);
	leave_with(NULL);
	assert_int_equal(wait_for(leaver), 1);
	assert_true(log_has("names were changed"));
	assert_null(strstr(api_log(), "daemonsets"));
	assert_true(is_as_the_agent_left_it());
}

static void what_goes_with_stay_is_refused_without(void **state)
{
	static const char *const wrong[][AGENT_OPTIONS_MAX] = {
		{ "--cleanup", "--gone", "smc-node-agent" },
		{ "--cleanup", "--mark", "/nonexistent" },
		{ "--stay" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(wait_for(agent_spawn_with(wrong[i])), 2);
}

/* An agent runs, and has a pod. */
static int set_up(void **state)
{
	int fd;

	if (setenv("POD_NAMESPACE", "smc-cni", 1) < 0 ||
	    setenv("DAEMONSET_NAME", "smc-node-agent", 1) < 0 ||
	    setenv("CLEANUP_NAME", "smc-cni-cleanup", 1) < 0 ||
	    setenv("POD_NAME", "smc-cni-cleanup-x7k2p", 1) < 0 || kube_set_up(state) < 0)
		return -1;
	pod_pid = pod_new(&fd);
	agent_start();
	add_pod("a", "enabled", fd);
	(void)close(fd);
	return 0;
}

static int tear_down(void **state)
{
	if (leaver)
		(void)kill(leaver, SIGKILL);
	leaver = 0;
	pod_end(pod_pid);
	return kube_tear_down(state);
}

#define leave_test(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		leave_test(only_a_daemonset_that_is_gone_is_cleaned_up_after),
		leave_test(beside_live_agents_it_survives_their_restart),
		leave_test(it_waits_for_an_agent_that_ends_later),
		leave_test(it_asks_anew_before_each_try),
		leave_test(who_is_told_by_name_asks_nobody),
		leave_test(without_names_nothing_is_gone),
		leave_test(changed_names_are_no_end),
		leave_test(what_goes_with_stay_is_refused_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
