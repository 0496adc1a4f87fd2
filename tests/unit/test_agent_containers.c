/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent knows of a pod's containers, whoever said it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node-agent/agent/containers.h"

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct agent agent;
static int decided;
static bool may_lag;

void __wrap_agent_decide_later(struct agent *the_agent, struct attach *a);
bool __wrap_source_may_lag(const struct source *s);

void __wrap_agent_decide_later(struct agent *the_agent, struct attach *a)
{
	assert_ptr_equal(the_agent, &agent);
	attach_undecide(&agent.table, a);
	decided++;
}

bool __wrap_source_may_lag(const struct source *s)
{
	assert_non_null(s);
	return may_lag;
}

static int set_up(void **state)
{
	(void)state;
	memset(&agent, 0, sizeof(agent));
	decided = 0;
	may_lag = true;
	agent.source = (struct source *)&may_lag; /* never looked into */
	agent.facts.cgroup.ok = true;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	attach_clear(&agent.table);
	return 0;
}

static struct attach *add(const char *pod, const char *uid, const char *ifname)
{
	struct record *rec = calloc(1, sizeof(*rec));

	assert_non_null(rec);
	(void)snprintf(rec->req.attachment.container_id, WIRE_NAME_MAX, "%s", pod);
	strcpy(rec->req.attachment.ifname, ifname);
	strcpy(rec->req.pod.namespace, "shop");
	(void)snprintf(rec->req.pod.name, WIRE_NAME_MAX, "%s", pod);
	(void)snprintf(rec->req.pod.uid, WIRE_NAME_MAX, "%s", uid);
	strcpy(rec->req.cgroup_path, "/kubepods/p");
	rec->phase = RECORD_COMMITTED;
	return attach_add(&agent.table, rec);
}

static void the_runtime_tells_all_attachments_of_that_pod(void **state)
{
	struct attach *a = add("web", "u1", "eth0"), *b = add("web", "u1", "net1");
	struct attach *other = add("web2", "u2", "eth0"), *older = add("web", "u0", "eth9");
	const struct wire_pod pod = { .namespace = "shop", .name = "web", .uid = "u1" };

	(void)state;
	assert_int_equal(agent_container_is(&agent, &pod, "app", ID_A), 0);
	assert_int_equal(decided, 2);
	assert_string_equal(text_get(a->containers_told), "app=" ID_A);
	assert_string_equal(text_get(b->containers_told), "app=" ID_A);
	assert_null(other->containers_told);
	assert_null(older->containers_told); /* of the same name, and gone */
	assert_false(agent_container_settled(a));
	assert_int_equal(agent_container_is(&agent, &pod, "web", ID_B), 0);
	assert_int_equal(agent_container_is(&agent, &pod, "app", NULL), 0);
	assert_string_equal(text_get(a->containers_told), "web=" ID_B);
}

static void what_is_no_container_is_refused(void **state)
{
	const struct wire_pod pod = { .namespace = "shop", .name = "web", .uid = "u1" };

	(void)state;
	assert_int_equal(agent_container_is(&agent, &pod, "app", ID_A), -ENOENT);
	(void)add("web", "u1", "eth0");
	assert_int_equal(agent_container_is(&agent, &pod, "a,b", ID_A), -EINVAL);
	assert_int_equal(agent_container_is(&agent, &pod, "", ID_A), -EINVAL);
	assert_int_equal(agent_container_is(&agent, &pod, "app", "../x"), -EINVAL);
	assert_int_equal(agent_container_is(&agent, &pod, "app", ""), -EINVAL);
	assert_int_equal(decided, 0);
}

static void what_the_object_said_last_outlives_it(void **state)
{
	struct attach *a = add("web", "u1", "eth0");
	struct text *known = text_new("app=" ID_A);

	(void)state;
	agent_containers_seen(a, known);
	agent_containers_seen(a, NULL);
	text_unref(known);
	assert_string_equal(text_get(a->containers_known), "app=" ID_A);
}

static void why_containers_cannot_be_told_apart_is_said(void **state)
{
	struct attach *a = add("web", "u1", "eth0");
	struct text *known = text_new("app=");

	(void)state;
	assert_null(agent_containers_never(&agent, a)); /* the API server is going to know them */
	may_lag = false;
	assert_string_equal(agent_containers_never(&agent, a),
			    "manifests without a status do not say which containers run");
	agent.runtime_tells = true;
	assert_null(agent_containers_never(&agent, a));
	agent.runtime_tells = false;
	agent_containers_seen(a, known);
	text_unref(known);
	assert_null(agent_containers_never(&agent, a));
	a->rec->req.cgroup_path[0] = '\0';
	assert_string_equal(agent_containers_never(&agent, a), "the runtime passed no cgroup path");
	agent.facts.cgroup.ok = false;
	strcpy(agent.facts.cgroup.why, "no cgroup v2");
	assert_string_equal(agent_containers_never(&agent, a), "no cgroup v2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_runtime_tells_all_attachments_of_that_pod,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_container_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_the_object_said_last_outlives_it, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(why_containers_cannot_be_told_apart_is_said, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
