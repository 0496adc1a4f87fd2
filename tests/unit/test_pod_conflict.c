/* SPDX-License-Identifier: Apache-2.0 */
/* What is found in a pod decides what is put in force. What the kernel says is this test's. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node-agent/conflict/conflict.h"
#include "node-agent/node/pod_conflict.h"

static struct config config;
static struct node node = { .config = &config, .cgroup_fd = -1 };
static int owner, sock_ops; /* what the looks are to return */
static const struct wish nothing = { .steer = false };

int __wrap_conflict_owner_rules(int netns_fd, int timeout_ms, char *what, size_t size,
				struct err *err);
int __wrap_conflict_sock_ops(int cgroup_fd, char *what, size_t size, struct err *err);

int __wrap_conflict_owner_rules(int netns_fd, int timeout_ms, char *what, size_t size,
				struct err *err)
{
	(void)timeout_ms;
	assert_true(netns_fd >= 0);
	(void)snprintf(what, size, "table 'nat'");
	return owner < 0 ? err_sys(err, owner, "list rules") : owner;
}

int __wrap_conflict_sock_ops(int cgroup_fd, char *what, size_t size, struct err *err)
{
	assert_int_equal(cgroup_fd, node.cgroup_fd);
	(void)snprintf(what, size, "'other', id 5");
	return sock_ops < 0 ? err_sys(err, sock_ops, "list programs") : sock_ops;
}

static int set_up(void **state)
{
	(void)state;
	owner = sock_ops = 0;
	memset(&config, 0, sizeof(config));
	node.cgroup_fd = open("/", O_PATH | O_CLOEXEC); /* of a pod whose cgroup is not known */
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return close(node.cgroup_fd);
}

/* What becomes of a wish to steer, when `before` is in force. */
static struct wish heeded(const struct wish *before, struct conflicts *seen)
{
	struct wish wish = { .steer = true,
			     .offer = true,
			     .host = true,
			     .programs = true,
			     .ulp = STEER_ULP_DENY,
			     .netns = { .n_pnets = 1, .n_sysctls = 2 } };
	const struct record rec = { .phase = RECORD_NONE };

	pod_conflicts_heed(&node, &rec, 0, before, &wish, seen);
	return wish;
}

static void without_a_conflict_the_wish_stays(void **state)
{
	struct conflicts seen = { 0 };

	(void)state;
	assert_true(heeded(&nothing, &seen).steer);
	for (int i = 0; i < CONFLICT_N_KINDS; i++)
		assert_int_equal(seen.of[i].answer, CONFLICT_NO);
}

static void owner_rules_leave_a_new_pod_without_a_trace_of_steering(void **state)
{
	struct conflicts seen = { 0 };
	struct wish wish;

	(void)state;
	owner = 1;
	wish = heeded(&nothing, &seen);
	assert_false(wish.steer || wish.offer || wish.host || wish.programs);
	assert_int_equal(wish.ulp, STEER_ULP_IGNORE);
	assert_int_equal(wish.netns.n_sysctls, 0);
	assert_int_equal(wish.netns.n_pnets, 1); /* of every pod */
	assert_string_equal(seen.of[CONFLICT_OWNER_RULES].what, "table 'nat'");
}

/* Listeners from before need the offer closed, open connections the host's side. */
static void what_stays_as_long_as_the_pod_stays(void **state)
{
	const struct wish before = { .steer = true, .offer = true, .host = true };
	struct conflicts seen = { 0 };
	struct wish wish;

	(void)state;
	owner = 1;
	wish = heeded(&before, &seen);
	assert_false(wish.steer);
	assert_true(wish.offer && wish.host);
}

static void sock_ops_count_unless_they_are_allowed(void **state)
{
	struct conflicts seen = { 0 };

	(void)state;
	sock_ops = 1;
	assert_false(heeded(&nothing, &seen).steer);
	assert_string_equal(seen.of[CONFLICT_SOCK_OPS].what, "'other', id 5");
	config.allow_sock_ops = true;
	assert_true(heeded(&nothing, &seen).steer);
	owner = 1;
	assert_false(heeded(&nothing, &seen).steer);
}

static void what_cannot_be_asked_steers_no_new_pod(void **state)
{
	struct conflicts seen = { 0 };

	(void)state;
	owner = -EPERM;
	assert_false(heeded(&nothing, &seen).steer);
	assert_int_equal(seen.of[CONFLICT_OWNER_RULES].answer, CONFLICT_DOUBT);
	assert_non_null(strstr(seen.of[CONFLICT_OWNER_RULES].what, strerror(EPERM)));
	owner = 0;
	sock_ops = -EPERM;
	assert_false(heeded(&nothing, &seen).steer);
}

static void what_cannot_be_asked_takes_no_pod_off_smc(void **state)
{
	const struct wish before = { .steer = true };
	struct conflicts seen = { 0 };

	(void)state;
	owner = sock_ops = -EPERM;
	assert_true(heeded(&before, &seen).steer);
	for (int i = 0; i < CONFLICT_N_KINDS; i++)
		assert_int_equal(seen.of[i].answer, CONFLICT_UNSEEN);
}

/* With cgroup v1 nobody has a place to attach one to. */
static void without_cgroup_v2_there_is_nothing_to_ask(void **state)
{
	struct conflicts seen = { 0 };
	int fd = node.cgroup_fd;

	(void)state;
	node.cgroup_fd = -1;
	sock_ops = 1;
	assert_true(heeded(&nothing, &seen).steer);
	assert_int_equal(seen.of[CONFLICT_SOCK_OPS].answer, CONFLICT_UNSEEN);
	node.cgroup_fd = fd;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_a_conflict_the_wish_stays),
		TEST(owner_rules_leave_a_new_pod_without_a_trace_of_steering),
		TEST(what_stays_as_long_as_the_pod_stays),
		TEST(sock_ops_count_unless_they_are_allowed),
		TEST(what_cannot_be_asked_steers_no_new_pod),
		TEST(what_cannot_be_asked_takes_no_pod_off_smc),
		TEST(without_cgroup_v2_there_is_nothing_to_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
