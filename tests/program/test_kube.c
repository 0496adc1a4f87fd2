/* SPDX-License-Identifier: Apache-2.0 */
/* The API server's client against a real HTTPS server. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "node-agent/kube/kube.h"
#include "node-agent/kube/watch.h"
#include "tests/program/api_server.h"
#include "tests/unit/tree.h"

static char dir[64];
static struct loop *loop;
static struct kube *kube;

static struct { /* the last reply */
	int n;
	int status;
	size_t len;
	int64_t retry_after_ms;
	char body[4096], error[1024];
} got;

static void on_reply(void *arg, const struct kube_reply *reply)
{
	(void)arg;
	got.n++;
	got.status = reply->status;
	got.len = reply->len;
	got.retry_after_ms = reply->retry_after_ms;
	(void)snprintf(got.body, sizeof(got.body), "%s", reply->body);
	(void)snprintf(got.error, sizeof(got.error), "%s", reply->error);
}

static void put(const char *name, const char *text)
{
	char path[128];
	struct err err = ERR_INIT;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(file_replace(AT_FDCWD, path, text, strlen(text), 0600, &err), 0);
}

static void open_kube(const char *ca)
{
	struct config config = { 0 };
	struct err err = ERR_INIT;
	char path[128];

	api_kubeconfig(dir, ca);
	(void)snprintf(path, sizeof(path), "%s/kubeconfig", dir);
	config.kubeconfig = path;
	if (kube_new(&config, loop, &kube, &err) < 0)
		fail_msg("%s", err.msg);
}

static void call(const char *method, const char *path, json_t *body)
{
	int64_t end = clock_now_ms() + API_DEADLINE_MS;
	int before = got.n;

	assert_int_equal(kube_call(kube, method, path, body, on_reply, NULL), 0);
	assert_int_equal(got.n, before); /* never from within */
	while (got.n == before && clock_now_ms() < end)
		(void)loop_turn(loop, 100, NULL);
	assert_int_equal(got.n, before + 1);
}

static void a_call_gets_its_answer(void **state)
{
	(void)state;
	open_kube("ca.crt");
	call("GET", "/version?x=1", NULL);
	assert_string_equal(got.error, "");
	assert_int_equal(got.status, 200);
	assert_string_equal(got.body, "{\"kind\":\"Status\"}");
	assert_int_equal(got.len, strlen(got.body));
	assert_string_equal(api_last_authorization(), "Bearer secret");
}

static void a_body_is_sent_as_json(void **state)
{
	(void)state;
	open_kube("ca.crt");
	call("POST", "/apis/events", json_pack("{s:s}", "reason", "SMCSteered"));
	assert_int_equal(got.status, 200);
	assert_string_equal(api_last_body(), "{\"reason\":\"SMCSteered\"}");
	assert_non_null(strstr(api_log(), "POST /apis/events\n"));
}

static void an_error_says_method_path_and_the_servers_message(void **state)
{
	const struct api_answer refuse = {
		.status = 403, .body = "{\"kind\":\"Status\",\"message\":\"nodes is forbidden\"}"
	};
	const struct api_answer odd = { .status = 500, .body = "<html>" };

	(void)state;
	open_kube("ca.crt");
	api_tell(API_OTHER, &refuse);
	call("GET", "/api/v1/nodes?limit=1", NULL);
	assert_int_equal(got.status, 403);
	assert_string_equal(got.error, "GET /api/v1/nodes: HTTP status 403: nodes is forbidden");
	api_tell(API_OTHER, &odd);
	call("GET", "/x", NULL);
	assert_string_equal(got.error, "GET /x: HTTP status 500");
}

static void retry_after_is_told(void **state)
{
	const struct api_answer later = { .status = 429, .body = "{}", .retry_after = "7" };

	(void)state;
	open_kube("ca.crt");
	api_tell(API_OTHER, &later);
	call("GET", "/x", NULL);
	assert_int_equal(got.retry_after_ms, 7000);
}

static void a_server_of_another_ca_is_refused(void **state)
{
	(void)state;
	open_kube("other.crt");
	call("GET", "/x", NULL);
	assert_int_equal(got.status, 0);
	assert_non_null(strstr(got.error, "GET /x: SSL certificate problem"));
	assert_string_equal(api_log(), "");
}

static void an_expired_certificate_is_refused(void **state)
{
	(void)state;
	api_stop();
	api_start(dir, "old.crt");
	open_kube("ca.crt");
	call("GET", "/x", NULL);
	assert_int_equal(got.status, 0);
	assert_non_null(strstr(got.error, "certificate has expired"));
}

static void a_server_that_is_away_is_an_error_and_then_back(void **state)
{
	(void)state;
	open_kube("ca.crt");
	api_stop();
	call("GET", "/x", NULL);
	assert_int_equal(got.status, 0);
	assert_non_null(strstr(got.error, "GET /x: "));
	api_start(dir, "server.crt");
	call("GET", "/x", NULL);
	assert_int_equal(got.status, 200);
}

static void a_rotated_token_is_sent(void **state)
{
	(void)state;
	open_kube("ca.crt");
	call("GET", "/x", NULL);
	put("token", "newer\n");
	call("GET", "/x", NULL);
	assert_string_equal(api_last_authorization(), "Bearer newer");
	put("token", "");
	log_set_level(LOG_LEVEL_ERROR);
	call("GET", "/x", NULL);
	log_set_level(LOG_LEVEL_INFO);
	assert_string_equal(api_last_authorization(), "Bearer newer");
	put("token", "two\nlines\n");
	log_set_level(LOG_LEVEL_ERROR);
	call("GET", "/x", NULL);
	log_set_level(LOG_LEVEL_INFO);
	assert_string_equal(api_last_authorization(), "");
}

static void an_answer_without_bounds_is_cut(void **state)
{
	auto_free char *body = malloc(KUBE_BODY_MAX + 2);
	struct api_answer large = { 0 };

	(void)state;
	assert_non_null(body);
	memset(body, 'x', KUBE_BODY_MAX + 1);
	body[KUBE_BODY_MAX + 1] = '\0';
	large.body = body;
	open_kube("ca.crt");
	api_tell(API_OTHER, &large);
	call("GET", "/x", NULL);
	assert_string_equal(got.error, "GET /x: the answer is larger than 1 MiB");
	call("GET", "/x", NULL); /* and goes on */
	assert_string_equal(got.error, "");
}

static void an_answer_that_breaks_off_is_an_error(void **state)
{
	const struct api_answer cut = { .body = "{\"kind\":", .end = API_CUT };

	(void)state;
	open_kube("ca.crt");
	api_tell(API_OTHER, &cut);
	call("GET", "/x", NULL);
	assert_int_equal(got.status, 200);
	assert_string_not_equal(got.error, "");
}

static void calls_under_way_end_without_a_word_when_it_is_freed(void **state)
{
	const struct api_answer slow = { .end = API_HOLD };
	int before = got.n;

	(void)state;
	open_kube("ca.crt");
	api_tell(API_OTHER, &slow);
	assert_int_equal(kube_call(kube, "GET", "/x", NULL, on_reply, NULL), 0);
	until(strstr(api_log(), "GET /x"));
	assert_int_equal(kube_call(kube, "GET", "/y", NULL, on_reply, NULL), 0);
	kube_free(kube);
	kube = NULL;
	while (loop_turn(loop, 50, NULL) > 0)
		;
	assert_int_equal(got.n, before);
}

/* ---- watches on which nothing comes ---- */

static void nothing_listed(void *arg, struct manifest_object *const *objects, size_t n)
{
	(void)arg, (void)objects, (void)n;
}

/* One that is not patient. */
static struct kube_watch *open_watch(void)
{
	static const struct kube_watch_times quick = { .min_s = 300, .max_s = 600, .idle_ms = 300 };
	const struct kube_watch_target target = { .path = "/api/v1/pods",
						  .selector = "",
						  .kind = MANIFEST_POD,
						  .listed = nothing_listed,
						  .times = &quick };
	struct kube_watch *w = kube_watch_new(kube, loop, &target);

	assert_non_null(w);
	return w;
}

static void a_silent_list_is_given_up(void **state)
{
	struct kube_watch *w;

	(void)state;
	open_kube("ca.crt");
	api_tell(API_PODS, &(struct api_answer){ .body = "{\"metadata\":", .end = API_HOLD });
	w = open_watch();
	until(strstr(kube_watch_why(w), "nothing came for"));
	assert_true(kube_watch_restarts(w) >= 1);
	kube_watch_free(w);
}

/* Nothing may have happened: the server sends no bookmark then. Is it gone, asking shows it. */
static void a_silent_watch_is_asked_again_without_a_word(void **state)
{
	struct kube_watch *w;

	(void)state;
	open_kube("ca.crt");
	w = open_watch();
	until(strstr(api_log(), "pods watch 1\npods watch 1\npods watch 1\npods watch 1\n"));
	assert_string_equal(kube_watch_why(w), "");
	assert_int_equal(kube_watch_restarts(w), 0);
	api_stop();
	until(kube_watch_why(w)[0]);
	kube_watch_free(w);
}

static int set_up(void **state)
{
	(void)state;
	api_start(dir, "server.crt");
	return loop_new(&loop, NULL);
}

static int tear_down(void **state)
{
	char path[128];

	(void)state;
	kube_free(kube);
	kube = NULL;
	loop_free(loop);
	api_stop();
	(void)snprintf(path, sizeof(path), "%s/token", dir);
	(void)unlink(path);
	return 0;
}

static int make_keys(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test-kube-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	api_make_keys(dir);
	return 0;
}

static int drop_keys(void **state)
{
	(void)state;
	return tree_remove(dir);
}

#define kube_test(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		kube_test(a_call_gets_its_answer),
		kube_test(a_body_is_sent_as_json),
		kube_test(an_error_says_method_path_and_the_servers_message),
		kube_test(retry_after_is_told),
		kube_test(a_server_of_another_ca_is_refused),
		kube_test(an_expired_certificate_is_refused),
		kube_test(a_server_that_is_away_is_an_error_and_then_back),
		kube_test(a_rotated_token_is_sent),
		kube_test(an_answer_without_bounds_is_cut),
		kube_test(an_answer_that_breaks_off_is_an_error),
		kube_test(calls_under_way_end_without_a_word_when_it_is_freed),
		kube_test(a_silent_list_is_given_up),
		kube_test(a_silent_watch_is_asked_again_without_a_word),
	};

	return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
