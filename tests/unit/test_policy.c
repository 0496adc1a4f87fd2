/* SPDX-License-Identifier: Apache-2.0 */
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
#include "node-agent/model/policy.h"

static const struct policy_node able = { .steering = true, .ueid = true };
static const struct policy_node old_kernel = { .steering = true, .ueid = true, .ulp_unsafe = true };

static struct config *config_of(const char *yaml)
{
	struct config *c = NULL;
	struct err err = ERR_INIT;

	if (config_parse(yaml, strlen(yaml), "agent.yaml", &c, &err) < 0)
		fail_msg("%s", err.msg);
	return c;
}

/* "steer=enabled ulp=deny": annotations with our prefix (label, sidecar: those); NULL stays NULL.
 * The value may be empty, and has no blank. */
static json_t *annotations_of(const char *text)
{
	json_t *obj = json_object();
	char *copy, *rest, *item;

	if (!text) {
		json_decref(obj);
		return NULL;
	}
	copy = rest = strdup(text);
	while ((item = strsep(&rest, " "))) {
		char key[128];
		char *value = strchr(item, '=');

		if (!value)
			continue;
		*value++ = '\0';
		(void)snprintf(key, sizeof(key), NAMES_PREFIX "%s", item);
		if (strcmp(item, "label") == 0)
			(void)strcpy(key, ANNOTATIONS_STEER_LABEL);
		if (strcmp(item, "sidecar") == 0)
			(void)strcpy(key, ANNOTATIONS_SIDECAR);
		assert_int_equal(json_object_set_new(obj, key, json_string(value)), 0);
	}
	free(copy);
	return obj;
}

static struct policy_verdict decide_with(const struct config *c, const struct policy_node *node,
					 struct policy_pod pod, const char *of_pod,
					 const char *of_namespace)
{
	json_auto_t *p = annotations_of(of_pod), *n = annotations_of(of_namespace);
	struct policy_verdict v;

	if (!pod.namespace)
		pod.namespace = "shop";
	pod.name = "web";
	pod.annotations = p;
	pod.namespace_annotations = n;
	memset(&v, 0xff, sizeof(v));
	policy_decide(c, node, &pod, &v);
	assert_true(v.why[0] != '\0' && strlen(v.why) < sizeof(v.why));
	assert_false(v.steer && (v.invalid || v.unavailable || v.refuse));
	return v;
}

static struct policy_verdict decide(const char *yaml, const struct policy_node *node,
				    const char *of_pod, const char *of_namespace)
{
	struct config *c = config_of(yaml);
	struct policy_verdict v =
		decide_with(c, node, (struct policy_pod){ 0 }, of_pod, of_namespace);

	config_free(c);
	return v;
}

/* The whole of steer: what the pod says (or nothing, or rubbish), its namespace, the node's
 * default, whether the namespace may opt in, whether the node can. Decided here a second time, in
 * other words. */
static void every_combination_of_steer_is_decided_by_pod_then_namespace_then_node(void **state)
{
	static const char *const says[] = { NULL, "disabled", "enabled", "required", "enabeld" };
	static const char *const configs[2][2] = {
		{ "defaultSteer: disabled\nlimits: {namespaces: [other]}",
		  "defaultSteer: disabled\nlimits: {namespaces: [other, shop]}" },
		{ "defaultSteer: enabled\nlimits: {namespaces: [other]}",
		  "defaultSteer: enabled\nlimits: {namespaces: [other, shop]}" },
	};

	(void)state;
	for (int bits = 0; bits < 5 * 5 * 2 * 2 * 2; bits++) {
		int pod = bits % 5, ns = bits / 5 % 5, dflt = bits / 25 % 2;
		int allowed = bits / 50 % 2, can = bits / 100;
		const struct policy_node node = { .steering = can,
						  .ueid = true,
						  .why_not = "NO HOOK" };
		char of_pod[32] = "", of_ns[32] = "";
		struct policy_verdict v;
		enum policy_steer wanted = dflt ? POLICY_ENABLED : POLICY_DISABLED;
		enum policy_origin origin = dflt ? POLICY_FROM_NODE : POLICY_FROM_DEFAULT;
		bool bad = pod == 4 || (ns == 4 && pod == 0);

		if (says[ns])
			(void)snprintf(of_ns, sizeof(of_ns), "steer=%s", says[ns]);
		if (says[pod])
			(void)snprintf(of_pod, sizeof(of_pod), "steer=%s", says[pod]);
		if (ns >= 1 && ns <= 3) {
			wanted = (enum policy_steer)(ns - 1);
			origin = POLICY_FROM_NAMESPACE;
		}
		if (pod >= 1 && pod <= 3) {
			wanted = (enum policy_steer)(pod - 1);
			origin = POLICY_FROM_POD;
		}
		v = decide(configs[dflt][allowed], &node, of_pod, of_ns);
		assert_int_equal(v.wanted, wanted);
		assert_int_equal(v.origin, origin);
		assert_int_equal(v.invalid, bad);
		assert_int_equal(v.steer, wanted != POLICY_DISABLED && !bad && allowed && can);
		assert_int_equal(v.unavailable,
				 wanted != POLICY_DISABLED && !bad && allowed && !can);
		assert_int_equal(v.refuse, wanted == POLICY_REQUIRED && !v.steer);
		if (v.unavailable)
			assert_non_null(strstr(v.why, "NO HOOK"));
	}
}

static const struct {
	const char *yaml, *of_pod, *of_namespace, *why;
} sentences[] = {
	{ "", "steer=enabled", NULL,
	  "steered: annotation 'smc-cni.io/steer' of the pod says enabled" },
	{ "", NULL, "steer=required",
	  "steered: annotation 'smc-cni.io/steer' of the namespace says required" },
	{ "defaultSteer: enabled", NULL, NULL,
	  "steered: key 'defaultSteer' of the agent's configuration says enabled" },
	{ "", NULL, NULL,
	  "stays TCP: not asked for: no annotation 'smc-cni.io/steer' on the pod or its "
	  "namespace" },
	{ "", "steer=disabled", "steer=enabled",
	  "stays TCP: annotation 'smc-cni.io/steer' of the pod says disabled" },
	{ "", "steer=on", NULL,
	  "stays TCP: annotation 'smc-cni.io/steer' of the pod: got 'on', allowed: enabled, "
	  "required, disabled" },
	{ "", NULL, "steer=on",
	  "stays TCP: annotation 'smc-cni.io/steer' of the namespace: got 'on', allowed: enabled, "
	  "required, disabled" },
	{ "", "steer=required buffer-size=1", NULL,
	  "must not start, as SMC is required: annotation 'smc-cni.io/buffer-size' of the pod: got "
	  "'1', allowed: 16Ki to 1Mi, such as 256Ki" },
	{ "", "steer=enabled stear=enabled", NULL,
	  "stays TCP: unknown annotation 'smc-cni.io/stear' of the pod, did you mean "
	  "'smc-cni.io/steer'?" },
	{ "", "steer=enabled foo=", NULL,
	  "stays TCP: unknown annotation 'smc-cni.io/foo' of the pod, allowed behind "
	  "'smc-cni.io/': "
	  "steer, containers, peers, pnet-id, buffer-size, ulp, percent" },
	{ "", "steer=enabled", "pnet-id=A",
	  "stays TCP: annotation 'smc-cni.io/pnet-id' of the namespace: allowed on pods only" },
	{ "limits: {namespaces: [a, b]}", "steer=enabled", NULL,
	  "stays TCP: namespace 'shop' is not in 'limits.namespaces' of the agent's "
	  "configuration" },
	{ "pnets: [{id: A}, {id: B}]", "steer=enabled pnet-id=c", NULL,
	  "stays TCP: annotation 'smc-cni.io/pnet-id' of the pod: got 'C', allowed: A, B "
	  "('limits.pnetIDs' of the agent's configuration)" },
	{ "", "steer=enabled pnet-id=c", NULL,
	  "stays TCP: annotation 'smc-cni.io/pnet-id' of the pod: got 'C', allowed: none "
	  "('limits.pnetIDs' of the agent's configuration)" },
	{ "", "steer=enabled containers=a,b", NULL,
	  "steered: annotation 'smc-cni.io/steer' of the pod says enabled; only the containers that "
	  "'containers' names, each once it is identified" },
	{ "peers: [10.0.0.0/8]", "steer=required", "peers=10.1.0.0/16",
	  "steered: annotation 'smc-cni.io/steer' of the pod says required" },
	{ "peers: []", "steer=enabled", NULL,
	  "stays TCP: key 'peers' of the agent's configuration is empty: SMC is offered nowhere" },
	{ "peers: []", "steer=required", NULL,
	  "must not start, as SMC is required: key 'peers' of the agent's configuration is empty: "
	  "SMC is offered nowhere" },
	{ "peers: [10.0.0.0/8]", "steer=enabled", "peers=192.168.0.0/16",
	  "stays TCP: annotation 'smc-cni.io/peers' of the namespace has nothing in common with "
	  "'peers' of the agent's configuration: SMC would be offered nowhere" },
	{ "", "steer=enabled peers=any:1,any:3,any:5,any:7,any:9,any:11,any:13,any:15,any:17", NULL,
	  "stays TCP: annotation 'smc-cni.io/peers' of the pod: more than 8 port ranges for 'node'" },
	{ "", "steer=enabled peers=all", NULL,
	  "stays TCP: annotation 'smc-cni.io/peers' of the pod: got 'all', allowed: CIDRs or the "
	  "words node, cluster, private, any, each optionally with :PORT or :FROM-TO, separated by "
	  "commas, such as 10.0.0.0/8:443,[fd00::/8]:80-90" },
	{ "", NULL, "label=enabled",
	  "steered: label 'smc-cni.io/steer' of the namespace says enabled" },
	{ "", NULL, "label=enabled steer=enabled",
	  "steered: annotation 'smc-cni.io/steer' of the namespace says enabled" },
	{ "", NULL, "label=disabled",
	  "stays TCP: label 'smc-cni.io/steer' of the namespace says disabled" },
	{ "", NULL, "label=yes",
	  "stays TCP: label 'smc-cni.io/steer' of the namespace: got 'yes', allowed: enabled, "
	  "required, disabled" },
	{ "", NULL, "label=enabled steer=disabled",
	  "stays TCP: label and annotation 'smc-cni.io/steer' of the namespace differ, one is disabled "
	  "and one enabled: disabled counts" },
	{ "", NULL, "label=disabled steer=required",
	  "stays TCP: label and annotation 'smc-cni.io/steer' of the namespace differ, one is disabled "
	  "and one required: disabled counts" },
	{ "", NULL, "label=required steer=enabled",
	  "steered: annotation 'smc-cni.io/steer' of the namespace says required (label and annotation "
	  "differ: the other one is enabled)" },
	{ "", "steer=enabled", "label=yes",
	  "steered: annotation 'smc-cni.io/steer' of the pod says enabled" },
	{ "", "steer=enabled", "label=disabled steer=enabled",
	  "steered: annotation 'smc-cni.io/steer' of the pod says enabled" },
	{ "", "steer=enabled sidecar=linkerd.io/proxy-version", NULL,
	  "stays TCP: the pod has a service mesh's sidecar (annotation 'linkerd.io/proxy-version'), "
	  "whose own traffic would be led back to it: rules that tell it by its user miss SMC "
	  "sockets" },
	{ "", "sidecar=sidecar.istio.io/status", "steer=required",
	  "must not start, as SMC is required: the pod has a service mesh's sidecar (annotation "
	  "'sidecar.istio.io/status'), whose own traffic would be led back to it: rules that tell it "
	  "by its user miss SMC sockets" },
	{ "", "sidecar=sidecar.istio.io/status", NULL,
	  "stays TCP: not asked for: no annotation 'smc-cni.io/steer' on the pod or its namespace" },
	{ "", "steer=enabled percent=0", NULL,
	  "stays TCP: not among the 0 per cent that annotation 'smc-cni.io/percent' of the pod "
	  "steers" },
	{ "", NULL, "label=enabled percent=0",
	  "stays TCP: not among the 0 per cent that annotation 'smc-cni.io/percent' of the namespace "
	  "steers" },
	{ "", "steer=enabled percent=100", "percent=0",
	  "steered: annotation 'smc-cni.io/steer' of the pod says enabled" },
	{ "", "steer=required percent=0", NULL,
	  "steered: annotation 'smc-cni.io/steer' of the pod says required" },
	{ "defaultSteer: enabled", NULL, "percent=0",
	  "stays TCP: not among the 0 per cent that annotation 'smc-cni.io/percent' of the namespace "
	  "steers" },
	{ "", "steer=enabled buffer-size=1Mi", NULL,
	  "steered: annotation 'smc-cni.io/steer' of the pod says enabled; 'buffer-size' 1Mi is "
	  "capped to 256Ki by 'limits.maxBufferSize'" },
};

static void the_sentence_says_what_became_of_the_pod_and_who_decided(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sentences); i++) {
		struct policy_verdict v = decide(sentences[i].yaml, &able, sentences[i].of_pod,
						 sentences[i].of_namespace);

		assert_string_equal(v.why, sentences[i].why);
	}
}

static void an_unable_node_gives_its_own_reason(void **state)
{
	const struct policy_node no_ueid = { .steering = true, .why_not = "no UEID" };
	struct policy_verdict v;

	(void)state;
	v = decide("", &no_ueid, "steer=enabled", NULL);
	assert_true(v.unavailable);
	assert_false(v.refuse);
	assert_string_equal(v.why, "stays TCP: no UEID");
	v = decide("", &no_ueid, "steer=required", NULL);
	assert_true(v.refuse);
	assert_string_equal(v.why, "must not start, as SMC is required: no UEID");
	v = decide("", &no_ueid, NULL, NULL);
	assert_false(v.unavailable);
}

static void host_network_pods_are_never_steered(void **state)
{
	struct config *c = config_of("defaultSteer: enabled");
	const struct policy_pod pod = { .host_network = true };
	struct policy_verdict v;

	(void)state;
	v = decide_with(c, &able, pod, "steer=enabled", "steer=enabled");
	assert_false(v.steer);
	assert_false(v.refuse);
	assert_non_null(strstr(v.why, "hostNetwork"));
	v = decide_with(c, &able, pod, NULL, NULL);
	assert_false(v.steer);
	v = decide_with(c, &able, pod, "steer=required", NULL);
	assert_true(v.refuse);
	config_free(c);
}

static void defaults_reach_neither_kube_system_nor_the_agents_own_pod(void **state)
{
	static const struct policy_pod exempt[] = { { .namespace = "kube-system" },
						    { .own = true } };
	struct config *c = config_of("defaultSteer: enabled");
	struct policy_verdict v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(exempt); i++) {
		v = decide_with(c, &able, exempt[i], NULL, "steer=required peers=rubbish");
		assert_false(v.steer || v.refuse || v.invalid);
		assert_int_equal(v.origin, POLICY_FROM_DEFAULT);
		assert_non_null(strstr(v.why, "takes no defaults"));
		v = decide_with(c, &able, exempt[i], "steer=enabled", NULL);
		assert_true(v.steer);
	}
	config_free(c);
}

static void a_value_of_the_pod_hides_that_of_the_namespace(void **state)
{
	struct policy_verdict v;

	(void)state;
	v = decide("limits: {ulp: ignore}", &able, "steer=enabled ulp=deny", "ulp=ignore");
	assert_int_equal(v.ulp, STEER_ULP_DENY);
	v = decide("limits: {ulp: ignore}", &able, "steer=enabled", "ulp=ignore");
	assert_int_equal(v.ulp, STEER_ULP_IGNORE);
	v = decide("", &able, "steer=enabled ulp=deny", "steer=rubbish ulp=rubbish");
	assert_true(v.steer);
	v = decide("", &able, "steer=enabled", "ulp=rubbish");
	assert_true(v.invalid);
}

static void a_bad_value_is_reported_even_where_nothing_is_asked_for(void **state)
{
	struct policy_verdict v = decide("", &able, "ulp=rubbish", NULL);

	(void)state;
	assert_true(v.invalid);
	assert_false(v.refuse);
}

static void ulp_is_bound_by_the_limit_but_not_below_the_kernels_default(void **state)
{
	static const struct {
		const struct policy_node *node;
		const char *limit, *asked;
		bool steer;
		enum steer_ulp ulp;
	} cases[] = {
		{ &able, "deny", "", true, STEER_ULP_EMULATE },
		{ &able, "deny", "ulp=deny", true, STEER_ULP_DENY },
		{ &able, "deny", "ulp=emulate", true, STEER_ULP_EMULATE },
		{ &able, "deny", "ulp=ignore", false, 0 },
		{ &able, "emulate", "ulp=ignore", false, 0 },
		{ &able, "ignore", "ulp=ignore", true, STEER_ULP_IGNORE },
		{ &old_kernel, "deny", "", true, STEER_ULP_DENY },
		{ &old_kernel, "deny", "ulp=deny", true, STEER_ULP_DENY },
		{ &old_kernel, "deny", "ulp=emulate", false, 0 },
		{ &old_kernel, "deny", "ulp=ignore", false, 0 },
		{ &old_kernel, "emulate", "ulp=emulate", true, STEER_ULP_EMULATE },
		{ &old_kernel, "emulate", "ulp=ignore", false, 0 },
		{ &old_kernel, "emulate", "", true, STEER_ULP_DENY },
		{ &old_kernel, "ignore", "ulp=ignore", true, STEER_ULP_IGNORE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char yaml[64], of_pod[64];
		struct policy_verdict v;

		(void)snprintf(yaml, sizeof(yaml), "limits: {ulp: %s}", cases[i].limit);
		(void)snprintf(of_pod, sizeof(of_pod), "steer=enabled %s", cases[i].asked);
		v = decide(yaml, cases[i].node, of_pod, NULL);
		assert_int_equal(v.steer, cases[i].steer);
		assert_int_equal(v.invalid, !cases[i].steer);
		if (v.steer)
			assert_int_equal(v.ulp, cases[i].ulp);
		else
			assert_non_null(strstr(v.why, "limits.ulp: "));
	}
}

static void pnet_id_and_buffer_size_reach_the_verdict(void **state)
{
	struct policy_verdict v = decide("pnets: [{id: NET0}]", &able,
					 "steer=enabled pnet-id=net0 buffer-size=64Ki", NULL);

	(void)state;
	assert_true(v.steer);
	assert_string_equal(v.pnet_id, "NET0");
	assert_int_equal(v.buffer_bytes, 65536);
	v = decide("", &able, "steer=enabled", NULL);
	assert_string_equal(v.pnet_id, "");
	assert_int_equal(v.buffer_bytes, 0);
	v = decide("limits: {maxBufferSize: 32Ki}", &able, "steer=enabled buffer-size=64Ki", NULL);
	assert_int_equal(v.buffer_bytes, 32 * 1024);
	v = decide("limits: {maxBufferSize: 64Ki}", &able, "steer=enabled buffer-size=64Ki", NULL);
	assert_null(strstr(v.why, "capped"));
}

static void who_is_left_out_has_nothing_to_act_on(void **state)
{
	struct policy_verdict v = decide("", &able, "steer=enabled percent=0", NULL);

	(void)state;
	assert_true(v.left_out);
	assert_false(v.invalid || v.unavailable || v.refuse);
	v = decide("", &able, "steer=required percent=0", NULL);
	assert_false(v.left_out);
}

static void what_steering_would_break_is_not_steered(void **state)
{
	const struct conflicts found = { .of = { { CONFLICT_YES, "THIS" } } };
	const struct policy_pod pod = { .conflicts = &found };
	struct config *c = config_of("");
	struct policy_verdict v = decide_with(c, &able, pod, "steer=enabled", NULL);

	(void)state;
	assert_true(decide_with(c, &able, pod, "steer=enabled containers=app", NULL).steer);
	assert_false(v.steer || v.invalid || v.unavailable || v.refuse);
	assert_non_null(strstr(v.why, "rules of the pod's network match owners"));
	config_free(c);
}

static int n_rules(const char *yaml, const char *of_pod, const char *of_namespace)
{
	json_auto_t *p = annotations_of(of_pod), *n = annotations_of(of_namespace);
	const struct policy_pod pod = {
		.namespace = "shop", .name = "web", .annotations = p, .namespace_annotations = n
	};
	struct config *c = config_of(yaml);
	auto_peers struct peers_set *set = NULL;

	assert_int_equal(peers_make(c, policy_peers(c, &pod), &set, NULL), 0);
	config_free(c);
	return set->n;
}

static void peers_of_the_pod_hide_those_of_the_namespace_and_narrow_the_agents(void **state)
{
	(void)state;
	assert_int_equal(n_rules("peers: [10.0.0.0/8]", NULL, NULL), 1);
	assert_int_equal(n_rules("peers: [any]", NULL, "peers=10.0.0.0/8,11.0.0.0/8,12.0.0.0/8"),
			 3);
	assert_int_equal(n_rules("peers: [any]", "peers=10.0.0.0/8,8.0.0.0/8",
				 "peers=10.0.0.0/8,11.0.0.0/8,12.0.0.0/8"),
			 2);
	assert_int_equal(n_rules("peers: [10.0.0.0/8]", "peers=10.0.0.0/8,8.0.0.0/8", NULL), 1);
}

static bool required(const char *name, const char *annotations)
{
	json_auto_t *a = annotations_of(annotations);

	return policy_namespace_required(name, a);
}

static void a_namespace_is_required_when_it_says_so_itself(void **state)
{
	(void)state;
	assert_true(required("shop", "steer=required"));
	assert_true(required("shop", "steer=required ulp=rubbish")); /* that pods are refused for */
	assert_false(required("shop", "steer=enabled"));
	assert_false(required("shop", "steer=Required"));
	assert_false(required("shop", NULL));
	assert_false(required("kube-system", "steer=required"));
	assert_true(required("shop", "label=required"));
	assert_true(required("shop", "label=required steer=enabled"));
	assert_false(required("shop", "label=disabled steer=required"));
}

static void texts_are_those_of_the_annotation(void **state)
{
	(void)state;
	assert_string_equal(policy_steer_text(POLICY_REQUIRED), "required");
	assert_string_equal(policy_origin_text(POLICY_FROM_NAMESPACE), "namespace");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			every_combination_of_steer_is_decided_by_pod_then_namespace_then_node),
		cmocka_unit_test(the_sentence_says_what_became_of_the_pod_and_who_decided),
		cmocka_unit_test(an_unable_node_gives_its_own_reason),
		cmocka_unit_test(host_network_pods_are_never_steered),
		cmocka_unit_test(defaults_reach_neither_kube_system_nor_the_agents_own_pod),
		cmocka_unit_test(a_value_of_the_pod_hides_that_of_the_namespace),
		cmocka_unit_test(a_bad_value_is_reported_even_where_nothing_is_asked_for),
		cmocka_unit_test(ulp_is_bound_by_the_limit_but_not_below_the_kernels_default),
		cmocka_unit_test(pnet_id_and_buffer_size_reach_the_verdict),
		cmocka_unit_test(what_steering_would_break_is_not_steered),
		cmocka_unit_test(who_is_left_out_has_nothing_to_act_on),
		cmocka_unit_test(
			peers_of_the_pod_hide_those_of_the_namespace_and_narrow_the_agents),
		cmocka_unit_test(a_namespace_is_required_when_it_says_so_itself),
		cmocka_unit_test(texts_are_those_of_the_annotation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
