/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
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
#include "common/names.h"
#include "node-agent/config/scalar.h"
#include "node-agent/model/annotation.h"

static struct err err;

static int read_one(enum annotation_owner owner, const char *key, const char *value,
		    struct annotation_values *ret)
{
	char full[64];
	json_auto_t *obj = NULL;

	(void)snprintf(full, sizeof(full), NAMES_PREFIX "%s", key);
	obj = json_pack("{s:s, s:s}", full, value, "other.example/steer", "rubbish");
	err = ERR_INIT;
	assert_int_equal(annotations_bound(obj, &err), 0); /* as all that comes in */
	return annotation_read(obj, owner, 0, ret, &err);
}

static void good_values_are_read(void **state)
{
	static const struct {
		const char *key, *value;
		enum annotation_key set;
	} cases[] = {
		{ "steer", "enabled", ANNOTATION_STEER },
		{ "steer", "required", ANNOTATION_STEER },
		{ "steer", "disabled", ANNOTATION_STEER },
		{ "containers", "app", ANNOTATION_CONTAINERS },
		{ "containers", "app,side-car, x1", ANNOTATION_CONTAINERS },
		{ "peers", "10.0.0.0/8", ANNOTATION_PEERS },
		{ "peers", "10.0.0.0/8:443 , 10.1.0.0/16:80-90", ANNOTATION_PEERS },
		{ "peers", "fd00::/8,[fd00::/8]:443,[fd00::/8]:1-65535", ANNOTATION_PEERS },
		{ "peers", "node:80, cluster,any:443", ANNOTATION_PEERS },
		{ "percent", "0", ANNOTATION_PERCENT },
		{ "percent", "100", ANNOTATION_PERCENT },
		{ "pnet-id", "Net0", ANNOTATION_PNET_ID },
		{ "pnet-id", "A234567890123456", ANNOTATION_PNET_ID },
		{ "buffer-size", "16Ki", ANNOTATION_BUFFER_SIZE },
		{ "buffer-size", "1Mi", ANNOTATION_BUFFER_SIZE },
		{ "buffer-size", "16384", ANNOTATION_BUFFER_SIZE },
		{ "buffer-size", "64k", ANNOTATION_BUFFER_SIZE },
		{ "buffer-size", "1M", ANNOTATION_BUFFER_SIZE },
		{ "ulp", "emulate", ANNOTATION_ULP },
		{ "ulp", "deny", ANNOTATION_ULP },
		{ "ulp", "ignore", ANNOTATION_ULP },
	};
	struct annotation_values v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (read_one(ANNOTATION_OF_POD, cases[i].key, cases[i].value, &v) < 0)
			fail_msg("%s", err.msg);
		assert_int_equal(v.set, cases[i].set);
	}
	(void)read_one(ANNOTATION_OF_POD, "pnet-id", "Net0", &v);
	assert_string_equal(v.pnet_id, "NET0");
	(void)read_one(ANNOTATION_OF_POD, "buffer-size", "64Ki", &v);
	assert_int_equal(v.buffer_bytes, 65536);
	(void)read_one(ANNOTATION_OF_POD, "ulp", "ignore", &v);
	assert_int_equal(v.ulp, STEER_ULP_IGNORE);
	(void)read_one(ANNOTATION_OF_POD, "steer", "required", &v);
	assert_int_equal(v.steer, POLICY_REQUIRED);
}

/* The table of values that tests/e2e/cases/15-admission.sh shows to the admission policy too. */
#define TABLE "tests/deploy/annotations.json"

static void check_value(enum annotation_owner owner, const char *key, const char *value, bool good)
{
	const char *of = owner == ANNOTATION_OF_POD ? "pod" : "namespace";
	struct annotation_values v;
	char start[96];
	int rc = read_one(owner, key, value, &v);

	if ((rc == 0) != good)
		fail_msg("%s '%.200s' of the %s was %s", key, value, of,
			 good ? "refused" : "accepted");
	(void)snprintf(start, sizeof(start), "annotation 'smc-cni.io/%s' of the %s", key, of);
	if (!good && (rc != -EINVAL || v.set != 0 || !strstr(err.msg, start)))
		fail_msg("%s '%.200s' of the %s: %s", key, value, of, err.msg);
}

static size_t check_values(enum annotation_owner owner, const char *key, const json_t *values,
			   bool good)
{
	const json_t *value;
	size_t i;

	json_array_foreach(values, i, value)
		check_value(owner, key, json_string_value(value), good);
	return i;
}

static void values_are_good_or_bad_as_the_shared_table_says(void **state)
{
	static const char *const owners[] = {
		[ANNOTATION_OF_POD] = "pod", [ANNOTATION_OF_NAMESPACE] = "namespace"
	};
	json_auto_t *table = json_load_file(TABLE, JSON_REJECT_DUPLICATES, NULL);
	size_t good = 0, bad = 0;

	(void)state;
	assert_non_null(table);
	for (enum annotation_owner o = ANNOTATION_OF_POD; o <= ANNOTATION_OF_NAMESPACE; o++) {
		const char *key;
		json_t *values;

		json_object_foreach(json_object_get(table, owners[o]), key, values) {
			good += check_values(o, key, json_object_get(values, "good"), true);
			bad += check_values(o, key, json_object_get(values, "bad"), false);
		}
	}
	assert_true(good > 40 && bad > 100);
}

static void a_bad_value_is_named_with_what_is_allowed(void **state)
{
	struct annotation_values v;

	(void)state;
	assert_int_equal(read_one(ANNOTATION_OF_POD, "steer", "Enabled", &v), -EINVAL);
	assert_string_equal(err.msg, "annotation 'smc-cni.io/steer' of the pod: got 'Enabled', "
				     "allowed: enabled, required, disabled");
	assert_int_equal(read_one(ANNOTATION_OF_POD, "pnet-id", "a_b", &v), -EINVAL);
	assert_string_equal(err.msg, "annotation 'smc-cni.io/pnet-id' of the pod: got 'a_b', "
				     "allowed: 1 to 16 letters and digits");
}

static void a_value_that_is_no_string_is_refused(void **state)
{
	json_auto_t *obj = json_pack("{s:b}", NAMES_PREFIX "steer", 1);
	struct annotation_values v;

	(void)state;
	assert_int_equal(annotation_read(obj, ANNOTATION_OF_POD, 0, &v, &err), -EINVAL);
	assert_string_equal(err.msg, "annotation 'smc-cni.io/steer' of the pod: got '(no string)', "
				     "allowed: enabled, required, disabled");
}

static void good_values_are_kept_beside_a_bad_one(void **state)
{
	json_auto_t *obj = json_pack("{s:s, s:s, s:s}", NAMES_PREFIX "steer", "required",
				     NAMES_PREFIX "ulp", "rubbish", NAMES_PREFIX "pnet-id", "a");
	struct annotation_values v;

	(void)state;
	assert_int_equal(annotation_read(obj, ANNOTATION_OF_POD, 0, &v, NULL), -EINVAL);
	assert_int_equal(v.set, ANNOTATION_STEER | ANNOTATION_PNET_ID);
	assert_int_equal(v.steer, POLICY_REQUIRED);
	assert_int_equal(annotation_read(obj, ANNOTATION_OF_POD, ANNOTATION_ULP, &v, NULL), 0);
}

static void a_namespace_has_fewer_keys(void **state)
{
	struct annotation_values v;

	(void)state;
	assert_int_equal(read_one(ANNOTATION_OF_NAMESPACE, "steer", "enabled", &v), 0);
	assert_int_equal(read_one(ANNOTATION_OF_NAMESPACE, "peers", "10.0.0.0/8", &v), 0);
	assert_int_equal(read_one(ANNOTATION_OF_NAMESPACE, "ulp", "deny", &v), 0);
	assert_int_equal(read_one(ANNOTATION_OF_NAMESPACE, "buffer-size", "64Ki", &v), -EINVAL);
	assert_string_equal(
		err.msg,
		"annotation 'smc-cni.io/buffer-size' of the namespace: allowed on pods only");
	assert_int_equal(read_one(ANNOTATION_OF_NAMESPACE, "foo", "", &v), -EINVAL);
	assert_string_equal(err.msg,
			    "unknown annotation 'smc-cni.io/foo' of the namespace, allowed "
			    "behind 'smc-cni.io/': steer, peers, ulp, percent");
}

static void no_annotations_say_nothing(void **state)
{
	struct annotation_values v;

	(void)state;
	assert_int_equal(annotation_read(NULL, ANNOTATION_OF_POD, 0, &v, &err), 0);
	assert_int_equal(v.set, 0);
}

static void bytes_are_written_as_people_write_them(void **state)
{
	char buf[SCALAR_BYTES_TEXT_MAX];

	(void)state;
	assert_string_equal(scalar_format_bytes(1024 * 1024, buf), "1Mi");
	assert_string_equal(scalar_format_bytes(65536, buf), "64Ki");
	assert_string_equal(scalar_format_bytes(65537, buf), "65537");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_values_are_read),
		cmocka_unit_test(values_are_good_or_bad_as_the_shared_table_says),
		cmocka_unit_test(a_bad_value_is_named_with_what_is_allowed),
		cmocka_unit_test(a_value_that_is_no_string_is_refused),
		cmocka_unit_test(good_values_are_kept_beside_a_bad_one),
		cmocka_unit_test(a_namespace_has_fewer_keys),
		cmocka_unit_test(no_annotations_say_nothing),
		cmocka_unit_test(bytes_are_written_as_people_write_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
