/* SPDX-License-Identifier: Apache-2.0 */
/* The built plugin beside locks of others. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/file.h>

#include <cmocka.h>

#include <stdbool.h>

#include "common/cleanup.h"
#include "tests/program/cni_world.h"

#define CONF                                                                       \
	",\"interface\":{\"kind\":\"veth\",\"bridge\":\"br0\",\"isGateway\":true}" \
	",\"ipam\":{\"type\":\"fake\"},\"ipamTimeoutMs\":%d"

static const struct world_reply good[] = { { NULL, NULL } };

/* The file of a namespace can be opened, and so locked, by users without any right. */
static void a_lock_on_a_namespace_stops_nobody(void **state)
{
	const char *conf = world_conf("1.0.0", CONF, 3000);
	struct world_run r;

	(void)state;
	(void)world_agent(good);
	world_ipam(
		"fake",
		"cat <<END\n{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.7.0.2/24\"}]}\nEND");
	for (int mode = LOCK_SH; mode <= LOCK_EX; mode++) {
		auto_close int host = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		auto_close int pod = open(world_netns(0), O_RDONLY | O_CLOEXEC);

		assert_int_equal(flock(host, mode), 0);
		assert_int_equal(flock(pod, mode), 0);
		r = world_expect_ok("ADD", conf, 0);
		world_run_clear(&r);
		r = world_expect_ok("DEL", conf, 0);
		world_run_clear(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_lock_on_a_namespace_stops_nobody, world_reset),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
