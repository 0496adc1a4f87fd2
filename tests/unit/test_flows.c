/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent makes of flows, and how smcctl shows them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "node-agent/agent/agent.h"
#include "node-agent/show/flows.h"
#include "smcctl/flows_text.h"

#define MAPPED(a, b, c, d)                                           \
	{                                                            \
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d \
	}

/* ---- the agent ---- */

static void add(struct agent *agent, const char *name, uint64_t cookie, const char *ip)
{
	struct record *rec = calloc(1, sizeof(*rec));

	assert_non_null(rec);
	rec->phase = RECORD_COMMITTED;
	rec->netns.cookie = cookie;
	(void)snprintf(rec->req.attachment.container_id, WIRE_NAME_MAX, "%s", name);
	strcpy(rec->req.pod.namespace, "shop");
	(void)snprintf(rec->req.pod.name, WIRE_NAME_MAX, "%s", name);
	rec->req.n_interfaces = 1;
	rec->req.interfaces[0].n_ips = 1;
	assert_int_equal(inet_parse(ip, &rec->req.interfaces[0].ips[0], NULL), 0);
	assert_non_null(attach_add(&agent->table, rec));
}

static void keep_flow(void *arg, json_t *msg)
{
	assert_non_null(msg);
	(void)json_array_append(arg, json_object_get(msg, "flow"));
	json_decref(msg);
}

/* Without "last", which is near `now`. */
static json_t *flows_of(const struct agent *agent, struct flow_entry *all, int n)
{
	json_t *list = json_array(), *flow;
	json_int_t now = time(NULL);
	size_t i;

	flows_each(agent, all, n, keep_flow, list);
	json_array_foreach(list, i, flow) {
		json_int_t last = json_integer_value(json_object_get(flow, "last"));

		assert_true(last <= now + 2);
		(void)json_object_del(flow, "last");
	}
	return list;
}

static void assert_flows(const json_t *list, const char *expected)
{
	json_auto_t *want = json_loads(expected, 0, NULL);
	auto_free char *text = json_dumps(list, JSON_INDENT(1));

	assert_non_null(want);
	if (!json_equal(list, want))
		fail_msg("got %s", text);
}

#define CLIENT 11
#define SERVER 22

static void ways_and_reasons_of_a_peer_are_one_flow(void **state)
{
	struct flow_entry all[] = {
		{ { .cookie = CLIENT,
		    .address = MAPPED(10, 1, 0, 3),
		    .port = 80,
		    .reason = 0x03010000 },
		  { .n = 1 } },
		{ { .cookie = SERVER, .server = 1, .port = 80, .reason = 0x03010000 }, { .n = 9 } },
		{ { .cookie = CLIENT,
		    .address = MAPPED(10, 1, 0, 3),
		    .port = 80,
		    .kind = FLOW_SMCR },
		  { .n = 5 } },
		{ { .cookie = CLIENT,
		    .address = MAPPED(10, 1, 0, 3),
		    .port = 80,
		    .reason = 0x05000000,
		    .diagnosis = 0x03030000 },
		  { .n = 2 } },
		{ { .cookie = 99, .port = 80 }, { .n = 1 } }, /* of a pod that is gone */
		{ { .cookie = CLIENT, .address = { 0xfd }, .port = 80, .kind = FLOW_SMCD },
		  { .n = 1 } },
	};
	struct agent agent = { .idle = false };
	json_auto_t *list = NULL;

	(void)state;
	add(&agent, "client", CLIENT, "10.1.0.2/24");
	add(&agent, "server", SERVER, "10.1.0.3/24");
	list = flows_of(&agent, all, ARRAY_SIZE(all));
	assert_flows(
		list,
		"[{\"namespace\": \"shop\", \"name\": \"client\", \"role\": \"client\", "
		"\"peer\": {\"address\": \"10.1.0.3\", \"pod\": \"shop/server\"}, \"port\": 80, "
		"\"smcr\": 5, \"smcd\": 0, \"tcp\": 3, \"reasons\": [{\"name\": \"peer-declined\", "
		"\"peer_says\": \"no-device\", \"count\": 2}, {\"name\": \"peer-no-smc\", "
		"\"peer_says\": \"\", \"count\": 1}]}, "
		"{\"namespace\": \"shop\", \"name\": \"client\", \"role\": \"client\", \"peer\": "
		"{\"address\": \"fd00::\", \"pod\": \"\"}, \"port\": 80, \"smcr\": 0, \"smcd\": 1, "
		"\"tcp\": 0, \"reasons\": []}, "
		"{\"namespace\": \"shop\", \"name\": \"server\", \"role\": \"server\", \"peer\": "
		"{\"address\": \"\", \"pod\": \"\"}, \"port\": 80, \"smcr\": 0, \"smcd\": 0, "
		"\"tcp\": 9, \"reasons\": [{\"name\": \"peer-no-smc\", \"peer_says\": \"\", "
		"\"count\": 9}]}]");
	attach_clear(&agent.table);
}

static void ports_are_flows_of_their_own(void **state)
{
	struct flow_entry all[] = {
		{ { .cookie = CLIENT, .address = MAPPED(10, 1, 0, 3), .port = 80 }, { .n = 1 } },
		{ { .cookie = CLIENT, .address = MAPPED(10, 1, 0, 3), .port = 81 }, { .n = 1 } },
	};
	struct agent agent = { .idle = false };
	json_auto_t *list = NULL;

	(void)state;
	add(&agent, "client", CLIENT, "10.1.0.2/24");
	list = flows_of(&agent, all, ARRAY_SIZE(all));
	assert_int_equal(json_array_size(list), 2);
	attach_clear(&agent.table);
}

static void nothing_seen_is_no_flow(void **state)
{
	struct agent agent = { .idle = false };
	json_auto_t *list = flows_of(&agent, NULL, 0);

	(void)state;
	assert_int_equal(json_array_size(list), 0);
}

/* ---- smcctl ---- */

static const char some[] =
	"[{\"namespace\": \"shop\", \"name\": \"web\", \"role\": \"client\", \"peer\": {\"address\": "
	"\"10.1.0.3\", \"pod\": \"shop/db\"}, \"port\": 5432, \"smcr\": 5, \"smcd\": 0, \"tcp\": 3, "
	"\"last\": 1000, \"reasons\": [{\"name\": \"peer-declined\", \"peer_says\": \"no-device\", "
	"\"count\": 2}, {\"name\": \"peer-no-smc\", \"peer_says\": \"\", \"count\": 1}]}, "
	"{\"namespace\": \"shop\", \"name\": \"web\", \"role\": \"client\", \"peer\": {\"address\": "
	"\"192.0.2.1\", \"pod\": \"\"}, \"port\": 443, \"smcr\": 0, \"smcd\": 0, \"tcp\": 1, "
	"\"last\": 940, \"reasons\": [{\"name\": \"peer-no-smc\", \"peer_says\": \"\", \"count\": "
	"1}]}, "
	"{\"namespace\": \"shop\", \"name\": \"web\", \"role\": \"server\", \"peer\": {\"address\": "
	"\"\", \"pod\": \"\"}, \"port\": 80, \"smcr\": 0, \"smcd\": 0, \"tcp\": 7, \"last\": 1, "
	"\"reasons\": [{\"name\": \"peer-no-smc\", \"peer_says\": \"\", \"count\": 7}]}, "
	"{\"namespace\": \"shop\", \"name\": \"web\", \"role\": \"client\", \"peer\": {\"address\": "
	"\"\", \"pod\": \"\"}, \"port\": 0, \"smcr\": 0, \"smcd\": 2, \"tcp\": 0, \"last\": 2000, "
	"\"reasons\": []}]";

static void a_peer_is_a_line_and_a_reason_is_explained_once(void **state)
{
	json_auto_t *flows = json_loads(some, 0, NULL);
	auto_free char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_int_equal(flows_text_print(flows, 0, 1003, out), 0);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(
		text,
		"NAMESPACE/POD  ROLE    PEER               PORT  SMC-R  SMC-D  TCP  LAST  WHY TCP\n"
		"shop/web       client  shop/db            5432      5      0    3    3s  "
		"peer-declined (no-device) 2, peer-no-smc 1\n"
		"shop/web       client  192.0.2.1           443      0      0    1    1m  "
		"peer-no-smc\n"
		"shop/web       server  plain TCP clients    80      0      0    7   16m  "
		"peer-no-smc\n"
		"shop/web       client  not connected         -      0      2    0    0s  \n"
		"\n"
		"peer-declined: The peer declined SMC; the reason is in its own statistics.\n"
		"    do: Look at the fallback reasons of the peer's pod.\n"
		"no-device: Neither an SMC-D nor an RDMA device fits this connection, or it is "
		"IPv6, which SMC-R does not carry.\n"
		"    do: Check with smcctl status that both nodes have a device and the same UEID, "
		"and that the pod's pnet id is that of the device.\n"
		"peer-no-smc: The peer speaks plain TCP, is not among 'peers' of one side, no "
		"RDMA path to it was proven at that moment, or something on the way removed the "
		"SMC option.\n");
}

static void a_problem_is_what_somebody_can_act_on(void **state)
{
	json_auto_t *flows = json_loads(some, 0, NULL);
	const bool expected[] = { true, false, false, false };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_int_equal(flows_text_is_problem(json_array_get(flows, i)), expected[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ways_and_reasons_of_a_peer_are_one_flow),
		cmocka_unit_test(ports_are_flows_of_their_own),
		cmocka_unit_test(nothing_seen_is_no_flow),
		cmocka_unit_test(a_peer_is_a_line_and_a_reason_is_explained_once),
		cmocka_unit_test(a_problem_is_what_somebody_can_act_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
