/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that plugins have left for the agent, when their pods are not what they were. */
#include <inttypes.h>
#include <sys/mount.h>

#include "tests/program/agent_process.h"

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
		(void)snprintf(file, sizeof(file), "run/pending/%s.json", wire_attachment_hash(&key, hash));
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
		agent_test(a_request_left_for_a_path_that_is_another_pods_by_now_is_dropped),
		agent_test(a_del_while_requests_are_scanned_is_not_followed_by_an_adoption),
	};

	if (geteuid() == 0 && (unshare(CLONE_NEWNS) < 0 ||
			       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
