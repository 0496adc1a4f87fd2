/* SPDX-License-Identifier: Apache-2.0 */
/* The built plugin, stand-alone, lending a device of the host: what several do with one device, and
 * what becomes of a device that nobody gave back. The device is one end of a veth pair: what is
 * special with real ones is in tests/vm.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cni-plugin/lock.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "tests/program/cni_world.h"

#define PAIRS 150
#define UP0 ",\"interface\":{\"kind\":\"host-device\",\"device\":\"up0\"}"

static const struct world_reply good[] = { { NULL, NULL } };

static void use_pod(int pod)
{
	(void)setenv("CNI_CONTAINERID", pod ? "c2" : "c1", 1);
	(void)setenv("CNI_NETNS", world_netns(pod), 1);
}

static int setup(void **state)
{
	(void)world_reset(state);
	(void)world_agent(good);
	world_sh("ip link add up0 mtu 1450 type veth peer name up1 && ip link set up0 up");
	return 0;
}

static void ok(int pod, const char *verb, const char *more, int lines)
{
	struct world_run r;

	use_pod(pod);
	r = world_expect_ok(verb, world_conf("1.1.0", UP0 "%s", more), lines);
	world_run_clear(&r);
}

static void expect_home(void)
{
	world_sh(
		"ip link show dev up0 | tr '\\n' ' ' | grep -q 'UP.*mtu 1450' && ! ip link | grep smc-cni");
}

/* ---- at once ---- */

static pid_t start(int pod, const char *verb, const char *conf)
{
	auto_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	use_pod(pod);
	return world_start(verb, conf, strlen(conf), null, null);
}

static int end_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* Returns how many went well. */
static int in_both(const char *verb)
{
	const char *conf = world_conf("1.1.0", UP0);
	pid_t first = start(0, verb, conf), second = start(1, verb, conf);
	int good_ones = end_of(first) == 0;

	return good_ones + (end_of(second) == 0);
}

static void of_two_adds_for_one_device_one_gets_it_and_it_comes_back(void **state)
{
	(void)state;
	for (int i = 0; i < PAIRS; i++) {
		assert_int_equal(in_both("ADD"), 1);
		assert_int_equal(in_both("DEL"), 2);
		expect_home();
	}
}

/* It sleeps between two looks. */
static bool is_waiting(pid_t pid)
{
	auto_free char *text = NULL;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/wchan", (int)pid);
	return file_read(AT_FDCWD, path, 256, &text, NULL, NULL) == 0 && strstr(text, "nanosleep");
}

static void an_add_and_a_del_wait_for_who_has_the_lock(void **state)
{
	static const char *const verbs[] = { "ADD", "DEL" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		int lock = lock_node(LOCK_DEVICES, false, 0, NULL);
		pid_t pid = start(0, verbs[i], world_conf("1.1.0", UP0));

		assert_true(lock >= 0);
		while (!is_waiting(pid)) {
			assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
			(void)usleep(5000);
		}
		(void)close(lock);
		assert_int_equal(end_of(pid), 0);
	}
	expect_home();
}

/* ---- several marks ---- */

/* As ADDs at once left it before they took turns. */
static void mark_it_twice(int pod)
{
	world_sh("nsenter --net=%s ip link property add dev eth0 altname "
		 "smc-cni.0123456789abcdef.fedcba9876543210.020000000001.1450.up.up0",
		 world_netns(pod));
}

static void a_device_with_the_mark_of_another_add_is_given_back(void **state)
{
	(void)state;
	ok(0, "ADD", "", 0);
	mark_it_twice(0);
	ok(0, "DEL", "", 0);
	expect_home();
}

/* ---- not given back ---- */

/* What is in the pod is what was on the host under that name. */
static void expect_lent_to(int pod)
{
	world_sh("! ip link show dev up0 2>/dev/null");
	world_sh(
		"nsenter --net=%s ip link show dev eth0 | grep -q 'altname smc-cni.*\\.1450\\.up\\.up0'",
		world_netns(pod));
}

/* As the kernel does it when the pod's namespace dies. */
static void come_home(int pod, const char *name)
{
	world_sh("nsenter --net=%s ip link set dev eth0 netns %d name %s", world_netns(pod),
		 (int)getpid(), name);
}

static void add_takes_a_device_that_came_home_after_its_del(void **state)
{
	static const char *const names[] = { "eth0", "up0", "dev7" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ok(0, "ADD", "", 0);
		come_home(0, names[i]);
		ok(1, "ADD", "", 1);
		expect_lent_to(1);
		ok(0, "DEL", "", 0);
		ok(1, "DEL", "", 0);
		expect_home();
	}
}

static void add_takes_a_device_that_a_killed_add_has_marked(void **state)
{
	(void)state;
	world_sh("ip link property add dev up0 altname "
		 "smc-cni.0123456789abcdef.fedcba9876543210.$(ip link show dev up0 | "
		 "sed -n 's/.*ether \\([^ ]*\\).*/\\1/p' | tr -d :).1450.up.up0");
	ok(0, "ADD", "", 1);
	expect_lent_to(0);
	ok(0, "DEL", "", 0);
	expect_home();
}

/* Of another device, which has the name that a late one has come home with. */
static void add_by_the_name_that_a_late_device_has_is_refused(void **state)
{
	(void)state;
	ok(0, "ADD", "", 0);
	come_home(0, "other0");
	use_pod(1);
	world_expect_error("ADD",
			   world_conf("1.1.0", ",\"interface\":{\"kind\":\"host-device\","
					       "\"device\":\"other0\"}"),
			   101, "look up interface 'other0'");
	expect_home();
}

static void a_link_that_is_marked_as_our_own_making_is_not_lent(void **state)
{
	(void)state;
	world_sh("ip link property add dev up0 altname smc-cni.0123456789abcdef.fedcba9876543210");
	use_pod(0);
	world_expect_error("ADD", world_conf("1.1.0", UP0), 101, "it is marked as a pod's own");
}

#define HOSTDEV_TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOSTDEV_TEST(of_two_adds_for_one_device_one_gets_it_and_it_comes_back),
		HOSTDEV_TEST(an_add_and_a_del_wait_for_who_has_the_lock),
		HOSTDEV_TEST(a_device_with_the_mark_of_another_add_is_given_back),
		HOSTDEV_TEST(add_takes_a_device_that_came_home_after_its_del),
		HOSTDEV_TEST(add_takes_a_device_that_a_killed_add_has_marked),
		HOSTDEV_TEST(add_by_the_name_that_a_late_device_has_is_refused),
		HOSTDEV_TEST(a_link_that_is_marked_as_our_own_making_is_not_lent),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
