/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/wire.h"
#include "smcctl/ctl.h"
#include "smcctl/filter.h"
#include "smcctl/status.h"
#include "smcctl/reasons.h"
#include "smcctl/status_text.h"

/* ---- text ---- */

static const char node[] =
	"{\"name\": \"worker-1\", \"agent\": \"0.1.0\", \"kernel\": \"6.12\", \"ready\": true, "
	"\"why\": \"\", \"smc\": {\"ok\": true}, \"hook\": {\"ok\": true}, \"cgroup\": {\"ok\": "
	"false, \"why\": \"cgroup v1\"}, \"nri\": {\"ok\": true}, \"runtime\": {\"name\": "
	"\"containerd\", \"version\": \"v2.4.2\", \"containers\": 12}, \"host\": {\"ok\": true}, "
	"\"ueids\": [\"A\", \"B\"], \"devices\": {\"smcd\": 0, \"smcr\": 1, \"rdma\": [{\"name\": "
	"\"rxe0\", \"port\": 1, \"netdev\": \"eth1\", \"state\": \"active\", \"pnet\": "
	"\"NET0\"}]}, \"source\": {\"kind\": \"folder\", \"from\": \"/pods\", \"synced\": true}, "
	"\"later\": 1}";

#define NODE_TEXT                                             \
	"Node     worker-1 (kernel 6.12, agent 0.1.0)\n"      \
	"Ready    yes\n"                                      \
	"SMC      yes\nHook     yes\n"                        \
	"UEID     A, B\n"                                     \
	"Devices  SMC knows 1 for SMC-R, 0 for SMC-D\n"       \
	"         rxe0 port 1 on eth1, active, pnet NET0\n"   \
	"SMC-R    yes\n"                                      \
	"Cgroups  no: cgroup v1\n"                            \
	"NRI      containerd v2.4.2 tells of 12 containers\n" \
	"Pods     from folder /pods\n\n"

static const char steered[] =
	"{\"namespace\": \"shop\", \"name\": \"redis-0\", \"uid\": \"u1\", \"attachment\": "
	"{\"network\": \"net\", \"containerID\": \"4f1c\", \"ifname\": \"eth0\"}, \"ips\": "
	"[\"10.1.0.2/24\", \"fd00::2/64\"], \"policy\": {\"steer\": \"enabled\", \"origin\": "
	"\"pod\", \"in_force\": true, \"invalid\": false, \"why\": \"steered: it says so\"}, "
	"\"since\": 1763911200, \"sockets\": {\"steered\": 51, \"unsteered\": 0, "
	"\"target_missing\": 0}, \"offers\": {\"kept\": 50, \"blanked\": 4}, \"smcr\": {"
	"\"client\": 1, \"server\": 49, \"tx_bytes\": 5, \"rx_bytes\": 6}, \"smcd\": {\"client\": "
	"0, \"server\": 0, \"tx_bytes\": 0, \"rx_bytes\": 0}, \"fallback\": [{\"role\": \"server\", "
	"\"name\": \"no-device\", \"text\": \"No device.\", \"advice\": \"Buy one.\", \"count\": 3}, {\"role\": "
	"\"client\", \"name\": \"peer-no-smc\", \"text\": \"Plain TCP.\", \"advice\": null, "
	"\"count\": 1}], \"handshake_errors\": 2, \"stats_why\": \"\", \"gate\": {\"by\": "
	"\"cgroup\", \"why\": \"\"}, \"programs\": {\"ok\": "
	"true, \"why\": \"\"}, \"missing\": \"\"}";

static const char plain[] =
	"{\"namespace\": \"shop\", \"name\": \"web\", \"uid\": \"\", \"policy\": {\"steer\": "
	"\"disabled\", \"origin\": \"default\", \"in_force\": false, \"invalid\": false, \"why\": "
	"\"stays TCP: not asked for\"}, \"since\": null, \"sockets\": null, \"smcr\": null, "
	"\"smcd\": null, \"fallback\": null, \"handshake_errors\": null, \"stats_why\": \"never "
	"read\", \"programs\": {\"ok\": false, \"why\": \"not steered\"}, \"missing\": \"\"}";

static json_t *status_of(const char *const pods[])
{
	json_t *status = json_pack("{s:o, s:[]}", "node", json_loads(node, 0, NULL), "pods");

	for (; *pods; pods++) {
		json_t *pod = json_loads(*pods, 0, NULL);

		assert_non_null(pod);
		assert_int_equal(json_array_append_new(json_object_get(status, "pods"), pod), 0);
	}
	return status;
}

static void prints(const char *const pods[], int width, const char *expected)
{
	json_auto_t *status = status_of(pods);
	auto_free char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(status_text_print(status, width, out), 0);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, expected);
}

/* The text of a status without pods has these lines when key of the node is value (stolen). */
static bool says(const char *key, json_t *value, const char *lines)
{
	json_auto_t *status = status_of((const char *const[]){ NULL });
	auto_free char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(json_object_set_new(json_object_get(status, "node"), key, value), 0);
	assert_int_equal(status_text_print(status, 0, out), 0);
	assert_int_equal(fclose(out), 0);
	return strstr(text, lines);
}

#define FACT(ok, why) json_pack("{s:b, s:s}", "ok", ok, "why", why)
static void what_most_nodes_have_has_a_line_where_it_is_missing(void **state)
{
	(void)state;
	assert_true(says("selinux", FACT(0, "load the module"),
			 "UEID     A, B\nSELinux  load the module\nDevices"));
	assert_true(says("selinux", FACT(1, ""), "UEID     A, B\nDevices"));
	assert_true(says("offer", FACT(0, "no tc"), "\nOffers   no tc\nUEID"));
	assert_true(says("nri", FACT(0, "no socket"), "\nNRI      no: no socket\nPods"));
	assert_true(says("paused", json_true(),
			 "\nOffers   none: the switch smc-cni.io/pause is on\nUEID"));
}

static void a_pipe_gets_one_whole_line_a_pod(void **state)
{
	static const char *const pods[] = { steered, plain, NULL };

	(void)state;
	prints(pods, 0,
	       NODE_TEXT
	       "NAMESPACE/POD  POLICY    USES   STEERED  MISSED  SMC-R  SMC-D  FALLBACK  WHY\n"
	       "shop/redis-0   enabled   SMC-R       51       0     50      0         4  "
	       "no-device as server: No device.\n"
	       "shop/web       disabled  TCP          -       -      -      -         -  "
	       "not asked for\n");
}

static void a_terminal_gets_lines_that_fit(void **state)
{
	static const char *const pods[] = { plain, NULL };

	(void)state;
	prints(pods, 120,
	       NODE_TEXT
	       "NAMESPACE/POD  POLICY    USES  STEERED  MISSED  SMC-R  SMC-D  FALLBACK  WHY\n"
	       "shop/web       disabled  TCP         -       -      -      -         -  "
	       "not asked for\n");
	prints(pods, 80,
	       NODE_TEXT "NAMESPACE/POD  POLICY    USES  STEERED  MISSED  SMC-R  SMC-D  FALLBACK\n"
			 "shop/web       disabled  TCP         -       -      -      -         -\n"
			 "\n"
			 "PODS  WHY\n"
			 "   1  not asked for\n"
			 "      shop/web\n");
	prints(pods, 34,
	       NODE_TEXT "NAMESPACE/POD  POLICY    USES  STEERED  MISSED  SMC-R  SMC-D  FALLBACK\n"
			 "shop/web       disabled  TCP         -       -      -      -         -\n"
			 "\n"
			 "PODS  WHY\n"
			 "   1  not asked for\n"
			 "      shop/web\n");
}

/* Sixty pods with one reason: it is read once, and to its end. */
static void equal_reasons_are_one_with_their_pods(void **state)
{
	json_auto_t *pods = json_array();
	auto_free char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	for (int i = 0; i < 60; i++)
		assert_int_equal(json_array_append_new(
					 pods,
					 json_pack("{s:s, s:s+, s:{s:s, s:s}}", "namespace", "shop",
						   "name", "web-", i % 2 ? "odd" : "even", "policy",
						   "steer", "disabled", "why",
						   i ? "stays TCP: it was not asked for by anybody "
						       "who may ask for such things here" :
						       "stays TCP: another")),
				 0);
	assert_int_equal(reasons_print(pods, 60, out), 0);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(
		text, "PODS  WHY\n  59  it was not asked for by anybody who may ask for such \n"
		      "      things here\n      shop/web-"));
	assert_non_null(strstr(text, "\n   1  another\n      shop/web-even\n"));
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(strlen(line) <= 60);
}

static void a_problem_is_who_asked_and_has_less(void **state)
{
	static const struct {
		const char *pod;
		bool problem;
	} cases[] = {
		{ "{\"policy\": {\"steer\": \"enabled\", \"in_force\": true}, \"missing\": \"\"}",
		  false },
		{ "{\"policy\": {\"steer\": \"enabled\", \"in_force\": false}, \"missing\": \"\"}",
		  true },
		{ "{\"policy\": {\"steer\": \"disabled\", \"in_force\": false}, \"missing\": \"\"}",
		  false },
		{ "{\"policy\": {\"steer\": \"disabled\", \"invalid\": true}, \"missing\": \"\"}",
		  true },
		{ "{\"policy\": {\"steer\": \"enabled\", \"in_force\": true}, \"missing\": \"no route\"}",
		  true },
		{ "{\"policy\": {\"steer\": \"enabled\", \"in_force\": true}, \"fallback\": [{\"advice\": \"Do.\"}]}",
		  true },
		{ "{\"policy\": {\"steer\": \"enabled\", \"in_force\": true}, \"fallback\": [{\"advice\": null}]}",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_auto_t *pod = json_loads(cases[i].pod, 0, NULL);

		assert_non_null(pod);
		assert_int_equal(reasons_is_problem(pod), cases[i].problem);
	}
}

static void no_pods_are_said_in_words(void **state)
{
	static const char *const pods[] = { NULL };

	(void)state;
	prints(pods, 0, NODE_TEXT "No pod with an interface of this node is known to the agent.\n");
}

static void uses_says_what_connections_came_to(void **state)
{
	static const struct {
		const char *pod, *uses;
	} cases[] = {
		{ "{'policy': {'in_force': false}}", "TCP" },
		{ "{'policy': {'in_force': true}}", "?" },
		{ "{'policy': {'in_force': true}, 'smcr': {'client': 0}}", "-" },
		{ "{'policy': {'in_force': true}, 'smcr': {'client': 0}, 'fallback': [{'count': "
		  "1}]}",
		  "TCP" },
		{ "{'policy': {'in_force': true}, 'smcr': {'server': 1}}", "SMC-R" },
		{ "{'policy': {'in_force': true}, 'smcd': {'client': 1}}", "SMC-D" },
		{ "{'smcr': {'server': 1}, 'smcd': {'client': 1}}", "both" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_free char *json = strdup(cases[i].pod);
		auto_free char *text = NULL;
		json_auto_t *status = NULL;
		char word[16] = "";
		const char *pods[] = { json, NULL };
		size_t len;
		FILE *out = open_memstream(&text, &len);

		for (char *c = json; *c; c++)
			*c = *c == '\'' ? '"' : *c;
		status = status_of(pods);
		assert_int_equal(status_text_print(status, 0, out), 0);
		assert_int_equal(fclose(out), 0);
		assert_int_equal(sscanf(strstr(text, "\n/ "), " / %15s", word), 1);
		assert_string_equal(word, cases[i].uses);
	}
}

static void one_pod_is_told_in_full(void **state)
{
	json_auto_t *pod = json_loads(steered, 0, NULL);
	auto_free char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	status_text_print_pod(pod, out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(
		text,
		"Pod         shop/redis-0, uid u1\n"
		"Interface   eth0 of network net, container 4f1c\n"
		"Addresses   10.1.0.2/24\n"
		"            fd00::2/64\n"
		"Policy      enabled (says the pod), in force since 2025-11-23 15:20:00\n"
		"Why         steered: it says so\n"
		"Sockets     51 steered, 0 missed (io_uring, Landlock, bounds, SMC not registered)\n"
		"Offers      50 kept, 4 taken back (not in 'peers', unproven path, or the switch)\n"
		"SMC-R       1 connections as client, 49 as server; 5 bytes sent, 6 received\n"
		"SMC-D       0 connections as client, 0 as server; 0 bytes sent, 0 received\n"
		"Fallbacks   3 as server: no-device: No device.\n"
		"              do: Buy one.\n"
		"            1 as client: peer-no-smc: Plain TCP.\n"
		"Handshakes  2 failed\n"
		"Gate        the pod's own processes are steered, nobody else\n"
		"Cgroup      programs attached\n");
}

static void a_gate_by_namespace_says_why(void **state)
{
	json_auto_t *pod = json_loads(steered, 0, NULL);
	auto_free char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	(void)json_object_set_new(pod, "gate",
				  json_pack("{s:s, s:s}", "by", "netns", "why", "no cgroup path"));
	status_text_print_pod(pod, out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "Gate        everybody in the pod's network namespace is "
				     "steered: no cgroup path\n"));
}

static void pods_are_found_by_name_with_or_without_namespace(void **state)
{
	static const char *const pods[] = { steered, plain, NULL };
	static const struct {
		const char *name;
		size_t n;
	} cases[] = { { "web", 1 },	{ "shop/web", 1 }, { "sho/web", 0 },
		      { "shop/we", 0 }, { "/web", 0 },	   { "shop", 0 } };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_auto_t *status = status_of(pods);
		json_t *list = json_object_get(status, "pods");
		assert_int_equal(filter(list, filter_is_pod, cases[i].name), cases[i].n);
		assert_int_equal(json_array_size(list), cases[i].n);
	}
}

/* ---- over a socket: the other side speaks through common/wire, as the agent does ---- */

static struct served {
	char dir[64], path[96];
	int listener;
	pthread_t thread;
	const char *const *messages; /* each without v and ok; a message "!TEXT" is a refusal */
} served;

static void *serve(void *arg)
{
	int64_t deadline_ms = clock_now_ms() + 5000;
	json_auto_t *request = NULL;
	auto_close int sock = -1;
	struct pollfd p = { .fd = served.listener, .events = POLLIN };

	(void)arg;
	if (poll(&p, 1, 5000) != 1)
		return NULL;
	sock = accept4(served.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (sock < 0 || wire_recv(sock, &request, NULL, deadline_ms, NULL) < 0)
		return NULL;
	for (const char *const *m = served.messages; *m; m++) {
		json_auto_t *msg = **m == '!' ? wire_error(WIRE_CODE_UNAVAILABLE, *m + 1) :
						wire_ok();
		json_auto_t *body = **m == '!' ? NULL : json_loads(*m, 0, NULL);

		if (body)
			(void)json_object_update(msg, body);
		(void)wire_send(sock, msg, -1, deadline_ms, NULL);
	}
	return NULL;
}

static void start_serving(const char *const messages[])
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	(void)snprintf(served.dir, sizeof(served.dir), "/tmp/test-smcctl.XXXXXX");
	assert_non_null(mkdtemp(served.dir));
	(void)snprintf(served.path, sizeof(served.path), "%s/sock", served.dir);
	strcpy(sun.sun_path, served.path);
	served.messages = messages;
	served.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(served.listener, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(served.listener, 1), 0);
	assert_int_equal(pthread_create(&served.thread, NULL, serve, NULL), 0);
}

static void stop_serving(void)
{
	assert_int_equal(pthread_join(served.thread, NULL), 0);
	assert_int_equal(close(served.listener), 0);
	assert_int_equal(unlink(served.path), 0);
	assert_int_equal(rmdir(served.dir), 0);
}

static int fetch(const char *const messages[], json_t **ret, struct err *err)
{
	int rc;

	*err = ERR_INIT;
	start_serving(messages);
	rc = status_fetch(served.path, 3000, ret, err);
	stop_serving();
	return rc;
}

static void an_answer_is_put_together_from_its_messages(void **state)
{
	static const char *const messages[] = { "{\"node\": {\"name\": \"a\"}}",
						"{\"pod\": {\"name\": \"b\"}}",
						"{\"pod\": {\"name\": \"c\"}}", "{\"end\": true}",
						NULL };
	json_auto_t *status = NULL, *expected = NULL;
	struct err err;

	(void)state;
	assert_int_equal(fetch(messages, &status, &err), 0);
	expected = json_pack("{s:{s:s}, s:[{s:s}, {s:s}]}", "node", "name", "a", "pods", "name",
			     "b", "name", "c");
	assert_true(json_equal(status, expected));
}

/* Whatever the agent is, and at any depth. */
static void no_text_of_an_answer_moves_a_cursor(void **state)
{
	static const char *const messages[] = {
		"{\"node\": {\"why\": \"\\u001b[2J\", \"ueids\": [\"a\\nb\"]}}",
		"{\"pod\": {\"name\": \"b\", \"policy\": {\"why\": \"\\u009b\\u202ex\"}}}",
		"{\"end\": true}",
		NULL,
	};
	json_auto_t *status = NULL, *expected = NULL;
	struct err err;

	(void)state;
	assert_int_equal(fetch(messages, &status, &err), 0);
	expected = json_pack("{s:{s:s, s:[s]}, s:[{s:s, s:{s:s}}]}", "node", "why", "\\x1b[2J",
			     "ueids", "a\\nb", "pods", "name", "b", "policy", "why",
			     "\\u{9b}\\u{202e}x");
	assert_true(json_equal(status, expected));
}

static void an_answer_that_breaks_off_is_an_error(void **state)
{
	static const char *const no_end[] = { "{\"node\": {}}", NULL };
	static const char *const no_node[] = { "{\"pod\": {}}", "{\"end\": true}", NULL };
	static const char *const refusal[] = { "!bad config", NULL };
	json_t *status = NULL;
	struct err err;

	(void)state;
	assert_int_equal(fetch(no_end, &status, &err), -ECONNRESET);
	assert_int_equal(fetch(no_node, &status, &err), -EPROTO);
	assert_string_equal(err.msg, "answer: 'node' is missing");
	assert_int_equal(fetch(refusal, &status, &err), -EREMOTEIO);
	assert_non_null(strstr(err.msg, "bad config"));
	assert_null(status);
}

/* ---- the command ---- */

static enum ctl_exit run(char **argv)
{
	auto_fclose FILE *out = fopen("/dev/null", "w");
	int argc = 0;

	while (argv[argc])
		argc++;
	return ctl_status(argc, argv, out);
}

static void exit_codes_tell_usage_from_an_agent_that_is_away(void **state)
{
	char status[] = "status", json[] = "--json", help[] = "--help", rubbish[] = "--rubbish";
	char sock[] = "--socket", path[] = "/nonexistent/agent.sock";

	(void)state;
	assert_int_equal(run((char *[]){ status, help, NULL }), CTL_OK);
	assert_int_equal(run((char *[]){ status, rubbish, NULL }), CTL_USAGE);
	assert_int_equal(run((char *[]){ status, sock, NULL }), CTL_USAGE);
	assert_int_equal(run((char *[]){ status, path, path, NULL }), CTL_USAGE);
	assert_int_equal(run((char *[]){ status, json, sock, path, NULL }), CTL_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_most_nodes_have_has_a_line_where_it_is_missing),
		cmocka_unit_test(a_pipe_gets_one_whole_line_a_pod),
		cmocka_unit_test(a_terminal_gets_lines_that_fit),
		cmocka_unit_test(equal_reasons_are_one_with_their_pods),
		cmocka_unit_test(a_problem_is_who_asked_and_has_less),
		cmocka_unit_test(no_pods_are_said_in_words),
		cmocka_unit_test(uses_says_what_connections_came_to),
		cmocka_unit_test(one_pod_is_told_in_full),
		cmocka_unit_test(a_gate_by_namespace_says_why),
		cmocka_unit_test(pods_are_found_by_name_with_or_without_namespace),
		cmocka_unit_test(an_answer_is_put_together_from_its_messages),
		cmocka_unit_test(no_text_of_an_answer_moves_a_cursor),
		cmocka_unit_test(an_answer_that_breaks_off_is_an_error),
		cmocka_unit_test(exit_codes_tell_usage_from_an_agent_that_is_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
