/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node-agent/model/path.h"

#define NOW 1000000000000ull

static void a_state_is_what_the_next_syn_will_find(void **state)
{
	static const struct {
		struct path path;
		enum path_state want;
	} cases[] = {
		{ { .state = PATH_UNPROVEN }, PATH_UNPROVEN },
		{ { .state = PATH_TRYING, .until_ns = NOW + 1 }, PATH_TRYING },
		{ { .state = PATH_TRYING, .flags = PATH_AGREED, .until_ns = NOW + 1 },
		  PATH_TRYING },
		{ { .state = PATH_TRYING, .until_ns = NOW }, PATH_UNPROVEN },
		{ { .state = PATH_TRYING, .flags = PATH_AGREED, .until_ns = NOW }, PATH_CLOSED },
		{ { .state = PATH_PROVEN }, PATH_PROVEN },
		{ { .state = PATH_CLOSED, .until_ns = NOW + 1 }, PATH_CLOSED },
		{ { .state = PATH_CLOSED, .until_ns = NOW }, PATH_UNPROVEN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(path_state_at(&cases[i].path, NOW), cases[i].want);
		assert_int_equal(path_closed_until(&cases[i].path, NOW) != 0,
				 cases[i].want == PATH_CLOSED);
	}
}

static void what_is_proven_or_closed_is_not_forgotten(void **state)
{
	struct path path = { .state = PATH_UNPROVEN, .seen_ns = NOW };

	(void)state;
	assert_false(path_is_forgotten(&path, NOW + PATH_FORGET_NS - 1));
	assert_true(path_is_forgotten(&path, NOW + PATH_FORGET_NS));
	path.until_ns = NOW + PATH_FORGET_NS + 1;
	path.state = PATH_CLOSED;
	assert_false(path_is_forgotten(&path, NOW + PATH_FORGET_NS));
	path.state = PATH_PROVEN;
	assert_false(path_is_forgotten(&path, NOW + 2 * PATH_FORGET_NS));
}

static void one_of_many_is_found_whatever_it_is(void **state)
{
	struct path_entry all[400] = { 0 };
	struct path_list list = { .all = all, .n = 400 };
	struct path_key key = { .bits = PATHS_BITS_V4 };

	(void)state;
	assert_null(path_list_find(&(struct path_list){ .n = 0 }, &key));
	for (int i = 0; i < list.n; i++) {
		all[i].key.bits = PATHS_BITS_V4;
		all[i].key.address[14] = (uint8_t)(i / 200);
		all[i].key.address[15] = (uint8_t)(i % 200);
		all[i].value.state = (uint32_t)i % 4; /* each state */
		all[i].value.failures = (uint32_t)i;
	}
	qsort(all, 400, sizeof(all[0]), path_compare);
	for (int i = 0; i < list.n; i++) {
		const struct path *found;

		key.address[14] = (uint8_t)(i / 200);
		key.address[15] = (uint8_t)(i % 200);
		found = path_list_find(&list, &key);
		assert_non_null(found);
		assert_int_equal(found->failures, i);
	}
	key.address[15] = 200;
	assert_null(path_list_find(&list, &key));
}

static const char *peer(const char *address, uint32_t bits)
{
	static char text[PATH_PEER_MAX];
	struct path_key key = { .bits = bits };
	struct inet_addr addr;

	assert_int_equal(inet_parse(address, &addr, NULL), 0);
	inet_as_v6(&addr, key.address);
	return path_peer_text(&key, text);
}

static void a_peer_in_words(void **state)
{
	(void)state;
	assert_string_equal(peer("10.244.1.64", PATHS_BITS_V4), "10.244.1.64/26");
	assert_string_equal(peer("10.244.1.65", PATHS_BITS_ADDRESS), "10.244.1.65");
	assert_string_equal(peer("fd00:1:2:3::", PATHS_BITS_V6), "fd00:1:2:3::/64");
	assert_string_equal(peer("::", PATHS_BITS_NODE), "this node");
}

static void a_failure_in_words(void **state)
{
	const struct path timeout = { .reason = 0x02010000 }, died = { .reason = 0 };

	(void)state;
	assert_non_null(strstr(path_failure_text(&timeout), "RDMA path"));
	assert_non_null(strstr(path_failure_text(&died), "link"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_state_is_what_the_next_syn_will_find),
		cmocka_unit_test(what_is_proven_or_closed_is_not_forgotten),
		cmocka_unit_test(one_of_many_is_found_whatever_it_is),
		cmocka_unit_test(a_peer_in_words),
		cmocka_unit_test(a_failure_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
