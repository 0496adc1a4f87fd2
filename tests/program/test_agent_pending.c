/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that plugins have left for the agent. */
#include <inttypes.h>
#include <sys/mount.h>
#include <sys/ptrace.h>

#include "common/clock.h"
#include "node-agent/agent/agent.h"
#include "tests/program/agent_process.h"

/* While it runs: by inotify. The sweep comes each AGENT_SWEEP_S only, and would find one of them at
 * a time. */
static void found_as_they_come(const char *netns)
{
	int64_t begun = clock_now_ms();
	char id[16];

	for (int i = 0; i < 10; i++) {
		(void)snprintf(id, sizeof(id), "now%d", i);
		leave_pending("run/pending/1.json", id, netns);
		eventually(strcmp(why_of(id), "no such pod") != 0);
	}
	assert_true(clock_now_ms() - begun < 8 * AGENT_SWEEP_S * 1000);
}

static void requests_left_for_an_absent_agent_are_adopted(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);
	char netns[64];

	(void)state;
	(void)snprintf(netns, sizeof(netns), "/proc/%d/ns/net", (int)pid);
	found_as_they_come(netns);
	assert_int_equal(agent_end(SIGTERM), 0);
	leave_pending("run/pending/2.json", "later", netns);
	leave_pending("run/pending/3.json", "gone", "/proc/1/ns/none");
	leave_pending("run/pending/4.json", "host", "/proc/self/ns/net");
	write_file(agent_path("run/pending/5.json"), "hello");
	agent_start();
	eventually(strcmp(why_of("later"), "no such pod") != 0);
	assert_string_equal(why_of("gone"), "no such pod");
	assert_string_equal(why_of("host"), "no such pod");
	assert_int_equal(access(agent_path("run/pending/4.json.bad"), F_OK), 0);
	assert_int_equal(access(agent_path("run/pending/5.json.bad"), F_OK), 0);
	assert_int_equal(count_files("run/pending"), 2);
	pod_end(pid);
}

static pid_t worker_thread(void)
{
	auto_closedir DIR *dir = NULL;
	const struct dirent *de;
	char path[64];
	pid_t thread = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", (int)agent.pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((de = readdir(dir))) {
		pid_t id = (pid_t)atoi(de->d_name); /* NOLINT: of the kernel */

		if (id > 0 && id != agent.pid) {
			assert_int_equal(thread, 0);
			thread = id;
		}
	}
	return thread;
}

/* The loop thread has something for the worker and does not wait for it: that one does not hold the
 * lock. */
static bool loop_goes_on(void)
{
	/* It waits for the worker's statistics, but not that long. */
	int64_t end = clock_now_ms() + ANSWER_MS;
	auto_close int sock = wire_connect(agent_path("run/a.sock"), end, &agent_err);
	json_auto_t *request = wire_request("status"), *reply = NULL;

	return sock >= 0 && wire_call(sock, request, -1, end, &reply, NULL, &agent_err) == 0;
}

/* Stops the agent's thread that works on pods, till worker_resume(). Nothing may be asserted
 * between the two. */
static pid_t worker_hold(void)
{
	pid_t thread = worker_thread();

	for (;;) {
		assert_return_code(ptrace(PTRACE_SEIZE, thread, NULL, NULL), errno);
		(void)ptrace(PTRACE_INTERRUPT, thread, NULL, NULL);
		(void)waitpid(thread, NULL, __WALL);
		if (loop_goes_on())
			return thread;
		(void)ptrace(PTRACE_DETACH, thread, NULL, NULL);
	}
}

static void worker_resume(pid_t thread)
{
	assert_return_code(ptrace(PTRACE_DETACH, thread, NULL, NULL), errno);
}

/* A plugin gives up and leaves its request while its PREPARE waits behind a scan for such requests:
 * the scan takes it, and only then the pod that it is about is rolled back. */
static void a_request_left_while_its_first_is_rolled_back_is_adopted(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd), worker;
	auto_close int sock = -1;
	json_auto_t *msg = prepare_of("late", "enabled");
	char netns[64];

	(void)state;
	(void)snprintf(netns, sizeof(netns), "/proc/%d/ns/net", (int)pid);
	worker = worker_hold();
	leave_pending("run/pending/1.json", "other", netns);
	(void)why_of("other"); /* once it has answered, the scan is in the queue */
	sock = connect_agent();
	json_object_set_new(msg, "timeoutMs", json_integer(1));
	(void)wire_send(sock, msg, fd, clock_now_ms() + ANSWER_MS, &agent_err);
	(void)why_of("late"); /* ... and now this one is too, */
	(void)close(TAKE_FD(sock));
	(void)why_of("late"); /* and now it is not wanted any more */
	leave_pending("run/pending/2.json", "late", netns);
	worker_resume(worker);
	eventually(strcmp(why_of("other"), "no such pod") != 0);
	eventually(count_files("run/pending") == 0);
	eventually(strcmp(why_of("late"), "no such pod") != 0);
	(void)usleep(300 * 1000); /* the first one would be forgotten by now */
	assert_string_not_equal(why_of("late"), "no such pod");
	pod_end(pid);
}

/* The pid in /proc/PID/ns/net may be another pod's by the time the agent looks. */
static void a_request_left_for_a_path_that_is_another_pods_by_now_is_dropped(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);
	char netns[64], cookie[24];
	struct netns_id id;

	(void)state;
	(void)snprintf(netns, sizeof(netns), "/proc/%d/ns/net", (int)pid);
	assert_int_equal(netns_identify(fd, &id, &agent_err), 0);
	(void)snprintf(cookie, sizeof(cookie), "%" PRIu64, id.cookie + 1);
	leave_pending_of("run/pending/1.json", "before", netns, cookie);
	eventually(count_files("run/pending") == 0);
	(void)snprintf(cookie, sizeof(cookie), "%" PRIu64, id.cookie);
	leave_pending_of("run/pending/2.json", "same", netns, cookie);
	eventually(strcmp(why_of("same"), "no such pod") != 0);
	assert_string_equal(why_of("before"), "no such pod");
	pod_end(pid);
}

/* The scan has taken the request when DEL comes, but nobody knows the pod yet. */
static void a_del_while_requests_are_scanned_is_not_followed_by_an_adoption(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);
	char netns[64], file[64], id[16];

	(void)state;
	(void)snprintf(netns, sizeof(netns), "/proc/%d/ns/net", (int)pid);
	for (int i = 0; i < 20; i++) {
		struct wire_attachment key = { .network = "net", .ifname = "eth0" };
		char hash[WIRE_HASH_LEN];

		(void)snprintf(id, sizeof(id), "c%d", i);
		strcpy(key.container_id, id);
		(void)snprintf(file, sizeof(file), "run/pending/%s.json",
			       wire_attachment_hash(&key, hash));
		leave_pending(file, id, netns);
		json_decref(ask(about("del", id), -1));
		assert_int_equal(count_files("run/pending"), 0);
		assert_string_equal(why_of(id), "no such pod");
	}
	pod_end(pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		agent_test(requests_left_for_an_absent_agent_are_adopted),
		agent_test(a_request_left_while_its_first_is_rolled_back_is_adopted),
		agent_test(a_request_left_for_a_path_that_is_another_pods_by_now_is_dropped),
		agent_test(a_del_while_requests_are_scanned_is_not_followed_by_an_adoption),
	};

	if (geteuid() == 0 &&
	    (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
