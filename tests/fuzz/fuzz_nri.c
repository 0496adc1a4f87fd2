/* SPDX-License-Identifier: Apache-2.0 */
/* What a runtime may send on NRI's socket: frames, messages, calls, and what is in them. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "node-agent/nri/mux.h"
#include "node-agent/nri/nri.pb-c.h"
#include "node-agent/nri/pb.h"
#include "node-agent/nri/told.h"
#include "node-agent/nri/ttrpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pb pb;
static struct ttrpc streams[2];
static struct sandbox_table *t;

static void abort_unless(bool condition)
{
	if (!condition)
		__builtin_trap();
}

static void on_synchronize(const ProtobufCBinaryData *payload)
{
	Nri__SynchronizeRequest *all;

	if (pb_unpack(&pb, &nri__synchronize_request__descriptor, payload->data, payload->len, &all,
		      NULL) < 0)
		return;
	(void)told_all(t, all);
	pb_free(&pb, all);
}

/* Each payload as each message that it may be. */
static void on_payload(const ProtobufCBinaryData *payload)
{
	static const int events[] = { TOLD_RUN_POD, TOLD_CREATE,   TOLD_START,	   TOLD_STOP,
				      TOLD_REMOVE,  TOLD_STOP_POD, TOLD_REMOVE_POD };
	Nri__StateChangeEvent *change;
	Nri__Event *event;

	on_synchronize(payload);
	if (pb_unpack(&pb, &nri__event__descriptor, payload->data, payload->len, &event, NULL) ==
	    0) {
		for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
			(void)told_event(t, events[i], event->pod, event->container);
		pb_free(&pb, event);
	}
	if (pb_unpack(&pb, &nri__state_change_event__descriptor, payload->data, payload->len,
		      &change, NULL) == 0) {
		(void)told_event(t, change->event, change->pod, change->container);
		pb_free(&pb, change);
	}
}

static int on_message(void *arg, const struct ttrpc_message *m, struct err *err)
{
	Nri__Request *request;
	int r = pb_unpack(&pb, &nri__request__descriptor, m->data, m->len, &request, err);

	(void)arg;
	abort_unless(m->len <= TTRPC_DATA_MAX);
	if (r < 0)
		return r;
	on_payload(&request->payload);
	pb_free(&pb, request);
	return 0;
}

static int on_piece(void *arg, uint32_t conn, const uint8_t *data, size_t len, struct err *err)
{
	(void)arg;
	abort_unless(len > 0);
	return ttrpc_feed(&streams[conn & 1], data, len, on_message, NULL, err);
}

/* Nothing is in two places, and all is counted. */
static void check_table(void)
{
	int n = 0, n_containers = 0;

	for (int i = 0; i < SANDBOX_BUCKETS; i++) {
		const struct sandbox_container *c;
		const struct sandbox *s;

		LIST_FOREACH(s, &t->sandboxes[i], same_bucket) {
			abort_unless(sandbox_find(t, s->id) == s);
			n++;
		}
		LIST_FOREACH(c, &t->containers[i], same_bucket) {
			abort_unless(sandbox_find(t, c->sandbox->id) == c->sandbox);
			n_containers++;
		}
	}
	abort_unless(n == t->n && n_containers == t->n_containers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t step = size ? 1 + data[0] % 64 : 1;
	struct mux mux = { .left = 0 };
	int r = 0;

	pb_init(&pb);
	t = sandbox_table_new();
	for (size_t at = 1; t && r == 0 && at < size; at += step)
		r = mux_feed(&mux, data + at, size - at < step ? size - at : step, on_piece, NULL,
			     NULL);
	abort_unless(r == 0 || r == -EMSGSIZE || r == -EBADMSG || r == -ENOMEM);
	if (t)
		check_table();
	sandbox_table_free(t);
	ttrpc_clear(&streams[0]);
	ttrpc_clear(&streams[1]);
	abort_unless(pb.left == PB_MEMORY_MAX);
	return 0;
}
