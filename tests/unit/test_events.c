/* SPDX-License-Identifier: Apache-2.0 */
/* What goes to the API server and when, with a clock and a server of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/log.h"
#include "node-agent/events/events.h"
#include "node-agent/events/gate.h"
#include "node-agent/events/object.h"
#include "node-agent/kube/kube.h"
#include "node-agent/loop/loop.h"

#define POSTS_MAX 512
#define HOUR_US (INT64_C(1000000) * EVENT_HOUR_S)
#define NOW_US INT64_C(1763911234000042) /* 2025-11-23 15:20:34.000042 */
#define UID "4c0ffee0-0000-4000-8000-000000000001"

static struct {
	int n;
	json_t *objects[POSTS_MAX];
	char path[256];
	kube_reply_fn *reply; /* of the request that waits for an answer */
	void *arg;
} server;
static int64_t now_ms, now_us;
static struct loop_timer *timer; /* what is armed */
static struct events *e;
static int lines; /* of the log, about an hour that had too many */

int __wrap_kube_call(struct kube *k, const char *method, const char *path, json_t *body,
		     kube_reply_fn *reply, void *arg);
int64_t __wrap_clock_now_ms(void);
int64_t __wrap_event_now_us(void);
void __wrap_loop_arm(struct loop *loop, struct loop_timer *t, int64_t due_ms);
void __wrap_loop_disarm(struct loop_timer *t);
void __wrap_log_kv(enum log_level level, const char *msg, ...);

int __wrap_kube_call(struct kube *k, const char *method, const char *path, json_t *body,
		     kube_reply_fn *reply, void *arg)
{
	(void)k;
	assert_string_equal(method, "POST");
	assert_null(server.reply); /* one at a time */
	assert_true(server.n < POSTS_MAX);
	(void)snprintf(server.path, sizeof(server.path), "%s", path);
	server.objects[server.n++] = body;
	server.reply = reply;
	server.arg = arg;
	return 0;
}

int64_t __wrap_clock_now_ms(void)
{
	return now_ms;
}

int64_t __wrap_event_now_us(void)
{
	return now_us;
}

void __wrap_loop_arm(struct loop *loop, struct loop_timer *t, int64_t due_ms)
{
	(void)loop;
	t->due_ms = due_ms;
	timer = t;
}

void __wrap_loop_disarm(struct loop_timer *t)
{
	t->due_ms = 0;
	timer = NULL;
}

void __wrap_log_kv(enum log_level level, const char *msg, ...)
{
	lines += level == LOG_LEVEL_WARN && strstr(msg, "until the hour is over");
}

/* ---- the world ---- */

static int set_up(void **state)
{
	(void)state;
	memset(&server, 0, sizeof(server));
	now_ms = 1000000;
	now_us = NOW_US;
	timer = NULL;
	lines = 0;
	return events_new(NULL, NULL, "worker-1", &e, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	events_free(e);
	for (int i = 0; i < server.n; i++)
		json_decref(server.objects[i]);
	return 0;
}

static void answer(int status, int64_t retry_after_ms)
{
	struct kube_reply reply = { .status = status,
				    .body = "",
				    .retry_after_ms = retry_after_ms,
				    .error = status / 100 == 2 ? "" : "POST /apis: no" };
	kube_reply_fn *fn = server.reply;

	assert_non_null(fn);
	server.reply = NULL;
	fn(server.arg, &reply);
}

/* The clock goes to when the timer is due: how long that was. */
static int64_t wait_for_timer(void)
{
	struct loop_timer *t = timer;
	int64_t ms;

	assert_non_null(t);
	ms = t->due_ms - now_ms;
	now_ms = t->due_ms;
	t->due_ms = 0;
	timer = NULL;
	t->fn(t->arg);
	return ms;
}

static const char *text(const char *path)
{
	const json_t *obj = server.objects[server.n - 1];
	char copy[64], *rest = copy;

	assert_true(server.n > 0);
	(void)snprintf(copy, sizeof(copy), "%s", path);
	for (char *key = strsep(&rest, "."); key; key = strsep(&rest, "."))
		obj = json_object_get(obj, key);
	return json_string_value(obj);
}

static bool tell(const char *pod)
{
	return events_pod(e, "shop", pod, UID, EVENTS_STEERED, "It is so.");
}

/* ---- objects ---- */

static void an_event_has_all_that_the_api_server_wants(void **state)
{
	(void)state;
	assert_true(tell("cart-0"));
	assert_int_equal(server.n, 1);
	assert_string_equal(server.path, "/apis/events.k8s.io/v1/namespaces/shop/events");
	assert_string_equal(text("apiVersion"), "events.k8s.io/v1");
	assert_string_equal(text("kind"), "Event");
	assert_string_equal(text("metadata.namespace"), "shop");
	assert_int_equal(strncmp(text("metadata.name"), "cart-0.", 7), 0);
	assert_int_equal(strlen(text("metadata.name")), 7 + 16);
	assert_string_equal(text("eventTime"), "2025-11-23T15:20:34.000042Z");
	assert_string_equal(text("reportingController"), "smc-cni.io/node-agent");
	assert_string_equal(text("reportingInstance"), "worker-1");
	assert_string_equal(text("action"), "Steer");
	assert_string_equal(text("reason"), "SMCSteered");
	assert_string_equal(text("type"), "Normal");
	assert_string_equal(text("note"), "It is so.");
	assert_string_equal(text("regarding.apiVersion"), "v1");
	assert_string_equal(text("regarding.kind"), "Pod");
	assert_string_equal(text("regarding.namespace"), "shop");
	assert_string_equal(text("regarding.name"), "cart-0");
	assert_string_equal(text("regarding.uid"), UID);
}

static void all_but_steered_are_warnings(void **state)
{
	static const char *const reasons[] = { "SMCFallback", "SMCInvalidAnnotation",
					       "SMCUnavailable" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(events_pod(e, "shop", "cart-0", UID,
				       (enum events_reason)(EVENTS_FALLBACK + i), "So."));
		assert_string_equal(text("reason"), reasons[i]);
		assert_string_equal(text("type"), "Warning");
		answer(201, 0);
	}
}

static void an_event_of_the_node_is_found_by_the_name_as_uid(void **state)
{
	(void)state;
	assert_true(events_node(e, EVENTS_UNAVAILABLE, "smc", "No SMC."));
	assert_string_equal(server.path, "/apis/events.k8s.io/v1/namespaces/default/events");
	assert_string_equal(text("metadata.namespace"), "default");
	assert_string_equal(text("regarding.kind"), "Node");
	assert_string_equal(text("regarding.name"), "worker-1");
	assert_string_equal(text("regarding.uid"), "worker-1");
	assert_null(text("regarding.namespace"));
	answer(201, 0);
	assert_false(events_node(e, EVENTS_UNAVAILABLE, "smc", "No SMC."));
	assert_true(events_node(e, EVENTS_UNAVAILABLE, "hook", "No hook."));
}

/* ---- once an hour ---- */

static void the_same_is_told_once_an_hour(void **state)
{
	char first[EVENT_NAME_MAX + 1];

	(void)state;
	assert_true(tell("cart-0"));
	(void)snprintf(first, sizeof(first), "%s", text("metadata.name"));
	answer(201, 0);
	assert_false(tell("cart-0"));
	assert_true(tell("cart-1"));
	answer(201, 0);
	now_us += HOUR_US;
	assert_true(tell("cart-0"));
	assert_string_not_equal(first, text("metadata.name"));
}

static void a_pod_of_the_same_name_is_another_one(void **state)
{
	(void)state;
	assert_true(tell("cart-0"));
	answer(201, 0);
	assert_true(events_pod(e, "shop", "cart-0", "another-uid", EVENTS_STEERED, "So."));
}

static void a_restarted_agent_makes_the_same_name_and_takes_that_it_exists(void **state)
{
	char first[EVENT_NAME_MAX + 1];

	(void)state;
	assert_true(tell("cart-0"));
	(void)snprintf(first, sizeof(first), "%s", text("metadata.name"));
	answer(201, 0);
	events_free(e);
	assert_int_equal(events_new(NULL, NULL, "worker-1", &e, NULL), 0);
	assert_true(tell("cart-0"));
	assert_string_equal(text("metadata.name"), first);
	answer(409, 0);
	assert_null(timer); /* not tried again */
	assert_true(tell("cart-1"));
	assert_int_equal(server.n, 3);
}

static void who_has_no_name_and_no_server_is_not_told(void **state)
{
	(void)state;
	assert_false(events_pod(e, "", "cart-0", UID, EVENTS_STEERED, "So."));
	assert_false(events_pod(e, "shop", "", UID, EVENTS_STEERED, "So."));
	assert_false(events_pod(NULL, "shop", "cart-0", UID, EVENTS_STEERED, "So."));
	assert_false(events_node(NULL, EVENTS_UNAVAILABLE, "smc", "So."));
	events_free(NULL);
	assert_int_equal(server.n, 0);
}

/* ---- rate ---- */

static void tell_many(int n)
{
	static int serial;
	char name[32];

	for (int i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "pod-%d", serial++);
		(void)tell(name);
	}
}

static void a_storm_is_let_out_slowly(void **state)
{
	(void)state;
	tell_many(60);
	while (server.reply)
		answer(201, 0);
	assert_int_equal(server.n, EVENT_GATE_BURST);
	for (int i = 1; i <= 60 - EVENT_GATE_BURST; i++) {
		assert_int_equal(wait_for_timer(), EVENT_GATE_REFILL_MS);
		assert_int_equal(server.n, EVENT_GATE_BURST + i);
		answer(201, 0);
	}
	assert_null(server.reply);
}

static void what_waits_is_bounded(void **state)
{
	int told = 0;
	char name[32];

	(void)state;
	for (int i = 0; i < 400; i++) {
		(void)snprintf(name, sizeof(name), "many-%d", i);
		told += tell(name);
	}
	assert_int_equal(told, 128);
	assert_int_equal(events_lost(e), 400 - 128);
	assert_int_equal(server.n, 1); /* no answer yet */
	while (server.reply)
		answer(201, 0);
	assert_true(tell("many-399")); /* dropped is not told */
}

static void forget_posts(void)
{
	for (int i = 0; i < server.n; i++)
		json_decref(server.objects[i]);
	server.n = 0;
}

static void let_all_out(void)
{
	while (server.reply || timer) {
		if (server.reply)
			answer(201, 0);
		else
			(void)wait_for_timer();
	}
	forget_posts();
}

static void an_hour_that_had_too_many_is_logged_once_and_counted(void **state)
{
	(void)state;
	for (int i = 0; i < EVENT_GATE_MAX; i += 64) {
		tell_many(64);
		let_all_out();
	}
	assert_int_equal(events_lost(e), 0);
	assert_false(tell("cart-0"));
	assert_false(tell("cart-1"));
	assert_int_equal(events_lost(e), 2);
	assert_int_equal(lines, 1);
	now_us += HOUR_US;
	assert_true(tell("cart-0"));
	assert_false(tell("cart-0")); /* told is not lost */
	assert_int_equal(events_lost(e), 2);
}

/* ---- trouble ---- */

static void without_an_answer_it_is_sent_again_later_and_later(void **state)
{
	static const int64_t waits[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };

	(void)state;
	assert_true(tell("cart-0"));
	for (int i = 0; i < (int)(sizeof(waits) / sizeof(waits[0])); i++) {
		answer(i % 2 ? 503 : 0, 0);
		assert_int_equal(wait_for_timer(), waits[i]);
		assert_int_equal(server.n, i + 2);
		assert_true(json_equal(server.objects[0], server.objects[i + 1]));
	}
	answer(201, 0);
	assert_true(tell("cart-1"));
	answer(0, 0);
	assert_int_equal(wait_for_timer(), 1000); /* back at the beginning */
}

static void one_that_the_server_fails_at_does_not_hold_up_the_others(void **state)
{
	(void)state;
	assert_true(tell("bad"));
	assert_true(tell("good-1"));
	assert_true(tell("good-2"));
	answer(500, 0);
	assert_int_equal(wait_for_timer(), 1000);
	assert_string_equal(text("regarding.name"), "good-1");
	answer(201, 0);
	assert_string_equal(text("regarding.name"), "good-2");
	answer(201, 0);
	assert_string_equal(text("regarding.name"), "bad");
	answer(500, 0);
	assert_int_equal(wait_for_timer(), 1000);
	assert_string_equal(text("regarding.name"), "bad");
	assert_true(tell("good-3"));
	answer(500, 0);
	assert_int_equal(wait_for_timer(), 2000);
	assert_string_equal(text("regarding.name"), "good-3");
	answer(201, 0);
	answer(201, 0);
	assert_null(server.reply);
}

static void the_server_says_how_long_to_wait(void **state)
{
	(void)state;
	assert_true(tell("cart-0"));
	answer(429, 17000);
	assert_true(tell("cart-1")); /* must not get ahead of it */
	assert_int_equal(server.n, 1);
	assert_int_equal(wait_for_timer(), 17000);
	assert_int_equal(server.n, 2);
	assert_string_equal(text("regarding.name"), "cart-0");
}

static void what_is_refused_is_not_tried_again(void **state)
{
	(void)state;
	assert_true(tell("cart-0"));
	assert_true(tell("cart-1"));
	answer(403, 0);
	assert_null(timer);
	assert_int_equal(server.n, 2);
	assert_string_equal(text("regarding.name"), "cart-1");
	answer(404, 0); /* its namespace is gone */
	assert_null(server.reply);
	assert_int_equal(events_lost(e), 2);
	assert_int_equal(events_lost(NULL), 0);
}

static void after_minutes_without_an_answer_all_that_is_old_is_given_up(void **state)
{
	int tries = 0;

	(void)state;
	assert_true(tell("cart-0"));
	assert_true(tell("cart-1"));
	while (server.reply && tries < 100) {
		answer(0, 0);
		(void)wait_for_timer();
		tries++;
	}
	assert_in_range(tries, 10, 20);
	assert_in_range(now_ms - 1000000, 600000, 720000);
	for (int i = 0; i < server.n; i++) /* the second one never had its turn */
		assert_string_equal(
			json_string_value(json_object_get(
				json_object_get(server.objects[i], "regarding"), "name")),
			"cart-0");
	assert_true(tell("cart-2"));
	assert_string_equal(text("regarding.name"), "cart-2");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_event_has_all_that_the_api_server_wants),
		TEST(all_but_steered_are_warnings),
		TEST(an_event_of_the_node_is_found_by_the_name_as_uid),
		TEST(the_same_is_told_once_an_hour),
		TEST(a_pod_of_the_same_name_is_another_one),
		TEST(a_restarted_agent_makes_the_same_name_and_takes_that_it_exists),
		TEST(who_has_no_name_and_no_server_is_not_told),
		TEST(a_storm_is_let_out_slowly),
		TEST(what_waits_is_bounded),
		TEST(an_hour_that_had_too_many_is_logged_once_and_counted),
		TEST(without_an_answer_it_is_sent_again_later_and_later),
		TEST(one_that_the_server_fails_at_does_not_hold_up_the_others),
		TEST(the_server_says_how_long_to_wait),
		TEST(what_is_refused_is_not_tried_again),
		TEST(after_minutes_without_an_answer_all_that_is_old_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
