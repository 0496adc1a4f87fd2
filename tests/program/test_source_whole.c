/* SPDX-License-Identifier: Apache-2.0 */
/* Whole pods are asked for once one of them names containers, and only then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "node-agent/kube/kube.h"
#include "node-agent/source/source.h"
#include "tests/program/api_server.h"
#include "tests/unit/tree.h"

#define ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define META(annotation, version)                                                               \
	"\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\",\"uid\":\"u\",\"annotations\":{" \
	"\"smc-cni.io/" annotation "\":\"app\"},\"resourceVersion\":\"" version "\"}"
#define SPEC ",\"spec\":{\"containers\":[{\"name\":\"app\"}]}"
#define STATUS(id) \
	",\"status\":{\"containerStatuses\":[{\"name\":\"app\",\"containerID\":\"a://" id "\"}]}"

static char dir[64];
static struct loop *loop;
static struct kube *kube;
static struct source *source;
static int changes;

static void on_change(void *arg, const char *namespace, const char *name)
{
	(void)arg, (void)namespace, (void)name;
	changes++;
}

static void tell_list(const char *version, const char *items)
{
	auto_free char *text = NULL;
	struct api_answer answer = { 0 };

	assert_true(asprintf(&text,
			     "{\"kind\":\"List\",\"metadata\":{\"resourceVersion\":\"%s\"},"
			     "\"items\":[%s]}",
			     version, items) > 0);
	answer.body = text;
	api_tell(API_PODS, &answer);
}

static const char *containers(void)
{
	const struct object_pod *p = source_pod(source, "shop", "web");

	return !p ? "no pod" : p->containers ? text_get(p->containers) : "not known";
}

static bool watches(const char *version)
{
	char line[64];

	(void)snprintf(line, sizeof(line), "pods watch %s\n", version);
	return strstr(api_log(), line) != NULL;
}

static void open_source(void)
{
	struct config config = { 0 };
	struct err err = ERR_INIT;
	char path[128];

	api_kubeconfig(dir, "ca.crt");
	(void)snprintf(path, sizeof(path), "%s/kubeconfig", dir);
	config.kubeconfig = path;
	if (kube_new(&config, loop, &kube, &err) < 0 ||
	    source_kube_open(kube, loop, "node-1", "", on_change, NULL, &source, &err) < 0)
		fail_msg("%s", err.msg);
}

static void a_list_with_a_pod_that_names_containers_is_asked_for_again(void **state)
{
	(void)state;
	tell_list("5", "{" META("containers", "3") "}");
	tell_list("7", "{" META("containers", "3") SPEC "}");
	open_source();
	until(watches("7") && source_synced(source));
	assert_string_equal(containers(), "app=");
	assert_int_equal(source_restarts(source), 0); /* nothing broke */
	changes = 0;
	api_push(API_PODS, "{\"type\":\"MODIFIED\",\"object\":{" META("containers", "8")
				   SPEC STATUS(ID) "}}\n");
	until(!strcmp(containers(), "app=" ID));
	assert_int_equal(changes, 1);
	api_push(API_PODS, "{\"type\":\"MODIFIED\",\"object\":{" META("containers", "9")
				   SPEC STATUS(ID) "}}\n");
	api_push(API_PODS, "{\"type\":\"DELETED\",\"object\":{" META("containers", "10") "}}\n");
	until(!strcmp(containers(), "no pod"));
	assert_int_equal(changes, 2); /* only a version was new between */
}

static void so_is_a_watch_that_brings_one(void **state)
{
	(void)state;
	tell_list("5", "{" META("pnet-id", "3") "}");
	open_source();
	until(watches("5"));
	until(strstr(api_last_accept(), "PartialObjectMetadata"));
	assert_string_equal(containers(), "not known");
	tell_list("8", "{" META("containers", "7") SPEC STATUS(ID) "}");
	api_push(API_PODS, "{\"type\":\"MODIFIED\",\"object\":{" META("containers", "7") "}}\n");
	until(watches("8"));
	assert_string_equal(containers(), "app=" ID);
	api_finish(API_PODS, API_WHOLE); /* the planned end */
	until(watches("8"));
	until(!strcmp(api_last_accept(), "application/json"));
	assert_int_equal(source_restarts(source), 0);
}

static int set_up(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	changes = 0;
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
	strcpy(dir, "/tmp/test-source-whole-XXXXXX");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_list_with_a_pod_that_names_containers_is_asked_for_again, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(so_is_a_watch_that_brings_one, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
