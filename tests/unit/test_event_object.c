/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of the API server, and how often and how fast events may go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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
	json_t *obj = event_object(about, EVENTS_STEERED, note, node, INT64_C(1763911234000042));

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
		assert_true(event_gate_is_new(&g, id * EVENT_GATE_SLOTS, 7)); /* all collide */
		event_gate_told(&g, id * EVENT_GATE_SLOTS);
		assert_false(event_gate_is_new(&g, id * EVENT_GATE_SLOTS, 7));
	}
	assert_false(event_gate_is_new(&g, 5, 7));
	assert_true(event_gate_is_new(&g, EVENT_GATE_SLOTS, 8));
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
		cmocka_unit_test(the_gate_fills_again_but_not_over),
		cmocka_unit_test(the_gate_remembers_an_hour_and_no_more_than_it_has_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
