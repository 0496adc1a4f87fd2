/* SPDX-License-Identifier: Apache-2.0 */
/* The whole agent with a fault before each of its steps in turn (common/fault.h): one that is
 * killed, or fails, while it takes pods over leaves what the next one takes over; a clean-up that
 * is killed, or fails, is finished by the next. And plugins that are killed while nobody ever calls
 * DEL or GC for their pods: what the agent sweeps by itself suffices.
 *
 * On a kernel with SMC all of steering takes part: with AGENT_BPFFS in the environment it must be
 * in force; AGENT_CONFIG are more lines of agent.yaml. FAULT_STEP=1, as in `make test`, tries all
 * points, and not just each third.
 */
#include "common/clock.h"
#include "tests/program/agent_process.h"

#define POINTS_MAX 2000
#define ADDRESS "10.244.0.7/24"

static const char *more;
static int step = 3;
static int netns_fd = -1;
static pid_t pod = -1;

/* ---- pods a, which has a record, and b, which a plugin has left in pending/ ---- */

static json_t *request_of(const char *id)
{
	json_t *msg = prepare_of(id, "enabled");

	json_object_set_new(msg, "interfaces",
			    json_pack("[{s:s, s:[s]}]", "name", "eth0", "ips", ADDRESS));
	return msg;
}

static void add_a(void)
{
	auto_close int sock = connect_agent();

	json_decref(ask_on(sock, request_of("a"), netns_fd));
	json_decref(commit_on(sock));
}

static void leave_b(void)
{
	json_auto_t *msg = request_of("b");
	auto_free char *text = NULL;
	char netns[64];

	(void)snprintf(netns, sizeof(netns), "/proc/%d/ns/net", (int)pod);
	json_object_set_new(msg, "netnsPath", json_string(netns));
	text = json_dumps(msg, 0);
	assert_int_equal(file_mkdirs(agent_path("run/pending"), 0700, &agent_err), 0);
	write_file(agent_path("run/pending/b.json"), text);
}

static void del_both(void)
{
	json_decref(ask(about("del", "a"), -1));
	json_decref(ask(about("del", "b"), -1));
}

/* What is in force for a pod, and why, as text; "" when it is not known. */
static char *policy_of(const char *name)
{
	json_auto_t *found = status_of(name);
	char *text = found ? json_dumps(json_object_get(found, "policy"), JSON_SORT_KEYS) : NULL;

	return text ? text : strdup("");
}

static int count_all(const char *where)
{
	char command[PATH_MAX];
	FILE *f;
	int n = -1;

	(void)snprintf(command, sizeof(command), "cd %s; find %s -type f 2>/dev/null | wc -l",
		       agent.dir, where);
	f = popen(command, "r"); /* NOLINT: a test */
	assert_non_null(f);
	if (fscanf(f, "%d", &n) != 1) /* NOLINT: a test */
		n = -1;
	(void)pclose(f);
	return n;
}

/* ---- faults ---- */

static bool fired(const char *scope, int n)
{
	char mark[64];

	(void)snprintf(mark, sizeof(mark), "fault %s:%d ", scope, n);
	return log_has(mark);
}

static pid_t spawn_with_fault(const char *scope, int n, const char *how, const char *option)
{
	char setting[64];
	pid_t pid;

	(void)unlink(agent_path("log"));
	(void)snprintf(setting, sizeof(setting), "%s:%d:%s", scope, n, how);
	(void)setenv("SMC_CNI_FAULT", setting, 1);
	pid = agent_spawn(option);
	(void)unsetenv("SMC_CNI_FAULT");
	return pid;
}

static bool has_taken_over(const char *name)
{
	char steered[64], on_tcp[64];

	(void)snprintf(steered, sizeof(steered), "\"pod is steered\" pod=default/%s", name);
	(void)snprintf(on_tcp, sizeof(on_tcp), "\"pod stays on TCP\" pod=default/%s", name);
	return log_has(steered) || log_has(on_tcp);
}

/* An error that is not made good by then is so at the next sweep, or by a successor. */
#define MADE_GOOD_MS 1500

/* True when it has; false when it has ended, or does not within the time, be it because of the
 * fault. */
static bool takes_both_over(const char *scope, int n)
{
	int64_t end = clock_now_ms() + 60000;
	bool is_hit = false;
	int status;

	while (clock_now_ms() < end) {
		if (waitpid(agent.pid, &status, WNOHANG) == agent.pid) {
			agent.pid = 0;
			return false;
		}
		if (has_taken_over("a") && has_taken_over("b"))
			return true;
		if (!is_hit && fired(scope, n)) {
			is_hit = true;
			end = clock_now_ms() + MADE_GOOD_MS;
		}
		(void)usleep(20000);
	}
	return false;
}

/* ---- adoption ---- */

static char *wanted; /* policy of a, as taken over without a fault */

/* Where it is steered later than it began there are more words of why. */
static void expect_as_wanted(const char *name)
{
	int64_t end = clock_now_ms() + 60000;
	size_t len = strlen(wanted) - strlen("\"}");

	for (;;) {
		auto_free char *policy = policy_of(name);

		if (!strncmp(policy, wanted, len))
			return;
		if (clock_now_ms() > end)
			fail_msg("pod %s: wanted %s, found %s", name, wanted, policy);
		(void)usleep(50000);
	}
}

static void expect_taken_over(void)
{
	expect_as_wanted("a");
	expect_as_wanted("b");
	assert_int_equal(count_all("run/pending"), 0);
	assert_int_equal(count_files("state/pods"), 2);
}

/* An agent without faults runs, and knows a. */
static void set_the_scene(void)
{
	add_a();
	(void)agent_end(SIGKILL);
	leave_b();
}

static bool adopt_with_fault(int n, const char *how)
{
	bool done;

	set_the_scene();
	agent.pid = spawn_with_fault("adopt", n, how, NULL);
	done = takes_both_over("adopt", n);
	if (!fired("adopt", n)) {
		assert_true(done);
		return false;
	}
	if (agent.pid && !done)
		(void)agent_end(SIGKILL);
	if (!agent.pid)
		agent_start();
	expect_taken_over();
	del_both();
	eventually(count_all("state/pods run/pending") == 0);
	return true;
}

static void each_adoption(const char *how)
{
	int n = 1;

	set_the_scene();
	agent.pid = spawn_with_fault("none", 0, "list", NULL);
	assert_true(takes_both_over("none", 0));
	eventually(agent_state() == 1);
	wanted = policy_of("a");
	assert_true(!getenv("AGENT_BPFFS") || strstr(wanted, "\"in_force\": true"));
	expect_taken_over();
	del_both();
	while (n < POINTS_MAX && adopt_with_fault(n, how))
		n += step;
	print_message("%d points, %s, with %s\n", n - 1, how, wanted);
	assert_in_range(n, 5, POINTS_MAX - 1);
	free(wanted);
}

static void an_agent_killed_while_it_takes_pods_over_has_a_successor(void **state)
{
	(void)state;
	each_adoption("kill");
}

static void an_error_while_pods_are_taken_over_is_made_good(void **state)
{
	(void)state;
	each_adoption("error");
}

/* ---- clean-up ---- */

static void expect_clean(void)
{
	assert_int_equal(access(agent_path("state"), F_OK), -1);
	assert_int_equal(access(agent_path("run"), F_OK), -1);
	assert_int_equal(access(agent_bpffs(), F_OK), -1);
}

static bool clean_up_with_fault(int n, const char *how)
{
	int status;

	if (!agent.pid)
		agent_start();
	add_a();
	(void)agent_end(SIGKILL);
	leave_b();
	status = wait_for(spawn_with_fault("cleanup", n, how, "--cleanup"));
	if (!fired("cleanup", n) || status == 0) {
		assert_int_equal(status, 0);
		expect_clean();
		return fired("cleanup", n);
	}
	if (!strcmp(how, "kill"))
		assert_int_equal(status, 1000 + SIGKILL);
	assert_int_equal(wait_for(agent_spawn("--cleanup")), 0);
	expect_clean();
	return true;
}

static void each_clean_up(const char *how)
{
	int n = 1;

	while (n < POINTS_MAX && clean_up_with_fault(n, how))
		n += step;
	print_message("%d points, %s\n", n - 1, how);
	assert_in_range(n, 4, POINTS_MAX - 1);
}

static void a_clean_up_that_was_killed_is_finished_by_the_next(void **state)
{
	(void)state;
	each_clean_up("kill");
}

static void a_clean_up_that_failed_is_finished_by_the_next(void **state)
{
	(void)state;
	each_clean_up("error");
}

/* ---- no DEL, no GC ---- */

/* A chained ADD in a pod of its own, killed at its Nth point; the pod's processes end, and that is
 * all. False: it has no such point. */
static bool add_and_forget(int n)
{
	static const char conf[] =
		"{\"cniVersion\":\"1.1.0\",\"name\":\"net\",\"type\":\"smc-cni\",\"agentSocket\":\"%s\","
		"\"runtimeConfig\":{\"io.kubernetes.cri.pod-annotations\":{\"smc-cni.io/steer\":"
		"\"enabled\"}},\"prevResult\":{\"cniVersion\":\"1.1.0\",\"interfaces\":[{\"name\":\"eth0\","
		"\"sandbox\":\"/proc/%d/ns/net\"}],\"ips\":[{\"address\":\"" ADDRESS
		"\",\"interface\":0}]}}";
	auto_close int fd = -1;
	pid_t victim = pod_new(&fd);
	char command[2 * PATH_MAX], self[PATH_MAX] = "", name[32];
	int status;

	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	(void)snprintf(command, sizeof(command), conf, agent_path("run/a.sock"), (int)victim);
	write_file(agent_path("conf"), command);
	(void)snprintf(name, sizeof(name), "v%d", n);
	(void)snprintf(
		command, sizeof(command),
		"cd %s; CNI_COMMAND=ADD CNI_CONTAINERID=%s CNI_NETNS=/proc/%d/ns/net CNI_IFNAME=eth0 "
		"CNI_PATH=/none CNI_ARGS='K8S_POD_NAMESPACE=default;K8S_POD_NAME=%s' "
		"SMC_CNI_FAULT=add:%d:kill %s/../../%s/smc-cni <conf >out 2>&1",
		agent.dir, name, (int)victim, name, n, dirname(self), agent_bin);
	status = system(command); /* NOLINT: a test */
	pod_end(victim);
	return status != 0;
}

static void the_agent_alone_sweeps_up_after_killed_plugins(void **state)
{
	int n = 1;

	(void)state;
	while (n < POINTS_MAX && add_and_forget(n))
		n++;
	print_message("%d points of a chained ADD\n", n - 1);
	assert_in_range(n, 5, POINTS_MAX - 1);
	eventually(count_all("state/pods run/pending") == 0);
	(void)agent_end(SIGKILL);
	for (n = 1; n < POINTS_MAX && add_and_forget(n);) /* requests are kept for it */
		n++;
	print_message("%d points without an agent\n", n - 1);
	assert_in_range(n, 4, POINTS_MAX - 1);
	agent_start();
	eventually(count_all("state/pods run/pending") == 0);
}

static int set_up(void **state)
{
	auto_free char *config = NULL;

	more = getenv("AGENT_CONFIG") ? getenv("AGENT_CONFIG") : "";
	step = getenv("FAULT_STEP") ? atoi(getenv("FAULT_STEP")) : 3;
	agent_bin = "fault/bin";
	if (agent_set_up(state) < 0)
		return -1;
	(void)agent_end(SIGKILL);
	assert_true(asprintf(&config, "logLevel: info\n%s", more) > 0);
	agent_config(config);
	agent_start();
	pod = pod_new(&netns_fd);
	return 0;
}

static int tear_down(void **state)
{
	pod_end(pod);
	(void)close(netns_fd);
	return agent_tear_down(state);
}

#define FAULT_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FAULT_TEST(an_agent_killed_while_it_takes_pods_over_has_a_successor),
		FAULT_TEST(an_error_while_pods_are_taken_over_is_made_good),
		FAULT_TEST(a_clean_up_that_was_killed_is_finished_by_the_next),
		FAULT_TEST(a_clean_up_that_failed_is_finished_by_the_next),
		FAULT_TEST(the_agent_alone_sweeps_up_after_killed_plugins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
