/* SPDX-License-Identifier: Apache-2.0 */
/* A real smc-node-agent in a folder of its own, pods that are only network namespaces, and the
 * plugin's side of the socket. For the tests of the whole agent; each function fails the test.
 */
#ifndef TESTS_AGENT_PROCESS_H
#define TESTS_AGENT_PROCESS_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/json.h"
#include "common/netns.h"
#include "common/wire.h"
#include "tests/program/port.h"
#include "tests/unit/tree.h"

#define MAYBE __attribute__((unused)) static
#define ANSWER_MS 60000

struct agent_process {
	char dir[64]; /* everything of this agent */
	int port;
	pid_t pid;
};

MAYBE struct agent_process agent;
MAYBE struct err agent_err;
MAYBE const char *agent_bin = "bin"; /* "fault/bin": with fault points (common/fault.h) */

MAYBE const char *agent_path(const char *name)
{
	static char paths[4][PATH_MAX];
	static int turn;
	char *path = paths[turn++ % 4];

	(void)snprintf(path, PATH_MAX, "%s/%s", agent.dir, name);
	return path;
}

/* AGENT_BPFFS in the environment is one on a bpffs, where the kernel has what steering needs. */
MAYBE const char *agent_bpffs(void)
{
	const char *path = getenv("AGENT_BPFFS");

	return path ? path : agent_path("bpf");
}

MAYBE void write_file(const char *path, const char *text)
{
	assert_int_equal(file_replace(AT_FDCWD, path, text, strlen(text), 0600, &agent_err), 0);
}

/* The config; `more` are lines of it. The runtime of this machine is left alone. */
MAYBE void agent_config(const char *more)
{
	auto_free char *text = NULL;

	assert_true(
		asprintf(
			&text,
			"nodeName: test\npodSource: {folder: %s/manifests}\nsocket: %s/run/a.sock\n"
			"stateDir: %s/state\nbpffsDir: %s\nmetrics: 127.0.0.1:%d\n%s%s",
			agent.dir, agent.dir, agent.dir, agent_bpffs(), agent.port,
			strstr(more, "nri: ") ? "" : "nri: off\n", more) > 0);
	write_file(agent_path("agent.yaml"), text);
}

#define AGENT_OPTIONS_MAX 8

/* build/tests/program/x -> build/bin/smc-node-agent, of the same flavour. */
MAYBE void agent_exec(const char *const *options)
{
	const char *argv[AGENT_OPTIONS_MAX + 4] = { "smc-node-agent", "--config",
						    agent_path("agent.yaml") };
	char self[PATH_MAX] = "";
	char program[PATH_MAX + 32];

	for (size_t i = 0; i < AGENT_OPTIONS_MAX && options[i]; i++)
		argv[i + 3] = options[i];
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	(void)snprintf(program, sizeof(program), "%s/../../%s/smc-node-agent", dirname(self),
		       agent_bin);
	(void)execv(program, (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* options: up to a NULL. */
MAYBE pid_t agent_spawn_with(const char *const *options)
{
	int log = open(agent_path("log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	pid_t pid;

	assert_true(log >= 0);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(log, STDERR_FILENO);
		agent_exec(options);
	}
	(void)close(log);
	assert_true(pid > 0);
	return pid;
}

MAYBE pid_t agent_spawn(const char *option)
{
	const char *const options[] = { option, NULL };

	return agent_spawn_with(options);
}

MAYBE int connect_agent(void)
{
	int sock = wire_connect(agent_path("run/a.sock"), clock_now_ms() + ANSWER_MS, &agent_err);

	assert_true(sock >= 0);
	return sock;
}

/* The reply, ok or not; owns request. */
MAYBE json_t *ask_on(int sock, json_t *request, int fd)
{
	json_t *reply = NULL;
	int r = wire_send(sock, request, fd, clock_now_ms() + ANSWER_MS, &agent_err);

	json_decref(request);
	if (r == 0)
		r = wire_recv(sock, &reply, NULL, clock_now_ms() + ANSWER_MS, &agent_err);
	if (r < 0)
		fail_msg("no answer: %s", agent_err.msg);
	return reply;
}

MAYBE json_t *ask(json_t *request, int fd)
{
	auto_close int sock = connect_agent();

	return ask_on(sock, request, fd);
}

MAYBE const char *text_of(const json_t *obj, const char *key)
{
	const char *text = json_string_value(json_object_get(obj, key));

	return text ? text : "";
}

#define eventually(condition)                                            \
	do {                                                             \
		int64_t _end = clock_now_ms() + 60000;                   \
		while (!(condition)) {                                   \
			if (clock_now_ms() > _end)                       \
				fail_msg("not in 60 s: %s", #condition); \
			(void)usleep(20000);                             \
		}                                                        \
	} while (0)

/* 1: it answers and has started; 0: it answers; -1: not yet. */
MAYBE int agent_state(void)
{
	auto_close int sock =
		wire_connect(agent_path("run/a.sock"), clock_now_ms() + 100, &agent_err);
	json_auto_t *reply = NULL;

	if (sock < 0)
		return -1;
	reply = ask_on(sock, wire_request("node"), -1);
	return strcmp(text_of(reply, "why"), "the agent is starting") != 0;
}

MAYBE void agent_start(void)
{
	agent.pid = agent_spawn(NULL);
	eventually(agent_state() == 1);
}

/* Its exit status, or 1000 + the signal that ended it. */
MAYBE int wait_for(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* terminationGracePeriodSeconds of deploy/base/daemonset.yaml: who lives longer is killed. */
#define GRACE_MS 30000

MAYBE int agent_end(int sig)
{
	int64_t begun = clock_now_ms();
	pid_t pid = agent.pid;
	int status;

	agent.pid = 0;
	assert_int_equal(kill(pid, sig), 0);
	status = wait_for(pid);
	assert_true(clock_now_ms() - begun < GRACE_MS);
	return status;
}

MAYBE bool log_has(const char *text)
{
	auto_free char *log = NULL;

	return file_read(AT_FDCWD, agent_path("log"), 1 << 20, &log, NULL, &agent_err) == 0 &&
	       strstr(log, text);
}

MAYBE int count_files(const char *name)
{
	auto_closedir DIR *dir = opendir(agent_path(name));
	const struct dirent *de;
	int n = 0;

	while (dir && (de = readdir(dir)))
		n += de->d_name[0] != '.';
	return n;
}

/* ---- pods ---- */

MAYBE bool file_has(const char *name, const char *text)
{
	auto_free char *content = NULL;

	return file_read(AT_FDCWD, agent_path(name), 1 << 20, &content, NULL, NULL) == 0 &&
	       strstr(content, text);
}

/* A process that does nothing in a network namespace of its own; *ret_fd is the namespace. */
MAYBE pid_t pod_new(int *ret_fd)
{
	char path[64];
	int ready[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) == 0 && write(ready[1], "x", 1) == 1)
			(void)pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	*ret_fd = netns_open(path, &agent_err);
	assert_true(*ret_fd >= 0);
	return pid;
}

MAYBE void pod_end(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

MAYBE json_t *about(const char *verb, const char *id)
{
	return json_pack("{s:i, s:s, s:{s:s, s:s, s:s}}", "v", WIRE_VERSION, "verb", verb,
			 "attachment", "network", "net", "containerID", id, "ifname", "eth0");
}

/* A prepare message for pod default/<id>; steer NULL: no annotations. It waits as long as we do:
 * the agent may be slow on a busy machine. */
MAYBE json_t *prepare_of(const char *id, const char *steer)
{
	json_t *msg = about("prepare", id);

	json_object_set_new(msg, "timeoutMs", json_integer(ANSWER_MS));
	json_object_set_new(msg, "pod",
			    json_pack("{s:s, s:s}", "namespace", "default", "name", id));
	if (steer)
		json_object_set_new(msg, "annotations",
				    json_pack("{s:s}", "smc-cni.io/steer", steer));
	return msg;
}

MAYBE json_t *commit_on(int sock)
{
	json_t *msg = wire_request("commit");

	json_object_set_new(msg, "timeoutMs", json_integer(ANSWER_MS));
	return ask_on(sock, msg, -1);
}

/* The whole ADD of a pod. */
MAYBE void add_pod(const char *id, const char *steer, int netns_fd)
{
	auto_close int sock = connect_agent();
	json_auto_t *prepared = ask_on(sock, prepare_of(id, steer), netns_fd);
	json_auto_t *committed = commit_on(sock);

	if (!json_is_true(json_object_get(committed, "ok")))
		fail_msg("ADD failed: %s, %s", text_of(prepared, "error"),
			 text_of(committed, "error"));
}

/* "pod" or "node", that of the name or (NULL) any, in the answer to `status`; NULL: not there. The
 * caller frees. */
MAYBE json_t *status_item(const char *kind, const char *name)
{
	auto_close int sock = connect_agent();
	json_t *msg = ask_on(sock, wire_request("status"), -1), *found = NULL;

	while (!json_object_get(msg, "end")) {
		json_t *item = json_object_get(msg, kind);

		if (item && (!name || !strcmp(text_of(item, "name"), name)))
			found = json_incref(item);
		json_decref(msg);
		assert_int_equal(
			wire_recv(sock, &msg, NULL, clock_now_ms() + ANSWER_MS, &agent_err), 0);
	}
	json_decref(msg);
	return found;
}

MAYBE json_t *status_of(const char *pod)
{
	return status_item("pod", pod);
}

/* ---- each test has its own agent ---- */

/* Its folder and port. 0, or -1. */
MAYBE int agent_new(void)
{
	if (geteuid() != 0) {
		(void)puts("skip: network namespaces need root");
		exit(77);
	}
	strcpy(agent.dir, "/tmp/test-agent-XXXXXX");
	if (!agent.port)
		agent.port = port_reserve();
	return mkdtemp(agent.dir) ? mkdir(agent_path("manifests"), 0700) : -1;
}

MAYBE int agent_set_up(void **state)
{
	(void)state;
	if (agent_new() < 0)
		return -1;
	agent_config("logLevel: debug\n");
	agent_start();
	return 0;
}

MAYBE int agent_tear_down(void **state)
{
	(void)state;
	if (agent.pid)
		(void)agent_end(SIGKILL);
	agent_config("");
	if (wait_for(agent_spawn("--cleanup")) != 0)
		return -1;
	return tree_remove(agent.dir);
}

#define agent_test(fn) cmocka_unit_test_setup_teardown(fn, agent_set_up, agent_tear_down)

MAYBE const char *why_of(const char *name)
{
	static char why[512];
	json_auto_t *pod = status_of(name);

	(void)snprintf(why, sizeof(why), "%s",
		       pod ? text_of(json_object_get(pod, "policy"), "why") : "no such pod");
	return why;
}

MAYBE void leave_pending_of(const char *file, const char *id, const char *netns, const char *cookie)
{
	json_auto_t *msg = prepare_of(id, "enabled");
	auto_free char *text = NULL;

	json_object_set_new(msg, "netnsPath", json_string(netns));
	if (cookie)
		json_object_set_new(msg, "netnsCookie", json_string(cookie));
	text = json_dumps(msg, 0);
	write_file(agent_path(file), text);
}

/* As a plugin of the version before leaves it, without a cookie. */
MAYBE void leave_pending(const char *file, const char *id, const char *netns)
{
	leave_pending_of(file, id, netns, NULL);
}

#endif
