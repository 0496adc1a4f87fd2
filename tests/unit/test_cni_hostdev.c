/* The built plugin, stand-alone, lending a device of the host: what several do with one device, and what
 * becomes of a device that nobody gave back. The device is one end of a veth pair: what is special with
 * real ones is in tests/vm.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "tests/unit/cni_world.h"

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
	world_sh("ip link show dev up0 | tr '\\n' ' ' | grep -q 'UP.*mtu 1450' && ! ip link | grep smc-cni");
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

#define HOSTDEV_TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOSTDEV_TEST(of_two_adds_for_one_device_one_gets_it_and_it_comes_back),
		HOSTDEV_TEST(a_device_with_the_mark_of_another_add_is_given_back),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
