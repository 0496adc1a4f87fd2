/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of pods in the maps, in this machine's own kernel. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <bpf/bpf.h>

#include "common/cleanup.h"
#include "tests/unit/offer_world.h"

#define POD 4711
#define OTHER (1ULL << 32 | POD) /* another one in the high half alone */

static struct err err;

static void works(int rc)
{
	if (rc < 0)
		fail_msg("%s", err.msg);
}

static const struct peers_set *one_net(void)
{
	return offer_world_set((const char *[]){ "10.1.0.0/16", NULL });
}

static const struct peers_set *three_nets(void)
{
	return offer_world_set((const char *[]){ "10.0.0.0/8", "10.2.0.0/16", "fd00::/8", NULL });
}

/* Everybody's, in the trie. */
static int count_rules(void)
{
	struct offer_key key;
	int n = 0;

	while (bpf_map_get_next_key(offer_world->maps[OFFER_MAP_RULES], n ? &key : NULL, &key) == 0)
		n++;
	return n;
}

static int count_pods(void)
{
	auto_free uint64_t *cookies = NULL;

	return offer_pod_list(offer_world, &cookies, &err);
}

static void reopen(void)
{
	offer_close(offer_world);
	offer_world = NULL;
	works(offer_open(OFFER_DIR, &offer_world, &err));
}

static void a_set_comes_changes_and_goes(void **state)
{
	struct offer_counts counts;

	(void)state;
	assert_int_equal(offer_pod_check(offer_world, POD, OFFER_OPEN, one_net(), &err), -ENOENT);
	works(offer_pod_apply(offer_world, POD, OFFER_OPEN, one_net(), &err));
	works(offer_pod_apply(offer_world, OTHER, OFFER_OPEN, one_net(), &err));
	works(offer_pod_check(offer_world, POD, OFFER_OPEN, one_net(), &err));
	assert_int_equal(offer_pod_check(offer_world, POD, 0, one_net(), &err), -ESTALE);
	assert_int_equal(offer_pod_check(offer_world, POD, OFFER_OPEN, three_nets(), &err),
			 -ESTALE);
	works(offer_pod_apply(offer_world, POD, OFFER_OPEN, three_nets(), &err));
	works(offer_pod_check(offer_world, POD, OFFER_OPEN, three_nets(), &err));
	works(offer_pod_check(offer_world, OTHER, OFFER_OPEN, one_net(), &err));
	assert_int_equal(count_rules(), 4);
	assert_int_equal(count_pods(), 2);
	works(offer_pod_undo(offer_world, POD, &err));
	works(offer_pod_undo(offer_world, POD, &err));
	assert_int_equal(count_rules(), 1);
	assert_int_equal(offer_pod_counts(offer_world, POD, &counts, &err), -ENOENT);
	works(offer_pod_undo(offer_world, OTHER, &err));
	assert_int_equal(count_rules(), 0);
	assert_int_equal(count_pods(), 0);
}

static void the_same_set_again_is_no_change(void **state)
{
	const uint64_t cookie = POD;
	struct offer_pod before, after;

	(void)state;
	works(offer_pod_apply(offer_world, POD, OFFER_OPEN, three_nets(), &err));
	works(bpf_map_lookup_elem(offer_world->maps[OFFER_MAP_PODS], &cookie, &before));
	works(offer_pod_apply(offer_world, POD, OFFER_OPEN, three_nets(), &err));
	works(bpf_map_lookup_elem(offer_world->maps[OFFER_MAP_PODS], &cookie, &after));
	assert_int_equal(before.generation, after.generation);
	assert_int_equal(count_rules(), 3);
}

static void another_port_is_another_set(void **state)
{
	struct peers_rule rule = { .ports = { .n = 1, .range = { { 80, 80 } } } };
	struct peers_set set = { .n = 1, .rules = &rule };

	(void)state;
	rule.net = one_net()->rules[0].net;
	works(offer_pod_apply(offer_world, POD, OFFER_OPEN, one_net(), &err));
	assert_int_equal(offer_pod_check(offer_world, POD, OFFER_OPEN, &set, &err), -ESTALE);
	assert_non_null(strstr(err.msg, "the rule of 10.1.0.0/16 is another"));
	works(offer_pod_apply(offer_world, POD, OFFER_OPEN, &set, &err));
	works(offer_pod_check(offer_world, POD, OFFER_OPEN, &set, &err));
	assert_int_equal(count_rules(), 1);
}

static void a_new_agent_knows_what_is_there(void **state)
{
	(void)state;
	works(offer_pod_apply(offer_world, POD, OFFER_OPEN, three_nets(), &err));
	works(offer_pod_apply(offer_world, OTHER, 0, offer_world_set((const char *[]){ NULL }),
			      &err));
	reopen();
	works(offer_pod_check(offer_world, POD, OFFER_OPEN, three_nets(), &err));
	works(offer_pod_apply(offer_world, POD, OFFER_OPEN, one_net(), &err));
	works(offer_pod_apply(offer_world, OTHER, OFFER_OPEN, one_net(), &err));
	works(offer_pod_check(offer_world, OTHER, OFFER_OPEN, one_net(), &err));
	assert_int_equal(count_rules(), 2);
	works(offer_pod_undo(offer_world, POD, &err));
	works(offer_pod_undo(offer_world, OTHER, &err));
	assert_int_equal(count_rules(), 0);
}

/* What an agent leaves that dies between the rules and the entry, or before the old set is gone. */
static void half_a_change_goes_when_it_starts_again(void **state)
{
	struct offer_key key;

	(void)state;
	works(offer_pod_apply(offer_world, POD, OFFER_OPEN, three_nets(), &err));
	offer_key_make(&key, POD, 77, &one_net()->rules[0].net);
	works(bpf_map_update_elem(offer_world->maps[OFFER_MAP_RULES], &key,
				  &one_net()->rules[0].ports, BPF_ANY));
	offer_key_make(&key, OTHER, 1, &one_net()->rules[0].net);
	works(bpf_map_update_elem(offer_world->maps[OFFER_MAP_RULES], &key,
				  &one_net()->rules[0].ports, BPF_ANY));
	assert_int_equal(count_rules(), 5);
	reopen();
	assert_int_equal(count_rules(), 3);
	works(offer_pod_check(offer_world, POD, OFFER_OPEN, three_nets(), &err));
}

static void addresses_of_the_node_outlive_an_agent(void **state)
{
	struct inet_addr v4, v6;

	(void)state;
	works(inet_parse("10.1.0.5/24", &v4, &err));
	works(inet_parse("fd00::5/64", &v6, &err));
	works(offer_node_address_apply(offer_world, POD, &v4, &err));
	works(offer_node_address_apply(offer_world, POD, &v4, &err));
	works(offer_node_address_apply(offer_world, POD, &v6, &err));
	reopen();
	assert_int_equal(count_rules(), 2);
	works(offer_node_address_undo(offer_world, POD, &v4, &err));
	works(offer_node_address_undo(offer_world, POD, &v4, &err));
	assert_int_equal(count_rules(), 1);
	works(offer_node_address_undo(offer_world, POD, &v6, &err));
	assert_int_equal(count_rules(), 0);
}

/* Its DEL comes late, and the address is another pod's by then. */
static void an_address_goes_with_the_last_pod_that_has_it(void **state)
{
	struct inet_addr addr;

	(void)state;
	works(inet_parse("10.1.0.5/24", &addr, &err));
	assert_int_equal(offer_node_address_check(offer_world, &addr, &err), -ENOENT);
	works(offer_node_address_apply(offer_world, POD, &addr, &err));
	works(offer_node_address_apply(offer_world, OTHER, &addr, &err));
	works(offer_node_address_undo(offer_world, POD, &addr, &err));
	works(offer_node_address_check(offer_world, &addr, &err));
	works(offer_node_address_undo(offer_world, OTHER, &addr, &err));
	assert_int_equal(count_rules(), 0);
}

static void the_switch_outlives_an_agent(void **state)
{
	bool closed;

	(void)state;
	works(offer_node_closed(offer_world, &closed, &err));
	assert_false(closed);
	works(offer_node_close(offer_world, true, &err));
	reopen();
	works(offer_node_closed(offer_world, &closed, &err));
	assert_true(closed);
}

static void a_pin_that_is_gone_is_told(void **state)
{
	char path[128];

	(void)state;
	works(offer_check(offer_world, &err));
	(void)snprintf(path, sizeof(path), OFFER_DIR "/v%d/offer_rules", STEER_LAYOUT);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(offer_check(offer_world, &err), -ENOENT);
	reopen();
	works(offer_check(offer_world, &err));
}

static void bits_beyond_the_prefix_make_no_difference(void **state)
{
	struct offer_key with, without;
	struct inet_addr a, b;

	(void)state;
	assert_int_equal(inet_parse("10.1.2.3/12", &a, &err), 0);
	assert_int_equal(inet_parse("10.0.0.0/12", &b, &err), 0);
	offer_key_make(&with, POD, 1, &a);
	offer_key_make(&without, POD, 1, &b);
	assert_memory_equal(&with, &without, sizeof(with));
	assert_int_equal(with.prefixlen, OFFER_KEY_BITS + 96 + 12);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, offer_world_open, offer_world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_set_comes_changes_and_goes),
		TEST(the_same_set_again_is_no_change),
		TEST(another_port_is_another_set),
		TEST(a_new_agent_knows_what_is_there),
		TEST(half_a_change_goes_when_it_starts_again),
		TEST(addresses_of_the_node_outlive_an_agent),
		TEST(an_address_goes_with_the_last_pod_that_has_it),
		TEST(the_switch_outlives_an_agent),
		TEST(a_pin_that_is_gone_is_told),
		cmocka_unit_test(bits_beyond_the_prefix_make_no_difference),
	};

	return cmocka_run_group_tests(tests, offer_world_make, NULL);
}
