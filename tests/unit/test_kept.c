/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept on disk of namespaces, as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "node-agent/agent/kept.h"

static struct manifest_object *namespace(const char *name, const char *steer)
{
	struct manifest_object *o = calloc(1, sizeof(*o));

	assert_non_null(o);
	o->refs = 1;
	o->kind = MANIFEST_NAMESPACE;
	o->namespace.name = strdup(name);
	o->namespace.annotations = json_object();
	if (steer)
		(void)json_object_set_new(o->namespace.annotations, "smc-cni.io/steer",
					  json_string(steer));
	return o;
}

static void of_none_there_is_a_text_too(void **state)
{
	auto_free char *required = kept_required(NULL, 0), *all = kept_namespaces(NULL, 0);

	(void)state;
	assert_string_equal(required, "");
	assert_string_equal(all, "{}");
}

static void required_ones_are_listed_and_all_are_kept(void **state)
{
	struct manifest_object *list[] = { namespace("bank", "required"),
					   namespace("kube-system", "required"),
					   namespace("plain", NULL), namespace("shop", "\"\n") };
	auto_free char *required = kept_required(list, 4), *all = kept_namespaces(list, 4);

	(void)state;
	assert_string_equal(required, "bank\n"); /* kube-system takes no defaults */
	assert_string_equal(all, "{\"bank\":{\"smc-cni.io/steer\":\"required\"},"
				 "\"kube-system\":{\"smc-cni.io/steer\":\"required\"},\"plain\":{},"
				 "\"shop\":{\"smc-cni.io/steer\":\"\\\"\\n\"}}");
	for (int i = 0; i < 4; i++)
		manifest_object_unref(list[i]);
}

#define THE_POD                                                                                \
	"{\"annotations\":{},\"containers\":\"app=12\",\"hostNetwork\":true,\"name\":\"a.b\"," \
	"\"namespace\":\"shop\",\"uid\":\"u\"}"

static void a_folder_s_pods_are_kept_behind_its_namespaces(void **state)
{
	static char shop[] = "shop", name[] = "a.b", uid[] = "u";
	struct manifest_object pod = { .refs = 1, .kind = MANIFEST_POD },
			       *list[] = { namespace("bank", NULL), &pod, &pod };
	auto_free char *text = NULL, *none = kept_manifests(NULL, 0), *required = NULL;

	(void)state;
	pod.pod = (struct object_pod){ .namespace = shop,
				       .name = name,
				       .uid = uid,
				       .host_network = true,
				       .annotations = json_object(),
				       .containers = text_new("app=12") };
	text = kept_manifests(list, 3);
	required = kept_required(list, 3);
	assert_string_equal(none, "{\"namespaces\":{},\"pods\":[]}");
	assert_string_equal(text,
			    "{\"namespaces\":{\"bank\":{}},\"pods\":[" THE_POD "," THE_POD "]}");
	assert_string_equal(required, "");
	json_decref(pod.pod.annotations);
	text_unref(pod.pod.containers);
	manifest_object_unref(list[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_none_there_is_a_text_too),
		cmocka_unit_test(a_folder_s_pods_are_kept_behind_its_namespaces),
		cmocka_unit_test(required_ones_are_listed_and_all_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
