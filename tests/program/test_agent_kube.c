/* SPDX-License-Identifier: Apache-2.0 */
/* The whole agent with an API server as its source. It runs on a kernel with or without SMC: what
 * is looked at is what the agent decides. */
#include "common/clock.h"
#include "tests/program/agent_kube.h"

static void tell_list(enum api_kind kind, const char *items)
{
	struct api_answer answer = { 0 };
	auto_free char *text = NULL;

	assert_true(asprintf(&text, "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[%s]}",
			     items) > 0);
	answer.body = text;
	api_tell(kind, &answer);
}

/* namespace `name` says `steer` */
static const char *namespace_json(const char *name, const char *steer)
{
	static char text[512];

	(void)snprintf(
		text, sizeof(text),
		"{\"metadata\":{\"name\":\"%s\",\"annotations\":{\"smc-cni.io/steer\":\"%s\"}}}",
		name, steer);
	return text;
}

static const char *pod_json(const char *name, const char *uid, const char *annotations)
{
	static char text[512];

	(void)snprintf(text, sizeof(text),
		       "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"default\",\"uid\":\"%s\","
		       "\"resourceVersion\":\"7\",\"annotations\":{%s}}}",
		       name, uid, annotations);
	return text;
}

/* An agent that waits until then does not answer while we wait. */
#define TOO_LONG_MS (10 * ANSWER_MS)

/* A prepare as the runtime's: all annotations of the pod were passed, and none is ours. */
static json_t *prepare_plain(const char *id, const char *uid, int timeout_ms)
{
	json_t *msg = prepare_of(id, NULL);

	json_object_set_new(msg, "annotations", json_object());
	json_object_set_new(msg, "timeoutMs", json_integer(timeout_ms));
	json_object_set_new(json_object_get(msg, "pod"), "uid", json_string(uid));
	return msg;
}

static json_t *add_plain(const char *id, const char *uid, int netns_fd, int timeout_ms)
{
	auto_close int sock = connect_agent();
	json_t *prepared = ask_on(sock, prepare_plain(id, uid, timeout_ms), netns_fd);
	json_auto_t *committed = commit_on(sock);

	if (!json_is_true(json_object_get(committed, "ok")))
		fail_msg("ADD failed: %s, %s", text_of(prepared, "error"),
			 text_of(committed, "error"));
	return prepared;
}

static bool policy_is(const char *name, const char *key, const char *value)
{
	json_auto_t *pod = status_of(name);

	return pod && strstr(text_of(json_object_get(pod, "policy"), key), value);
}

/* node.source of the answer to `status`. The caller frees. */
static json_t *source_status(void)
{
	auto_close int sock = connect_agent();
	json_auto_t *msg = ask_on(sock, wire_request("status"), -1);

	return json_incref(json_object_get(json_object_get(msg, "node"), "source"));
}

static bool is_synced(void)
{
	json_auto_t *source = source_status();

	return json_is_true(json_object_get(source, "synced"));
}

static json_int_t generation(void)
{
	json_auto_t *source = source_status();

	return json_integer_value(json_object_get(source, "generation"));
}

static void it_says_where_its_pods_come_from_and_whether_it_has_synced(void **state)
{
	char url[64];
	json_auto_t *source = NULL;

	(void)state;
	api_stop();
	agent_start();
	eventually(log_has("the API server is not followed, trying again"));
	source = source_status();
	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%d", api_port());
	assert_string_equal(text_of(source, "kind"), "kubernetes");
	assert_string_equal(text_of(source, "from"), url);
	assert_true(json_is_false(json_object_get(source, "synced")));
	assert_non_null(strstr(text_of(source, "why"), "GET /api/v1/"));
	api_start(agent.dir, "server.crt");
	eventually(is_synced());
	assert_int_equal(agent_end(SIGTERM), 0);
}

static void a_pod_that_nothing_is_known_of_starts_on_tcp_in_time_and_follows_later(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);
	json_auto_t *prepared = NULL;
	int64_t begun, took;

	(void)state;
	api_stop();
	agent_start();
	begun = clock_now_ms();
	prepared = add_plain("a", "u", fd, 2000);
	took = clock_now_ms() - begun;
	assert_true(took >= 1400);
	assert_true(json_is_false(json_object_get(prepared, "steer")));
	assert_non_null(strstr(
		text_of(prepared, "why"),
		"stays TCP: the agent has not heard of its namespace from the API server yet"));
	tell_list(API_NAMESPACES, namespace_json("default", "enabled"));
	api_start(agent.dir, "server.crt");
	eventually(policy_is("a", "origin", "namespace"));
	assert_true(policy_is("a", "steer", "enabled"));
	pod_end(pid);
}

static void a_pod_that_waits_goes_on_as_soon_as_its_namespace_is_known(void **state)
{
	auto_close int fd = -1, sock = -1;
	pid_t pid = pod_new(&fd);
	json_auto_t *prepared = NULL, *request = prepare_plain("a", "u", TOO_LONG_MS);

	(void)state;
	api_stop();
	agent_start();
	sock = connect_agent();
	assert_int_equal(wire_send(sock, request, fd, clock_now_ms() + ANSWER_MS, &agent_err), 0);
	assert_int_equal(wire_recv(sock, &prepared, NULL, clock_now_ms() + 300, &agent_err),
			 -ETIMEDOUT);
	tell_list(API_NAMESPACES, namespace_json("default", "disabled"));
	api_start(agent.dir, "server.crt");
	assert_int_equal(wire_recv(sock, &prepared, NULL, clock_now_ms() + ANSWER_MS, &agent_err),
			 0);
	assert_non_null(strstr(text_of(prepared, "why"), "of the namespace says disabled"));
	pod_end(pid);
}

static void a_pod_that_says_it_itself_does_not_wait(void **state)
{
	auto_close int fd = -1, sock = -1;
	pid_t pid = pod_new(&fd);
	json_t *request;

	(void)state;
	api_stop();
	agent_start();
	sock = connect_agent();
	request = prepare_of("a", "enabled");
	json_object_set_new(request, "timeoutMs", json_integer(TOO_LONG_MS));
	json_decref(ask_on(sock, request, fd));
	json_decref(commit_on(sock));
	assert_true(policy_is("a", "origin", "pod"));
	pod_end(pid);
}

static void what_namespaces_said_counts_after_a_restart_without_the_server(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);
	auto_free char *items = NULL;

	(void)state;
	assert_true(asprintf(&items, "%s,", namespace_json("default", "enabled")) > 0);
	items = realloc(items, 2048);
	assert_non_null(items);
	strcat(items, namespace_json("strict", "required"));
	tell_list(API_NAMESPACES, items);
	agent_start();
	eventually(file_has("state/namespaces.json", "strict") &&
		   file_has("run/required-namespaces", "strict\n"));
	assert_int_equal(agent_end(SIGKILL), 1000 + SIGKILL);
	api_stop();
	agent_start();
	json_decref(add_plain("a", "u", fd, TOO_LONG_MS));
	assert_true(policy_is("a", "origin", "namespace"));
	assert_true(file_has("run/required-namespaces", "strict\n"));
	pod_end(pid);
}

/* What the plugin finds there must not be emptied by an agent that knows nothing. */
static void the_list_of_required_namespaces_outlives_a_start_without_knowledge(void **state)
{
	(void)state;
	assert_int_equal(mkdir(agent_path("run"), 0700), 0);
	write_file(agent_path("run/required-namespaces"), "strict\n");
	assert_int_equal(mkdir(agent_path("state"), 0700), 0);
	write_file(agent_path("state/namespaces.json"), "{\"strict\":7");
	api_stop();
	agent_start();
	eventually(log_has("what namespaces said is not known"));
	eventually(log_has("trying again"));
	assert_true(file_has("run/required-namespaces", "strict\n"));
	api_start(agent.dir, "server.crt");
	eventually(!file_has("run/required-namespaces", "strict\n"));
}

static void what_was_decided_before_a_restart_stays_until_the_server_is_heard(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);

	(void)state;
	tell_list(API_NAMESPACES, namespace_json("default", "disabled"));
	tell_list(API_PODS, pod_json("a", "u", "\"smc-cni.io/steer\":\"enabled\""));
	agent_start();
	eventually(is_synced());
	json_decref(add_plain("a", "u", fd, 2000));
	assert_true(policy_is("a", "origin", "pod"));
	assert_int_equal(agent_end(SIGTERM), 0);
	api_stop();
	agent_start();
	assert_true(policy_is("a", "why", "as before the agent's start"));
	tell_list(API_NAMESPACES, namespace_json("default", "disabled"));
	tell_list(API_PODS, pod_json("a", "u", "\"smc-cni.io/steer\":\"sometimes\""));
	api_start(agent.dir, "server.crt");
	eventually(policy_is("a", "why", "sometimes"));
	pod_end(pid);
}

static void the_object_of_the_same_uid_wins_and_another_does_not(void **state)
{
	auto_close int fd = -1, other_fd = -1;
	pid_t pid = pod_new(&fd), other_pid = pod_new(&other_fd);

	(void)state;
	tell_list(API_NAMESPACES, namespace_json("default", "disabled"));
	tell_list(API_PODS, pod_json("a", "u-1", "\"smc-cni.io/steer\":\"enabled\""));
	agent_start();
	eventually(is_synced());
	json_decref(add_plain("a", "u-1", fd, 2000));
	assert_true(policy_is("a", "origin", "pod"));
	json_decref(ask(about("del", "a"), -1));
	json_decref(add_plain("a", "u-0", other_fd, 2000));
	assert_true(policy_is("a", "origin", "namespace"));
	pod_end(pid);
	pod_end(other_pid);
}

static void a_static_pod_is_known_by_its_hash(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);

	(void)state;
	tell_list(API_NAMESPACES, namespace_json("default", "disabled"));
	tell_list(
		API_PODS,
		pod_json(
			"static-test", "mirror",
			"\"kubernetes.io/config.hash\":\"runtime\",\"smc-cni.io/steer\":\"enabled\""));
	agent_start();
	eventually(is_synced());
	json_decref(add_plain("static-test", "runtime", fd, 2000));
	assert_true(policy_is("static-test", "origin", "pod"));
	pod_end(pid);
}

/* What the watch of pods tells is in force when this returns. */
static void tell_event(const char *type, const char *pod)
{
	auto_free char *event = NULL;
	json_int_t before = generation();

	assert_true(before > 0);
	assert_true(asprintf(&event, "{\"type\":\"%s\",\"object\":%s}\n", type, pod) > 0);
	api_push(API_PODS, event);
	eventually(generation() > before);
}

static void the_generation_moves_when_a_change_is_in_force(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);

	(void)state;
	tell_list(API_NAMESPACES, namespace_json("default", "disabled"));
	tell_list(API_PODS, pod_json("a", "u", ""));
	agent_start();
	eventually(is_synced() && strstr(api_log(), "pods watch"));
	json_decref(add_plain("a", "u", fd, 2000));
	tell_event("MODIFIED", pod_json("a", "u", "\"smc-cni.io/steer\":\"sometimes\""));
	assert_true(policy_is("a", "why", "sometimes"));
	pod_end(pid);
}

/* Its containers may run for a while yet. */
static void what_a_pod_said_last_counts_when_its_object_goes(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);

	(void)state;
	tell_list(API_NAMESPACES, namespace_json("default", "disabled"));
	tell_list(API_PODS, pod_json("a", "u", "\"smc-cni.io/steer\":\"enabled\""));
	agent_start();
	eventually(is_synced() && strstr(api_log(), "pods watch"));
	json_decref(add_plain("a", "u", fd, 2000));
	assert_true(policy_is("a", "origin", "pod"));
	tell_event("DELETED", pod_json("a", "u", ""));
	assert_true(policy_is("a", "origin", "pod"));
	pod_end(pid);
}

static void without_access_pods_start_and_it_is_tried_again(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);
	json_auto_t *source = NULL;

	(void)state;
	write_file(agent_path("kubeconfig"), "current-context: none\n");
	agent_start();
	source = source_status();
	assert_non_null(strstr(text_of(source, "why"), "'contexts' has no entry 'none'"));
	json_decref(add_plain("a", "u", fd, 2000));
	/* It comes later. */
	tell_list(API_NAMESPACES, namespace_json("default", "enabled"));
	tell_list(API_PODS, pod_json("a", "u", ""));
	api_kubeconfig(agent.dir, "ca.crt");
	eventually(is_synced());
	assert_true(policy_is("a", "origin", "namespace"));
	pod_end(pid);
}

#define kube_test(fn) cmocka_unit_test_setup_teardown(fn, kube_set_up, kube_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		kube_test(it_says_where_its_pods_come_from_and_whether_it_has_synced),
		kube_test(a_pod_that_nothing_is_known_of_starts_on_tcp_in_time_and_follows_later),
		kube_test(a_pod_that_waits_goes_on_as_soon_as_its_namespace_is_known),
		kube_test(a_pod_that_says_it_itself_does_not_wait),
		kube_test(what_namespaces_said_counts_after_a_restart_without_the_server),
		kube_test(the_list_of_required_namespaces_outlives_a_start_without_knowledge),
		kube_test(what_was_decided_before_a_restart_stays_until_the_server_is_heard),
		kube_test(the_object_of_the_same_uid_wins_and_another_does_not),
		kube_test(a_static_pod_is_known_by_its_hash),
		kube_test(the_generation_moves_when_a_change_is_in_force),
		kube_test(what_a_pod_said_last_counts_when_its_object_goes),
		kube_test(without_access_pods_start_and_it_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
