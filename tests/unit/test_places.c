/* SPDX-License-Identifier: Apache-2.0 */
/* Who makes room for a connection to /healthz and /metrics, and when the time of one is over. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node-agent/show/places.h"

static struct places places;
static struct place all[PLACES_MAX];

static struct in6_addr peer(int number)
{
	struct in6_addr a;

	assert_int_equal(inet_pton(AF_INET6, "::ffff:10.0.0.1", &a), 1);
	a.s6_addr[15] = (uint8_t)number;
	return a;
}

static void add(int i, int number, int64_t now_ms)
{
	struct in6_addr from = peer(number);

	places_add(&places, &all[i], &from, now_ms);
}

static struct place *in_the_way(int number)
{
	struct in6_addr from = peer(number);

	return places_in_the_way(&places, &from);
}

static int set_up(void **state)
{
	(void)state;
	memset(all, 0, sizeof(all));
	places_init(&places);
	return 0;
}

static void a_peer_makes_room_for_itself(void **state)
{
	(void)state;
	add(8, 2, 0);
	for (int i = 0; i < PLACES_OF_ONE_MAX; i++) {
		assert_null(in_the_way(1));
		add(i, 1, i);
	}
	assert_ptr_equal(in_the_way(1), &all[0]);
	assert_null(in_the_way(2)); /* there are places for others */
	places_remove(&places, &all[0]);
	assert_null(in_the_way(1));
}

static void a_half_request_goes_before_a_whole_one(void **state)
{
	(void)state;
	for (int i = 0; i < PLACES_OF_ONE_MAX; i++)
		add(i, 1, 0);
	places_answering(&all[0], true, 0);
	places_answering(&all[1], true, 0);
	assert_ptr_equal(in_the_way(1), &all[2]);
	for (int i = 2; i < PLACES_OF_ONE_MAX; i++)
		places_answering(&all[i], true, 0);
	assert_ptr_equal(in_the_way(1), &all[0]);
	places_answering(&all[3], false, 0); /* answered: idle is as good as half */
	assert_ptr_equal(in_the_way(1), &all[3]);
}

static void many_peers_make_room_for_one_more(void **state)
{
	(void)state;
	for (int i = 0; i < PLACES_MAX; i++) {
		assert_null(in_the_way(200));
		add(i, i / 4, 0);
	}
	assert_ptr_equal(in_the_way(200), &all[0]);
	places_answering(&all[0], true, 0);
	assert_ptr_equal(in_the_way(200), &all[1]);
}

static void each_state_has_its_time(void **state)
{
	(void)state;
	assert_int_equal(places_next_due(&places), -1);
	add(0, 1, 1000);
	add(1, 1, 1001);
	assert_int_equal(places_next_due(&places), 1000 + PLACES_REQUEST_MS);
	assert_null(places_overdue(&places, 999 + PLACES_REQUEST_MS));
	assert_ptr_equal(places_overdue(&places, 1000 + PLACES_REQUEST_MS), &all[0]);
	places_answering(&all[0], true, 2000);
	assert_int_equal(places_next_due(&places), 1001 + PLACES_REQUEST_MS);
	places_remove(&places, &all[1]);
	assert_int_equal(places_next_due(&places), 2000 + PLACES_ANSWER_MS);
	places_answering(&all[0], false, 3000);
	assert_int_equal(places_next_due(&places), 3000 + PLACES_REQUEST_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_peer_makes_room_for_itself, set_up),
		cmocka_unit_test_setup(a_half_request_goes_before_a_whole_one, set_up),
		cmocka_unit_test_setup(many_peers_make_room_for_one_more, set_up),
		cmocka_unit_test_setup(each_state_has_its_time, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
