/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of annotations is bounded, and what is left out is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/annotations.h"
#include "common/cleanup.h"
#include "common/json.h"
#include "common/names.h"
#include "node-agent/model/annotation.h"

static struct err err;

static json_t *of(const char *key, size_t len, char c)
{
	auto_free char *text = malloc(len + 1);

	assert_non_null(text);
	memset(text, c, len);
	text[len] = '\0';
	return json_pack("{s:s}", key, text);
}

static const char *value(const json_t *map, const char *key)
{
	return json_string_value(json_object_get(map, key));
}

static size_t bytes_of(json_t *map)
{
	size_t n = 0;
	const char *key;
	json_t *v;

	json_object_foreach(map, key, v)
		n += strlen(key) + json_string_length(v);
	return n;
}

static void what_is_within_the_bound_stays(void **state)
{
	size_t len = ANNOTATIONS_BYTES_MAX - strlen(NAMES_PREFIX "peers");
	json_auto_t *map = of(NAMES_PREFIX "peers", len, 'a');

	(void)state;
	assert_int_equal(annotations_bound(map, &err), 0);
	assert_int_equal(strlen(value(map, NAMES_PREFIX "peers")), len);
}

static void in_place_of_a_value_that_is_too_long_stands_its_length(void **state)
{
	json_auto_t *map = of(NAMES_PREFIX "containers", 250000, 'a');
	struct annotation_values v;

	(void)state;
	assert_int_equal(annotations_bound(map, &err), 0);
	assert_string_equal(value(map, NAMES_PREFIX "containers"),
			    "(250000 bytes, of all together at most 2048 are read)");
	assert_int_equal(annotation_read(map, ANNOTATION_OF_POD, 0, &v, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "'smc-cni.io/containers' of the pod: got '(250000 bytes"));
}

static void no_key_takes_that_for_a_value(void **state)
{
	static const char *const keys[] = { "steer",	   "containers", "peers",  "pnet-id",
					    "buffer-size", "ulp",	 "percent" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		char key[64];
		json_auto_t *map = NULL;
		struct annotation_values v;

		(void)snprintf(key, sizeof(key), NAMES_PREFIX "%s", keys[i]);
		map = of(key, 3000, '1');
		assert_int_equal(annotations_bound(map, &err), 0);
		assert_int_equal(annotation_read(map, ANNOTATION_OF_POD, 0, &v, &err), -EINVAL);
	}
}

static void steer_counts_whatever_stands_beside_it(void **state)
{
	json_auto_t *map = of(NAMES_PREFIX "a", 250000, 'a');
	struct annotation_values v;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char key[32];

		(void)snprintf(key, sizeof(key), NAMES_PREFIX "k%d", i);
		assert_int_equal(json_object_set_new(map, key, json_string("x")), 0);
	}
	assert_int_equal(json_object_set_new(map, NAMES_PREFIX "steer", json_string("required")),
			 0);
	assert_int_equal(annotations_bound(map, &err), 0);
	assert_int_equal(json_object_size(map), ANNOTATIONS_KEYS_MAX);
	assert_true(bytes_of(map) < 2 * ANNOTATIONS_BYTES_MAX);
	assert_int_equal(annotation_read(map, ANNOTATION_OF_POD, 0, &v, &err), -EINVAL);
	assert_int_equal(v.steer, POLICY_REQUIRED);
}

static void so_does_the_label_of_a_namespace(void **state)
{
	json_auto_t *map = of(NAMES_PREFIX "a", 250000, 'a');
	struct annotation_values v;

	(void)state;
	for (int i = 0; i < 100; i++) {
		char key[32];

		(void)snprintf(key, sizeof(key), NAMES_PREFIX "k%d", i);
		assert_int_equal(json_object_set_new(map, key, json_string("x")), 0);
	}
	assert_int_equal(json_object_set_new(map, ANNOTATIONS_STEER_LABEL, json_string("disabled")),
			 0);
	assert_int_equal(annotations_bound(map, &err), 0);
	assert_int_equal(annotation_read(map, ANNOTATION_OF_NAMESPACE, 0, &v, &err), -EINVAL);
	assert_true(v.set & ANNOTATION_STEER);
	assert_int_equal(v.steer, POLICY_DISABLED);
	/* Nobody can make it an excuse for a text without a bound. */
	json_decref(map);
	map = of(ANNOTATIONS_STEER_LABEL, 250000, 'a');
	assert_int_equal(annotations_bound(map, &err), 0);
	assert_true(bytes_of(map) < ANNOTATIONS_BYTES_MAX);
}

static void many_middling_values_are_bounded_together(void **state)
{
	json_auto_t *map = json_object();

	(void)state;
	for (int i = 0; i < ANNOTATIONS_KEYS_MAX; i++) {
		char key[32];
		json_auto_t *one = NULL;

		(void)snprintf(key, sizeof(key), NAMES_PREFIX "k%d", i);
		one = of(key, 1000, 'a');
		assert_int_equal(json_object_update(map, one), 0);
	}
	assert_int_equal(annotations_bound(map, &err), 0);
	/* One place is that of steer. */
	assert_int_equal(json_object_size(map), ANNOTATIONS_KEYS_MAX - 1);
	assert_true(bytes_of(map) < 2 * ANNOTATIONS_BYTES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_within_the_bound_stays),
		cmocka_unit_test(in_place_of_a_value_that_is_too_long_stands_its_length),
		cmocka_unit_test(no_key_takes_that_for_a_value),
		cmocka_unit_test(steer_counts_whatever_stands_beside_it),
		cmocka_unit_test(so_does_the_label_of_a_namespace),
		cmocka_unit_test(many_middling_values_are_bounded_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
