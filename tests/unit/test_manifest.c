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
#include "node-agent/object/manifest.h"

static struct manifest m;
static char told[2048]; /* messages of bad documents, one a line */

static void bad(void *arg, const struct err *err)
{
	(void)arg;
	(void)strncat(told, err->msg, sizeof(told) - strlen(told) - 1);
	(void)strncat(told, "\n", sizeof(told) - strlen(told) - 1);
}

static void parse(const char *text)
{
	struct err err = ERR_INIT;

	manifest_clear(&m);
	told[0] = '\0';
	if (manifest_parse(text, strlen(text), "p.yaml", bad, NULL, &m, &err) < 0)
		fail_msg("%s", err.msg);
}

static int clear(void **state)
{
	(void)state;
	manifest_clear(&m);
	return 0;
}

static const char *annotation(const json_t *annotations, const char *key)
{
	return json_string_value(json_object_get(annotations, key));
}

static void a_file_as_people_write_it_is_read(void **state)
{
	(void)state;
	parse("# my shop\n"
	      "apiVersion: v1\n"
	      "kind: Namespace\n"
	      "metadata:\n"
	      "  name: shop\n"
	      "  annotations: {smc-cni.io/steer: enabled}\n"
	      "---\n"
	      "apiVersion: v1\n"
	      "kind: Service\n"
	      "metadata: {name: web}\n"
	      "spec: {ports: [{port: 80}]}\n"
	      "---\n"
	      "apiVersion: v1\n"
	      "kind: Pod\n"
	      "metadata:\n"
	      "  name: web-0 # the first\n"
	      "  namespace: shop\n"
	      "  uid: 0f0e-1\n"
	      "  labels: {app: web}\n"
	      "  annotations:\n"
	      "    smc-cni.io/steer: required\n"
	      "    smc-cni.io/buffer-size: \"65536\"\n"
	      "    note: |\n"
	      "      two\n"
	      "      lines\n"
	      "    empty:\n"
	      "spec:\n"
	      "  hostNetwork: true\n"
	      "  containers:\n"
	      "  - {name: web, image: nginx, command: [sh, -c, 'exec nginx']}\n"
	      "---\n");
	assert_string_equal(told, "");
	assert_int_equal(m.n_bad, 0);
	assert_int_equal(m.n_objects, 2);
	assert_int_equal(m.objects[0]->kind, MANIFEST_NAMESPACE);
	assert_string_equal(m.objects[0]->namespace.name, "shop");
	assert_string_equal(annotation(m.objects[0]->namespace.annotations, "smc-cni.io/steer"),
			    "enabled");
	assert_int_equal(m.objects[1]->kind, MANIFEST_POD);
	assert_int_equal(m.objects[1]->line, 13);
	assert_string_equal(m.objects[1]->pod.namespace, "shop");
	assert_string_equal(m.objects[1]->pod.name, "web-0");
	assert_string_equal(m.objects[1]->pod.uid, "0f0e-1");
	assert_true(m.objects[1]->pod.host_network);
	assert_int_equal(json_object_size(m.objects[1]->pod.annotations), 4);
	assert_string_equal(annotation(m.objects[1]->pod.annotations, "smc-cni.io/buffer-size"),
			    "65536");
	assert_string_equal(annotation(m.objects[1]->pod.annotations, "note"), "two\nlines\n");
	assert_string_equal(annotation(m.objects[1]->pod.annotations, "empty"), "");
}

static void the_label_of_a_namespace_is_kept_beside_its_annotations(void **state)
{
	const json_t *of;

	(void)state;
	parse("kind: Namespace\nmetadata:\n  name: shop\n  labels: {a: b, smc-cni.io/steer: enabled}\n"
	      "  annotations: {smc-cni.io/steer: disabled}\n");
	assert_string_equal(told, "");
	of = m.objects[0]->namespace.annotations;
	assert_string_equal(annotation(of, ANNOTATIONS_STEER_LABEL), "enabled");
	assert_string_equal(annotation(of, "smc-cni.io/steer"), "disabled");
	parse("kind: Namespace\nmetadata: {name: shop, labels: {smc-cni.io/steer: enabled}}\n---\n"
	      "kind: Namespace\nmetadata: {name: bank}\n---\n"
	      "kind: Pod\nmetadata: {name: web, labels: {smc-cni.io/steer: enabled}}\n");
	assert_int_equal(m.n_objects, 3);
	assert_int_equal(json_object_size(m.objects[0]->namespace.annotations), 1);
	assert_int_equal(json_object_size(m.objects[1]->namespace.annotations), 0);
	assert_int_equal(json_object_size(m.objects[2]->pod.annotations), 0);
	parse("kind: Namespace\nmetadata:\n  name: shop\n  labels: {smc-cni.io/steer: true}\n");
	assert_string_equal(
		told, "p.yaml:4: label 'smc-cni.io/steer' of the Namespace: got a truth value, "
		      "allowed: a string\n");
	parse("kind: Namespace\nmetadata:\n  name: shop\n  labels: [a]\n");
	assert_string_equal(told, "p.yaml:4: key 'metadata.labels' of the Namespace: got a list, "
				  "allowed: a map of strings\n");
}

static void what_is_missing_has_its_default(void **state)
{
	(void)state;
	parse("kind: Pod\nmetadata: {name: a, annotations: }\nspec:\n");
	assert_int_equal(m.n_objects, 1);
	assert_string_equal(m.objects[0]->pod.namespace, "default");
	assert_string_equal(m.objects[0]->pod.uid, "");
	assert_false(m.objects[0]->pod.host_network);
	assert_int_equal(json_object_size(m.objects[0]->pod.annotations), 0);
}

static void a_list_and_json_are_read(void **state)
{
	(void)state;
	parse("{\n  \"kind\": \"List\", \"apiVersion\": \"v1\",\n  \"items\": [\n"
	      "\t{\"kind\": \"Pod\", \"metadata\": {\"name\": \"a\"}},\n"
	      "\t{\"kind\": \"ConfigMap\"},\n"
	      "\t{\"kind\": \"Pod\", \"metadata\": {}},\n"
	      "\t{\"kind\": \"Namespace\", \"metadata\": {\"name\": \"b\"}}]}\n");
	assert_int_equal(m.n_objects, 2);
	assert_int_equal(m.n_bad, 1);
	assert_string_equal(told, "p.yaml:6: key 'metadata.name' of the Pod is missing\n");
	parse("kind: List\n");
	assert_int_equal(m.n_objects + m.n_bad, 0);
}

static void other_kinds_are_passed_over_in_silence(void **state)
{
	(void)state;
	parse("apiVersion: apps/v1\nkind: Deployment\nspec: {template: {metadata: {}}}\n"
	      "---\napiVersion: example.org/v1\nkind: Pod\nmetadata: 5\n"
	      "---\nkind: Secret\n");
	assert_string_equal(told, "");
	assert_int_equal(m.n_objects, 0);
}

static void that_a_pod_has_a_sidecar_is_kept(void **state)
{
	(void)state;
	parse("kind: Pod\nmetadata:\n  name: web\n  annotations: {sidecar.istio.io/status: '{}'}\n");
	assert_string_equal(told, "");
	assert_int_equal(m.n_objects, 1);
	assert_string_equal(annotation(m.objects[0]->pod.annotations, ANNOTATIONS_SIDECAR),
			    "sidecar.istio.io/status");
}

static void a_bad_document_is_told_and_the_others_are_read(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "kind: Pod\n", "p.yaml:4: key 'metadata' of the Pod is missing\n" },
		{ "kind: Pod\nmetadata: x\n",
		  "p.yaml:5: key 'metadata' of the Pod: got 'x', allowed: a map\n" },
		{ "kind: Pod\nmetadata: {generateName: x-}\n",
		  "p.yaml:5: key 'metadata.name' of the Pod is missing\n" },
		{ "kind: Pod\nmetadata: {name: A_b}\n", "p.yaml:5: key 'metadata.name' of the Pod: "
							"got 'A_b', allowed: lower-case letters, "
							"digits, '-' and '.' (a string)\n" },
		{ "kind: Pod\nmetadata: {name: 1}\n",
		  "p.yaml:5: key 'metadata.name' of the Pod: got '1', allowed: lower-case letters, "
		  "digits, '-' and '.' (a string)\n" },
		{ "kind: Pod\nmetadata: {name: a, namespace: b.c}\n",
		  "p.yaml:5: key 'metadata.namespace' of the Pod: got 'b.c', allowed: lower-case "
		  "letters, digits and '-' (a string)\n" },
		{ "kind: Pod\nmetadata:\n  name: a\n  annotations:\n    smc-cni.io/steer: true\n",
		  "p.yaml:8: annotation 'smc-cni.io/steer' of the Pod: got a truth value, allowed: "
		  "a string; quote it: \"true\"\n" },
		{ "kind: Pod\nmetadata: {name: a, annotations: {b: 64}}\n",
		  "p.yaml:5: annotation 'b' of the Pod: got a number, allowed: a string; quote it: "
		  "\"64\"\n" },
		{ "kind: Namespace\nmetadata: {name: a, annotations: {b: [c]}}\n",
		  "p.yaml:5: annotation 'b' of the Namespace: got a list, allowed: a string\n" },
		{ "kind: Pod\nmetadata: {name: a, annotations: [b]}\n",
		  "p.yaml:5: key 'metadata.annotations' of the Pod: got a list, allowed: a map of "
		  "strings\n" },
		{ "kind: Pod\nmetadata: {name: a}\nspec: {hostNetwork: 'true'}\n",
		  "p.yaml:6: key 'spec.hostNetwork' of the Pod: got 'true', allowed: true, false "
		  "(not "
		  "quoted)\n" },
		{ "kind: Pod\nmetadata: {name: first}\n",
		  "p.yaml:4: Pod 'default/first' is there already, in line 1\n" },
		{ "- kind: Pod\n", "p.yaml:4: got a list, allowed: an object with 'kind'\n" },
		{ "metadata: {name: a}\n", "p.yaml:4: key 'kind' is missing\n" },
		{ "kind: List\nitems: {}\n",
		  "p.yaml:5: key 'items' of the List: got a map, allowed: a list\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[512];

		(void)snprintf(text, sizeof(text),
			       "kind: Pod\nmetadata: {name: first}\n---\n%s---\nkind: Pod\n"
			       "metadata: {name: last}\n",
			       cases[i].text);
		parse(text);
		assert_string_equal(told, cases[i].message);
		assert_int_equal(m.n_bad, 1);
		assert_int_equal(m.n_objects, 2);
		assert_string_equal(m.objects[1]->pod.name, "last");
	}
}

static void text_that_is_not_yaml_brings_nothing(void **state)
{
	(void)state;
	parse("kind: Pod\nmetadata: {name: first}\n---\nkind: [\n");
	assert_int_equal(m.n_objects, 0);
	assert_int_equal(m.n_bad, 1);
	assert_string_equal(told, "p.yaml:5: not YAML: did not find expected node content\n");
}

static void objects_are_equal_when_their_content_is(void **state)
{
	static const char *const others[] = {
		"kind: Pod\nmetadata: {name: a, annotations: {x: z}}\n",
		"kind: Pod\nmetadata: {name: a}\n",
		"kind: Pod\nmetadata: {name: a, uid: u, annotations: {x: y}}\n",
		"kind: Pod\nmetadata: {name: a, annotations: {x: y}}\nspec: {hostNetwork: true}\n",
		"kind: Pod\nmetadata: {name: b, annotations: {x: y}}\n",
		"kind: Namespace\nmetadata: {name: a, annotations: {x: y}}\n",
	};
	struct manifest_object *a;

	(void)state;
	parse("kind: Pod\nmetadata: {name: a, annotations: {x: y}}\n");
	a = manifest_object_ref(m.objects[0]);
	parse("# moved\nkind: Pod\nmetadata: {annotations: {x: 'y'}, namespace: default, name: "
	      "a}\n");
	assert_true(manifest_object_equal(a, m.objects[0]));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		parse(others[i]);
		assert_false(manifest_object_equal(a, m.objects[0]));
	}
	manifest_object_unref(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_as_people_write_it_is_read),
		cmocka_unit_test(the_label_of_a_namespace_is_kept_beside_its_annotations),
		cmocka_unit_test(what_is_missing_has_its_default),
		cmocka_unit_test(a_list_and_json_are_read),
		cmocka_unit_test(other_kinds_are_passed_over_in_silence),
		cmocka_unit_test(that_a_pod_has_a_sidecar_is_kept),
		cmocka_unit_test(a_bad_document_is_told_and_the_others_are_read),
		cmocka_unit_test(text_that_is_not_yaml_brings_nothing),
		cmocka_unit_test(objects_are_equal_when_their_content_is),
	};

	return cmocka_run_group_tests(tests, NULL, clear);
}
