/* SPDX-License-Identifier: Apache-2.0 */
/* What of a list or watch is pure: cutting, reading, and what comes next. */
#include <errno.h>
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
#include "node-agent/kube/progress.h"
#include "node-agent/kube/query.h"
#include "node-agent/object/kube_object.h"
#include "node-agent/parse/json_cut.h"

/* ---- cutting ---- */

static char pieces[4096]; /* "TEXT|" for each object */

static bool on_piece(void *arg, const char *text, size_t len)
{
	size_t used = strlen(pieces);

	(void)arg;
	assert_int_equal(strlen(text), len);
	(void)snprintf(pieces + used, sizeof(pieces) - used, "%s|", text);
	return strcmp(text, "{\"stop\":1}") != 0;
}

/* Cut in two at `at`, and each half fed byte by byte if `bytes`. */
static int feed(struct json_cut *c, const char *text, size_t at, bool bytes, struct err *err)
{
	size_t len = strlen(text);
	int r = 0;

	pieces[0] = '\0';
	if (!bytes) {
		r = json_cut_feed(c, text, at, on_piece, NULL, err);
		return r < 0 ? r : json_cut_feed(c, text + at, len - at, on_piece, NULL, err);
	}
	for (size_t i = 0; i < len && r == 0; i++)
		r = json_cut_feed(c, text + i, 1, on_piece, NULL, err);
	return r;
}

static const char *const list_text =
	"{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"9\",\"items\":[7,{}]},\n \"items\" : [ "
	"{\"a\":\"}]\\\"{\"},{\"b\":[1,{\"c\":[]}]}\n, {}], \"more\":[{\"items\":[1]}]}";
static const char *const list_pieces = "{\"a\":\"}]\\\"{\"}|{\"b\":[1,{\"c\":[]}]}|{}|";

static void a_list_cut_anywhere_gives_its_items(void **state)
{
	(void)state;
	for (size_t at = 0; at <= strlen(list_text) + 1; at++) {
		struct json_cut c = { .mode = JSON_CUT_ITEMS };
		struct err err = ERR_INIT;
		json_auto_t *list = NULL;
		bool bytes = at > strlen(list_text);

		if (feed(&c, list_text, bytes ? 0 : at, bytes, &err) < 0 ||
		    json_cut_end(&c, &list, &err) < 0)
			fail_msg("cut at %zu: %s", at, err.msg);
		assert_string_equal(pieces, list_pieces);
		assert_int_equal(json_array_size(json_object_get(list, "items")), 0);
		assert_int_equal(json_array_size(json_object_get(list, "more")), 1);
		json_cut_clear(&c);
	}
}

static void lines_cut_anywhere_give_one_object_each(void **state)
{
	static const char text[] = "{\"a\":\"x\\n\"}\n\n{\"b\":2}\r\n{\"c\":3}\n";

	(void)state;
	for (size_t at = 0; at <= sizeof(text); at++) { /* the last time byte by byte */
		struct json_cut c = { .mode = JSON_CUT_LINES };
		struct err err = ERR_INIT;
		bool bytes = at == sizeof(text);

		assert_int_equal(feed(&c, text, bytes ? 0 : at, bytes, &err), 0);
		assert_int_equal(json_cut_end(&c, NULL, &err), 0);
		assert_string_equal(pieces, "{\"a\":\"x\\n\"}|{\"b\":2}\r|{\"c\":3}|");
		json_cut_clear(&c);
	}
}

static void every_beginning_of_a_list_is_no_list(void **state)
{
	(void)state;
	for (size_t n = 0; n < strlen(list_text); n++) {
		auto_free char *part = strndup(list_text, n);
		struct json_cut c = { .mode = JSON_CUT_ITEMS };
		struct err err = ERR_INIT;
		json_t *list = NULL;

		assert_non_null(part);
		assert_int_equal(feed(&c, part, 0, false, &err), 0);
		assert_int_equal(json_cut_end(&c, &list, &err), -EINVAL);
		json_cut_clear(&c);
	}
}

static void a_stream_that_ends_within_a_line_is_noticed(void **state)
{
	struct json_cut c = { .mode = JSON_CUT_LINES };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(feed(&c, "{\"a\":1}\n{\"b\"", 3, false, &err), 0);
	assert_int_equal(json_cut_end(&c, NULL, &err), -EINVAL);
	assert_string_equal(err.msg, "it ends within an object");
	json_cut_clear(&c);
}

static void what_is_too_large_is_refused(void **state)
{
	static const enum json_cut_mode modes[] = { JSON_CUT_LINES, JSON_CUT_ITEMS };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct json_cut c = { .mode = modes[i], .max = 8 };
		struct err err = ERR_INIT;

		assert_int_equal(feed(&c, "{\"items\":[{\"abcdefg\":1}]}", 5, false, &err), -E2BIG);
		assert_string_equal(err.msg, "it is larger than 8 bytes");
		json_cut_clear(&c);
	}
}

static void no_more_is_handed_out_than_is_wanted(void **state)
{
	struct json_cut c = { .mode = JSON_CUT_LINES };

	(void)state;
	assert_int_equal(feed(&c, "{\"stop\":1}\n{\"b\":2}\n", 0, false, NULL), -ECANCELED);
	assert_string_equal(pieces, "{\"stop\":1}|");
	json_cut_clear(&c);
}

static void rubbish_in_the_place_of_items_is_refused(void **state)
{
	static const char *const texts[] = { "{\"items\":[7]}", "{\"items\":[\"{\"]}", "}",
					     "{\"items\":[{}]}}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct json_cut c = { .mode = JSON_CUT_ITEMS };
		struct err err = ERR_INIT;

		assert_int_equal(feed(&c, texts[i], 0, false, &err), -EINVAL);
		assert_string_not_equal(err.msg, "");
		json_cut_clear(&c);
	}
}

/* ---- reading ---- */

static struct manifest_object *must_read(const char *text, enum manifest_kind kind)
{
	struct manifest_object *o = NULL;
	struct err err = ERR_INIT;

	if (kube_object_parse(text, strlen(text), kind, &o, &err) < 0)
		fail_msg("%s", err.msg);
	return o;
}

static const char *kept(const struct manifest_object *o, const char *key)
{
	return json_string_value(json_object_get(o->pod.annotations, key));
}

static void only_what_is_needed_of_a_pod_is_kept(void **state)
{
	struct manifest_object *o = must_read(
		"{\"kind\":\"PartialObjectMetadata\",\"metadata\":{\"name\":\"a.b\","
		"\"namespace\":\"shop\",\"uid\":\"u-1\",\"labels\":{\"x\":\"y\"},"
		"\"managedFields\":[{}],\"unknown\":{},\"annotations\":{"
		"\"smc-cni.io/steer\":\"enabled\",\"kubectl.kubernetes.io/last\":\"{}\","
		"\"linkerd.io/proxy-version\":\"stable\",\"kubernetes.io/config.hash\":\"h\","
		"\"kubernetes.io/config.seen\":7}}}",
		MANIFEST_POD);

	(void)state;
	assert_string_equal(o->pod.name, "a.b");
	assert_string_equal(o->pod.namespace, "shop");
	assert_string_equal(o->pod.uid, "u-1");
	assert_false(o->pod.host_network);
	assert_int_equal(json_object_size(o->pod.annotations), 3);
	assert_string_equal(kept(o, "smc-cni.io/steer"), "enabled");
	assert_string_equal(kept(o, NAMES_CONFIG_HASH), "h");
	assert_string_equal(kept(o, ANNOTATIONS_SIDECAR), "linkerd.io/proxy-version");
	manifest_object_unref(o);
}

static void a_nul_in_an_annotation_spoils_that_one_alone(void **state)
{
	struct manifest_object *o = must_read(
		"{\"metadata\":{\"name\":\"a\",\"namespace\":\"shop\",\"annotations\":{\"x\":\"a\\u0000b\","
		"\"smc-cni.io/steer\":\"enabled\\u0000\",\"smc-cni.io/pnet-id\":\"NET0\"}}}",
		MANIFEST_POD);

	(void)state;
	assert_string_equal(kept(o, "smc-cni.io/steer"), "enabled\xef\xbf\xbd");
	assert_string_equal(kept(o, "smc-cni.io/pnet-id"), "NET0");
	manifest_object_unref(o);
}

static void a_namespace_needs_no_annotations(void **state)
{
	struct manifest_object *o = must_read(
		"{\"metadata\":{\"name\":\"shop\",\"annotations\":null}}", MANIFEST_NAMESPACE);

	(void)state;
	assert_string_equal(o->namespace.name, "shop");
	assert_int_equal(json_object_size(o->namespace.annotations), 0);
	manifest_object_unref(o);
}

static void the_label_of_a_namespace_is_kept_beside_its_annotations(void **state)
{
	struct manifest_object *o =
		must_read("{\"metadata\":{\"name\":\"shop\",\"labels\":{\"a\":\"b\","
			  "\"smc-cni.io/steer\":\"enabled\"}}}",
			  MANIFEST_NAMESPACE);

	(void)state;
	assert_int_equal(json_object_size(o->namespace.annotations), 1);
	assert_non_null(json_object_get(o->namespace.annotations, ANNOTATIONS_STEER_LABEL));
	manifest_object_unref(o);
}

static void bad_objects_are_named(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "it is no JSON" },
		{ "{\"metadata\":", "it is no JSON" },
		{ "[]", "it is no object" },
		{ "{}", "object: 'metadata' is missing" },
		{ "{\"metadata\":7}", "'metadata'" },
		{ "{\"metadata\":{}}", "'name'" },
		{ "{\"metadata\":{\"name\":7}}", "'name'" },
		{ "{\"metadata\":{\"name\":\"../x\",\"namespace\":\"n\"}}",
		  "'name' is '../x', which is no name" },
		{ "{\"metadata\":{\"name\":\"a\"}}", "'namespace'" },
		{ "{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\",\"uid\":{}}}", "'uid'" },
		{ "{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\",\"annotations\":[]}}",
		  "'annotations'" },
		{ "{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\\u0000\"}}",
		  "which is no name" },
		{ "{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\",\"annotations\":{\"smc-cni.io/steer\":true}}}",
		  "annotation 'smc-cni.io/steer' is no string" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct manifest_object *o = NULL;
		struct err err = ERR_INIT;

		assert_int_equal(kube_object_parse(rows[i].text, strlen(rows[i].text), MANIFEST_POD,
						   &o, &err),
				 -EINVAL);
		if (!strstr(err.msg, rows[i].why))
			fail_msg("'%s' is not in: %s", rows[i].why, err.msg);
	}
}

static int read_event(const char *text, struct kube_event *e, struct err *err)
{
	*err = ERR_INIT;
	return kube_event_parse(text, strlen(text), MANIFEST_NAMESPACE, e, err);
}

static void events_of_all_types_are_read(void **state)
{
	struct kube_event e;
	struct err err;

	(void)state;
	assert_int_equal(
		read_event("{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"name\":\"n\","
			   "\"resourceVersion\":\"12\"}}}",
			   &e, &err),
		0);
	assert_int_equal(e.type, KUBE_DELETED);
	assert_string_equal(e.version, "12");
	assert_string_equal(e.object->namespace.name, "n");
	kube_event_clear(&e);
	assert_int_equal(
		read_event(
			"{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"13\","
			"\"creationTimestamp\":null}}}",
			&e, &err),
		0);
	assert_int_equal(e.type, KUBE_BOOKMARK);
	assert_string_equal(e.version, "13");
	assert_null(e.object);
	assert_int_equal(
		read_event("{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,"
			   "\"message\":\"too old\"}}",
			   &e, &err),
		0);
	assert_int_equal(e.code, 410);
	assert_string_equal(e.message, "too old");
}

static void bad_events_are_named(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "{}", "'type'" },
		{ "{\"type\":\"CHANGED\",\"object\":{}}", "event: 'type' is 'CHANGED'" },
		{ "{\"type\":\"ADDED\"}", "event: 'object' is missing" },
		{ "{\"type\":\"ADDED\",\"object\":{}}", "object: 'metadata' is missing" },
		{ "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"n\"}}}",
		  "'resourceVersion'" },
		{ "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":7}}}",
		  "'resourceVersion'" },
		{ "{\"type\":\"ERROR\",\"object\":{\"code\":\"x\"}}", "'code'" },
		{ "{\"type\":\"ERROR\",\"object\":[]}", "event: 'object' is missing" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct kube_event e;
		struct err err;

		assert_int_equal(read_event(rows[i].text, &e, &err), -EINVAL);
		if (!strstr(err.msg, rows[i].why))
			fail_msg("'%s' is not in: %s", rows[i].why, err.msg);
	}
}

/* ---- what comes next ---- */

static const struct kube_outcome fine = { .status = 200, .whole = true, .fruitful = true };
static const struct kube_outcome away = { 0 };

static void a_list_leads_to_a_watch_and_a_watch_to_the_next(void **state)
{
	struct kube_progress p = { 0 };
	struct kube_outcome page = fine;

	(void)state;
	page.more = true;
	assert_int_equal(kube_progress_next(&p, &page, 7), 0);
	assert_int_equal(p.phase, KUBE_LIST);
	assert_int_equal(kube_progress_next(&p, &fine, 7), 0);
	assert_int_equal(p.phase, KUBE_WATCH);
	assert_int_equal(kube_progress_next(&p, &fine, 7), 0);
	assert_int_equal(p.phase, KUBE_WATCH);
	assert_int_equal(p.restarts, 0);
}

static void what_is_gone_or_malformed_is_listed_again(void **state)
{
	static const struct kube_outcome lost[] = {
		{ .status = 410, .gone = true },
		{ .status = 200, .gone = true, .fruitful = true },
		{ .status = 200, .malformed = true, .fruitful = true },
		{ .status = 400 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lost); i++) {
		struct kube_progress p = { .phase = KUBE_WATCH };

		assert_in_range(kube_progress_next(&p, &lost[i], 0), 1, KUBE_BACKOFF_MIN_MS);
		assert_int_equal(p.phase, KUBE_LIST);
		assert_int_equal(p.restarts, 1);
	}
}

static void a_watch_that_breaks_goes_on_from_where_it_was(void **state)
{
	struct kube_progress p = { .phase = KUBE_WATCH };
	struct kube_outcome broken = { .status = 200, .fruitful = true };

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_in_range(kube_progress_next(&p, &broken, 0), 1, KUBE_BACKOFF_MIN_MS);
		assert_int_equal(p.phase, KUBE_WATCH);
	}
	assert_int_equal(p.restarts, 100);
}

static void delays_grow_to_a_bound_and_are_half_chance(void **state)
{
	struct kube_progress p = { 0 };
	int64_t last = 0, most = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		struct kube_progress q = p;
		int64_t low = kube_progress_next(&p, &away, 0);
		int64_t high = kube_progress_next(&q, &away, UINT32_MAX);

		assert_true(low >= last && high >= low && high <= 2 * low + 1);
		last = low;
		most = high > most ? high : most;
	}
	assert_int_equal(last, KUBE_BACKOFF_MAX_MS / 2);
	assert_true(most <= KUBE_BACKOFF_MAX_MS);
	assert_int_equal(kube_progress_next(&p, &fine, 0), 0);
	assert_true(kube_progress_next(&p, &away, 0) <= KUBE_BACKOFF_MIN_MS);
}

static void fruitless_watches_end_in_a_list(void **state)
{
	static const struct kube_outcome fruitless = { .status = 200, .whole = true };
	struct kube_progress p = { .phase = KUBE_WATCH };

	(void)state;
	for (int i = 0; i < KUBE_FRUITLESS_MAX - 1; i++) {
		(void)kube_progress_next(&p, &fruitless, 0);
		assert_int_equal(p.phase, KUBE_WATCH);
	}
	(void)kube_progress_next(&p, &fruitless, 0);
	assert_int_equal(p.phase, KUBE_LIST);
}

/* All agents of a cluster would list at once when it comes back. */
static void a_server_that_is_away_for_long_is_watched_from_where_it_was(void **state)
{
	static const struct kube_outcome overloaded = { .status = 503 };
	struct kube_progress p = { .phase = KUBE_WATCH };

	(void)state;
	for (int i = 0; i < 20 * KUBE_FRUITLESS_MAX; i++) {
		(void)kube_progress_next(&p, i % 2 ? &away : &overloaded, 0);
		assert_int_equal(p.phase, KUBE_WATCH);
	}
}

static void retry_after_is_kept_and_bounded(void **state)
{
	struct kube_progress p = { .phase = KUBE_WATCH };
	struct kube_outcome later = { .status = 429, .retry_after_ms = 5000 };

	(void)state;
	assert_in_range(kube_progress_next(&p, &later, 12345), 5000, 5999);
	assert_int_equal(p.phase, KUBE_WATCH);
	later.retry_after_ms = INT64_MAX;
	assert_in_range(kube_progress_next(&p, &later, 12345), KUBE_RETRY_AFTER_MAX_MS,
			KUBE_RETRY_AFTER_MAX_MS + 999);
}

static void what_the_server_gave_is_escaped(void **state)
{
	auto_free char *list = kube_query_list("/p", "s=1", 5, "a+b/c=&d");
	auto_free char *first = kube_query_list("/p", "", 5, NULL);
	auto_free char *watch = kube_query_watch("/p", "", "1 2", 300);

	(void)state;
	assert_string_equal(list, "/p?limit=5&continue=a%2Bb%2Fc%3D%26d&s=1");
	assert_string_equal(first, "/p?limit=5");
	assert_string_equal(
		watch,
		"/p?watch=1&allowWatchBookmarks=true&resourceVersion=1%202&timeoutSeconds=300");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_cut_anywhere_gives_its_items),
		cmocka_unit_test(lines_cut_anywhere_give_one_object_each),
		cmocka_unit_test(every_beginning_of_a_list_is_no_list),
		cmocka_unit_test(a_stream_that_ends_within_a_line_is_noticed),
		cmocka_unit_test(what_is_too_large_is_refused),
		cmocka_unit_test(no_more_is_handed_out_than_is_wanted),
		cmocka_unit_test(rubbish_in_the_place_of_items_is_refused),
		cmocka_unit_test(only_what_is_needed_of_a_pod_is_kept),
		cmocka_unit_test(a_nul_in_an_annotation_spoils_that_one_alone),
		cmocka_unit_test(a_namespace_needs_no_annotations),
		cmocka_unit_test(the_label_of_a_namespace_is_kept_beside_its_annotations),
		cmocka_unit_test(bad_objects_are_named),
		cmocka_unit_test(events_of_all_types_are_read),
		cmocka_unit_test(bad_events_are_named),
		cmocka_unit_test(a_list_leads_to_a_watch_and_a_watch_to_the_next),
		cmocka_unit_test(what_is_gone_or_malformed_is_listed_again),
		cmocka_unit_test(a_watch_that_breaks_goes_on_from_where_it_was),
		cmocka_unit_test(delays_grow_to_a_bound_and_are_half_chance),
		cmocka_unit_test(fruitless_watches_end_in_a_list),
		cmocka_unit_test(a_server_that_is_away_for_long_is_watched_from_where_it_was),
		cmocka_unit_test(retry_after_is_kept_and_bounded),
		cmocka_unit_test(what_the_server_gave_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
