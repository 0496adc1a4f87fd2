/* SPDX-License-Identifier: Apache-2.0 */
/* smc-perf as it is built: a server and clients of this machine, whose kernel need not have SMC. */
#include <jansson.h>
#include <libgen.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "tests/program/port.h"

#define WORDS_MAX 16

static char program[PATH_MAX], folder[] = "/tmp/smc-perf-test-XXXXXX";
static char unix_path[64], port[8], said[1 << 16];
static pid_t server;

/* Starts it; what it says on the descriptor `from` (1 or 2) comes out of *ret_fd. */
static pid_t start(const char *const *words, int from, int *ret_fd)
{
	char *argv[WORDS_MAX + 2] = { program };
	int ends[2];
	pid_t pid;

	for (size_t i = 0; words[i]; i++)
		argv[i + 1] = (char *)(uintptr_t)words[i];
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(ends[1], from);
		(void)close(ends[0]);
		(void)close(ends[1]);
		(void)execv(program, argv);
		_exit(127);
	}
	(void)close(ends[1]);
	*ret_fd = ends[0];
	return pid;
}

/* Reads until the text comes, or the end. */
static void hear(int fd, const char *until)
{
	size_t len = 0;
	ssize_t n;

	said[0] = '\0';
	while (len < sizeof(said) - 1 && (n = read(fd, said + len, sizeof(said) - 1 - len)) > 0) {
		len += (size_t)n;
		said[len] = '\0';
		if (until && strstr(said, until))
			return;
	}
	if (until)
		fail_msg("'%s' was not said, but: %s", until, said);
}

static int end_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* A client's exit status; `said` has what it wrote to the descriptor. */
static int client(int from, const char *over, const char *measure, bool json)
{
	const char *const words[] = { "client",	   "127.0.0.1", "--port",
				      port,	   "--unix",	unix_path,
				      "--over",	   over,	"--seconds",
				      "0.02",	   "--rounds",	"2",
				      "--measure", measure,	json ? "--json" : NULL,
				      NULL };
	int fd = -1;
	pid_t pid = start(words, from, &fd);

	hear(fd, NULL);
	(void)close(fd);
	return end_of(pid);
}

static bool kernel_has_smc(void)
{
	auto_close int fd = socket(43, SOCK_STREAM, 0);

	return fd >= 0;
}

static void all_measures_are_taken_over_tcp_and_unix(void **state)
{
	json_auto_t *all = NULL;
	json_error_t error;

	(void)state;
	if (client(1, "tcp,unix", "memory,round-trip,connect,stream,parallel", true) != 0)
		fail_msg("%s", said);
	all = json_loads(said, 0, &error);
	assert_non_null(all);
	assert_true(json_is_true(json_object_get(all, "same_machine")));
	assert_int_equal(json_array_size(json_object_get(all, "cells")), 1 + 6 + 1 + 4 + 4);
}

static void a_table_has_a_line_for_each_rival(void **state)
{
	(void)state;
	assert_int_equal(client(1, "tcp,unix", "stream", false), 0);
	assert_non_null(strstr(said, "One-way stream"));
	assert_non_null(strstr(said, "1M  TCP"));
	assert_non_null(strstr(said, "UNIX"));
}

static void smc_that_is_not_there_is_no_success(void **state)
{
	(void)state;
	if (kernel_has_smc())
		skip(); /* tests/vm/cases/perf-*.sh */
	assert_int_equal(client(2, "tcp,smc", "connect", false), 3);
	assert_non_null(strstr(said, "has no SMC"));
	assert_non_null(strstr(said, "modprobe smc"));
}

static void a_server_that_is_not_there_is_named(void **state)
{
	const char *const words[] = { "client", "127.0.0.1", "--port", "1", NULL };
	int fd = -1;
	pid_t pid = start(words, 2, &fd);

	(void)state;
	hear(fd, NULL);
	(void)close(fd);
	assert_int_equal(end_of(pid), 1);
	assert_non_null(strstr(said, "127.0.0.1 port 1"));
	assert_non_null(strstr(said, "smc-perf server"));
}

static void a_server_that_serves_once_ends_with_its_client(void **state)
{
	char other[8];
	const char *const words[] = { "server", "--bind", "127.0.0.1", "--port",
				      other,	"--once", NULL };
	char all[8];
	int fd = -1;
	pid_t pid;

	(void)state;
	(void)snprintf(other, sizeof(other), "%d", port_reserve());
	pid = start(words, 2, &fd);
	hear(fd, "ready");
	memcpy(all, port, sizeof(all));
	memcpy(port, other, sizeof(port));
	assert_int_equal(client(1, "tcp", "round-trip", false), 0);
	memcpy(port, all, sizeof(port));
	assert_int_equal(end_of(pid), 0);
	(void)close(fd);
}

static void wrong_usage_is_status_2(void **state)
{
	(void)state;
	assert_int_equal(client(2, "tcp,smk", "connect", false), 2);
	assert_non_null(strstr(said, "did you mean 'smc'?"));
}

static int begin(void **state)
{
	const char *const words[] = { "server", "--bind", "127.0.0.1", "--port",
				      port,	"--unix", unix_path,   NULL };
	char self[PATH_MAX];
	int fd = -1;

	(void)state;
	if (!realpath("/proc/self/exe", self) || !mkdtemp(folder))
		return -1;
	(void)snprintf(program, sizeof(program), "%.4000s/../../bin/smc-perf", dirname(self));
	(void)snprintf(unix_path, sizeof(unix_path), "%s/socket", folder);
	(void)snprintf(port, sizeof(port), "%d", port_reserve());
	server = start(words, 2, &fd);
	hear(fd, "ready");
	return 0;
}

static int end(void **state)
{
	(void)state;
	(void)kill(server, SIGKILL);
	(void)end_of(server);
	(void)unlink(unix_path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_measures_are_taken_over_tcp_and_unix),
		cmocka_unit_test(a_table_has_a_line_for_each_rival),
		cmocka_unit_test(smc_that_is_not_there_is_no_success),
		cmocka_unit_test(a_server_that_is_not_there_is_named),
		cmocka_unit_test(a_server_that_serves_once_ends_with_its_client),
		cmocka_unit_test(wrong_usage_is_status_2),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
