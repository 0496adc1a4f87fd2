/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "node-agent/model/share.h"

static void a_place_is_the_hash_of_the_uid_that_the_documents_name(void **state)
{
	(void)state;
	/* FNV-1a, 32 bits: its authors' test vectors. */
	assert_int_equal(share_place("a", "shop", "web"), 0xe40c292cu % 100);
	assert_int_equal(share_place("foobar", "", ""), 0xbf9cf968u % 100);
}

static void without_a_uid_it_is_that_of_namespace_and_name(void **state)
{
	(void)state;
	assert_int_equal(share_place("", "shop", "web"), share_place("shop/web", "", ""));
	assert_int_equal(share_place(NULL, "shop", "web"), share_place("shop/web", "", ""));
}

static void shares_are_about_as_large_as_they_say(void **state)
{
	int n10 = 0, n50 = 0;

	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		char uid[40];
		unsigned int place;

		(void)snprintf(uid, sizeof(uid), "%08x-9c1f-4a5e-b0aa-%012x", i * 2654435761u, i);
		place = share_place(uid, "shop", "web");
		assert_true(place < 100);
		n10 += place < 10;
		n50 += place < 50;
	}
	assert_in_range(n10, 60, 140);
	assert_in_range(n50, 430, 570);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_is_the_hash_of_the_uid_that_the_documents_name),
		cmocka_unit_test(without_a_uid_it_is_that_of_namespace_and_name),
		cmocka_unit_test(shares_are_about_as_large_as_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
