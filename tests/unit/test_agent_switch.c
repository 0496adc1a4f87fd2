/* SPDX-License-Identifier: Apache-2.0 */
/* The switch: what the agents' own namespace says, and that not to have heard is not to be off. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "node-agent/agent/agent.h"
#include "node-agent/object/manifest.h"
#include "node-agent/source/impl.h"

static struct agent agent;
static struct source source;
static char told[16]; /* what the worker was told, in order: '1' on, '0' off */
static int told_rc;

int __wrap_job_pause(struct agent *a, bool on);
int __wrap_job_pause(struct agent *a, bool on)
{
	assert_ptr_equal(a, &agent);
	if (told_rc == 0)
		(void)strcat(told, on ? "1" : "0");
	return told_rc;
}

static const struct source_ops ops = { .kind = "test", .may_lag = true };

static void changed(void *arg, const char *namespace, const char *name)
{
	(void)arg, (void)name;
	if (agent_is_own_namespace(namespace))
		agent_look_at_switch(&agent);
}

static void bad(void *arg, const struct err *err)
{
	(void)arg;
	fail_msg("%s", err->msg);
}

/* The namespace with that in its metadata comes, or takes the place of what was there. */
static void say(const char *name, const char *metadata)
{
	struct manifest m = { 0 };
	char text[512];

	(void)snprintf(text, sizeof(text), "kind: Namespace\nmetadata: {name: %s, %s}\n", name,
		       metadata);
	assert_int_equal(manifest_parse(text, strlen(text), "p", bad, NULL, &m, NULL), 0);
	assert_int_equal(source_store_put(&source.store, m.objects[0], changed, NULL), 0);
	manifest_clear(&m);
}

static int set_up(void **state)
{
	(void)state;
	agent = (struct agent){ .source = &source };
	told[0] = '\0';
	told_rc = 0;
	source = (struct source){ .ops = &ops, .synced = true };
	return setenv("POD_NAMESPACE", "smc", 1);
}

static int tear_down(void **state)
{
	(void)state;
	source_store_clear(&source.store);
	return 0;
}

static void annotation_or_label_turns_it_on_and_off(void **state)
{
	static const struct {
		const char *metadata;
		bool on;
	} steps[] = {
		{ "annotations: {smc-cni.io/pause: 'true'}", true },
		{ "annotations: {smc-cni.io/pause: 'false'}", false },
		{ "labels: {smc-cni.io/pause: 'true'}", true },
		{ "labels: {}", false },
		{ "labels: {smc-cni.io/pause: 'true'}, annotations: {smc-cni.io/pause: 'false'}",
		  true },
		{ "labels: {smc-cni.io/pause: 'false'}", false },
		{ "labels: {smc-cni.io/pause: 'yes'}, annotations: {smc-cni.io/pause: 'true'}",
		  true },
	};

	(void)state;
	assert_false(agent_paused(&agent));
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		say("smc", steps[i].metadata);
		if (agent_paused(&agent) != steps[i].on)
			fail_msg("%s", steps[i].metadata);
	}
	assert_string_equal(told, "1010101");
}

/* What an agent before it has closed, it opens, and the other way round. */
static void the_worker_is_told_once_what_is_said_and_each_change(void **state)
{
	(void)state;
	say("smc", "labels: {}");
	say("smc", "labels: {a: b}");
	assert_string_equal(told, "0");
	say("smc", "annotations: {smc-cni.io/pause: 'yes'}");
	say("smc", "annotations: {smc-cni.io/pause: 'true'}");
	say("smc", "labels: {smc-cni.io/pause: 'true'}");
	assert_string_equal(told, "01");
}

static void who_could_not_be_told_is_told_later(void **state)
{
	(void)state;
	told_rc = -ENOMEM;
	say("smc", "annotations: {smc-cni.io/pause: 'true'}");
	assert_true(agent_paused(&agent));
	told_rc = 0;
	agent_look_at_switch(&agent);
	agent_look_at_switch(&agent);
	assert_string_equal(told, "1");
}

static void a_bad_value_leaves_it_as_it_is(void **state)
{
	(void)state;
	say("smc", "annotations: {smc-cni.io/pause: 'yes'}");
	assert_false(agent_paused(&agent));
	assert_string_equal(agent.pause.bad.msg,
			    "annotation 'smc-cni.io/pause' of the agents' namespace: got 'yes', "
			    "allowed: true, false");
	say("smc", "annotations: {smc-cni.io/pause: 'true'}");
	say("smc", "labels: {smc-cni.io/pause: ''}");
	assert_true(agent_paused(&agent));
	assert_non_null(strstr(agent.pause.bad.msg, "label 'smc-cni.io/pause'"));
	say("smc", "labels: {}");
	assert_false(agent_paused(&agent));
	assert_string_equal(agent.pause.bad.msg, "");
}

static void other_namespaces_have_no_switch(void **state)
{
	(void)state;
	say("shop", "annotations: {smc-cni.io/pause: 'true'}");
	agent_look_at_switch(&agent);
	assert_false(agent_paused(&agent));
	assert_int_equal(unsetenv("POD_NAMESPACE"), 0);
	say("smc", "annotations: {smc-cni.io/pause: 'true'}");
	agent_look_at_switch(&agent);
	assert_false(agent_paused(&agent));
}

static void not_to_have_heard_is_not_to_be_off(void **state)
{
	(void)state;
	say("smc", "annotations: {smc-cni.io/pause: 'true'}");
	source_store_clear(&source.store);
	source.synced = false;
	agent_look_at_switch(&agent);
	assert_true(agent_paused(&agent));
	assert_string_equal(told, "1");
	source.synced = true;
	agent_look_at_switch(&agent);
	assert_false(agent_paused(&agent));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(annotation_or_label_turns_it_on_and_off, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			the_worker_is_told_once_what_is_said_and_each_change, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_could_not_be_told_is_told_later, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_bad_value_leaves_it_as_it_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(other_namespaces_have_no_switch, set_up, tear_down),
		cmocka_unit_test_setup_teardown(not_to_have_heard_is_not_to_be_off, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
