/* A pod on the host's network has no ADD: what the API server says of it is all there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node-agent/agent_events.h"
#include "node-agent/event_text.h"
#include "node-agent/events.h"
#include "node-agent/kube_object.h"

static struct {
	int n;
	enum events_reason reason;
	char uid[64], note[EVENT_TEXT_MAX];
} seen;
static struct source_pod known;
static struct config config;
static struct agent agent;

bool __wrap_events_pod(struct events *e, const char *namespace, const char *name, const char *uid,
		       enum events_reason reason, const char *note);
const struct source_pod *__wrap_source_pod(const struct source *s, const char *namespace,
					   const char *name);

bool __wrap_events_pod(struct events *e, const char *namespace, const char *name, const char *uid,
		       enum events_reason reason, const char *note)
{
	assert_non_null(e);
	assert_string_equal(namespace, "shop");
	assert_string_equal(name, "cart-0");
	seen.n++;
	seen.reason = reason;
	(void)snprintf(seen.uid, sizeof(seen.uid), "%s", uid);
	(void)snprintf(seen.note, sizeof(seen.note), "%s", note);
	return true;
}

const struct source_pod *__wrap_source_pod(const struct source *s, const char *namespace,
					   const char *name)
{
	(void)s;
	(void)namespace;
	return strcmp(name, "cart-0") ? NULL : &known;
}

static int set_up(void **state)
{
	static char uid[] = "uid-of-the-object";

	(void)state;
	memset(&seen, 0, sizeof(seen));
	config.default_steer = false;
	agent = (struct agent){ .config = &config, .events = (struct events *)&seen };
	known = (struct source_pod){ .uid = uid, .host_network = true, .annotations = json_object() };
	return known.annotations ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	json_decref(known.annotations);
	return 0;
}

static void annotate(const char *key, const char *value)
{
	assert_int_equal(json_object_set_new(known.annotations, key, json_string(value)), 0);
}

static void one_that_asks_is_told_that_it_is_never_steered(void **state)
{
	(void)state;
	annotate("smc-cni.io/steer", "enabled");
	agent_events_host_network(&agent, "shop", "cart-0");
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.reason, EVENTS_UNAVAILABLE);
	assert_string_equal(seen.uid, "uid-of-the-object");
	assert_string_equal(seen.note, "The pod stays TCP: a hostNetwork pod is never steered: it has no "
				       "network namespace of its own. Take its annotation back, or give "
				       "it a network of its own.");
}

static void a_static_one_is_told_by_the_uid_that_kubectl_looks_for(void **state)
{
	(void)state;
	annotate("smc-cni.io/steer", "enabled");
	annotate(KUBE_CONFIG_HASH, "hash-of-the-file");
	agent_events_host_network(&agent, "shop", "cart-0");
	assert_string_equal(seen.uid, "hash-of-the-file");
}

static void a_bad_value_is_one_here_too(void **state)
{
	(void)state;
	annotate("smc-cni.io/steer", "yes");
	agent_events_host_network(&agent, "shop", "cart-0");
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.reason, EVENTS_INVALID_ANNOTATION);
	assert_non_null(strstr(seen.note, "'yes'"));
}

static void one_that_does_not_ask_itself_is_not_told(void **state)
{
	(void)state;
	config.default_steer = true;
	agent_events_host_network(&agent, "shop", "cart-0");
	annotate("smc-cni.io/steer", "disabled");
	agent_events_host_network(&agent, "shop", "cart-0");
	assert_int_equal(seen.n, 0);
}

static void others_are_left_to_their_add(void **state)
{
	(void)state;
	annotate("smc-cni.io/steer", "enabled");
	agent_events_host_network(&agent, "shop", "gone");
	known.host_network = false;
	agent_events_host_network(&agent, "shop", "cart-0");
	known.host_network = true;
	agent.events = NULL;
	agent_events_host_network(&agent, "shop", "cart-0");
	assert_int_equal(seen.n, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_that_asks_is_told_that_it_is_never_steered),
		TEST(a_static_one_is_told_by_the_uid_that_kubectl_looks_for),
		TEST(a_bad_value_is_one_here_too),
		TEST(one_that_does_not_ask_itself_is_not_told),
		TEST(others_are_left_to_their_add),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
