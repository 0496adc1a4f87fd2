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

/* Of the pair with up1, as it was, and nothing is remembered of it. */
static void expect_home(void)
{
	world_sh("ip -d link show dev up0 | tr '\\n' ' ' >%s/home.log; "
		 "grep -q 'up0@up1.*[<,]UP[,>].*mtu 1450.*group default.*promiscuity 0 ' "
		 "%s/home.log && "
		 "! grep -q -e altname -e alias -e ALLMULTI -e NOARP %s/home.log && "
		 "test -z \"$(ls /run/smc-cni/plugin/lent 2>/dev/null)\"",
		 world_dir(), world_dir(), world_dir());
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

/* ---- what a pod writes ---- */

#define IN_POD0 "nsenter --net=$POD0 ip "

/* With POD0 and HOST, the two namespaces. */
static void sh(const char *line)
{
	world_sh("export POD0=%s POD1=%s HOST=/proc/%d/ns/net; set -e; %s", world_netns(0),
		 world_netns(1), (int)getpid(), line);
}

static void what_a_pod_has_written_on_it_does_not_come_home(void **state)
{
	(void)state;
	sh("ip link add there0 type veth peer name there1");
	ok(0, "ADD", "", 0);
	sh(IN_POD0 "link set eth0 down; " IN_POD0
		   "link set eth0 address 02:00:00:00:be:ef mtu 1300 alias smc-cni:net1 group 77 "
		   "promisc on allmulticast on arp off name sneaky0 up; "
		   "for n in there0 smc-cni.0123456789abcdef.0123456789abcdef up0 cni0; do " IN_POD0
		   "link property add dev sneaky0 altname $n; done");
	ok(0, "DEL", "", 0);
	expect_home();
	sh("! ip link | grep -q 02:00:00:00:be:ef");
}

/* All that a pod can write on its own link is as on the lent one. */
static void a_link_of_the_pods_making_stays_in_the_pod(void **state)
{
	static const char *const verbs[] = { "DEL", "GC" };

	(void)state;
	sh("mkdir -p /run/netns; touch /run/netns/pod; mount --bind $POD0 /run/netns/pod");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		ok(0, "ADD", "", 0);
		sh("mac=$(" IN_POD0
		   "link show eth0 | sed -n 's/.*ether \\([^ ]*\\).*/\\1/p'); " IN_POD0
		   "link set eth0 name away0 address 02:00:00:00:00:13; " IN_POD0
		   "link add eth0 address $mac mtu 1450 type veth peer name evil1; " IN_POD0
		   "link set evil1 up; " IN_POD0
		   "link add up0 up address $mac type veth peer name evil2; "
		   "for n in smc-cni.0123456789abcdef.fedcba9876543210.02000000beef.1500.up.eth9; "
		   "do " IN_POD0 "link property add dev up0 altname $n; done");
		ok(0, verbs[i], ",\"cni.dev/valid-attachments\":[]", 0);
		expect_home();
		sh("! ip link | grep -q -e eth9 -e evil -e 00:be:ef; " IN_POD0
		   "link show eth0 | grep -q eth0@evil1; " IN_POD0
		   "link show up0 | grep -q up0@evil2; " IN_POD0 "link del eth0; " IN_POD0
		   "link del up0");
	}
	sh("umount /run/netns/pod; rm /run/netns/pod");
}

static void del_takes_it_from_the_pod_that_has_it_whatever_the_path_leads_to(void **state)
{
	struct world_run r;

	(void)state;
	ok(0, "ADD", "", 0);
	sh("nsenter --net=$POD1 ip link add eth0 type veth peer name other0; "
	   "mkdir -p /run/netns; touch /run/netns/pod; mount --bind $POD0 /run/netns/pod");
	(void)setenv("CNI_NETNS", world_netns(1), 1);
	r = world_expect_ok("DEL", world_conf("1.1.0", UP0), 0);
	world_run_clear(&r);
	sh("umount /run/netns/pod; rm /run/netns/pod; "
	   "nsenter --net=$POD1 ip link show eth0 >/dev/null");
	expect_home();
}

static void check_knows_the_device_from_one_that_has_its_name(void **state)
{
	json_auto_t *result = NULL;
	auto_free char *text = NULL, *more = NULL;
	struct world_run r;

	(void)state;
	use_pod(0);
	r = world_expect_ok("ADD", world_conf("1.1.0", UP0), 0);
	result = json_incref(r.doc);
	world_run_clear(&r);
	text = json_dumps(result, JSON_COMPACT);
	assert_true(asprintf(&more, ",\"prevResult\":%s", text) > 0);
	ok(0, "CHECK", more, 0);
	sh("mac=$(" IN_POD0 "link show eth0 | sed -n 's/.*ether \\([^ ]*\\).*/\\1/p'); " IN_POD0
	   "link set eth0 name away0; " IN_POD0
	   "link add eth0 up address $mac type veth peer name evil1");
	world_expect_error("CHECK", world_conf("1.1.0", UP0 "%s", more), 103,
			   "is not the device that ADD lent");
	ok(0, "DEL", "", 0);
	expect_home();
}

/* ---- alternative names ---- */

static void expect_altnames(const char *names)
{
	world_sh("test \"$(ip -o link show up0 | grep -o 'altname [^ \\\\]*' | cut -c9- | "
		 "sort | tr '\\n' ' ')\" = '%s'",
		 names);
}

static void its_alternative_names_come_back_with_it(void **state)
{
	(void)state;
	sh("ip link property add dev up0 altname ens7; ip link property add dev up0 altname eth0");
	ok(0, "ADD", "", 0);
	sh(IN_POD0 "link property del dev eth0 altname ens7");
	ok(0, "DEL", "", 0);
	expect_altnames("ens7 eth0 ");
	sh("for n in ens7 eth0; do ip link property del dev up0 altname $n; done");
	expect_home();
}

static void its_old_name_may_be_an_alternative_name_by_now(void **state)
{
	static const char *const lines[] = {
		"ip link property add dev eth0 altname up0", /* as udev does: to it, it is new */
		"ip link property add dev up1 altname up0",
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(lines); i++) {
		ok(0, "ADD", "", 0);
		world_sh("nsenter --net=%s ip link set dev eth0 netns %d", world_netns(0),
			 (int)getpid());
		sh(lines[i / 2]);
		if (i % 2 == 0) {
			ok(0, "DEL", "", i / 2 ? 1 : 0);
		} else {
			ok(1, "ADD", "", i / 2 ? 2 : 1);
			ok(1, "DEL", "", 0);
		}
		expect_home();
	}
}

static void an_alternative_name_that_is_taken_does_not_keep_it_away(void **state)
{
	(void)state;
	sh("ip link property add dev up0 altname ens7");
	ok(0, "ADD", "", 0);
	sh("ip link add ens7 type veth peer name ens8");
	ok(0, "DEL", "", 1);
	expect_altnames("");
	sh("ip link del ens7");
	expect_home();
}

static void an_alternative_name_that_the_pod_has_fails_the_add(void **state)
{
	(void)state;
	sh("ip link property add dev up0 altname net9; " IN_POD0
	   "link add net9 type veth peer name inner");
	use_pod(0);
	world_expect_error("ADD", world_conf("1.1.0", UP0), 101,
			   "move device 'up0' to the pod as 'eth0'");
	expect_altnames("net9 ");
	sh("ip link property del dev up0 altname net9; " IN_POD0 "link del net9");
	expect_home();
}

/* ---- not given back ---- */

/* What is in the pod is what was on the host under that name. */
static void expect_lent_to(int pod)
{
	world_sh("! ip link show dev up0 2>/dev/null; ls /run/smc-cni/plugin/lent | grep -q . && "
		 "nsenter --net=%s ip link show dev eth0 >/dev/null",
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

static void a_name_that_is_taken_is_not_exchanged_for_one_of_the_pods_choice(void **state)
{
	(void)state;
	ok(0, "ADD", "", 0);
	come_home(0, "cni0");
	sh("ip link add up0 type veth peer name other1");
	ok(0, "DEL", "", 1);
	sh("ip link del up0; ip -o link | grep -q ' dev[0-9]*@up1'; ! ip link | grep -q cni0");
}

/* Its address stays, too: nothing was to be changed. */
static void what_a_killed_add_has_remembered_changes_nothing(void **state)
{
	(void)state;
	ok(0, "ADD", "", 0);
	sh("cp -a /run/smc-cni/plugin/lent $POD0.lent");
	ok(0, "DEL", "", 0);
	sh("rmdir /run/smc-cni/plugin/lent; mv $POD0.lent /run/smc-cni/plugin/lent; "
	   "ip -6 addr add fd09::1/64 dev up0 nodad");
	ok(0, "DEL", "", 0);
	sh("ip -6 addr show dev up0 | grep -q fd09::1");
	expect_home();
}

static void add_takes_a_device_that_a_killed_add_has_remembered(void **state)
{
	(void)state;
	ok(0, "ADD", "", 0);
	sh("cp -a /run/smc-cni/plugin/lent $POD0.lent");
	ok(0, "DEL", "", 0);
	sh("rmdir /run/smc-cni/plugin/lent; mv $POD0.lent /run/smc-cni/plugin/lent");
	ok(1, "ADD", "", 1);
	expect_lent_to(1);
	ok(1, "DEL", "", 0);
	expect_home();
}

/* Nor for another one that somebody has given its name, besides. */
static void add_says_who_has_the_device(void **state)
{
	(void)state;
	ok(0, "ADD", "", 0);
	for (int i = 0; i < 2; i++) {
		use_pod(1);
		world_expect_error("ADD", world_conf("1.1.0", UP0), 101,
				   "device 'up0' of the host was lent to 'eth0' of container 'c1'");
		sh(i ? "true" : "ip link property add dev up1 altname up0");
	}
	sh("ip link property del dev up1 altname up0");
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
		HOSTDEV_TEST(what_a_pod_has_written_on_it_does_not_come_home),
		HOSTDEV_TEST(a_link_of_the_pods_making_stays_in_the_pod),
		HOSTDEV_TEST(del_takes_it_from_the_pod_that_has_it_whatever_the_path_leads_to),
		HOSTDEV_TEST(check_knows_the_device_from_one_that_has_its_name),
		HOSTDEV_TEST(its_alternative_names_come_back_with_it),
		HOSTDEV_TEST(its_old_name_may_be_an_alternative_name_by_now),
		HOSTDEV_TEST(an_alternative_name_that_is_taken_does_not_keep_it_away),
		HOSTDEV_TEST(an_alternative_name_that_the_pod_has_fails_the_add),
		HOSTDEV_TEST(add_takes_a_device_that_came_home_after_its_del),
		HOSTDEV_TEST(a_name_that_is_taken_is_not_exchanged_for_one_of_the_pods_choice),
		HOSTDEV_TEST(what_a_killed_add_has_remembered_changes_nothing),
		HOSTDEV_TEST(add_takes_a_device_that_a_killed_add_has_remembered),
		HOSTDEV_TEST(add_says_who_has_the_device),
		HOSTDEV_TEST(add_by_the_name_that_a_late_device_has_is_refused),
		HOSTDEV_TEST(a_link_that_is_marked_as_our_own_making_is_not_lent),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
