/* SPDX-License-Identifier: Apache-2.0 */
/* The whole agent through its life: what it finds at start and leaves at its end, files that
 * change, trouble. It runs on a kernel with or without SMC. */
#include "tests/program/agent_process.h"

#include "tests/program/agent_http.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <sys/mount.h>
#include <sys/socket.h>

static void pods_are_adopted_after_a_crash_and_unfinished_ones_rolled_back(void **state)
{
	auto_close int fd = -1, other = -1, sock = -1;
	pid_t pid = pod_new(&fd), other_pid = pod_new(&other);
	json_auto_t *pod = NULL;

	(void)state;
	add_pod("a", NULL, fd);
	sock = connect_agent();
	json_decref(ask_on(sock, prepare_of("b", NULL), other));
	assert_int_equal(count_files("state/pods"), 2);
	assert_int_equal(agent_end(SIGKILL), 1000 + SIGKILL);
	agent_start();
	eventually(count_files("state/pods") == 1);
	pod = status_of("a");
	assert_non_null(pod);
	json_decref(ask(about("del", "a"), -1));
	assert_int_equal(count_files("state/pods"), 0);
	pod_end(pid);
	pod_end(other_pid);
}

static void sigterm_leaves_records_and_takes_the_socket_away(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);

	(void)state;
	add_pod("a", NULL, fd);
	assert_int_equal(agent_end(SIGTERM), 0);
	assert_int_equal(count_files("state/pods"), 1);
	assert_int_equal(access(agent_path("run/a.sock"), F_OK), -1);
	agent_start();
	assert_int_equal(agent_end(SIGINT), 0);
	pod_end(pid);
}

static void a_second_agent_names_the_first_and_leaves_it_alone(void **state)
{
	char holder[64];

	(void)state;
	assert_int_equal(wait_for(agent_spawn(NULL)), 1);
	(void)snprintf(holder, sizeof(holder), "the agent with pid %d has it", (int)agent.pid);
	assert_true(log_has(holder));
	assert_int_equal(wait_for(agent_spawn("--cleanup")), 1);
	json_decref(ask(wire_request("node"), -1));
	assert_int_equal(agent_end(SIGTERM), 0);
}

static void cleanup_takes_everything_away_and_can_be_repeated(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);

	(void)state;
	add_pod("a", NULL, fd);
	assert_int_equal(agent_end(SIGKILL), 1000 + SIGKILL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(wait_for(agent_spawn("--cleanup")), 0);
		assert_int_equal(access(agent_path("state"), F_OK), -1);
		assert_int_equal(access(agent_path("run"), F_OK), -1);
		assert_int_equal(access(agent_path("bpf"), F_OK), -1);
	}
	pod_end(pid);
}

/* A crash can leave any file that is being replaced under its temporary name. */
static void cleanup_takes_what_a_crash_left_half_written(void **state)
{
	static const char *const left[] = {
		"run/.required-namespaces.tmp", "run/pending/.0123.json.tmp",
		"state/.node.json.tmp",		"state/.namespaces.json.tmp",
		"state/.manifests.json.tmp",	"state/pods/.0123.json.tmp",
		"features/.smc-cni.tmp",	"bin/.smc-cni.new",
		"bin/..smc-cni.new.tmp",
	};
	auto_free char *more = NULL;

	(void)state;
	assert_int_equal(agent_end(SIGKILL), 1000 + SIGKILL);
	assert_true(asprintf(&more, "featuresDir: %s/features\ncniBinDir: %s/bin\n", agent.dir,
			     agent.dir) > 0);
	agent_config(more);
	assert_int_equal(mkdir(agent_path("features"), 0700), 0);
	assert_int_equal(mkdir(agent_path("bin"), 0700), 0);
	assert_int_equal(file_mkdirs(agent_path("state/pods"), 0700, &agent_err), 0);
	assert_int_equal(file_mkdirs(agent_path("run/pending"), 0700, &agent_err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(left); i++)
		write_file(agent_path(left[i]), "half");
	assert_int_equal(wait_for(agent_spawn("--cleanup")), 0);
	for (size_t i = 0; i < ARRAY_SIZE(left); i++) {
		if (access(agent_path(left[i]), F_OK) == 0)
			fail_msg("%s is still there", left[i]);
	}
	assert_int_equal(access(agent_path("state"), F_OK), -1);
	assert_int_equal(access(agent_path("run"), F_OK), -1);
}

static void records_of_another_boot_are_dropped_and_bad_ones_moved_aside(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);
	auto_free char *text = NULL;
	char hash[WIRE_HASH_LEN], name[64];
	const struct wire_attachment key = { "net", "a", "eth0" };
	char *boot_id;

	(void)state;
	add_pod("a", NULL, fd);
	assert_int_equal(agent_end(SIGTERM), 0);
	(void)snprintf(name, sizeof(name), "state/pods/%s.json", wire_attachment_hash(&key, hash));
	assert_int_equal(file_read(AT_FDCWD, agent_path(name), 1 << 16, &text, NULL, &agent_err),
			 0);
	boot_id = strstr(text, "\"bootID\": \"");
	assert_non_null(boot_id);
	boot_id[11] = boot_id[11] == '0' ? '1' : '0';
	write_file(agent_path(name), text);
	write_file(agent_path("state/pods/0123456789abcdef.json"), "{\"version\": 1");
	write_file(agent_path("state/node.json"), "[]");
	agent_start();
	assert_int_equal(access(agent_path(name), F_OK), -1);
	assert_int_equal(access(agent_path("state/pods/0123456789abcdef.json.bad"), F_OK), 0);
	assert_int_equal(access(agent_path("state/node.json.bad"), F_OK), 0);
	assert_true(log_has("record cannot be read"));
	assert_string_equal(why_of("a"), "no such pod");
	pod_end(pid);
}

static void a_changed_manifest_changes_the_policy_of_a_running_pod(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);
	static const char manifest[] =
		"apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: default, "
		"annotations: {smc-cni.io/steer: \"%s\"}}\n";
	char text[512];

	(void)state;
	add_pod("a", NULL, fd);
	(void)snprintf(text, sizeof(text), manifest, "sometimes");
	write_file(agent_path("manifests/a.yaml"), text);
	eventually(strstr(why_of("a"), "sometimes"));
	assert_true(http_has("/metrics",
			     "smc_cni_pods{state=\"invalid\",namespace=\"default\",pod=\"a\"} 1"));
	(void)unlink(agent_path("manifests/a.yaml"));
	eventually(!strstr(why_of("a"), "sometimes"));
	pod_end(pid);
}

static void namespaces_that_require_steering_are_listed_for_the_plugin(void **state)
{
	auto_free char *list = NULL;

	(void)state;
	write_file(agent_path("manifests/ns.yaml"),
		   "apiVersion: v1\nkind: Namespace\nmetadata: {name: bank, annotations: "
		   "{smc-cni.io/steer: required}}\n---\napiVersion: v1\nkind: Namespace\n"
		   "metadata: {name: shop}\n");
	eventually((free(list), list = NULL,
		    file_read(AT_FDCWD, agent_path("run/required-namespaces"), 4096, &list, NULL,
			      &agent_err) == 0 &&
			    !strcmp(list, "bank\n")));
}

/* One that cannot be read, then a folder that is away. */
static void a_restart_with_bad_manifests_forgets_no_required_namespace(void **state)
{
	static const char good[] =
		"apiVersion: v1\nkind: Namespace\nmetadata: {name: default, annotations: "
		"{smc-cni.io/steer: required}}\n";
	auto_free char *bad = NULL;
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);

	(void)state;
	write_file(agent_path("manifests/ns.yaml"), good);
	eventually(file_has("state/manifests.json", "required"));
	assert_true(asprintf(&bad, "%s  labels: [\n", good) > 0);
	for (int i = 0; i < 2; i++) {
		json_auto_t *reply = NULL;

		assert_int_equal(agent_end(SIGTERM), 0);
		if (i == 0)
			write_file(agent_path("manifests/ns.yaml"), bad);
		else
			assert_int_equal(rename(agent_path("manifests"), agent_path("away")), 0);
		agent_start();
		reply = ask(prepare_of("a", NULL), fd);
		/* Or the node lacks it. */
		assert_true(json_is_true(json_object_get(reply, "required")) ||
			    !strcmp(text_of(reply, "code"), "required"));
		assert_true(file_has("run/required-namespaces", "default\n"));
	}
	pod_end(pid);
}

static void a_pod_that_requires_what_the_node_lacks_is_refused(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);
	json_auto_t *node = ask(wire_request("node"), -1);
	json_auto_t *reply = ask(prepare_of("a", "required"), fd);

	(void)state;
	if (json_is_true(json_object_get(node, "ready"))) {
		assert_true(json_is_true(json_object_get(reply, "ok")));
	} else {
		assert_string_equal(text_of(reply, "code"), "required");
		assert_int_equal(count_files("state/pods"), 0);
	}
	pod_end(pid);
}

/* A folder that is made 0700 is lost to the others that use it. */
static void a_folder_of_others_is_not_taken_for_the_socket(void **state)
{
	auto_free char *text = NULL;
	struct stat st;

	(void)state;
	assert_int_equal(agent_end(SIGTERM), 0);
	assert_int_equal(mkdir(agent_path("shared"), 0755), 0);
	write_file(agent_path("shared/somebody-elses"), "");
	assert_true(
		asprintf(
			&text,
			"nodeName: test\npodSource: {folder: %s/manifests}\nsocket: %s/shared/a.sock\n"
			"stateDir: %s/state\nmetrics: \"\"\n",
			agent.dir, agent.dir, agent.dir) > 0);
	write_file(agent_path("agent.yaml"), text);
	assert_int_equal(wait_for(agent_spawn("--check-config")), 1);
	assert_int_equal(wait_for(agent_spawn(NULL)), 1);
	assert_int_equal(stat(agent_path("shared"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	agent_config("");
	assert_int_equal(wait_for(agent_spawn("--check-config")), 0);
}

static void a_bad_config_leaves_all_as_it_is_and_says_so(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);
	json_auto_t *node = NULL, *reply = NULL;

	(void)state;
	add_pod("a", NULL, fd);
	assert_int_equal(agent_end(SIGTERM), 0);
	agent_config("defaultSteer: maybe\n");
	assert_int_equal(wait_for(agent_spawn("--check-config")), 1);
	agent_start();
	node = ask(wire_request("node"), -1);
	assert_true(json_is_false(json_object_get(node, "ready")));
	assert_non_null(
		strstr(text_of(node, "why"), "agent.yaml:8: key 'defaultSteer': got 'maybe'"));
	reply = ask(about("del", "a"), -1);
	assert_string_equal(text_of(reply, "code"), "unavailable");
	assert_true(http_has("/healthz", "200 OK"));
	assert_true(http_has("/readyz", "503 "));
	assert_true(http_has("/readyz", "defaultSteer"));
	assert_true(http_has("/metrics", "smc_cni_node_ready{check=\"agent\"} 0"));
	assert_int_equal(count_files("state/pods"), 1);
	assert_int_equal(agent_end(SIGTERM), 0);
	pod_end(pid);
}

static void without_room_for_a_record_the_pod_is_refused_and_the_agent_goes_on(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);
	json_auto_t *reply = NULL, *again = NULL;
	auto_free char *junk = calloc(1, 1 << 20);

	(void)state;
	assert_int_equal(agent_end(SIGTERM), 0);
	assert_int_equal(mount("none", agent_path("state"), "tmpfs", 0, "size=64k"), 0);
	agent_start();
	/* Fill it: what does not fit is cut off by the failing write. */
	{
		auto_close int file =
			open(agent_path("state/junk"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		while (write(file, junk, 4096) > 0)
			;
	}
	reply = ask(prepare_of("a", NULL), fd);
	assert_string_equal(text_of(reply, "code"), "unavailable");
	assert_non_null(strstr(text_of(reply, "error"), "No space left"));
	(void)unlink(agent_path("state/junk"));
	again = ask(prepare_of("a", NULL), fd);
	assert_true(json_is_true(json_object_get(again, "ok")));
	assert_int_equal(agent_end(SIGTERM), 0);
	assert_int_equal(umount(agent_path("state")), 0);
	pod_end(pid);
}

static void health_and_metrics_are_served(void **state)
{
	(void)state;
	assert_true(http_has("/healthz", "200 OK"));
	assert_true(http_has("/readyz", "200 OK")); /* it serves, whatever the node can do */
	assert_true(http_has("/readyz?for=pods",
			     access("/sys/module/smc", F_OK) == 0 ? "200 OK" : "503 "));
	assert_true(http_has("/readyz?for=tea", "503 "));
	/* Not managed: no yes, no no. */
	assert_false(http_has("/metrics", "smc_cni_node_ready{check=\"plugin\"}"));
	assert_true(http_has("/metrics", "smc_cni_build_info{version="));
	assert_true(http_has("/metrics", "smc_cni_request_duration_seconds_count{verb=\"node\"}"));
	assert_true(http_has("/nothing", "404 "));
}

/* Those that took too long are the ones that somebody looks for. */
static void requests_that_nobody_waits_for_any_more_are_in_the_histogram(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);
	json_auto_t *msg = prepare_of("a", NULL);
	int sock = connect_agent();

	(void)state;
	json_object_set_new(msg, "timeoutMs", json_integer(4000));
	assert_int_equal(kill(agent.pid, SIGSTOP), 0);
	assert_int_equal(wire_send(sock, msg, fd, clock_now_ms() + ANSWER_MS, &agent_err), 0);
	(void)close(sock);
	assert_int_equal(kill(agent.pid, SIGCONT), 0);
	eventually(http_has("/metrics", "smc_cni_request_duration_seconds_count"
					"{verb=\"prepare\"} 1"));
	assert_true(http_has("/metrics", "_bucket{verb=\"prepare\",le=\"2.000000\"} 0"));
	pod_end(pid);
}

/* Two scrapes with a request on the socket between them: true if they are one page. */
static bool one_page_serves_both(void)
{
	auto_free char *first = http_get("/metrics");
	auto_free char *second = NULL;

	(void)agent_state();
	second = http_get("/metrics");
	return strstr(first, "smc_cni_build_info") &&
	       !strcmp(strstr(first, "\r\n\r\n"), strstr(second, "\r\n\r\n"));
}

/* Anybody on the host may ask in a loop. Without a page that is kept each has another number of
 * requests in it. */
static void scrapes_in_a_loop_get_a_page_that_is_there(void **state)
{
	(void)state;
	eventually(one_page_serves_both());
}

/* As with deploy/components/metrics, where kubelet's probes still ask 127.0.0.1. */
static void with_the_ipv6_wildcard_ipv4_is_served_too(void **state)
{
	auto_free char *text = NULL;

	(void)state;
	assert_int_equal(agent_end(SIGTERM), 0);
	assert_true(
		asprintf(
			&text,
			"nodeName: test\npodSource: {folder: %s/manifests}\nsocket: %s/run/a.sock\n"
			"stateDir: %s/state\nbpffsDir: %s/bpf\nmetrics: '[::]:%d'\n",
			agent.dir, agent.dir, agent.dir, agent.dir, agent.port) > 0);
	write_file(agent_path("agent.yaml"), text);
	agent_start();
	assert_true(http_has("/healthz", "200 OK"));
}

static void a_port_that_is_taken_is_tried_again(void **state)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons((uint16_t)agent.port) };
	int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	(void)state;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(agent_end(SIGTERM), 0);
	assert_int_equal(setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind(sock, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(sock, 1), 0);
	agent_start();
	assert_true(log_has("no /metrics, /healthz and /readyz"));
	(void)close(sock);
	eventually(log_has("serving after all"));
	assert_true(http_has("/healthz", "200 OK"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		agent_test(pods_are_adopted_after_a_crash_and_unfinished_ones_rolled_back),
		agent_test(sigterm_leaves_records_and_takes_the_socket_away),
		agent_test(a_second_agent_names_the_first_and_leaves_it_alone),
		agent_test(cleanup_takes_everything_away_and_can_be_repeated),
		agent_test(cleanup_takes_what_a_crash_left_half_written),
		agent_test(records_of_another_boot_are_dropped_and_bad_ones_moved_aside),
		agent_test(a_changed_manifest_changes_the_policy_of_a_running_pod),
		agent_test(namespaces_that_require_steering_are_listed_for_the_plugin),
		agent_test(a_restart_with_bad_manifests_forgets_no_required_namespace),
		agent_test(a_pod_that_requires_what_the_node_lacks_is_refused),
		agent_test(a_folder_of_others_is_not_taken_for_the_socket),
		agent_test(a_bad_config_leaves_all_as_it_is_and_says_so),
		agent_test(without_room_for_a_record_the_pod_is_refused_and_the_agent_goes_on),
		agent_test(health_and_metrics_are_served),
		agent_test(scrapes_in_a_loop_get_a_page_that_is_there),
		agent_test(requests_that_nobody_waits_for_any_more_are_in_the_histogram),
		agent_test(with_the_ipv6_wildcard_ipv4_is_served_too),
		agent_test(a_port_that_is_taken_is_tried_again),
	};

	if (geteuid() == 0 &&
	    (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
