/* SPDX-License-Identifier: Apache-2.0 */
/* Taking a lent device back from a pod that exchanges links while we look at them: netdev_find()
 * tells the index that the device had a moment ago. By then another link has it.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cni-plugin/hostdev.h"
#include "cni-plugin/netdev.h"
#include "common/cleanup.h"
#include "common/netns.h"
#include "common/nlsock.h"
#include "tests/program/cni_world.h"

static int stale_index; /* 0: the truth is told */

int __real_netdev_find(int netns_fd, uint64_t id, struct netdev *ret, struct err *err);
int __wrap_netdev_find(int netns_fd, uint64_t id, struct netdev *ret, struct err *err);

int __wrap_netdev_find(int netns_fd, uint64_t id, struct netdev *ret, struct err *err)
{
	int r = __real_netdev_find(netns_fd, id, ret, err);

	if (netns_fd >= 0 && stale_index)
		ret->index = stale_index;
	return r;
}

static struct link get(struct nl_sock *sk, const char *name)
{
	struct link link;

	assert_int_equal(link_get(sk, name, &link, NULL), 0);
	return link;
}

static void what_came_instead_of_the_device_goes_back(void **state)
{
	auto_nlsock struct nl_sock *host = NULL, *pod = NULL;
	auto_close int netns_fd = netns_open(world_netns(0), NULL);
	struct lent l = { .attachment = { "net1", "c1", "net1" } };
	const struct conf_interface conf = { .kind = CONF_HOST_DEVICE };
	struct err err = ERR_INIT;
	struct link device, evil;

	(void)state;
	world_sh("ip link add up0 type veth peer name up1");
	assert_int_equal(nlsock_open(-1, NETLINK_ROUTE, 10000, &host, NULL), 0);
	assert_int_equal(nlsock_open(netns_fd, NETLINK_ROUTE, 10000, &pod, NULL), 0);
	device = get(host, "up0");
	assert_int_equal(netdev_id(-1, "up0", &l.id, &l.real, NULL), 0);
	assert_int_equal(netns_identify(netns_fd, &l.netns, NULL), 0);
	assert_int_equal(hostdev_lend(host, &l, &device, netns_fd, &conf, NULL), 0);
	world_sh("nsenter --net=%s ip link add evil0 type veth peer name evil1", world_netns(0));
	evil = get(pod, "evil0");
	stale_index = evil.index;
	assert_int_equal(hostdev_return(host, &l, netns_fd, &err), -EAGAIN);
	assert_non_null(strstr(err.msg, "the pod has exchanged it for another link"));
	stale_index = 0;
	world_sh("test \"$(ip -o link | grep -c -v -e ' lo:' -e ' up1@')\" = 0; "
		 "nsenter --net=%s ip -o link | grep -q '@evil1'",
		 world_netns(0));
	(void)get(pod, "net1");
	assert_int_equal(hostdev_return(host, &l, netns_fd, &err), 1);
	device = get(host, "up0");
	assert_int_equal(hostdev_return(host, &l, netns_fd, &err), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_came_instead_of_the_device_goes_back, world_reset),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
