/* SPDX-License-Identifier: Apache-2.0 */
/* Of what the agent tells, in which words, and of what it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node-agent/agent/events.h"
#include "node-agent/agent/job.h"
#include "node-agent/events/events.h"
#include "node-agent/events/text.h"

#define NO_DEVICE 0x03030000 /* has advice */
#define PEER_NO_SMC 0x03010000 /* has none: normal */
#define HASH_UID "8fbf7d90c1f1c1bf6f3a0c4ff0000001" /* as the runtime knows a static pod */

static struct {
	int pods, nodes, readings;
	enum events_reason reason;
	char pod[64], uid[64], key[32], note[EVENT_TEXT_MAX];
	bool told_already;
} seen;
static struct agent agent;

bool __wrap_events_pod(struct events *e, const char *namespace, const char *name, const char *uid,
		       enum events_reason reason, const char *note);
bool __wrap_events_node(struct events *e, enum events_reason reason, const char *key,
			const char *note);
int __wrap_job_stats(struct agent *agent);
int64_t __wrap_clock_now_ms(void);

bool __wrap_events_pod(struct events *e, const char *namespace, const char *name, const char *uid,
		       enum events_reason reason, const char *note)
{
	assert_non_null(e);
	seen.pods++;
	seen.reason = reason;
	(void)snprintf(seen.pod, sizeof(seen.pod), "%s/%s", namespace, name);
	(void)snprintf(seen.uid, sizeof(seen.uid), "%s", uid);
	(void)snprintf(seen.note, sizeof(seen.note), "%s", note);
	return !seen.told_already;
}

bool __wrap_events_node(struct events *e, enum events_reason reason, const char *key,
			const char *note)
{
	assert_non_null(e);
	assert_int_equal(reason, EVENTS_UNAVAILABLE);
	seen.nodes++;
	(void)snprintf(seen.key, sizeof(seen.key), "%s", key);
	(void)snprintf(seen.note, sizeof(seen.note), "%s", note);
	return true;
}

int __wrap_job_stats(struct agent *a)
{
	assert_ptr_equal(a, &agent);
	seen.readings++;
	return 0;
}

int64_t __wrap_clock_now_ms(void)
{
	return 1000000;
}

/* ---- the world: a node that has all, and its pods ---- */

static int set_up(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	memset(&agent, 0, sizeof(agent));
	agent.events = (struct events *)&seen; /* never looked into */
	agent.facts.smc.ok = agent.facts.hook.ok = agent.facts.offer.ok = agent.facts.ueid.ok =
		agent.facts.selinux.ok = true;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	attach_clear(&agent.table);
	return 0;
}

static struct attach *add(const char *pod, uint64_t cookie)
{
	struct record *rec = calloc(1, sizeof(*rec));

	assert_non_null(rec);
	(void)snprintf(rec->req.attachment.container_id, WIRE_NAME_MAX, "%s", pod);
	strcpy(rec->req.pod.namespace, "shop");
	(void)snprintf(rec->req.pod.name, WIRE_NAME_MAX, "%s", pod);
	strcpy(rec->req.pod.uid, HASH_UID);
	rec->phase = RECORD_COMMITTED;
	rec->netns.cookie = cookie;
	return attach_add(&agent.table, rec);
}

static struct attach *add_steered(const char *pod, uint64_t cookie)
{
	struct attach *a = add(pod, cookie);

	a->rec->wish.steer = a->steered = true;
	a->verdict = (struct policy_verdict){
		.wanted = POLICY_ENABLED,
		.origin = POLICY_FROM_POD,
		.steer = true,
		.why = "steered: annotation 'smc-cni.io/steer' of the pod says enabled",
	};
	return a;
}

static void deny(struct attach *a, const char *why)
{
	a->verdict = (struct policy_verdict){ .wanted = POLICY_ENABLED, .origin = POLICY_FROM_POD };
	(void)snprintf(a->verdict.why, sizeof(a->verdict.why), "stays TCP: %s", why);
}

static void fell_back(struct attach *a, uint32_t code, uint16_t count)
{
	a->stats.has_smc = true;
	a->stats.smc.n_fallbacks = 1;
	a->stats.smc.fallbacks[0].code = code;
	a->stats.smc.fallbacks[0].count = count;
	tally_update(&a->stats.tally, &a->stats.smc, NULL);
}

static void the_event_says_that_a_pod_is_steered_from_its_first_socket(void **state)
{
	struct attach *a = add_steered("cart-0", 1);

	(void)state;
	a->listeners = -1;
	agent_events_changed(&agent, a);
	assert_int_equal(seen.pods, 1);
	assert_int_equal(seen.reason, EVENTS_STEERED);
	assert_string_equal(seen.pod, "shop/cart-0");
	assert_string_equal(seen.uid, HASH_UID);
	assert_string_equal(seen.note,
			    "TCP sockets of the pod become SMC sockets, from its first one "
			    "on: annotation 'smc-cni.io/steer' of the pod says enabled.");
}

static void the_event_says_how_many_listeners_were_open_before(void **state)
{
	static const struct {
		int listeners;
		const char *says;
	} cases[] = {
		{ 2,
		  "2 listeners opened before stay TCP until the program restarts them: restart the "
		  "pod to have SMC there too." },
		{ 1,
		  "1 listener opened before stays TCP until the program restarts it: restart the pod "
		  "to have SMC there too." },
		{ 0,
		  "No listener was open before; connections that are open stay TCP until they end." },
		{ -1,
		  "Listeners opened before stay TCP until the program restarts them: restart the "
		  "pod to have SMC there too." },
	};
	struct attach *a = add_steered("cart-0", 1);
	char expected[EVENT_TEXT_MAX];

	(void)state;
	a->late = true;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		a->listeners = cases[i].listeners;
		agent_events_changed(&agent, a);
		(void)snprintf(
			expected, sizeof(expected),
			"New TCP sockets of the pod become SMC sockets, from now on: annotation "
			"'smc-cni.io/steer' of the pod says enabled. %s",
			cases[i].says);
		assert_string_equal(seen.note, expected);
	}
}

static void a_pod_that_names_containers_is_told_so(void **state)
{
	struct attach *a = add_steered("cart-0", 1);

	(void)state;
	a->verdict.named = true;
	agent_events_changed(&agent, a);
	assert_int_equal(seen.pods, 1);
	assert_int_equal(seen.reason, EVENTS_STEERED);
	assert_non_null(strstr(seen.note, "of each from when it is identified on: annotation "
					  "'smc-cni.io/steer' of the pod says enabled."));
	strcpy(a->verdict.stray, "wep");
	agent_events_changed(&agent, a);
	assert_int_equal(seen.pods, 3); /* that one, and that a name is no container's */
	assert_int_equal(seen.reason, EVENTS_INVALID_ANNOTATION);
	assert_non_null(strstr(seen.note, "'smc-cni.io/containers' of the pod: got 'wep', allowed: "
					  "names of its containers. The others"));
	agent_events_decided(&agent, a); /* the pod's object has come or changed */
	assert_int_equal(seen.pods, 4);
}

/* ---- not steered ---- */

static void who_did_not_ask_is_not_told(void **state)
{
	struct attach *a = add("cart-0", 1);

	(void)state;
	deny(a, "not asked for");
	a->verdict.wanted = POLICY_DISABLED;
	agent_events_changed(&agent, a);
	agent_events_decided(&agent, a);
	a->verdict.wanted = POLICY_ENABLED; /* by the node's default, and not within its limits */
	a->verdict.origin = POLICY_FROM_NODE;
	agent_events_decided(&agent, a);
	assert_int_equal(seen.pods + seen.nodes, 0);
}

static void a_bad_annotation_is_told_with_what_is_allowed(void **state)
{
	struct attach *a = add("cart-0", 1);

	(void)state;
	deny(a, "annotation 'smc-cni.io/steer': got 'yes', allowed: enabled, required, disabled");
	a->verdict.invalid = true;
	a->verdict.wanted = POLICY_DISABLED; /* a bad value asks for nothing */
	agent_events_decided(&agent, a);
	assert_int_equal(seen.reason, EVENTS_INVALID_ANNOTATION);
	assert_string_equal(
		seen.note,
		"The pod stays TCP: annotation 'smc-cni.io/steer': got 'yes', allowed: "
		"enabled, required, disabled. Correct the annotation; the agent follows at "
		"once.");
}

static void what_the_limits_refuse_is_told_of_the_pod(void **state)
{
	struct attach *a = add("cart-0", 1);

	(void)state;
	deny(a, "namespace 'shop' is not in 'limits.namespaces' of the agent's configuration");
	agent_events_decided(&agent, a);
	assert_int_equal(seen.pods, 1);
	assert_int_equal(seen.reason, EVENTS_UNAVAILABLE);
	assert_string_equal(seen.note,
			    "The pod stays TCP: namespace 'shop' is not in "
			    "'limits.namespaces' of the agent's configuration. Take the "
			    "request back, or ask who runs the node to make it possible.");
}

static void one_that_must_not_start_is_told_too(void **state)
{
	struct attach *a = add("cart-0", 1);

	(void)state;
	a->rec->phase = RECORD_NONE;
	deny(a, "");
	a->verdict.refuse = a->verdict.invalid = true;
	strcpy(a->verdict.why, "must not start, as SMC is required: bad value");
	agent_events_decided(&agent, a); /* not there yet */
	assert_int_equal(seen.pods, 0);
	agent_events_refused(&agent, a);
	assert_string_equal(seen.note,
			    "The pod must not start, as SMC is required: bad value. Correct "
			    "the annotation; until then the pod cannot start.");
}

static void what_the_node_lacks_is_told_of_the_node_and_not_of_each_pod(void **state)
{
	struct attach *a = add("cart-0", 1), *b = add("cart-1", 2);

	(void)state;
	agent.facts.hook.ok = false;
	strcpy(agent.facts.hook.why, "no such hook");
	agent_events_node(&agent);
	assert_int_equal(seen.nodes, 0); /* nobody wants it */
	deny(a, "no such hook");
	deny(b, "no such hook");
	a->verdict.unavailable = b->verdict.unavailable = true;
	agent_events_node(&agent);
	assert_int_equal(seen.nodes, 1);
	assert_int_equal(seen.pods, 0);
	assert_string_equal(seen.key, "hook");
	assert_string_equal(seen.note,
			    "Pods of this node that ask for SMC stay on TCP, or cannot start "
			    "where it is required: no such hook. See 'smcctl status' on the "
			    "node.");
	agent_events_decided(&agent, a);
	agent_events_decided(&agent, b);
	assert_int_equal(seen.pods, 0);
	agent.facts.hook.ok = true;
	agent.facts.selinux.ok = false;
	agent_events_node(&agent);
	assert_string_equal(seen.key, "selinux");
	agent.facts.selinux.ok = true;
	seen.nodes = 0;
	agent_events_node(&agent);
	assert_int_equal(seen.nodes, 0);
}

/* ---- fallbacks ---- */

static void fallbacks_are_told_when_they_can_be_mended_and_grow(void **state)
{
	struct attach *a = add_steered("cart-0", 1);

	(void)state;
	fell_back(a, PEER_NO_SMC, 5);
	agent_events_stats(&agent);
	assert_int_equal(seen.pods, 0);
	fell_back(a, NO_DEVICE, 3);
	agent_events_stats(&agent);
	assert_int_equal(seen.pods, 1);
	assert_int_equal(seen.reason, EVENTS_FALLBACK);
	assert_int_equal(
		strncmp(seen.note,
			"3 connections of the pod stayed on TCP so far, for reasons that can "
			"be mended. 3 as client (no-device): Neither an SMC-D nor an RDMA "
			"device fits this connection",
			150),
		0);
	assert_non_null(strstr(seen.note, "Check with smcctl status")); /* the advice */
	assert_null(strstr(seen.note, "peer-no-smc"));
	agent_events_stats(&agent);
	assert_int_equal(seen.pods, 1);
	fell_back(a, NO_DEVICE, 4);
	agent_events_stats(&agent);
	assert_int_equal(seen.pods, 2);
}

static void what_was_not_told_this_hour_is_told_in_the_next(void **state)
{
	struct attach *a = add_steered("cart-0", 1);

	(void)state;
	seen.told_already = true;
	fell_back(a, NO_DEVICE, 3);
	agent_events_stats(&agent);
	seen.told_already = false;
	agent_events_stats(&agent);
	assert_int_equal(seen.pods, 2);
	agent_events_stats(&agent);
	assert_int_equal(seen.pods, 2);
}

static void what_fell_back_before_the_agents_start_is_not_told_again(void **state)
{
	struct attach *a = add_steered("cart-0", 1);

	(void)state;
	a->fallbacks_told = ATTACH_TOLD_UNKNOWN;
	fell_back(a, NO_DEVICE, 3);
	agent_events_stats(&agent);
	assert_int_equal(seen.pods, 0);
	fell_back(a, NO_DEVICE, 4);
	agent_events_stats(&agent);
	assert_int_equal(seen.pods, 1);
}

static void two_interfaces_of_a_pod_tell_once(void **state)
{
	struct attach *a = add_steered("cart-0", 1), *b = add_steered("cart-0-eth1", 1);

	(void)state;
	fell_back(a, NO_DEVICE, 3);
	fell_back(b, NO_DEVICE, 3);
	agent_events_stats(&agent);
	agent_events_stats(&agent);
	assert_int_equal(seen.pods, 1);
}

static void statistics_are_asked_for_while_there_are_steered_pods(void **state)
{
	(void)state;
	(void)add("plain", 1);
	agent_events_sweep(&agent);
	assert_int_equal(seen.readings, 0);
	(void)add_steered("cart-0", 2);
	agent_events_sweep(&agent);
	assert_int_equal(seen.readings, 1);
	agent.stats_busy = true;
	agent_events_sweep(&agent);
	assert_int_equal(seen.readings, 1);
	agent.stats_busy = false;
	/* The kernel's counters of reasons, 16 bits wide, must not wrap unseen. */
	agent.events = NULL;
	agent_events_sweep(&agent);
	assert_int_equal(seen.readings, 2);
}

static void without_an_api_server_nothing_is_told(void **state)
{
	struct attach *a = add_steered("cart-0", 1);

	(void)state;
	agent.events = NULL;
	agent.facts.smc.ok = false;
	fell_back(a, NO_DEVICE, 3);
	agent_events_changed(&agent, a);
	agent_events_stats(&agent);
	deny(a, "no SMC");
	a->verdict.unavailable = true;
	agent_events_decided(&agent, a);
	agent_events_refused(&agent, a);
	agent_events_node(&agent);
	assert_int_equal(seen.pods + seen.nodes, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_event_says_that_a_pod_is_steered_from_its_first_socket),
		TEST(the_event_says_how_many_listeners_were_open_before),
		TEST(a_pod_that_names_containers_is_told_so),
		TEST(who_did_not_ask_is_not_told),
		TEST(a_bad_annotation_is_told_with_what_is_allowed),
		TEST(what_the_limits_refuse_is_told_of_the_pod),
		TEST(one_that_must_not_start_is_told_too),
		TEST(what_the_node_lacks_is_told_of_the_node_and_not_of_each_pod),
		TEST(fallbacks_are_told_when_they_can_be_mended_and_grow),
		TEST(what_was_not_told_this_hour_is_told_in_the_next),
		TEST(what_fell_back_before_the_agents_start_is_not_told_again),
		TEST(two_interfaces_of_a_pod_tell_once),
		TEST(statistics_are_asked_for_while_there_are_steered_pods),
		TEST(without_an_api_server_nothing_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
