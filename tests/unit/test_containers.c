/* SPDX-License-Identifier: Apache-2.0 */
/* Annotation `containers`: what is known, what policy says, what is wished for and recorded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "node-agent/model/containers.h"
#include "node-agent/model/policy.h"
#include "node-agent/model/record.h"

static struct err err;

static void want_is(const char *annotation, const char *known, const char *told, const char *want)
{
	struct text *text = containers_want(annotation, known, told);

	assert_string_equal(text_get(text), want);
	text_unref(text);
}

static void what_is_named_gets_the_ids_that_are_known(void **state)
{
	(void)state;
	want_is("app", NULL, NULL, "app=");
	want_is("app, web", "app=12,init=,web=34", NULL, "app=12,web=34");
	want_is("web,app,web", "app=12,init=,web=34", NULL, "web=34,app=12");
	want_is("init,none", "app=12,init=", NULL, "init=,none=");
	want_is("ap", "app=12", NULL, "ap=");
	want_is("app", "app=12", "app=56", "app=56"); /* the runtime knows first */
	want_is("app,web", "app=12,web=34", "web=78", "app=12,web=78");
}

static void what_the_runtime_tells_is_kept_by_name(void **state)
{
	struct text *a = containers_tell(NULL, "app", "12"), *b, *c, *d;

	(void)state;
	assert_string_equal(text_get(a), "app=12");
	b = containers_tell(text_get(a), "web", "34");
	assert_string_equal(text_get(b), "app=12,web=34");
	c = containers_tell(text_get(b), "app", "56"); /* it began anew */
	assert_string_equal(text_get(c), "web=34,app=56");
	d = containers_tell(text_get(c), "web", "");
	assert_string_equal(text_get(d), "app=56");
	text_unref(a);
	text_unref(b);
	text_unref(c);
	text_unref(d);
}

static void cgroups_are_numbers_or_none(void **state)
{
	static const char placed[] = "app=18446744073709551614,web=,x=7";

	(void)state;
	assert_true(containers_has(placed, UINT64_MAX - 1));
	assert_true(containers_has(placed, 7));
	assert_false(containers_has(placed, 8));
	assert_false(containers_has(NULL, 7));
}

/* ---- policy ---- */

static struct policy_verdict decide(const char *steer, const char *annotation,
				    struct policy_pod pod)
{
	static const struct policy_node able = { .steering = true, .ueid = true };
	json_auto_t *a = json_pack("{s:s, s:s}", "smc-cni.io/steer", steer, "smc-cni.io/containers",
				   annotation);
	struct policy_verdict v;
	struct config *c;

	assert_int_equal(config_parse("", 0, "agent.yaml", &c, &err), 0);
	pod.namespace = "shop";
	pod.name = "web";
	pod.annotations = a;
	policy_decide(c, &able, &pod, &v);
	config_free(c);
	return v;
}

static void a_pod_that_names_containers_is_steered_in_part(void **state)
{
	struct policy_verdict v = decide("enabled", "app", (struct policy_pod){ 0 });

	(void)state;
	assert_true(v.steer && v.named);
	assert_string_equal(v.stray, "");
	assert_string_equal(v.why,
			    "steered: annotation 'smc-cni.io/steer' of the pod says enabled; "
			    "only the containers that 'containers' names, each once it is "
			    "identified");
	v = decide("required", "app", (struct policy_pod){ .containers_known = "app=" });
	assert_true(v.steer && v.named && !v.refuse);
}

static void a_name_that_no_container_has_is_told(void **state)
{
	const struct policy_pod two = { .containers_known = "app=12,web=" };
	struct policy_verdict v = decide("enabled", "app,wep,wap", two);

	(void)state;
	assert_true(v.steer && v.named);
	assert_string_equal(v.stray, "wep");
	assert_non_null(strstr(v.why, "; no container of the pod is called 'wep'"));
	v = decide("enabled", "debug,app",
		   (struct policy_pod){ .containers_known = "app=12",
					.containers_told = "debug=1" });
	assert_string_equal(v.stray, "");
}

static void names_of_which_the_pod_has_none_are_a_bad_value(void **state)
{
	const struct policy_pod two = { .containers_known = "app=12,web=" };
	struct policy_verdict v = decide("enabled", "ap", two);

	(void)state;
	assert_false(v.steer);
	assert_true(v.invalid && !v.refuse);
	assert_string_equal(v.why, "stays TCP: annotation 'smc-cni.io/containers' of the pod: got "
				   "'ap', allowed: names of its containers (it has no 'ap')");
	v = decide("required", "ap", two);
	assert_true(v.invalid && v.refuse);
	v = decide("enabled", "ap", (struct policy_pod){ 0 }); /* nothing is known: it may have */
	assert_true(v.steer);
}

static void containers_that_cannot_be_told_apart_keep_the_pod_on_tcp(void **state)
{
	const struct policy_pod pod = { .containers_known = "app=12",
					.containers_never = "the runtime passed no cgroup path" };
	struct policy_verdict v = decide("enabled", "app", pod);

	(void)state;
	assert_false(v.steer);
	assert_true(v.unavailable && !v.invalid && !v.refuse);
	assert_string_equal(v.why, "stays TCP: the containers that annotation "
				   "'smc-cni.io/containers' names cannot be told from the others: "
				   "the runtime passed no cgroup path");
	assert_true(decide("required", "app", pod).refuse);
}

/* All that can be said of one pod has room. */
static void the_longest_sentence_fits(void **state)
{
	char name[CONTAINERS_NAME_MAX], both[CONTAINERS_NAME_MAX + 8];
	json_auto_t *a = NULL, *n = NULL;
	struct policy_pod pod = { .namespace = "shop", .name = "web", .containers_known = "app=" };
	static const struct policy_node able = { .steering = true, .ueid = true };
	static const char yaml[] = "limits: {maxBufferSize: 20001}";
	struct policy_verdict v;
	struct config *c;

	(void)state;
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	(void)snprintf(both, sizeof(both), "app,%s", name);
	a = json_pack("{s:s, s:s}", "smc-cni.io/containers", both, "smc-cni.io/buffer-size",
		      "1000001");
	n = json_pack("{s:s, s:s}", "smc-cni.io/steer", "required", "label:smc-cni.io/steer",
		      "enabled");
	assert_int_equal(config_parse(yaml, strlen(yaml), "agent.yaml", &c, &err), 0);
	pod.annotations = a;
	pod.namespace_annotations = n;
	policy_decide(c, &able, &pod, &v);
	config_free(c);
	assert_true(v.steer);
	assert_non_null(strstr(v.why, "label and annotation differ"));
	assert_non_null(strstr(v.why, name));
	assert_non_null(strstr(v.why, "by 'limits.maxBufferSize'"));
}

/* ---- wish and record ---- */

static void a_record_has_what_is_named_and_where_it_is(void **state)
{
	struct record *rec = calloc(1, sizeof(*rec)), *back = NULL, *copy;
	json_auto_t *obj = NULL;

	(void)state;
	assert_non_null(rec);
	strcpy(rec->boot_id, "b");
	rec->phase = RECORD_COMMITTED;
	strcpy(rec->req.attachment.network, "net");
	strcpy(rec->req.attachment.container_id, "c1");
	strcpy(rec->req.attachment.ifname, "eth0");
	rec->wish.steer = true;
	rec->wish.containers = text_new("app=12,web=");
	rec->containers = text_new("app=4711,web=");
	copy = record_copy(rec);
	obj = record_to_json(rec);
	record_free(rec);
	if (record_from_json(obj, &back, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(text_get(back->containers), "app=4711,web=");
	assert_string_equal(text_get(back->wish.containers), "app=12,web=");
	assert_true(back->wish.steer);
	assert_true(wish_equal(&back->wish, &copy->wish));
	/* An older agent must not take it for the whole pod. */
	assert_true(json_is_false(json_object_get(json_object_get(obj, "wish"), "steer")));
	text_unref(copy->wish.containers);
	copy->wish.containers = text_new("app=13,web=");
	assert_false(wish_equal(&back->wish, &copy->wish));
	record_free(back);
	record_free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_named_gets_the_ids_that_are_known),
		cmocka_unit_test(what_the_runtime_tells_is_kept_by_name),
		cmocka_unit_test(cgroups_are_numbers_or_none),
		cmocka_unit_test(a_pod_that_names_containers_is_steered_in_part),
		cmocka_unit_test(a_name_that_no_container_has_is_told),
		cmocka_unit_test(names_of_which_the_pod_has_none_are_a_bad_value),
		cmocka_unit_test(containers_that_cannot_be_told_apart_keep_the_pod_on_tcp),
		cmocka_unit_test(the_longest_sentence_fits),
		cmocka_unit_test(a_record_has_what_is_named_and_where_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
