/* SPDX-License-Identifier: Apache-2.0 */
/* What of hostnet needs no SMC; the rest is tests/vm/cases/hostnet_*.sh. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/nlsock.h"
#include "common/rule.h"
#include "common/tc.h"
#include "node-agent/hostnet/impl.h"

static struct inet_addr inet(const char *text)
{
	struct inet_addr a;

	assert_int_equal(inet_parse(text, &a, NULL), 0);
	return a;
}

static const char *pnet_of(const struct config *config, const char *addr)
{
	struct inet_addr a = inet(addr);
	const struct config_pnet *pnet = config_pnet_for(config, &a);

	return pnet ? pnet->id : "";
}

static void a_pod_gets_the_pnet_whose_cidr_covers_it(void **state)
{
	struct inet_addr first = inet("10.1.0.0/16"),
			 second[] = { inet("10.2.0.0/16"), inet("fd00::/64") };
	struct config_pnet pnets[] = {
		{ .id = "NET0", .n_pod_cidrs = 1, .pod_cidrs = &first },
		{ .id = "NET1", .n_pod_cidrs = 2, .pod_cidrs = second },
	};
	struct config config = { .n_pnets = 2, .pnets = pnets };

	(void)state;
	assert_string_equal(pnet_of(&config, "10.1.2.3/24"), "NET0");
	assert_string_equal(pnet_of(&config, "10.2.2.3/24"), "NET1");
	assert_string_equal(pnet_of(&config, "fd00::5/64"), "NET1");
	assert_string_equal(pnet_of(&config, "10.3.2.3/24"), "");
}

static void the_only_pnet_takes_every_pod(void **state)
{
	struct config_pnet pnet = { .id = "NET0" };
	struct config config = { .n_pnets = 1, .pnets = &pnet }, none = { .n_pnets = 0 };

	(void)state;
	assert_string_equal(pnet_of(&config, "10.3.2.3/24"), "NET0");
	assert_string_equal(pnet_of(&none, "10.3.2.3/24"), "");
}

static void hostnet_is_not_wanted_without_an_rdma_device(void **state)
{
	struct config_rdma rdma = { .device = "nope_0", .port = 1 };
	struct config_pnet pnet = { .id = "NET0", .n_rdma = 1, .rdma = &rdma };
	struct config config = { .n_pnets = 1, .pnets = &pnet };

	const struct rdma_nl_port ports[] = { { .device = "nope_0", .port = 2 },
					      { .device = "nope_1", .port = 1 } };
	const struct rdma_nl_port present = { .device = "nope_0", .port = 1 };

	(void)state;
	assert_false(hostnet_wanted(&config, NULL, 0));
	assert_false(hostnet_wanted(&config, ports, 2));
	assert_true(hostnet_wanted(&config, &present, 1));
}

static struct hostnet_undo *full_undo(void)
{
	struct smc_pnet entry = { .id = "NET0", .ibname = "rxe0", .ibport = 1 };
	struct inet_addr prefix = inet("10.244.0.0/16"), dst = inet("10.244.0.1");
	struct hostnet_undo *u = hostnet_undo_new();

	assert_non_null(u);
	u->table = 47910;
	u->rules = RULE_IPV4 | RULE_IP6MR;
	u->dummy = u->clsact = true;
	for (int i = 0; i < 2; i++) { /* the second time changes nothing */
		assert_int_equal(hostnet_undo_add_redirect(u, dst.v4, NULL), 0);
		assert_int_equal(hostnet_undo_add_cover(u, "br0", &prefix, NULL), 0);
		assert_int_equal(hostnet_undo_add_pnet(u, &entry, NULL), 0);
	}
	return u;
}

static void undo_data_survive_the_way_through_json(void **state)
{
	static const char expected[] =
		"{\"clsact\":true,\"covers\":[{\"ifname\":\"br0\",\"prefix\":\"10.244.0.0/16\"}],\"dummy\":true,"
		"\"pnets\":[{\"device\":\"rxe0\",\"id\":\"NET0\",\"port\":1}],\"redirects\":[\"10.244.0.1\"],"
		"\"rules\":9,\"table\":47910}";
	struct hostnet_undo *u = full_undo(), *copy = NULL;
	json_t *json = hostnet_undo_to_json(u), *again;
	char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);

	(void)state;
	assert_string_equal(text, expected);
	assert_int_equal(hostnet_undo_from_json(json, &copy, NULL), 0);
	again = hostnet_undo_to_json(copy);
	assert_true(json_equal(json, again));
	free(text);
	json_decref(json);
	json_decref(again);
	hostnet_undo_free(u);
	hostnet_undo_free(copy);
}

static void no_undo_data_are_an_empty_object(void **state)
{
	struct hostnet_undo *u = NULL;
	json_t *json = json_object();

	(void)state;
	assert_int_equal(hostnet_undo_from_json(json, &u, NULL), 0);
	assert_int_equal(u->table, 0);
	assert_int_equal(u->n_pnets, 0);
	json_decref(json);
	hostnet_undo_free(u);
}

static void bad_undo_data_are_refused_by_name(void **state)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{ "{\"table\":-1}", "table" },
		{ "{\"rules\":16}", "rules" },
		{ "{\"dummy\":1}", "dummy" },
		{ "{\"redirects\":[\"10.1\"]}", "hostnet: 'redirects' must hold IPv4 addresses" },
		{ "{\"covers\":[1]}", "hostnet: 'covers' must hold objects" },
		{ "{\"covers\":[{\"ifname\":\"br0\",\"prefix\":\"10.1.2.3/8\"}]}", "10.1.2.3/8" },
		{ "{\"covers\":[{\"ifname\":\"a-name-of-16-byt\",\"prefix\":\"10.0.0.0/8\"}]}",
		  "is too long" },
		{ "{\"pnets\":[{\"id\":\"NET0\",\"device\":\"rxe0\"}]}",
		  "hostnet.pnets: 'rxe0' -> 'NET0' is no entry of an RDMA port" },
		{ "{\"pnets\":[{\"id\":\"N-0\",\"device\":\"rxe0\",\"port\":1}]}",
		  "'rxe0' -> 'N-0'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *json = json_loads(bad[i].text, 0, NULL);
		struct hostnet_undo *u = NULL;
		struct err err = ERR_INIT;

		assert_non_null(json);
		assert_int_equal(hostnet_undo_from_json(json, &u, &err), -EINVAL);
		assert_null(u);
		if (!strstr(err.msg, bad[i].message))
			fail_msg("%s: %s", bad[i].text, err.msg);
		json_decref(json);
	}
}

/* ---- in a namespace of the test's own ---- */

static struct nl_sock *sk;

static int open_socket(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET) < 0 || system("ip link set lo up") != 0)
		return -1;
	return nlsock_open(-1, NETLINK_ROUTE, 2000, &sk, NULL);
}

static int close_socket(void **state)
{
	(void)state;
	nlsock_close(&sk);
	return 0;
}

static void a_rule_added_by_hand_is_not_the_kernels(void **state)
{
	uint32_t families = RULE_ALL;

	(void)state;
	assert_int_equal(rule_l3mdev_get(sk, &families, NULL), 0);
	assert_int_equal(families, 0);
	assert_int_equal(system("ip rule add pref 1000 l3mdev"), 0);
	assert_int_equal(rule_l3mdev_get(sk, &families, NULL), 0);
	assert_int_equal(families, 0);
	assert_int_equal(rule_l3mdev_del(sk, RULE_ALL, NULL), 0);
	assert_int_equal(system("ip rule | grep -q l3mdev"), 0);
	assert_int_equal(system("ip rule add pref 1000 l3mdev protocol kernel"), 0);
	assert_int_equal(system("ip -6 rule add pref 1000 l3mdev protocol kernel"), 0);
	assert_int_equal(rule_l3mdev_get(sk, &families, NULL), 0);
	assert_int_equal(families, RULE_IPV4 | RULE_IPV6);
	assert_int_equal(rule_l3mdev_del(sk, RULE_IPV4, NULL), 0);
	assert_int_equal(rule_l3mdev_get(sk, &families, NULL), 0);
	assert_int_equal(families, RULE_IPV6);
	assert_int_equal(system("[ $(ip rule | grep -c l3mdev) = 1 ]"), 0);
	assert_int_equal(rule_l3mdev_del(sk, RULE_ALL, NULL), 0);
	assert_int_equal(system("! ip -6 rule | grep -q l3mdev"), 0);
}

static void the_first_table_that_nobody_uses_is_picked(void **state)
{
	uint32_t table = 0;

	(void)state;
	assert_int_equal(hostnet_table_pick(sk, 0, &table, NULL), 0);
	assert_int_equal(table, 47910);
	assert_int_equal(system("ip route add 10.1.0.0/16 dev lo table 47910"), 0);
	assert_int_equal(system("ip -6 rule add from fd00::1 lookup 47911"), 0);
	assert_int_equal(hostnet_table_pick(sk, 0, &table, NULL), 0);
	assert_int_equal(table, 47912);
	assert_int_equal(hostnet_table_pick(sk, 47950, &table, NULL), 0);
	assert_int_equal(table, 47950);
	assert_int_equal(hostnet_table_pick(sk, 47910, &table, NULL), 0);
	assert_int_equal(table, 47912);
}

static void a_full_range_of_tables_is_an_error(void **state)
{
	struct err err = ERR_INIT;
	uint32_t table = 0;

	(void)state;
	assert_int_equal(
		system("for t in $(seq 47910 47999); do echo route add 10.1.0.0/16 dev lo table $t; done "
		       "| ip -batch -"),
		0);
	assert_int_equal(hostnet_table_pick(sk, 0, &table, &err), -EBUSY);
	assert_string_equal(
		err.msg, "create VRF 'smc-vrf': the routing tables 47910 to 47999 are all in use");
	assert_int_equal(table, 0);
}

static void clsact_is_seen_counted_and_removed(void **state)
{
	struct err err = ERR_INIT;
	bool there = true;

	(void)state;
	assert_int_equal(tc_has_clsact(sk, 1, &there, NULL), 0);
	assert_false(there);
	assert_int_equal(tc_clsact_del(sk, 1, &err), -ENOENT);
	assert_int_equal(tc_clsact_add(sk, 1, NULL), 0);
	assert_int_equal(tc_clsact_add(sk, 1, NULL), -EEXIST);
	assert_int_equal(tc_has_clsact(sk, 1, &there, NULL), 0);
	assert_true(there);
	assert_int_equal(tc_filter_count(sk, 1, NULL), 0);
	assert_int_equal(system("tc filter add dev lo egress u32 match u32 0 0 flowid 1:1"), 0);
	assert_int_equal(tc_filter_count(sk, 1, NULL), 2); /* u32 lists its hash table as well */
	assert_int_equal(tc_clsact_del(sk, 1, NULL), 0);
	assert_int_equal(tc_has_clsact(sk, 1, &there, NULL), 0);
	assert_false(there);
}

static void an_ingress_qdisc_will_do(void **state)
{
	bool there = false;

	(void)state;
	assert_int_equal(system("tc qdisc add dev lo ingress"), 0);
	assert_int_equal(tc_has_clsact(sk, 1, &there, NULL), 0);
	assert_true(there);
}

static struct tc_redirect redirect_of(const char *dst)
{
	return (struct tc_redirect){
		.from = 1, .to = 1, .dst = inet(dst).v4, .dst_port = 4791, .pref = 4791
	};
}

static void a_redirect_is_found_by_its_address_and_removed_alone(void **state)
{
	struct tc_redirect a = redirect_of("10.244.0.1"), b = redirect_of("10.244.0.2");
	struct err err = ERR_INIT;
	int to = 0;

	(void)state;
	assert_int_equal(
		system("ip link add br0 type bridge; tc qdisc add dev lo clsact; "
		       "tc filter add dev lo ingress pref 9 protocol ip u32 match u32 0 0 flowid 1:1"),
		0);
	assert_int_equal(tc_redirect_find(sk, &a, &to, &err), -ENOENT);
	assert_string_equal(
		err.msg, "look up redirect of UDP '10.244.0.1:4791' (pref 4791): no such filter: "
			 "No such file or directory");
	assert_int_equal(tc_redirect_add(sk, &a, NULL), 0);
	assert_int_equal(tc_redirect_add(sk, &b, NULL), 0);
	assert_int_equal(tc_redirect_find(sk, &b, &to, NULL), 0);
	assert_int_equal(to, 1);
	assert_int_equal(tc_redirect_del(sk, &a, NULL), 0);
	assert_int_equal(tc_redirect_del(sk, &a, NULL), -ENOENT);
	assert_int_equal(tc_redirect_find(sk, &b, &to, NULL), 0);
	assert_int_equal(tc_redirect_del(sk, &b, NULL), 0);
	assert_int_equal(system("! tc filter show dev lo ingress | grep -q 4791"), 0);
	assert_int_equal(system("tc filter show dev lo ingress | grep -q 'pref 9 '"), 0);
}

static void a_redirect_to_an_interface_that_is_gone_reads_as_zero(void **state)
{
	struct tc_redirect a = redirect_of("10.244.0.1");
	int to = 77;

	(void)state;
	assert_int_equal(system("tc qdisc add dev lo clsact; ip link add br0 index 42 type bridge"),
			 0);
	a.to = 42;
	assert_int_equal(tc_redirect_add(sk, &a, NULL), 0);
	assert_int_equal(tc_redirect_find(sk, &a, &to, NULL), 0);
	assert_int_equal(to, 42);
	assert_int_equal(system("ip link del br0"), 0);
	assert_int_equal(tc_redirect_find(sk, &a, &to, NULL), 0);
	assert_int_equal(to, 0);
	assert_int_equal(tc_redirect_del(sk, &a, NULL), 0);
}

#define IN_NETNS(fn) cmocka_unit_test_setup_teardown(fn, open_socket, close_socket)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pod_gets_the_pnet_whose_cidr_covers_it),
		cmocka_unit_test(the_only_pnet_takes_every_pod),
		cmocka_unit_test(hostnet_is_not_wanted_without_an_rdma_device),
		cmocka_unit_test(undo_data_survive_the_way_through_json),
		cmocka_unit_test(no_undo_data_are_an_empty_object),
		cmocka_unit_test(bad_undo_data_are_refused_by_name),
		IN_NETNS(a_rule_added_by_hand_is_not_the_kernels),
		IN_NETNS(the_first_table_that_nobody_uses_is_picked),
		IN_NETNS(a_full_range_of_tables_is_an_error),
		IN_NETNS(clsact_is_seen_counted_and_removed),
		IN_NETNS(an_ingress_qdisc_will_do),
		IN_NETNS(a_redirect_is_found_by_its_address_and_removed_alone),
		IN_NETNS(a_redirect_to_an_interface_that_is_gone_reads_as_zero),
	};

	return cmocka_run_group_tests_name("hostnet", tests, NULL, NULL);
}
