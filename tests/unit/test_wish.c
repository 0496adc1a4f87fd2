/* SPDX-License-Identifier: Apache-2.0 */
/* From a verdict to what is to be in force. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node-agent/model/wish.h"

static struct err err;

struct input {
	struct config *config;
	struct facts facts;
	struct wire_prepare req;
	struct policy_verdict verdict;
	const char *peers;
	bool had_host, had_offer;
};

/* A steered pod with an address of each family on a node that can do everything. */
static struct input *all(void)
{
	static const char yaml[] =
		"nodeName: n\npodSource: {folder: /x}\npnets:\n"
		"  - {id: NET0, rdma: [{device: rxe0, port: 1}], interfaces: [eth1]}\n";
	static struct input in;

	config_free(in.config);
	memset(&in, 0, sizeof(in));
	assert_int_equal(config_parse(yaml, strlen(yaml), "test", &in.config, &err), 0);
	in.facts.smc.ok = in.facts.hook.ok = in.facts.host.ok = in.facts.cgroup.ok = true;
	in.req.n_interfaces = 1;
	strcpy(in.req.interfaces[0].name, "eth0");
	in.req.interfaces[0].n_ips = 2;
	assert_int_equal(inet_parse("fd00::2/64", &in.req.interfaces[0].ips[0], &err), 0);
	assert_int_equal(inet_parse("10.1.0.2/24", &in.req.interfaces[0].ips[1], &err), 0);
	strcpy(in.req.cgroup_path, "/kubepods/pod1");
	in.verdict.steer = true;
	in.verdict.ulp = STEER_ULP_DENY;
	in.verdict.buffer_bytes = 65536;
	return &in;
}

static struct wish make(const struct input *in)
{
	const struct wish_source from = {
		.config = in->config,
		.facts = &in->facts,
		.req = &in->req,
		.verdict = &in->verdict,
		.peers = in->peers,
		.had_host = in->had_host,
		.had_offer = in->had_offer,
	};
	static struct wish w;

	assert_int_equal(wish_make(&from, &w), 0);
	return w;
}

static void a_steered_pod_gets_all_that_the_node_has(void **state)
{
	struct wish w = make(all());

	(void)state;
	assert_true(w.steer && w.offer && w.host && w.programs);
	assert_int_equal(w.ulp, STEER_ULP_DENY);
	assert_int_equal(w.netns.n_pnets, 1);
	assert_string_equal(w.netns.pnets[0].ifname, "eth0");
	assert_string_equal(w.netns.pnets[0].id, "NET0");
	assert_int_equal(w.netns.n_sysctls, 2);
	assert_string_equal(w.netns.sysctls[0].value, "65536");
}

static void another_pod_gets_its_pnet_ids_and_nothing_else(void **state)
{
	struct input *in = all();
	struct wish w;

	(void)state;
	in->verdict.steer = false;
	w = make(in);
	assert_false(w.steer || w.offer || w.host || w.programs);
	assert_int_equal(w.ulp, STEER_ULP_IGNORE);
	assert_int_equal(w.netns.n_pnets, 1);
	assert_int_equal(w.netns.n_sysctls, 0);
}

/* Or its open connections would stand still. */
static void the_hosts_side_stays_when_a_pod_is_no_longer_steered(void **state)
{
	struct input *in = all();
	struct wish w;

	(void)state;
	in->verdict.steer = false;
	in->had_host = true;
	w = make(in);
	assert_true(w.host);
	assert_false(w.steer || w.programs);
	in->facts.host.ok = false; /* they have ended */
	assert_false(make(in).host);
}

/* Listeners from before are SMC sockets still, and would take the offers of others. */
static void the_offer_stays_and_is_closed_when_a_pod_is_no_longer_steered(void **state)
{
	struct input *in = all();
	struct wish w;

	(void)state;
	in->verdict.steer = false;
	in->had_offer = true;
	w = make(in);
	assert_true(w.offer);
	assert_false(w.steer);
}

static void a_wish_has_the_peers_that_were_asked_for(void **state)
{
	struct input *in = all();
	struct wish copy = { .steer = false }, w = { .steer = false }, read;
	json_auto_t *obj = NULL;

	(void)state;
	assert_null(make(in).peers);
	in->peers = "node, 10.0.0.0/8:80";
	wish_copy(&copy, (const struct wish[]){ make(in) });
	assert_string_equal(text_get(copy.peers), in->peers);
	wish_copy(&w, &copy);
	assert_true(wish_equal(&w, &copy));
	obj = wish_to_json(&w);
	assert_int_equal(wish_from_json(obj, &read, &err), 0);
	assert_true(wish_equal(&read, &copy));
	in->peers = "any";
	assert_false(wish_equal(&copy, (const struct wish[]){ make(in) }));
	in->peers = NULL;
	assert_false(wish_equal(&copy, (const struct wish[]){ make(in) }));
	wish_clear(&copy);
	wish_clear(&w);
	assert_string_equal(text_get(read.peers), "node, 10.0.0.0/8:80");
	wish_clear(&read);
}

static void what_the_node_or_the_request_lacks_is_not_wished_for(void **state)
{
	struct input *in = all();

	(void)state;
	in->facts.host.ok = false;
	assert_false(make(in).host);
	in = all();
	in->req.interfaces[0].n_ips = 1; /* IPv6 only */
	assert_false(make(in).host);
	in = all();
	in->req.cgroup_path[0] = '\0';
	assert_false(make(in).programs);
	in = all();
	in->facts.cgroup.ok = false;
	assert_false(make(in).programs);
	in = all();
	in->facts.smc.ok = false;
	assert_int_equal(make(in).netns.n_pnets, 0);
	config_free(in->config);
	in->config = NULL;
}

static void an_annotation_chooses_the_pnet_id(void **state)
{
	struct input *in = all();

	(void)state;
	strcpy(in->verdict.pnet_id, "FAST");
	assert_string_equal(make(in).netns.pnets[0].id, "FAST");
	config_free(in->config);
	in->config = NULL;
}

static void each_difference_makes_wishes_unequal(void **state)
{
	struct wish a = make(all()), b = a;

	(void)state;
	assert_true(wish_equal(&a, &b));
	b.ulp = STEER_ULP_EMULATE;
	assert_false(wish_equal(&a, &b));
	b = a;
	b.host = false;
	assert_false(wish_equal(&a, &b));
	b = a;
	b.offer = false;
	assert_false(wish_equal(&a, &b));
	b = a;
	strcpy(b.netns.pnets[0].id, "NET1");
	assert_false(wish_equal(&a, &b));
	b = a;
	strcpy(b.netns.sysctls[1].value, "1");
	assert_false(wish_equal(&a, &b));
	config_free(all()->config);
}

/* Such a pod's ADD ends with PREPARE: each thing alone must prevent that. */
static void a_wish_for_any_one_thing_is_not_empty(void **state)
{
	const struct wish wishes[] = { { .steer = true },	  { .offer = true },
				       { .host = true },	  { .programs = true },
				       { .ulp = STEER_ULP_DENY }, { .netns.n_pnets = 1 },
				       { .netns.n_sysctls = 1 } };
	const struct wish none = { .steer = false };

	(void)state;
	assert_true(wish_is_empty(&none));
	for (size_t i = 0; i < sizeof(wishes) / sizeof(*wishes); i++)
		assert_false(wish_is_empty(&wishes[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_steered_pod_gets_all_that_the_node_has),
		cmocka_unit_test(another_pod_gets_its_pnet_ids_and_nothing_else),
		cmocka_unit_test(the_hosts_side_stays_when_a_pod_is_no_longer_steered),
		cmocka_unit_test(the_offer_stays_and_is_closed_when_a_pod_is_no_longer_steered),
		cmocka_unit_test(a_wish_has_the_peers_that_were_asked_for),
		cmocka_unit_test(what_the_node_or_the_request_lacks_is_not_wished_for),
		cmocka_unit_test(an_annotation_chooses_the_pnet_id),
		cmocka_unit_test(each_difference_makes_wishes_unequal),
		cmocka_unit_test(a_wish_for_any_one_thing_is_not_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
