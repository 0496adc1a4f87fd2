/* SPDX-License-Identifier: Apache-2.0 */
/* What a SYN that arrives finds of the path to its peer, in this machine's own kernel. What proves
 * a path or closes it needs SMC: tests/vm/cases/agent-paths.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/unit/offer_world.h"

#define PORT 5000
#define SECOND 1000000000ull

static int listener = -1;

/* A namespace in which somebody listens, and offers SMC to all. This machine's kernel may have no
 * SMC, whose listeners cannot be told from others then. */
static int begin(void **state)
{
	const struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(PORT) };

	if (offer_world_open(state) < 0)
		return -1;
	offer_world_allow(OFFER_OPEN, offer_world_set((const char *[]){ "0.0.0.0/0", NULL }));
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return bind(listener, (const struct sockaddr *)&any, sizeof(any)) == 0 &&
			       listen(listener, 1) == 0 ?
		       0 :
		       -1;
}

static int end(void **state)
{
	(void)close(listener);
	return offer_world_close(state);
}

static void gate(bool smcd, bool watched)
{
	const struct path_node node = { .gate = 1,
					.smcd = smcd,
					.watched_until_ns =
						watched ? clock_boot_ns() + 60 * SECOND : 0 };

	assert_int_equal(offer_paths_gate(offer_world, &node, NULL), 0);
}

static bool comes(const char *peer)
{
	return offer_world_keeps(OFFER_IN, peer, "10.9.0.1", PORT);
}

static struct path_key key_of(const char *peer, uint32_t bits)
{
	struct path_key key = { .bits = bits };
	struct inet_addr addr;

	assert_int_equal(inet_parse(peer, &addr, NULL), 0);
	inet_as_v6(&addr, key.address);
	return key;
}

static struct path path_of(const struct path_key *key)
{
	struct path path;

	assert_int_equal(bpf_map_lookup_elem(offer_world->maps[OFFER_MAP_PATHS], key, &path), 0);
	return path;
}

static void set(const struct path_key *key, const struct path *path)
{
	assert_int_equal(
		bpf_map_update_elem(offer_world->maps[OFFER_MAP_PATHS], key, path, BPF_ANY), 0);
}

static void turn_is_free(void)
{
	uint32_t zero = 0;
	uint64_t free_ns = 0;

	assert_int_equal(bpf_map_update_elem(offer_world->maps[OFFER_MAP_PATH_TURN], &zero,
					     &free_ns, BPF_ANY),
			 0);
}

static void nobody_asked_for_proofs(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(comes("10.244.1.5"));
}

static void one_unproven_path_is_tried_at_a_time(void **state)
{
	struct path_key key = key_of("10.244.1.0", PATHS_BITS_V4);
	struct path path;

	(void)state;
	gate(false, true);
	assert_true(comes("10.244.1.5"));
	path = path_of(&key);
	assert_int_equal(path.state, PATH_TRYING);
	assert_in_range(path.until_ns - clock_boot_ns(), 0, PATHS_SYN_NS);
	assert_false(comes("10.244.1.5"));
	assert_false(comes("10.244.1.60")); /* the same peer */
	assert_false(comes("10.244.1.64")); /* another one, which waits for its turn */
	assert_false(comes("10.244.7.1"));
	turn_is_free();
	assert_false(comes("10.244.1.5"));
	assert_true(comes("10.244.7.1"));
	assert_true(offer_world_keeps(OFFER_OUT, "10.9.0.1", "10.244.8.1", PORT)); /* not asked */
}

static void what_never_came_to_the_path_is_no_failure(void **state)
{
	const struct path late = { .state = PATH_TRYING, .until_ns = clock_boot_ns() - 1 };
	struct path_key key = key_of("10.244.1.0", PATHS_BITS_V4);

	(void)state;
	gate(false, true);
	set(&key, &late);
	assert_true(comes("10.244.1.5"));
	assert_int_equal(path_of(&key).failures, 0);
}

static void no_proof_in_time_closes_it_longer_each_time(void **state)
{
	static const unsigned want_s[] = { 60, 120, 240, 480, 600, 600 };
	struct path_key key = key_of("10.244.1.0", PATHS_BITS_V4);

	(void)state;
	gate(false, true);
	for (uint32_t i = 0; i < 6; i++) {
		struct path path = { .state = PATH_TRYING,
				     .flags = PATH_AGREED,
				     .failures = i,
				     .until_ns = clock_boot_ns() - 1 };

		set(&key, &path);
		assert_false(comes("10.244.1.5"));
		path = path_of(&key);
		assert_int_equal(path.state, PATH_CLOSED);
		assert_int_equal(path.failures, i + 1);
		assert_true(path.cookie == offer_world_cookie);
		assert_in_range(path.until_ns - clock_boot_ns(), (want_s[i] - 30) * SECOND,
				want_s[i] * SECOND);
		assert_false(comes("10.244.1.5"));
	}
}

static void one_tries_again_when_it_was_closed_long_enough(void **state)
{
	struct path closed = { .state = PATH_CLOSED, .failures = 3 };
	struct path_key key = key_of("10.244.1.0", PATHS_BITS_V4);

	(void)state;
	gate(false, true);
	closed.until_ns = clock_boot_ns() + 60 * SECOND;
	set(&key, &closed);
	assert_false(comes("10.244.1.5"));
	closed.until_ns = clock_boot_ns() - 1;
	set(&key, &closed);
	assert_true(comes("10.244.1.5"));
	assert_false(comes("10.244.1.5"));
	assert_int_equal(path_of(&key).failures, 3);
}

static void unwatched_what_is_proven_holds_and_nothing_is_tried(void **state)
{
	const struct path proven = { .state = PATH_PROVEN };
	struct path_key key = key_of("10.244.1.0", PATHS_BITS_V4);

	(void)state;
	gate(false, false);
	set(&key, &proven);
	for (int i = 0; i < 3; i++)
		assert_true(comes("10.244.1.5"));
	assert_false(comes("10.244.7.1"));
}

static void a_port_that_nobody_listens_at_takes_no_turn(void **state)
{
	(void)state;
	gate(false, true);
	assert_false(offer_world_keeps(OFFER_IN, "10.244.1.5", "10.9.0.1", PORT + 1));
	assert_true(comes("10.244.1.5"));
}

static void pods_of_the_node_are_one_peer_that_smcd_needs_no_path_to(void **state)
{
	struct path_key key = { .bits = PATHS_BITS_NODE };
	struct inet_addr addr;

	(void)state;
	for (int i = 1; i <= 2; i++) {
		assert_int_equal(inet_parse(i == 1 ? "10.244.1.5" : "10.244.2.5", &addr, NULL), 0);
		assert_int_equal(offer_node_address_apply(offer_world, 1, &addr, NULL), 0);
	}
	gate(false, true);
	assert_true(comes("10.244.1.5"));
	assert_false(comes("10.244.2.5"));
	assert_int_equal(path_of(&key).state, PATH_TRYING);
	gate(true, false);
	assert_true(comes("10.244.2.5"));
}

static void addresses_count_where_nodes_share_a_network(void **state)
{
	const struct path mixed = { .state = PATH_PROVEN, .flags = PATH_MIXED };
	const struct path proven = { .state = PATH_PROVEN };
	struct path_key net = key_of("10.244.1.0", PATHS_BITS_V4);
	struct path_key exact = key_of("10.244.1.5", PATHS_BITS_ADDRESS);

	(void)state;
	gate(false, true);
	set(&net, &mixed);
	set(&exact, &proven);
	for (int i = 0; i < 3; i++)
		assert_true(comes("10.244.1.5"));
	assert_true(comes("10.244.1.6")); /* its first */
	assert_false(comes("10.244.1.6"));
}

static void the_list_forgets_what_nobody_comes_over(void **state)
{
	const uint64_t now_ns = clock_boot_ns() + 2 * PATH_FORGET_NS;
	const struct path proven = { .state = PATH_PROVEN },
			  closed = { .state = PATH_CLOSED, .until_ns = now_ns + 1 },
			  old = { .state = PATH_CLOSED, .until_ns = 1 };
	struct path_key keys[] = { key_of("10.244.1.0", PATHS_BITS_V4),
				   key_of("10.244.2.0", PATHS_BITS_V4),
				   key_of("10.244.3.0", PATHS_BITS_V4) };
	struct path_list list;

	(void)state;
	set(&keys[0], &proven);
	set(&keys[1], &closed);
	set(&keys[2], &old);
	assert_int_equal(offer_paths_read(offer_world, now_ns, &list, NULL), 0);
	assert_int_equal(list.n, 2);
	assert_memory_equal(&list.all[0].key, &keys[1], sizeof(keys[1])); /* closed ones first */
	assert_memory_equal(&list.all[1].key, &keys[0], sizeof(keys[0]));
	path_list_clear(&list);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody_asked_for_proofs),
		TEST(one_unproven_path_is_tried_at_a_time),
		TEST(what_never_came_to_the_path_is_no_failure),
		TEST(no_proof_in_time_closes_it_longer_each_time),
		TEST(one_tries_again_when_it_was_closed_long_enough),
		TEST(unwatched_what_is_proven_holds_and_nothing_is_tried),
		TEST(a_port_that_nobody_listens_at_takes_no_turn),
		TEST(pods_of_the_node_are_one_peer_that_smcd_needs_no_path_to),
		TEST(addresses_count_where_nodes_share_a_network),
		TEST(the_list_forgets_what_nobody_comes_over),
	};

	return cmocka_run_group_tests(tests, offer_world_make, NULL);
}
