/* SPDX-License-Identifier: Apache-2.0 */
/* What NRI's own library (pkg/adaptation) sent to a plugin, of 0.6.1 as containerd 1.7 has it and
 * of 0.12.3 as containerd 2.4 has it, recorded: two pods of two containers that run and one that
 * has ended; then a pod with the containers init, app and side starts, init ends and goes, and the
 * second of the two pods is removed. The recordings are seeds of fuzz_nri: the first byte is no
 * part of them. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "node-agent/nri/mux.h"
#include "node-agent/nri/nri.pb-c.h"
#include "node-agent/nri/pb.h"
#include "node-agent/nri/told.h"
#include "node-agent/nri/ttrpc.h"

#define BYTES_MAX (64 * 1024)
#define ID_OF_POD "000000000000000000000000000000000000000000000000000000000000104d"
#define ID_OF_APP "0000000000000000000000000000000000000000000000000000000000201e15"

static struct pb pb;
static struct ttrpc streams[3];
static struct sandbox_table *t;
static int n_answers, n_calls, n_state_changes;

static const struct {
	const char *name;
	int event;
} methods[] = {
	{ "RunPodSandbox", TOLD_RUN_POD },	 { "StopPodSandbox", TOLD_STOP_POD },
	{ "RemovePodSandbox", TOLD_REMOVE_POD }, { "CreateContainer", TOLD_CREATE },
	{ "StartContainer", TOLD_START },	 { "StopContainer", TOLD_STOP },
	{ "RemoveContainer", TOLD_REMOVE },
};

static void *must_unpack(const ProtobufCMessageDescriptor *type, ProtobufCBinaryData data)
{
	struct err err = ERR_INIT;
	void *message;

	if (pb_unpack(&pb, type, data.data, data.len, &message, &err) < 0)
		fail_msg("%s", err.msg);
	return message;
}

static void on_synchronize(ProtobufCBinaryData payload)
{
	Nri__SynchronizeRequest *all = must_unpack(&nri__synchronize_request__descriptor, payload);

	assert_int_equal(all->n_pods, 2);
	assert_int_equal(all->n_containers, 6);
	assert_false(all->more);
	assert_true(told_all(t, all));
	pb_free(&pb, all);
}

static void on_state_change(ProtobufCBinaryData payload)
{
	Nri__StateChangeEvent *e = must_unpack(&nri__state_change_event__descriptor, payload);

	assert_true(told_event(t, e->event, e->pod, e->container));
	pb_free(&pb, e);
	n_state_changes++;
}

static void on_event(int event, ProtobufCBinaryData payload)
{
	Nri__Event *e = must_unpack(&nri__event__descriptor, payload);

	assert_true(told_event(t, event, e->pod, e->container));
	pb_free(&pb, e);
}

static void on_call(const Nri__Request *request)
{
	assert_string_equal(request->service, "nri.pkg.api.v1alpha1.Plugin");
	n_calls++;
	if (!strcmp(request->method, "Synchronize"))
		return on_synchronize(request->payload);
	if (!strcmp(request->method, "StateChange"))
		return on_state_change(request->payload);
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		if (!strcmp(request->method, methods[i].name))
			return on_event(methods[i].event, request->payload);
	}
	assert_string_equal(request->method, "Configure");
}

static int on_message(void *arg, const struct ttrpc_message *m, struct err *err)
{
	const ProtobufCBinaryData data = { .data = (uint8_t *)(uintptr_t)m->data, .len = m->len };
	Nri__Request *request;

	(void)err;
	if (arg == &streams[MUX_RUNTIME_CONN]) {
		assert_int_equal(m->type, TTRPC_RESPONSE);
		n_answers++;
		return 0;
	}
	assert_int_equal(m->type, TTRPC_REQUEST);
	request = must_unpack(&nri__request__descriptor, data);
	on_call(request);
	pb_free(&pb, request);
	return 0;
}

static int on_piece(void *arg, uint32_t conn, const uint8_t *data, size_t len, struct err *err)
{
	(void)arg;
	assert_true(conn == MUX_PLUGIN_CONN || conn == MUX_RUNTIME_CONN);
	return ttrpc_feed(&streams[conn], data, len, on_message, &streams[conn], err);
}

static void replay(const uint8_t *data, size_t size, size_t step)
{
	struct mux mux = { .left = 0 };

	n_answers = n_calls = n_state_changes = 0;
	for (size_t at = 0; at < size; at += step)
		assert_int_equal(mux_feed(&mux, data + at, size - at < step ? size - at : step,
					  on_piece, NULL, NULL),
				 0);
	assert_false(mux_midway(&mux));
	for (int i = 0; i < 3; i++) {
		assert_false(ttrpc_midway(&streams[i]));
		ttrpc_clear(&streams[i]);
	}
}

static void assert_table(void)
{
	const struct sandbox *s = sandbox_find(t, ID_OF_POD);
	const struct sandbox_container *c = sandbox_container_find(t, ID_OF_APP);

	assert_int_equal(t->n, 2);
	assert_int_equal(t->n_containers, 4);
	assert_string_equal(s->name, "web-77");
	assert_string_equal(s->namespace, "shop");
	assert_string_equal(s->uid, "0a1b2c3d-0000-4000-8000-000000000077");
	assert_string_equal(s->netns, "/var/run/netns/cni-77");
	assert_string_equal(s->cgroup_parent,
			    "/kubepods/besteffort/pod0a1b2c3d-0000-4000-8000-000000000077");
	assert_ptr_equal(c->sandbox, s);
	assert_string_equal(c->name, "app");
	assert_int_equal(c->pid, 5001);
	assert_string_equal(
		c->cgroup,
		"/kubepods/besteffort/pod0a1b2c3d-0000-4000-8000-000000000077/" ID_OF_APP);
}

static void assert_recorded(const char *path, int calls, int state_changes)
{
	static const size_t steps[] = { 1, 7, 4096, BYTES_MAX };
	static uint8_t bytes[BYTES_MAX];
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, bytes, sizeof(bytes));

	assert_true(len > 1 && len < BYTES_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		pb_init(&pb);
		t = sandbox_table_new();
		replay(bytes + 1, (size_t)len - 1, steps[i]);
		assert_int_equal(n_answers, 1);
		assert_int_equal(n_calls, calls);
		assert_int_equal(n_state_changes, state_changes);
		assert_table();
		sandbox_table_free(t);
		assert_int_equal(pb.left, PB_MEMORY_MAX);
	}
}

static void nri_0_6_is_understood(void **state)
{
	(void)state;
	assert_recorded("tests/fuzz/corpus/nri/session-0.6", 13, 7);
}

static void nri_0_12_is_understood(void **state)
{
	(void)state;
	assert_recorded("tests/fuzz/corpus/nri/session-0.12", 13, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nri_0_6_is_understood),
		cmocka_unit_test(nri_0_12_is_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
