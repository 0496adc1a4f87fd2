/* SPDX-License-Identifier: Apache-2.0 */
/* The source that lists and watches, against a real HTTPS server. */
#include <errno.h>
#include <malloc.h>
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
#include "common/log.h"
#include "node-agent/kube/kube.h"
#include "node-agent/source/source.h"
#include "tests/program/api_server.h"
#include "tests/unit/tree.h"

static char dir[64];
static struct loop *loop;
static struct kube *kube;
static struct source *source;
static char changes[4096];
static int n_changes;

static void on_change(void *arg, const char *namespace, const char *name)
{
	size_t used = strlen(changes);

	(void)arg;
	n_changes++;
	(void)snprintf(changes + used, sizeof(changes) - used, "%s/%s ",
		       namespace ? namespace : "*", name);
}

#define BURST 20000 /* events: four megabytes */
#define BURST_TURN 3000 /* so many in one turn of the loop are 20 ms */

static const char *pod_json(const char *name, const char *steer, const char *version)
{
	static char texts[4][512];
	static int turn;
	char *text = texts[turn++ % 4];

	(void)snprintf(text, sizeof(texts[0]),
		       "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"shop\",\"uid\":\"u-%s\","
		       "\"resourceVersion\":\"%s\",\"annotations\":{\"smc-cni.io/steer\":\"%s\"}}}",
		       name, name, version, steer);
	return text;
}

static void tell_list(enum api_kind kind, const char *version, const char *cont, const char *items)
{
	auto_free char *text = NULL;
	struct api_answer answer = { 0 };

	assert_true(
		asprintf(
			&text,
			"{\"kind\":\"List\",\"metadata\":{\"resourceVersion\":\"%s\",\"continue\":\"%s\"},"
			"\"items\":[%s]}",
			version, cont, items) > 0);
	answer.body = text;
	api_tell(kind, &answer);
}

static void tell(enum api_kind kind, int status, const char *body, enum api_end end)
{
	const struct api_answer answer = { .status = status, .body = body, .end = end };

	api_tell(kind, &answer);
}

static void push_event(const char *type, const char *object)
{
	auto_free char *text = NULL;

	assert_true(asprintf(&text, "{\"type\":\"%s\",\"object\":%s}\n", type, object) > 0);
	api_push(API_PODS, text);
}

static const char *steer_of(const char *name)
{
	const struct object_pod *p = source_pod(source, "shop", name);
	const char *steer =
		p ? json_string_value(json_object_get(p->annotations, "smc-cni.io/steer")) : NULL;

	return steer ? steer : "none";
}

static void open_source(void)
{
	struct config config = { 0 };
	struct err err = ERR_INIT;
	char path[128];

	api_kubeconfig(dir, "ca.crt");
	(void)snprintf(path, sizeof(path), "%s/kubeconfig", dir);
	config.kubeconfig = path;
	changes[0] = '\0';
	if (kube_new(&config, loop, &kube, &err) < 0 ||
	    source_kube_open(kube, loop, "node-1", "", on_change, NULL, &source, &err) < 0)
		fail_msg("%s", err.msg);
}

static bool watches(const char *version)
{
	char line[64];

	(void)snprintf(line, sizeof(line), "pods watch %s\n", version);
	return strstr(api_log(), line) != NULL;
}

static void open_synced(void)
{
	auto_free char *items = NULL;

	assert_true(asprintf(&items, "%s,%s", pod_json("a", "enabled", "3"),
			     pod_json("b", "disabled", "4")) > 0);
	tell_list(API_PODS, "5", "", items);
	open_source();
	until(source_synced(source) && watches("5"));
}

static void what_is_listed_is_known_and_told_as_a_whole(void **state)
{
	(void)state;
	tell_list(API_NAMESPACES, "2", "", "{\"metadata\":{\"name\":\"shop\"}}");
	assert_null(source);
	open_synced();
	assert_string_equal(steer_of("a"), "enabled");
	assert_string_equal(steer_of("b"), "disabled");
	assert_non_null(source_namespace(source, "shop"));
	assert_string_equal(changes, "*/ */ "); /* once a kind */
	assert_string_equal(source_why(source), "");
	assert_int_equal(source_restarts(source), 0);
	assert_non_null(strstr(api_log(), "pods list\n"));
	until(strstr(api_last_accept(), "as=PartialObjectMetadata;g=meta.k8s.io;v=v1"));
}

static void events_change_what_is_known(void **state)
{
	(void)state;
	open_synced();
	changes[0] = '\0';
	push_event("MODIFIED", pod_json("b", "enabled", "6"));
	push_event("ADDED", pod_json("c", "required", "7"));
	push_event("DELETED", pod_json("a", "enabled", "8"));
	until(!strcmp(steer_of("a"), "none"));
	assert_string_equal(steer_of("b"), "enabled");
	assert_string_equal(steer_of("c"), "required");
	assert_string_equal(changes, "shop/b shop/c shop/a ");
	push_event("MODIFIED", pod_json("c", "required", "9")); /* only its version is new */
	push_event("DELETED", pod_json("c", "required", "10"));
	until(!strcmp(steer_of("c"), "none"));
	assert_string_equal(changes, "shop/b shop/c shop/a shop/c ");
}

static void events_cut_anywhere_are_whole(void **state)
{
	auto_free char *text = NULL;

	(void)state;
	open_synced();
	assert_true(asprintf(&text, "{\"type\":\"ADDED\",\"object\":%s}\n",
			     pod_json("c", "enabled", "6")) > 0);
	for (const char *p = text; *p; p++) {
		api_push(API_PODS, (const char[]){ *p, '\0' });
		(void)loop_turn(loop, 1, NULL);
	}
	until(!strcmp(steer_of("c"), "enabled"));
}

static void a_bookmark_is_where_the_next_watch_begins(void **state)
{
	(void)state;
	open_synced();
	push_event("BOOKMARK", "{\"metadata\":{\"resourceVersion\":\"99\"}}");
	api_finish(API_PODS, API_WHOLE); /* the planned end */
	until(watches("99"));
	assert_int_equal(source_restarts(source), 0);
}

static void a_broken_watch_goes_on_from_the_last_version(void **state)
{
	(void)state;
	open_synced();
	push_event("ADDED", pod_json("c", "enabled", "17"));
	until(!strcmp(steer_of("c"), "enabled"));
	api_finish(API_PODS, API_CUT);
	until(watches("17"));
	assert_int_equal(source_restarts(source), 1);
	assert_string_equal(steer_of("a"), "enabled");
}

/* Both ways: as the status of a watch, and as an event within one. */
static void a_version_that_is_gone_leads_to_a_list(void **state)
{
	(void)state;
	open_synced();
	tell_list(API_PODS, "50", "", pod_json("d", "enabled", "40"));
	tell(API_PODS, 410, "{\"kind\":\"Status\",\"code\":410,\"message\":\"old\"}", API_WHOLE);
	tell_list(API_PODS, "60", "", pod_json("e", "enabled", "51"));
	push_event("ERROR", "{\"kind\":\"Status\",\"code\":410,\"message\":\"too old\"}");
	until(watches("60"));
	assert_string_equal(steer_of("a"), "none");
	assert_string_equal(steer_of("d"), "none");
	assert_string_equal(steer_of("e"), "enabled");
	assert_int_equal(source_restarts(source), 2);
	assert_true(source_synced(source));
}

static void a_malformed_event_leads_to_a_list(void **state)
{
	static const char *const bad[] = {
		"{\"type\":\"ADDED\",\"obj\n", "{\"type\":\"ADDED\",\"object\":{}}\n",
		"{\"type\":\"MODIFIED\",\"object\":{\"metadata\":[]}}\n"
	};
	char version[16];

	(void)state;
	open_synced();
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		(void)snprintf(version, sizeof(version), "%zu", 100 + i);
		tell_list(API_PODS, version, "", pod_json("a", "enabled", "3"));
		api_push(API_PODS, bad[i]);
		until(watches(version));
	}
	assert_string_equal(steer_of("a"), "enabled");
	assert_int_equal(source_restarts(source), ARRAY_SIZE(bad));
}

static void a_list_comes_page_by_page(void **state)
{
	(void)state;
	tell_list(API_PODS, "5", "next+1", pod_json("a", "enabled", "3"));
	tell_list(API_PODS, "5", "", pod_json("b", "enabled", "4"));
	open_source();
	until(watches("5"));
	assert_non_null(strstr(api_log(), "pods list continue=next+1\n"));
	assert_string_equal(steer_of("a"), "enabled");
	assert_string_equal(steer_of("b"), "enabled");
}

static void a_page_that_expired_starts_the_list_again(void **state)
{
	(void)state;
	tell_list(API_PODS, "5", "next", pod_json("a", "enabled", "3"));
	tell(API_PODS, 410, "{\"message\":\"expired\"}", API_WHOLE);
	tell_list(API_PODS, "9", "", pod_json("b", "enabled", "8"));
	open_source();
	until(watches("9"));
	assert_string_equal(steer_of("a"), "none");
	assert_string_equal(steer_of("b"), "enabled");
}

static void a_half_list_is_no_list(void **state)
{
	(void)state;
	tell(API_PODS, 200,
	     "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[{\"metadata\":", API_CUT);
	tell(API_PODS, 200,
	     "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[{\"metadata\":", API_WHOLE);
	tell(API_PODS, 200, "<html>", API_WHOLE);
	tell_list(API_PODS, "9", "", pod_json("b", "enabled", "8"));
	open_source();
	until(watches("9"));
	assert_string_equal(steer_of("b"), "enabled");
	assert_int_equal(source_restarts(source), 3);
}

static void a_bad_object_of_a_list_is_passed_over(void **state)
{
	auto_free char *items = NULL;

	(void)state;
	assert_true(asprintf(&items, "{},{\"metadata\":{\"name\":7}},%s",
			     pod_json("b", "enabled", "4")) > 0);
	tell_list(API_PODS, "5", "", items);
	open_source();
	until(watches("5"));
	assert_string_equal(steer_of("b"), "enabled");
	assert_int_equal(source_restarts(source), 0);
}

static void a_server_that_asks_for_time_gets_it(void **state)
{
	const struct api_answer later = { .status = 429,
					  .body = "{\"message\":\"slow down\"}",
					  .retry_after = "1" };
	int64_t begun = clock_now_ms();

	(void)state;
	api_tell(API_PODS, &later);
	tell_list(API_PODS, "5", "", "");
	open_source();
	until(strstr(source_why(source), "HTTP status 429: slow down"));
	assert_false(source_synced(source));
	until(watches("5"));
	assert_true(clock_now_ms() - begun >= 1000);
	assert_string_equal(source_why(source), "");
}

/* Not all at once: the loop has others to serve. */
static void a_burst_of_events_comes_in_several_turns(void **state)
{
	auto_free char *burst = NULL;
	size_t len = 0;
	FILE *f;

	(void)state;
	open_synced();
	f = open_memstream(&burst, &len);
	assert_non_null(f);
	for (int i = 0; i < BURST; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "pod-%d", i);
		(void)fprintf(f, "{\"type\":\"ADDED\",\"object\":%s}\n",
			      pod_json(name, "enabled", "6"));
	}
	assert_int_equal(fclose(f), 0);
	n_changes = 0;
	api_push(API_PODS, burst);
	while (n_changes < BURST) {
		int before = n_changes;

		until(n_changes > before);
		assert_true(n_changes - before <= BURST_TURN);
	}
	assert_string_equal(steer_of("pod-0"), "enabled");
}

static void a_server_that_is_away_is_waited_for(void **state)
{
	(void)state;
	api_stop();
	open_source();
	until(strstr(source_why(source), "/api/v1/pods: "));
	assert_false(source_synced(source));
	api_start(dir, "server.crt");
	until(source_synced(source));
	until(strstr(api_log(), "pods watch 1\n"));
	api_stop();
	until(source_why(source)[0]);
	assert_true(source_synced(source)); /* what is known stays */
	api_start(dir, "server.crt");
	until(!source_why(source)[0]);
}

static void namespaces_of_an_earlier_run_count_until_they_are_read(void **state)
{
	json_auto_t *saved =
		json_pack("{s:{s:s}, s:{}}", "old", "smc-cni.io/steer", "required", "shop");
	json_auto_t *bad = json_pack("{s:i}", "shop", 7);
	struct err err = ERR_INIT;

	(void)state;
	api_stop();
	open_source();
	assert_false(source_namespaces_known(source));
	assert_int_equal(source_seed(source, bad, &err), -EINVAL);
	assert_int_equal(source_seed(source, saved, &err), 0);
	assert_true(source_namespaces_known(source));
	assert_non_null(source_namespace(source, "old"));
	assert_false(source_is_kept(source)); /* it is on disk already */
	api_start(dir, "server.crt");
	tell_list(
		API_NAMESPACES, "2", "",
		"{\"metadata\":{\"name\":\"shop\",\"annotations\":{\"smc-cni.io/steer\":\"enabled\"}}}");
	until(source_synced(source));
	assert_null(source_namespace(source, "old"));
	assert_true(source_is_kept(source));
	assert_int_equal(source_seed(source, saved, &err), 0);
	assert_null(source_namespace(source, "old"));
}

static void without_access_it_says_why(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(source_kube_open(NULL, loop, "node-1", "no way", on_change, NULL, &source,
					  &err),
			 0);
	assert_string_equal(source_why(source), "no way");
	assert_false(source_synced(source));
	assert_string_equal(source_kind(source), "kubernetes");
}

/* 1,000 pods with 256 KiB of annotations each: a quarter of a gigabyte passes through. */
static void memory_stays_flat_with_many_large_objects(void **state)
{
	static const char *const keys[] = { "example.com/blob", "smc-cni.io/blob",
					    "kubernetes.io/config.hash" };
	enum { PAGES = 40, A_PAGE = 25, LARGE = 256 * 1024 };
	auto_free char *large = malloc(LARGE + 1);
	char cont[16], version[16];
	size_t before, most = 0;

	(void)state;
	assert_non_null(large);
	memset(large, 'x', LARGE);
	large[LARGE] = '\0';
	open_synced();
	tell(API_PODS, 410, "{}", API_WHOLE);
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	for (int page = 0; page < PAGES; page++) {
		auto_free char *items = NULL;
		size_t len = 0;
		FILE *f = open_memstream(&items, &len);

		assert_non_null(f);
		for (int i = 0; i < A_PAGE; i++)
			(void)fprintf(
				f,
				"%s{\"metadata\":{\"name\":\"p-%d-%d\",\"namespace\":\"shop\",\"uid\":\"u\","
				"\"annotations\":{\"%s\":\"%s\"}}}",
				i ? "," : "", page, i, keys[i % 3], large);
		(void)fclose(f);
		(void)snprintf(cont, sizeof(cont), "%s", page < PAGES - 1 ? "more" : "");
		(void)snprintf(version, sizeof(version), "%d", 1000 + page);
		tell_list(API_PODS, version, cont, items);
		if (page == 0)
			api_finish(API_PODS, API_WHOLE);
		until(page == PAGES - 1 ? watches(version) : api_untold(API_PODS) == 0);
	}
	most = mallinfo2().uordblks + mallinfo2().hblkhd;
	assert_non_null(source_pod(source, "shop", "p-39-24"));
	if (most > before + 4 * 1024 * 1024)
		fail_msg("%zu KiB more than before", (most - before) / 1024);
}

static int set_up(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	api_start(dir, "server.crt");
	return loop_new(&loop, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	source_close(source);
	source = NULL;
	kube_free(kube);
	kube = NULL;
	loop_free(loop);
	api_stop();
	return 0;
}

static int make_keys(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test-source-kube-XXXXXX");
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

#define source_test(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		source_test(what_is_listed_is_known_and_told_as_a_whole),
		source_test(events_change_what_is_known),
		source_test(events_cut_anywhere_are_whole),
		source_test(a_bookmark_is_where_the_next_watch_begins),
		source_test(a_broken_watch_goes_on_from_the_last_version),
		source_test(a_version_that_is_gone_leads_to_a_list),
		source_test(a_malformed_event_leads_to_a_list),
		source_test(a_list_comes_page_by_page),
		source_test(a_page_that_expired_starts_the_list_again),
		source_test(a_half_list_is_no_list),
		source_test(a_bad_object_of_a_list_is_passed_over),
		source_test(a_server_that_asks_for_time_gets_it),
		source_test(a_burst_of_events_comes_in_several_turns),
		source_test(a_server_that_is_away_is_waited_for),
		source_test(namespaces_of_an_earlier_run_count_until_they_are_read),
		source_test(without_access_it_says_why),
		source_test(memory_stays_flat_with_many_large_objects),
	};

	return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
