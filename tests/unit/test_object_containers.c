/* SPDX-License-Identifier: Apache-2.0 */
/* Which containers a pod has: from the API server and from manifests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "node-agent/object/containers.h"
#include "node-agent/object/kube_object.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct manifest_object *read_pod(const char *annotation, const char *rest)
{
	struct manifest_object *o = NULL;
	auto_free char *text = NULL;
	struct err err = ERR_INIT;

	assert_true(asprintf(&text,
			     "{\"metadata\":{\"name\":\"a\",\"namespace\":\"shop\",\"uid\":\"u\","
			     "\"annotations\":{%s}}%s}",
			     annotation, rest) > 0);
	if (kube_object_parse(text, strlen(text), MANIFEST_POD, &o, &err) < 0)
		fail_msg("%s: %s", err.msg, text);
	return o;
}

#define NAMES_APP "\"smc-cni.io/containers\":\"app\""

static void expect(const char *rest, const char *want)
{
	struct manifest_object *o = read_pod(NAMES_APP, rest);

	if (want)
		assert_string_equal(text_get(o->pod.containers), want);
	else
		assert_null(o->pod.containers);
	manifest_object_unref(o);
}

static void names_come_from_the_spec_and_ids_from_the_status(void **state)
{
	(void)state;
	expect("", NULL); /* metadata alone */
	expect(",\"spec\":{\"containers\":[{\"name\":\"web\",\"image\":\"x\"},{\"name\":\"app\"}],"
	       "\"initContainers\":[{\"name\":\"init\"}]}",
	       "app=,init=,web=");
	expect(",\"spec\":{\"containers\":[{\"name\":\"web\"},{\"name\":\"app\"}],"
	       "\"initContainers\":[{\"name\":\"init\"}],"
	       "\"ephemeralContainers\":[{\"name\":\"debug\"}]},"
	       "\"status\":{\"phase\":\"Running\",\"containerStatuses\":["
	       "{\"name\":\"app\",\"containerID\":\"containerd://" A64 "\"},"
	       "{\"name\":\"web\",\"state\":{\"waiting\":{}}}],"
	       "\"initContainerStatuses\":[{\"name\":\"init\",\"containerID\":\"cri-o://" B64
	       "\"}],"
	       "\"ephemeralContainerStatuses\":[{\"name\":\"debug\",\"containerID\":\"\"}]}",
	       "app=" A64 ",debug=,init=" B64 ",web=");
}

static void what_is_no_id_is_none(void **state)
{
	static const char *const ids[] = { "",
					   A64,
					   "containerd:/" A64,
					   "containerd://" A64 "a",
					   "containerd://abc",
					   "containerd://../" A64,
					   "containerd://AAAAAAAAAAAA",
					   "containerd://aaaa,b=aaaaaaaa" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		char rest[400];

		(void)snprintf(rest, sizeof(rest),
			       ",\"spec\":{\"containers\":[{\"name\":\"app\"}]},\"status\":{"
			       "\"containerStatuses\":[{\"name\":\"app\",\"containerID\":\"%s\"}]}",
			       ids[i]);
		expect(rest, "app=");
	}
}

static void what_has_another_shape_is_passed_over(void **state)
{
	(void)state;
	expect(",\"spec\":7,\"status\":[]", NULL);
	expect(",\"spec\":{\"containers\":{}},\"status\":{\"containerStatuses\":7}", NULL);
	expect(",\"spec\":{\"containers\":[7,{\"name\":7},{\"name\":\"a=b\"},{\"name\":\"app\"}]}",
	       "app=");
	expect(",\"spec\":{\"containers\":[{\"name\":\"app\"}]},\"status\":{"
	       "\"containerStatuses\":[{\"name\":\"app\",\"containerID\":7}]}",
	       "app=");
}

static void nothing_is_kept_of_a_pod_that_names_none(void **state)
{
	struct manifest_object *o = read_pod(
		"\"smc-cni.io/steer\":\"enabled\"",
		",\"spec\":{\"containers\":[{\"name\":\"app\"}]},\"status\":{"
		"\"containerStatuses\":[{\"name\":\"app\",\"containerID\":\"a://" A64 "\"}]}");

	(void)state;
	assert_null(o->pod.containers);
	manifest_object_unref(o);
}

static void a_pod_with_thousands_has_a_bound(void **state)
{
	auto_free char *rest = malloc(64 * 5000);
	struct manifest_object *o;
	size_t used;

	(void)state;
	assert_non_null(rest);
	used = (size_t)sprintf(rest, ",\"spec\":{\"containers\":[{\"name\":\"c0\"}");
	for (int i = 1; i < 5000; i++)
		used += (size_t)sprintf(rest + used, ",{\"name\":\"c%d\"}", i);
	(void)sprintf(rest + used, "]}");
	o = read_pod(NAMES_APP, rest);
	assert_true(strlen(text_get(o->pod.containers)) < 6 * CONTAINERS_MAX);
	manifest_object_unref(o);
}

static void another_id_is_another_object(void **state)
{
	static const char rest[] = ",\"spec\":{\"containers\":[{\"name\":\"app\"}]}";
	struct manifest_object *a = read_pod(NAMES_APP, rest), *b = read_pod(NAMES_APP, rest);
	struct manifest_object *c =
		read_pod(NAMES_APP, ",\"status\":{\"containerStatuses\":[{\"name\":\"app\","
				    "\"containerID\":\"a://" A64 "\"}]}");

	(void)state;
	assert_true(manifest_object_equal(a, b));
	assert_false(manifest_object_equal(a, c));
	manifest_object_unref(a);
	manifest_object_unref(b);
	manifest_object_unref(c);
}

/* ---- manifests ---- */

static void bad(void *arg, const struct err *err)
{
	(void)arg;
	fail_msg("%s", err->msg);
}

static void expect_of_manifest(const char *rest, const char *want)
{
	struct manifest m;
	struct err err = ERR_INIT;
	char text[1000];

	(void)snprintf(text, sizeof(text),
		       "kind: Pod\n"
		       "metadata: {name: a, annotations: {smc-cni.io/containers: app}}\n"
		       "%s",
		       rest);
	assert_int_equal(manifest_parse(text, strlen(text), "p", bad, NULL, &m, &err), 0);
	assert_int_equal(m.n_objects, 1);
	if (want)
		assert_string_equal(text_get(m.objects[0]->pod.containers), want);
	else
		assert_null(m.objects[0]->pod.containers);
	manifest_clear(&m);
}

static void a_manifest_tells_ids_if_it_has_a_status(void **state)
{
	(void)state;
	expect_of_manifest("spec: {containers: [{name: app}]}\n", NULL);
	expect_of_manifest("spec: {containers: [{name: app}, {name: web}]}\n"
			   "status: {containerStatuses: [{name: app, containerID: a://" A64 "}]}\n",
			   "app=" A64 ",web=");
	expect_of_manifest("status: {containerStatuses: [7, {name: [x]}, {name: app, "
			   "containerID: a://" A64 "}]}\n",
			   "app=" A64);
	expect_of_manifest("status: 7\n", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_come_from_the_spec_and_ids_from_the_status),
		cmocka_unit_test(what_is_no_id_is_none),
		cmocka_unit_test(what_has_another_shape_is_passed_over),
		cmocka_unit_test(nothing_is_kept_of_a_pod_that_names_none),
		cmocka_unit_test(a_pod_with_thousands_has_a_bound),
		cmocka_unit_test(another_id_is_another_object),
		cmocka_unit_test(a_manifest_tells_ids_if_it_has_a_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
