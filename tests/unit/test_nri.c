/* SPDX-License-Identifier: Apache-2.0 */
/* The room nri/ against a runtime in small: each way in which it begins, goes on and ends. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/log.h"
#include "node-agent/agent/job.h"
#include "node-agent/model/sandbox.h"
#include "node-agent/nri/nri.h"
#include "tests/unit/nri_runtime.h"

static char dir[] = "/tmp/test_nri.XXXXXX";
static char path[sizeof(dir) + sizeof("/nri.sock")];
static struct config config = { .nri = path };
static struct agent agent;
static struct nri *nri;
static struct nri_runtime runtime;
static int64_t now_ms = 1000000; /* moves by pass() alone */
static struct {
	int n, rc;
	struct err why;
} told;

int64_t __wrap_clock_now_ms(void);
int __wrap_job_nri(struct agent *a, int rc, const struct err *why);

int64_t __wrap_clock_now_ms(void)
{
	return now_ms;
}

int __wrap_job_nri(struct agent *a, int rc, const struct err *why)
{
	(void)a;
	told.n++;
	told.rc = rc;
	told.why = why ? *why : ERR_INIT;
	return 0;
}

static void pump(void *arg)
{
	(void)arg;
	while (loop_turn(agent.loop, 0, NULL) == 1)
		;
}

static void pass(int64_t ms)
{
	now_ms += ms;
	pump(NULL);
}

static int set_up(void **state)
{
	(void)state;
	memset(&told, 0, sizeof(told));
	memset(&agent, 0, sizeof(agent));
	config.nri_named = false;
	agent.config = &config;
	runtime = (struct nri_runtime){ .listen_fd = -1, .fd = -1, .pump = pump };
	assert_int_equal(loop_new(&agent.loop, NULL), 0);
	return nri_new(&agent, &nri, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	nri_free(nri);
	nri_runtime_end(&runtime);
	sandbox_table_free(agent.sandboxes);
	loop_free(agent.loop);
	return 0;
}

static void assert_trouble(int rc, const char *text)
{
	if (told.rc != rc || !strstr(told.why.msg, text))
		fail_msg("told %d '%s'", told.rc, told.why.msg);
}

/* Pumps until the plugin has told it. */
static void assert_told(int n)
{
	for (int i = 0; told.n < n && i < 20000; i++) {
		pump(NULL);
		(void)usleep(1000);
	}
	assert_int_equal(told.n, n);
}

static const struct nri_pod pod = { .id = "sand",
				    .uid = "uid",
				    .namespace = "shop",
				    .name = "web",
				    .netns = "/var/run/netns/cni-1",
				    .cgroup_parent = "/kubepods/pod1" };
static const struct nri_container app = { .id = "cont",
					  .pod_id = "sand",
					  .name = "app",
					  .cgroup = "/kubepods/pod1/cont",
					  .pid = 4711 };

static void ask_event(const char *method, const struct nri_container *c)
{
	struct pb_bytes b = nri_event_bytes(&pod, c);

	assert_int_equal(nri_runtime_ask(&runtime, method, &b, 1).times, 0);
}

/* ---- what is told ---- */

static void a_pod_is_known_from_its_sandbox_to_its_end(void **state)
{
	struct nri_container early = app;
	struct sandbox *s;

	(void)state;
	early.pid = 0;
	nri_runtime_listen(&runtime, path);
	nri_runtime_begin(&runtime);
	assert_int_equal(told.rc, 0);
	assert_string_equal(agent.runtime.name, "containerd");
	assert_string_equal(agent.runtime.version, "v2.4.2");
	assert_string_equal(agent.runtime.nri_version, "v0.12.3");
	ask_event("RunPodSandbox", NULL);
	s = sandbox_find(agent.sandboxes, "sand");
	assert_string_equal(s->uid, "uid");
	assert_string_equal(s->namespace, "shop");
	assert_string_equal(s->name, "web");
	assert_string_equal(s->netns, "/var/run/netns/cni-1");
	assert_string_equal(s->cgroup_parent, "/kubepods/pod1");
	ask_event("CreateContainer", &early);
	assert_int_equal(sandbox_container_find(agent.sandboxes, "cont")->pid, 0);
	ask_event("StartContainer", &app);
	assert_string_equal(LIST_FIRST(&s->containers)->name, "app");
	assert_string_equal(LIST_FIRST(&s->containers)->cgroup, "/kubepods/pod1/cont");
	assert_int_equal(LIST_FIRST(&s->containers)->pid, 4711);
	ask_event("StopContainer", &app);
	assert_int_equal(LIST_FIRST(&s->containers)->pid, 0);
	ask_event("RemoveContainer", &app);
	assert_true(LIST_EMPTY(&s->containers));
	ask_event("StopPodSandbox", NULL);
	assert_ptr_equal(sandbox_find(agent.sandboxes, "sand"), s);
	ask_event("RemovePodSandbox", NULL);
	assert_int_equal(agent.sandboxes->n, 0);
}

static void ask_state_change(int event, const struct nri_container *c)
{
	struct pb_bytes b = nri_state_change_bytes(event, &pod, c);

	assert_int_equal(nri_runtime_ask(&runtime, "StateChange", &b, 1).times, 0);
}

/* 0.6 has two methods for containers; all else is StateChange. */
static void an_older_runtime_tells_the_same_by_state_changes(void **state)
{
	(void)state;
	nri_runtime_listen(&runtime, path);
	nri_runtime_begin(&runtime);
	ask_state_change(1, NULL);
	assert_string_equal(sandbox_find(agent.sandboxes, "sand")->name, "web");
	ask_event("CreateContainer", &app);
	ask_state_change(5, &app); /* PostCreateContainer, which nobody asked for */
	ask_state_change(6, &app);
	assert_int_equal(sandbox_container_find(agent.sandboxes, "cont")->pid, 4711);
	ask_event("StopContainer", &app);
	ask_state_change(11, &app);
	assert_null(sandbox_container_find(agent.sandboxes, "cont"));
	ask_state_change(2, NULL);
	ask_state_change(3, NULL);
	assert_null(sandbox_find(agent.sandboxes, "sand"));
}

/* What it does not know it refuses, as an older plugin would; nothing of a pod depends on it. */
static void methods_that_it_does_not_know_are_unimplemented(void **state)
{
	struct pb_bytes request = { .len = 0 }, none = { .len = 0 };
	struct nri_message m;
	uint32_t call;

	(void)state;
	nri_runtime_listen(&runtime, path);
	nri_runtime_begin(&runtime);
	pb_bytes_text(&request, 1, "anything");
	call = nri_runtime_call(&runtime, "FuturePodSandbox", &request);
	assert_int_equal(nri_runtime_answer(&runtime, call, &m), 12);
	ask_event("RunPodSandbox", NULL);
	assert_int_equal(nri_runtime_ask(&runtime, "Shutdown", &none, 1).times, 0);
}

/* An error as the answer would keep the container from being made. */
static void an_event_that_cannot_be_read_is_answered_like_the_rest(void **state)
{
	struct pb_bytes b = { .len = 0 };

	(void)state;
	nri_runtime_listen(&runtime, path);
	nri_runtime_begin(&runtime);
	pb_bytes_add(&b, "\xff\xff\xff", 3);
	assert_int_equal(nri_runtime_ask(&runtime, "CreateContainer", &b, 1).times, 0);
	pb_bytes_add(&b, "\xff\xff\xff", 3);
	assert_int_equal(nri_runtime_ask(&runtime, "StateChange", &b, 1).times, 0);
	pb_bytes_text(&b, 1, ""); /* a pod without a name of any kind */
	assert_int_equal(nri_runtime_ask(&runtime, "RunPodSandbox", &b, 1).times, 0);
	assert_int_equal(nri_runtime_ask(&runtime, "StartContainer", &b, 1).times, 0);
	assert_int_equal(agent.sandboxes->n, 0);
	ask_event("StartContainer", &app);
	assert_int_equal(agent.sandboxes->n_containers, 1);
}

/* ---- Synchronize ---- */

static void send_many(int from, int to, bool more)
{
	struct pb_bytes b = nri_many_bytes(&pod, from, to, more);

	assert_int_equal(nri_runtime_ask(&runtime, "Synchronize", &b, 2).n, more);
}

static void a_thousand_containers_come_in_several_messages(void **state)
{
	struct sandbox_container *c;

	(void)state;
	nri_runtime_listen(&runtime, path);
	nri_runtime_begin(&runtime);
	ask_event("RunPodSandbox", NULL);
	send_many(0, 300, true);
	assert_non_null(sandbox_find(agent.sandboxes, "sand"));
	send_many(300, 999, true);
	send_many(999, 1000, false);
	assert_null(sandbox_find(agent.sandboxes, "sand"));
	assert_int_equal(agent.sandboxes->n, 100);
	assert_int_equal(agent.sandboxes->n_containers, 900); /* one of ten has ended */
	c = sandbox_container_find(agent.sandboxes, "c991");
	assert_int_equal(c->pid, 1991);
	assert_string_equal(c->name, "side");
	assert_string_equal(c->sandbox->name, "web");
	assert_null(sandbox_container_find(agent.sandboxes, "c999"));
}

/* ---- how it ends, and that it comes back ---- */

static void a_refusal_is_told_and_tried_again(void **state)
{
	(void)state;
	nri_runtime_listen(&runtime, path);
	nri_runtime_accept(&runtime);
	nri_runtime_register(&runtime, 2, "plugins are not welcome");
	assert_true(nri_runtime_is_left(&runtime, 20000));
	assert_trouble(-ECONNRESET, "refuses the registration: plugins are not welcome (code 2)");
	nri_runtime_hang_up(&runtime);
	pass(1000);
	nri_runtime_begin(&runtime);
	assert_int_equal(told.rc, 0);
}

static void a_runtime_that_does_not_answer_is_left(void **state)
{
	struct nri_message m;

	(void)state;
	nri_runtime_listen(&runtime, path);
	nri_runtime_accept(&runtime);
	nri_runtime_take(&runtime, &m);
	pass(9000);
	assert_int_equal(told.n, 0);
	pass(2000);
	assert_true(nri_runtime_is_left(&runtime, 20000));
	assert_trouble(-ETIMEDOUT, "did not go on with the registration for 10 s");
}

/* Between messages it may take as long as it likes. */
static void a_message_that_stops_in_the_middle_ends_the_connection(void **state)
{
	static const uint8_t half[] = { 0, 0, 0, 50, 0, 0, 0, 9, 1, 0, 'x' };

	(void)state;
	nri_runtime_listen(&runtime, path);
	nri_runtime_begin(&runtime);
	pass(3600 * 1000);
	assert_int_equal(told.n, 1);
	nri_runtime_frame(&runtime, 1, half, sizeof(half));
	pump(NULL);
	pass(9000);
	assert_int_equal(told.n, 1);
	nri_runtime_frame(&runtime, 1, "y", 1); /* a trickle does not count */
	pump(NULL);
	pass(2000);
	assert_true(nri_runtime_is_left(&runtime, 20000));
	assert_trouble(-ETIMEDOUT, "did not go on with a message for 10 s");
	nri_runtime_hang_up(&runtime);
	pass(1000);
	nri_runtime_begin(&runtime);
	assert_int_equal(told.rc, 0);
}

static void lengths_beyond_all_bounds_end_the_connection(void **state)
{
	static const uint8_t message[] = { 0, 0x40, 0, 1, 0, 0, 0, 9, 1, 0 };
	static const uint8_t frame[] = { 0, 0, 0, 1, 1, 0, 0, 1 };

	(void)state;
	nri_runtime_listen(&runtime, path);
	nri_runtime_begin(&runtime);
	nri_runtime_frame(&runtime, 1, message, sizeof(message));
	assert_told(2);
	assert_trouble(-ECONNRESET, "message of 4194305 bytes");
	nri_runtime_hang_up(&runtime);
	pass(30000);
	nri_runtime_begin(&runtime);
	nri_runtime_send(&runtime, frame, sizeof(frame));
	assert_told(4);
	assert_trouble(-ECONNRESET, "frame of 16777217 bytes");
}

static void rubbish_instead_of_a_call_ends_the_connection(void **state)
{
	static const uint8_t call[] = { 0, 0, 0, 2, 0, 0, 0, 9, 1, 0, 0xff, 0xff };

	(void)state;
	nri_runtime_listen(&runtime, path);
	nri_runtime_begin(&runtime);
	nri_runtime_frame(&runtime, 1, call, sizeof(call));
	assert_told(2);
	assert_trouble(-ECONNRESET, "2 bytes that are no 'Request'");
}

/* Types, connections and answers that nobody knows are passed over. */
static void what_a_later_runtime_may_send_is_passed_over(void **state)
{
	static const uint8_t data[] = { 0, 0, 0, 1, 0, 0, 0, 9, 3, 1, 'x' };
	static const uint8_t later[] = { 0, 0, 0, 0, 0, 0, 0, 9, 77, 0 };
	static const uint8_t answer[] = { 0, 0, 0, 0, 0, 0, 0, 3, 2, 0 };

	(void)state;
	nri_runtime_listen(&runtime, path);
	nri_runtime_begin(&runtime);
	nri_runtime_frame(&runtime, 1, data, sizeof(data));
	nri_runtime_frame(&runtime, 1, later, sizeof(later));
	nri_runtime_frame(&runtime, 2, answer, sizeof(answer));
	nri_runtime_frame(&runtime, 3, "?", 1);
	ask_event("RunPodSandbox", NULL);
	assert_int_equal(told.n, 1);
}

static void when_the_runtime_restarts_what_was_known_stays_until_it_tells_anew(void **state)
{
	(void)state;
	nri_runtime_listen(&runtime, path);
	nri_runtime_begin(&runtime);
	ask_event("StartContainer", &app);
	nri_runtime_end(&runtime);
	assert_told(2);
	assert_trouble(-ECONNRESET, "the runtime closed the connection");
	assert_string_equal(agent.runtime.name, "");
	pass(1000);
	assert_trouble(-ENOENT, "connect to NRI socket '/tmp/test_nri.");
	assert_int_equal(sandbox_container_find(agent.sandboxes, "cont")->pid, 4711);
	nri_runtime_listen(&runtime, path);
	pass(30000);
	nri_runtime_begin(&runtime);
	assert_int_equal(told.rc, 0);
	assert_int_equal(agent.sandboxes->n, 0);
}

/* Half a Synchronize is nothing. */
static void what_was_half_told_is_forgotten(void **state)
{
	(void)state;
	nri_runtime_listen(&runtime, path);
	nri_runtime_begin(&runtime);
	ask_event("StartContainer", &app);
	send_many(0, 300, true);
	nri_runtime_hang_up(&runtime);
	assert_told(2);
	assert_int_equal(agent.sandboxes->n_containers, 1);
	pass(30000);
	nri_runtime_begin(&runtime);
	assert_int_equal(agent.sandboxes->n, 0);
}

/* As the runtime does when an answer is late: at once again would be a busy loop. */
static void it_comes_back_slower_and_slower_until_a_connection_lasts(void **state)
{
	(void)state;
	nri_runtime_listen(&runtime, path);
	for (int64_t ms = 1000; ms <= 32000; ms *= 2) {
		int64_t wait = ms < 30000 ? ms : 30000;

		nri_runtime_begin(&runtime);
		nri_runtime_hang_up(&runtime);
		assert_told(ms == 1000 ? 2 : told.n + 1);
		pass(wait - 1);
		assert_false(nri_runtime_is_called(&runtime));
		pass(1);
		assert_true(nri_runtime_is_called(&runtime));
	}
	nri_runtime_begin(&runtime);
	pass(30000);
	nri_runtime_hang_up(&runtime);
	assert_told(told.n + 1);
	pass(1000);
	nri_runtime_begin(&runtime);
}

static void without_a_socket_it_is_told_once(void **state)
{
	(void)state;
	pump(NULL);
	assert_int_equal(told.n, 1);
	assert_trouble(-ENOENT, "nri.sock': No such file or directory");
	for (int i = 0; i < 10; i++)
		pass(30000);
	assert_int_equal(told.n, 1);
	nri_runtime_listen(&runtime, path);
	pass(30000);
	nri_runtime_begin(&runtime);
	assert_int_equal(told.n, 2);
	assert_int_equal(told.rc, 0);
}

static void off_is_off(void **state)
{
	static char none[] = "";
	const struct config off = { .nri = none };
	struct agent idle = { .config = &off };
	struct nri *no = (void *)1;

	(void)state;
	assert_int_equal(nri_new(&idle, &no, NULL), 0);
	assert_null(no);
	nri_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_pod_is_known_from_its_sandbox_to_its_end),
		TEST(an_older_runtime_tells_the_same_by_state_changes),
		TEST(methods_that_it_does_not_know_are_unimplemented),
		TEST(an_event_that_cannot_be_read_is_answered_like_the_rest),
		TEST(a_thousand_containers_come_in_several_messages),
		TEST(a_refusal_is_told_and_tried_again),
		TEST(a_runtime_that_does_not_answer_is_left),
		TEST(a_message_that_stops_in_the_middle_ends_the_connection),
		TEST(lengths_beyond_all_bounds_end_the_connection),
		TEST(rubbish_instead_of_a_call_ends_the_connection),
		TEST(what_a_later_runtime_may_send_is_passed_over),
		TEST(when_the_runtime_restarts_what_was_known_stays_until_it_tells_anew),
		TEST(what_was_half_told_is_forgotten),
		TEST(it_comes_back_slower_and_slower_until_a_connection_lasts),
		TEST(without_a_socket_it_is_told_once),
		TEST(off_is_off),
	};
	int failed;

	if (!mkdtemp(dir))
		return 1;
	(void)snprintf(path, sizeof(path), "%s/nri.sock", dir);
	log_set_level(LOG_LEVEL_ERROR);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(dir);
	return failed;
}
