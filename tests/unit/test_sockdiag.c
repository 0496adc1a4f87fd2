/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets of a namespace of its own are counted, others are not. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/netns.h"
#include "common/sockdiag.h"

#define WAIT_MS 2000

static int own_netns, other_netns;

static int open_tcp(int family, int listens)
{
	struct sockaddr_storage addr = { .ss_family = (sa_family_t)family };
	socklen_t len = family == AF_INET ? sizeof(struct sockaddr_in) :
					    sizeof(struct sockaddr_in6);
	struct err err = ERR_INIT;
	int fd = netns_socket(own_netns, family, SOCK_STREAM | SOCK_CLOEXEC, 0, &err);

	if (fd < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
	if (listens)
		assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static int listeners(int netns_fd)
{
	struct err err = ERR_INIT;
	int n = sockdiag_tcp_listeners(netns_fd, WAIT_MS, &err);

	if (n < 0)
		fail_msg("%s", err.msg);
	return n;
}

static void an_empty_namespace_has_none(void **state)
{
	(void)state;
	assert_int_equal(listeners(own_netns), 0);
}

static void those_of_both_families_count_and_only_those_that_listen(void **state)
{
	int v4 = open_tcp(AF_INET, 1), v4_too = open_tcp(AF_INET, 1), v6 = open_tcp(AF_INET6, 1);
	int bound = open_tcp(AF_INET, 0);

	(void)state;
	assert_int_equal(listeners(own_netns), 3);
	assert_int_equal(close(v4), 0);
	assert_int_equal(listeners(own_netns), 2);
	assert_int_equal(close(v4_too), 0);
	assert_int_equal(close(v6), 0);
	assert_int_equal(close(bound), 0);
	assert_int_equal(listeners(own_netns), 0);
}

static void those_of_other_namespaces_do_not_count(void **state)
{
	int fd = open_tcp(AF_INET, 1);

	(void)state;
	assert_int_equal(listeners(own_netns), 1);
	assert_int_equal(listeners(other_netns), 0);
	assert_int_equal(close(fd), 0);
}

/* The namespace is made in a child, which ends when we have it open. */
static int make_netns(void)
{
	char path[64];
	int up[2], down[2], fd;
	char c;
	pid_t pid;

	if (pipe2(up, 0) < 0 || pipe2(down, 0) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		(void)close(down[1]);
		if (unshare(CLONE_NEWNET) == 0 && write(up[1], "x", 1) == 1)
			(void)!read(down[0], &c, 1);
		_exit(0);
	}
	(void)close(up[1]);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = read(up[0], &c, 1) == 1 ? netns_open(path, NULL) : -1;
	(void)close(up[0]);
	(void)close(down[0]);
	(void)close(down[1]);
	return fd;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_namespace_has_none),
		cmocka_unit_test(those_of_both_families_count_and_only_those_that_listen),
		cmocka_unit_test(those_of_other_namespaces_do_not_count),
	};

	own_netns = make_netns();
	other_netns = make_netns();
	if (own_netns < 0 || other_netns < 0) {
		(void)fprintf(stderr, "needs root: no network namespace can be made\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
