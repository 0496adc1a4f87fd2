/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of the API server, and how often and how fast events may go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node-agent/events/gate.h"
#include "node-agent/events/object.h"

static const struct event_about cart = {
	.namespace = "shop",
	.name = "cart-0",
	.uid = "uid",
	.key = "",
};

static json_t *object_of(const struct event_about *about, const char *note, const char *node)
{
	json_t *obj = event_object(about, EVENTS_STEERED, 7, note, node, INT64_C(1763911234000042));

	assert_non_null(obj);
	return obj;
}

static const char *string(const json_t *obj, const char *key)
{
	return json_string_value(json_object_get(obj, key));
}

/* ---- objects ---- */

static void a_note_is_cut_between_characters(void **state)
{
	char note[EVENT_NOTE_MAX + 3];
	json_t *obj;

	(void)state;
	memset(note, 'x', sizeof(note));
	memcpy(note + EVENT_NOTE_MAX - 2, "\xe2\x82\xac", 4); /* one byte too many */
	obj = object_of(&cart, note, "worker-1");
	assert_int_equal(strlen(string(obj, "note")), EVENT_NOTE_MAX - 2);
	json_decref(obj);
	assert_int_equal(event_cut("\xe2\x82\xac", 3), 3);
	assert_int_equal(event_cut("\xe2\x82\xac", 2), 0);
	assert_int_equal(event_cut("a\xc3\xa4", 2), 1);
	assert_int_equal(event_cut("a\xc3\xa4", 3), 3);
	assert_int_equal(event_cut("", 0), 0);
}

static void a_note_of_the_largest_size_is_not_cut(void **state)
{
	char note[EVENT_NOTE_MAX + 1];
	json_t *obj;

	(void)state;
	memset(note, 'x', sizeof(note));
	note[EVENT_NOTE_MAX] = '\0';
	obj = object_of(&cart, note, "worker-1");
	assert_string_equal(string(obj, "note"), note);
	json_decref(obj);
}

static void what_a_tenant_wrote_moves_no_cursor(void **state)
{
	json_t *obj = object_of(&cart,
				"got '\x1b[2J\n\xc2\x9b"
				"b'",
				"worker-1");

	(void)state;
	assert_string_equal(string(obj, "note"), "got '\\x1b[2J\\n\\u{9b}b'");
	json_decref(obj);
}

static void a_note_that_was_cut_within_a_character_is_still_one(void **state)
{
	json_t *obj = object_of(&cart, "abc\xe2\x82", "worker-1");

	(void)state;
	assert_string_equal(string(obj, "note"), "abc\\xe2\\x82");
	json_decref(obj);
}

static void names_are_cut_to_what_the_api_server_takes(void **state)
{
	char pod[EVENT_NAME_MAX + 1], node[EVENT_NAME_MAX + 1];
	struct event_about about = cart;
	json_t *obj;

	(void)state;
	memset(pod, 'p', EVENT_NAME_MAX);
	pod[EVENT_NAME_MAX] = '\0';
	memcpy(pod + 233, "a-.", 3);
	memset(node, 'n', EVENT_NAME_MAX);
	node[EVENT_NAME_MAX] = '\0';
	about.name = pod;
	obj = object_of(&about, "So.", node);
	/* 253 less '.' and 16 digits is 236; no '-' or '.' before the '.' */
	assert_int_equal(strlen(string(json_object_get(obj, "metadata"), "name")), 234 + 1 + 16);
	assert_int_equal(strlen(string(obj, "reportingInstance")), EVENT_INSTANCE_MAX);
	json_decref(obj);
}

static void each_part_makes_another_event(void **state)
{
	struct event_about abouts[] = { cart, cart, cart, cart, cart };
	uint64_t id = event_id(&cart, EVENTS_STEERED, 7);

	(void)state;
	abouts[0].namespace = "shopc"; /* not the same text when put together */
	abouts[0].name = "art-0";
	abouts[1].name = "cart-1";
	abouts[2].uid = "other";
	abouts[3].key = "k";
	abouts[4].node = true;
	for (int i = 0; i < 5; i++)
		assert_true(event_id(&abouts[i], EVENTS_STEERED, 7) != id);
	assert_true(event_id(&cart, EVENTS_FALLBACK, 7) != id);
	assert_true(event_id(&cart, EVENTS_STEERED, 8) != id);
	assert_true(event_id(&cart, EVENTS_STEERED, 7) == id);
}

static void without_a_uid_there_is_none_in_the_object(void **state)
{
	struct event_about about = cart;
	json_t *obj;

	(void)state;
	about.uid = "";
	obj = object_of(&about, "So.", "worker-1");
	assert_null(json_object_get(json_object_get(obj, "regarding"), "uid"));
	json_decref(obj);
}

/* A trouble that lasts, looked at each 15 s for a day, is told once in each hour, under a name that
 * it had in no hour before. */
static void what_lasts_is_told_each_hour_under_a_new_name(void **state)
{
	const int64_t start = 1763892007;
	static struct event_gate g;
	char last[EVENT_NAME_MAX + 1] = "";
	int told = 0;

	(void)state;
	for (int64_t t = start; t < start + 24 * EVENT_HOUR_S; t += 15) {
		int64_t hour = event_hour("worker-1", t * 1000000);
		uint64_t id = event_id(&cart, EVENTS_UNAVAILABLE, hour);
		const char *name;
		json_t *obj;

		if (event_gate_ask(&g, id, hour) != EVENT_GATE_NEW)
			continue;
		event_gate_told(&g, id);
		obj = event_object(&cart, EVENTS_UNAVAILABLE, id, "So.", "worker-1", t * 1000000);
		name = string(json_object_get(obj, "metadata"), "name");
		assert_string_not_equal(name, last);
		strcpy(last, name);
		told++;
		json_decref(obj);
	}
	assert_int_equal(told, 25); /* 24 hours touch 25 */
}

/* How many of the 100 nodes are in another hour than a node without a name. */
static int nodes_that_differ(int64_t now_us)
{
	int n = 0;

	for (int i = 0; i < 100; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "worker-%d", i);
		n += event_hour(name, now_us) != event_hour("", now_us);
	}
	return n;
}

static void hours_of_nodes_begin_at_different_times(void **state)
{
	int64_t t = INT64_C(1763892007000000);
	int before = nodes_that_differ(t);

	(void)state;
	for (int minute = 0; minute < 60; minute++) {
		int n;

		t += 60000000;
		n = nodes_that_differ(t);
		/* In no minute do all begin theirs; the odd node is the one that is compared. */
		if (event_hour("", t) == event_hour("", t - 60000000))
			assert_in_range(n > before ? n - before : before - n, 0, 10);
		before = n;
	}
	assert_int_equal(event_hour("worker-1", t + 3600000000) - event_hour("worker-1", t), 1);
}

/* ---- the gate ---- */

static void the_gate_fills_again_but_not_over(void **state)
{
	struct event_gate g = { 0 };

	(void)state;
	for (int i = 0; i < EVENT_GATE_BURST; i++)
		assert_int_equal(event_gate_take(&g, 0), 0);
	assert_int_equal(event_gate_take(&g, 0), EVENT_GATE_REFILL_MS);
	assert_int_equal(event_gate_take(&g, 1500), EVENT_GATE_REFILL_MS - 1500);
	assert_int_equal(event_gate_take(&g, 2 * EVENT_GATE_REFILL_MS), 0);
	assert_int_equal(event_gate_take(&g, 2 * EVENT_GATE_REFILL_MS), 0);
	assert_true(event_gate_take(&g, 2 * EVENT_GATE_REFILL_MS) > 0);
	for (int i = 0; i < EVENT_GATE_BURST; i++)
		assert_int_equal(event_gate_take(&g, 100000000), 0);
	assert_int_equal(event_gate_take(&g, 100000000), EVENT_GATE_REFILL_MS);
}

static void the_gate_remembers_an_hour_and_no_more_than_it_has_room_for(void **state)
{
	static struct event_gate g;

	(void)state;
	for (uint64_t id = 1; id <= EVENT_GATE_MAX; id++) {
		/* All collide. */
		assert_int_equal(event_gate_ask(&g, id * EVENT_GATE_SLOTS, 7), EVENT_GATE_NEW);
		event_gate_told(&g, id * EVENT_GATE_SLOTS);
		assert_int_equal(event_gate_ask(&g, id * EVENT_GATE_SLOTS, 7), EVENT_GATE_TOLD);
	}
	assert_int_equal(event_gate_ask(&g, 5, 7), EVENT_GATE_FULL);
	assert_int_equal(event_gate_ask(&g, EVENT_GATE_SLOTS, 8), EVENT_GATE_NEW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_note_is_cut_between_characters),
		cmocka_unit_test(a_note_of_the_largest_size_is_not_cut),
		cmocka_unit_test(what_a_tenant_wrote_moves_no_cursor),
		cmocka_unit_test(a_note_that_was_cut_within_a_character_is_still_one),
		cmocka_unit_test(names_are_cut_to_what_the_api_server_takes),
		cmocka_unit_test(each_part_makes_another_event),
		cmocka_unit_test(without_a_uid_there_is_none_in_the_object),
		cmocka_unit_test(what_lasts_is_told_each_hour_under_a_new_name),
		cmocka_unit_test(hours_of_nodes_begin_at_different_times),
		cmocka_unit_test(the_gate_fills_again_but_not_over),
		cmocka_unit_test(the_gate_remembers_an_hour_and_no_more_than_it_has_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
