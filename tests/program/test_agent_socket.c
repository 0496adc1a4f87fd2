/* SPDX-License-Identifier: Apache-2.0 */
/* The whole agent, over its socket: verbs, transactions, bad clients. It runs on a kernel with or
 * without SMC. */
#include "tests/program/agent_process.h"

#include <sys/mman.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/netns_json.h"

static void assert_refused(json_t *reply, const char *code, const char *text)
{
	assert_true(json_is_false(json_object_get(reply, "ok")));
	assert_string_equal(text_of(reply, "code"), code);
	if (!strstr(text_of(reply, "error"), text))
		fail_msg("'%s' is not in '%s'", text, text_of(reply, "error"));
	json_decref(reply);
}

static void a_pod_that_nobody_opted_in_is_recorded_and_forgotten(void **state)
{
	json_auto_t *pod = NULL, *reply = NULL;
	auto_close int fd = -1;
	struct netns_id id, its;
	pid_t pid = pod_new(&fd);

	(void)state;
	add_pod("a", NULL, fd);
	assert_int_equal(count_files("state/pods"), 1);
	pod = status_of("a");
	assert_non_null(pod);
	assert_true(json_is_false(json_object_get(json_object_get(pod, "policy"), "in_force")));
	reply = ask(about("del", "a"), -1);
	assert_true(json_is_true(json_object_get(reply, "ok")));
	assert_non_null(json_object_get(reply, "undo"));
	assert_int_equal(netns_identify(fd, &id, NULL), 0);
	assert_int_equal(netns_from_json(reply, "reply", &its, NULL), 0);
	assert_true(netns_id_same(&its, &id));
	assert_int_equal(count_files("state/pods"), 0);
	pod_end(pid);
}

static void a_transaction_that_ends_before_commit_is_rolled_back(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);
	int sock = connect_agent();
	json_auto_t *reply = ask_on(sock, prepare_of("a", NULL), fd);

	(void)state;
	assert_true(json_is_true(json_object_get(reply, "ok")));
	assert_int_equal(count_files("state/pods"), 1);
	(void)close(sock);
	eventually(count_files("state/pods") == 0);
	add_pod("a", NULL, fd);
	pod_end(pid);
}

static json_t *prepare_at_once(const char *id)
{
	json_t *msg = prepare_of(id, NULL);

	json_object_set_new(msg, "commit", json_true());
	return msg;
}

/* It did not opt in, so that there is nothing to be done: one message will do, and it outlives the
 * connection. */
static void a_pod_for_which_nothing_is_to_be_done_is_committed_at_once(void **state)
{
	auto_close int fd = -1, sock = connect_agent();
	pid_t pid = pod_new(&fd);
	json_auto_t *reply = ask_on(sock, prepare_at_once("a"), fd), *pod = NULL;

	(void)state;
	assert_true(json_is_true(json_object_get(reply, "committed")));
	assert_refused(commit_on(sock), "invalid", "no transaction");
	(void)close(TAKE_FD(sock));
	pod = status_of("a");
	assert_non_null(pod);
	assert_refused(ask(prepare_at_once("a"), fd), "invalid", "is there already");
	assert_int_equal(agent_end(SIGKILL), 1000 + SIGKILL);
	agent_start();
	assert_int_equal(count_files("state/pods"), 1);
	json_decref(ask(about("del", "a"), -1));
	assert_int_equal(count_files("state/pods"), 0);
	pod_end(pid);
}

static void what_is_no_pods_network_namespace_is_refused(void **state)
{
	auto_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	auto_close int host = netns_open("/proc/self/ns/net", &agent_err);

	(void)state;
	assert_refused(ask(prepare_of("a", NULL), -1), "invalid", "no descriptor");
	assert_refused(ask(prepare_of("a", NULL), null), "invalid", "not a network namespace");
	assert_refused(ask(prepare_of("a", NULL), host), "invalid", "host's own");
	assert_int_equal(count_files("state/pods"), 0);
}

static void send_raw(const void *data, size_t len)
{
	auto_close int sock = connect_agent();
	json_t *reply = NULL;

	assert_int_equal(send(sock, data, len, MSG_NOSIGNAL), len);
	assert_int_equal(wire_recv(sock, &reply, NULL, clock_now_ms() + ANSWER_MS, &agent_err), 0);
	assert_refused(reply, "invalid", "");
	assert_int_equal(wire_recv(sock, &reply, NULL, clock_now_ms() + ANSWER_MS, &agent_err),
			 -ECONNRESET);
}

static void rubbish_ends_its_connection_only(void **state)
{
	auto_close int other = connect_agent();
	auto_free char *large = calloc(1, WIRE_MESSAGE_MAX + 1);

	(void)state;
	send_raw("{", 1);
	send_raw("\0", 1);
	send_raw("{\"v\":99,\"verb\":\"node\"}", 22);
	send_raw("{\"v\":1}", 7);
	send_raw(large, WIRE_MESSAGE_MAX + 1);
	assert_refused(ask(wire_request("reboot"), -1), "invalid", "allowed are prepare");
	assert_refused(ask(about("del", "../x"), -1), "invalid", "containerID");
	assert_refused(ask(wire_request("gc"), -1), "invalid", "network");
	json_decref(ask_on(other, wire_request("node"), -1));
}

/* Whether it has its answer; `wait`: it must come. */
static bool has_answer(int sock, bool wait)
{
	json_t *reply = NULL;
	int r = wire_recv(sock, &reply, NULL, wait ? clock_now_ms() + ANSWER_MS : 0, &agent_err);

	assert_true(r == 0 || (r == -EAGAIN && !wait));
	json_decref(reply);
	return r == 0;
}

/* A storm of ADDs: none is turned away, as its pod would start on TCP. */
static void connections_above_128_wait_for_a_place(void **state)
{
	int socks[400];

	(void)state;
	for (int i = 0; i < 400; i++) {
		json_auto_t *msg = wire_request("node");

		socks[i] = connect_agent();
		assert_int_equal(
			wire_send(socks[i], msg, -1, clock_now_ms() + ANSWER_MS, &agent_err), 0);
	}
	for (int i = 0; i < 128; i++)
		assert_true(has_answer(socks[i], true));
	for (int i = 128; i < 400; i++)
		assert_false(has_answer(socks[i], false));
	for (int i = 0; i < 400; i++) {
		if (i >= 128)
			assert_true(has_answer(socks[i], true));
		(void)close(socks[i]); /* the next one that waits has its place */
	}
	json_decref(ask(wire_request("node"), -1));
}

/* As another user, in a child. 0: an answer came; 1: none; 2: no connection at all. */
static int ask_as(uid_t uid)
{
	pid_t pid = fork();

	if (pid == 0) {
		json_t *reply = NULL;
		int sock;

		if (setgid(uid) < 0 || setuid(uid) < 0)
			_exit(3);
		sock = wire_connect(agent_path("run/a.sock"), clock_now_ms() + ANSWER_MS, NULL);
		if (sock < 0)
			_exit(2);
		/* it may be closed before this is sent */
		(void)wire_send(sock, wire_request("node"), -1, clock_now_ms() + ANSWER_MS, NULL);
		_exit(wire_recv(sock, &reply, NULL, clock_now_ms() + ANSWER_MS, NULL) < 0);
	}
	assert_true(pid > 0);
	return wait_for(pid);
}

static void who_is_not_root_gets_no_answer_whatever_the_modes_are(void **state)
{
	(void)state;
	assert_int_equal(ask_as(1000), 2); /* the modes keep others out */
	assert_int_equal(chmod(agent.dir, 0755), 0);
	assert_int_equal(chmod(agent_path("run"), 0755), 0);
	assert_int_equal(chmod(agent_path("run/a.sock"), 0666), 0);
	assert_int_equal(ask_as(0), 0);
	assert_int_equal(ask_as(1000), 1);
	assert_true(log_has("peer is not root"));
}

static void del_of_what_is_not_there_succeeds_once_and_again(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		json_auto_t *reply = ask(about("del", "never-seen"), -1);

		assert_true(json_is_true(json_object_get(reply, "ok")));
	}
}

static void the_same_attachment_is_added_once_unless_its_namespace_is_gone(void **state)
{
	auto_close int fd = -1, other = -1;
	pid_t pid = pod_new(&fd), new_pid;

	(void)state;
	add_pod("a", NULL, fd);
	new_pid = pod_new(&other);
	assert_refused(ask(prepare_of("a", NULL), other), "invalid", "there already");
	pod_end(pid);
	(void)close(TAKE_FD(fd));
	add_pod("a", NULL, other);
	assert_int_equal(count_files("state/pods"), 1);
	pod_end(new_pid);
}

static void a_late_del_of_an_old_sandbox_leaves_the_new_one(void **state)
{
	auto_close int fd = -1, other = -1;
	pid_t pid = pod_new(&fd), new_pid = pod_new(&other);
	json_t *msg = prepare_of("new", NULL);
	json_auto_t *prepared = NULL, *committed = NULL, *checked = NULL;
	auto_close int sock = connect_agent();

	(void)state;
	add_pod("old", NULL, fd);
	json_object_set_new(json_object_get(msg, "pod"), "name", json_string("old"));
	prepared = ask_on(sock, msg, other);
	committed = commit_on(sock);
	assert_true(json_is_true(json_object_get(committed, "ok")));
	json_decref(ask(about("del", "old"), -1));
	checked = ask(about("check", "new"), other);
	assert_true(json_is_true(json_object_get(checked, "ok")));
	assert_refused(ask(about("check", "old"), fd), "missing", "does not know");
	assert_refused(ask(about("check", "new"), fd), "missing", "another");
	pod_end(pid);
	pod_end(new_pid);
}

static void gc_keeps_what_is_valid_in_its_network(void **state)
{
	auto_close int fd = -1, other = -1;
	pid_t pid = pod_new(&fd), other_pid = pod_new(&other);
	json_t *msg = wire_request("gc");
	json_auto_t *reply = NULL, *kept = NULL;

	(void)state;
	add_pod("keep", NULL, fd);
	add_pod("drop", NULL, other);
	json_object_update_new(msg, json_pack("{s:s, s:[{s:s, s:s}]}", "network", "net", "valid",
					      "containerID", "keep", "ifname", "eth0"));
	reply = ask(msg, -1);
	assert_int_equal(json_integer_value(json_object_get(reply, "removed")), 1);
	kept = status_of("keep");
	assert_non_null(kept);
	assert_null(status_of("drop"));
	msg = json_pack("{s:i, s:s, s:s, s:[]}", "v", WIRE_VERSION, "verb", "gc", "network",
			"another", "valid");
	json_decref(reply);
	reply = ask(msg, -1);
	assert_int_equal(json_integer_value(json_object_get(reply, "removed")), 0);
	pod_end(pid);
	pod_end(other_pid);
}

/* {"valid": [...]} in a file: "keep" is the last of n. */
static int list_of(size_t n)
{
	json_auto_t *list = json_pack("{s:[]}", "valid");
	int fd = memfd_create("list", MFD_CLOEXEC);

	assert_true(fd >= 0);
	for (size_t i = 0; i < n; i++) {
		char id[80] = "keep";

		if (i < n - 1)
			(void)snprintf(id, sizeof(id), "%064zx", i);
		assert_int_equal(json_array_append_new(json_object_get(list, "valid"),
						       json_pack("{s:s, s:s}", "containerID", id,
								 "ifname", "eth0")),
				 0);
	}
	assert_int_equal(json_dumpfd(list, fd, 0), 0);
	return fd;
}

static json_t *gc_of_net(void)
{
	json_t *msg = wire_request("gc");

	assert_int_equal(json_object_set_new(msg, "network", json_string("net")), 0);
	return msg;
}

static void gc_takes_a_list_of_any_length_from_a_file(void **state)
{
	auto_close int fd = -1, other = -1, list = list_of(4000);
	pid_t pid = pod_new(&fd), other_pid = pod_new(&other);
	json_auto_t *reply = NULL;

	(void)state;
	add_pod("keep", NULL, fd);
	add_pod("drop", NULL, other);
	assert_refused(ask(gc_of_net(), fd), "invalid", "memfd_create"); /* a namespace */
	reply = ask(gc_of_net(), list);
	assert_int_equal(json_integer_value(json_object_get(reply, "removed")), 1);
	json_decref(status_of("keep"));
	assert_null(status_of("drop"));
	pod_end(pid);
	pod_end(other_pid);
}

static void no_descriptor_of_a_pods_namespace_stays_open(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);
	auto_closedir DIR *dir = NULL;
	const struct dirent *de;
	char path[64];
	json_auto_t *pod = NULL;

	(void)state;
	add_pod("a", NULL, fd);
	pod = status_of("a");
	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)agent.pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((de = readdir(dir))) {
		char target[256] = "";

		if (readlinkat(dirfd(dir), de->d_name, target, sizeof(target) - 1) > 0)
			assert_null(strstr(target, "net:["));
	}
	pod_end(pid);
}

static void a_pod_whose_namespace_is_gone_is_forgotten_by_the_sweep(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);

	(void)state;
	add_pod("a", NULL, fd);
	(void)close(TAKE_FD(fd));
	pod_end(pid);
	eventually(count_files("state/pods") == 0);
}

/* KiB of the agent that are in memory and its own. */
static long agent_kib(void)
{
	auto_free char *text = NULL;
	const char *line;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)agent.pid);
	assert_int_equal(file_read(AT_FDCWD, path, 65536, &text, NULL, &agent_err), 0);
	line = strstr(text, "RssAnon:");
	assert_non_null(line);
	return strtol(line + strlen("RssAnon:"), NULL, 10);
}

static void add_and_del_pods(int n, int netns_fd)
{
	for (int i = 0; i < n; i++) {
		char id[32];

		(void)snprintf(id, sizeof(id), "pod-%d", i);
		add_pod(id, "enabled", netns_fd);
		json_decref(status_of(id));
		json_decref(ask(about("del", id), -1));
	}
}

/* The sanitizers keep what was freed; they look for leaks themselves. */
static void memory_does_not_grow_with_the_pods_that_come_and_go(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);
	long before, after;

	(void)state;
	add_and_del_pods(50, fd);
	before = agent_kib();
	add_and_del_pods(200, fd);
	after = agent_kib();
	assert_int_equal(count_files("state/pods"), 0);
#ifndef __SANITIZE_ADDRESS__
	if (after > before + 128)
		fail_msg("200 pods: from %ld to %ld KiB", before, after);
#endif
	print_message("RssAnon %ld KiB, after 200 more pods %ld KiB\n", before, after);
	pod_end(pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		agent_test(a_pod_that_nobody_opted_in_is_recorded_and_forgotten),
		agent_test(a_transaction_that_ends_before_commit_is_rolled_back),
		agent_test(a_pod_for_which_nothing_is_to_be_done_is_committed_at_once),
		agent_test(what_is_no_pods_network_namespace_is_refused),
		agent_test(rubbish_ends_its_connection_only),
		agent_test(connections_above_128_wait_for_a_place),
		agent_test(who_is_not_root_gets_no_answer_whatever_the_modes_are),
		agent_test(del_of_what_is_not_there_succeeds_once_and_again),
		agent_test(the_same_attachment_is_added_once_unless_its_namespace_is_gone),
		agent_test(a_late_del_of_an_old_sandbox_leaves_the_new_one),
		agent_test(gc_keeps_what_is_valid_in_its_network),
		agent_test(gc_takes_a_list_of_any_length_from_a_file),
		agent_test(no_descriptor_of_a_pods_namespace_stays_open),
		agent_test(a_pod_whose_namespace_is_gone_is_forgotten_by_the_sweep),
		agent_test(memory_does_not_grow_with_the_pods_that_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
