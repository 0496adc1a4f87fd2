/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime calls, and what it is answered. An error as the answer to an event would keep
 * the pod from starting, so there is none: what is not understood is answered like the rest. */
#include <string.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/printable.h"
#include "node-agent/nri/call.h"
#include "node-agent/nri/impl.h"
#include "node-agent/nri/nri.pb-c.h"
#include "node-agent/nri/told.h"

/* The events that we ask for, as a set of bits. */
static const int32_t asked_for = 1 << (TOLD_RUN_POD - 1) | 1 << (TOLD_STOP_POD - 1) |
				 1 << (TOLD_REMOVE_POD - 1) | 1 << (TOLD_CREATE - 1) |
				 1 << (TOLD_START - 1) | 1 << (TOLD_STOP - 1) |
				 1 << (TOLD_REMOVE - 1);

struct question {
	uint32_t call;
	int event; /* of a method that is about one */
	ProtobufCBinaryData data;
};

static int answer(struct nri *nri, const struct question *q, const ProtobufCMessage *body,
		  struct err *err)
{
	uint8_t buf[CALL_MAX];

	return conn_send(&nri->conn, buf, call_answer(buf, q->call, body), err);
}

/* All answers to events are empty: nothing of a container is changed. */
static int answer_empty(struct nri *nri, const struct question *q, struct err *err)
{
	Nri__Event empty = NRI__EVENT__INIT;

	return answer(nri, q, &empty.base, err);
}

static int refuse(struct nri *nri, uint32_t call, const char *text, struct err *err)
{
	uint8_t buf[CALL_MAX];

	return conn_send(&nri->conn, buf, call_refuse(buf, call, CALL_UNIMPLEMENTED, text), err);
}

/* Once a connection is enough. */
static void complain(struct nri *nri, const char *what, const struct err *why)
{
	if (!nri->complained)
		log_warn(what, "err", why->msg);
	nri->complained = true;
}

static void keep(struct nri *nri, bool kept)
{
	struct err err = ERR_INIT;

	if (kept)
		return;
	(void)err_set(&err, -ENOSPC, "no name, a name that is too long, or too many of them");
	complain(nri, "not all that the runtime tells by NRI can be kept", &err);
}

/* ---- the methods ---- */

static int configure(struct nri *nri, const struct question *q, struct err *err)
{
	struct agent_runtime *runtime = &nri->agent->runtime;
	Nri__ConfigureResponse response = NRI__CONFIGURE_RESPONSE__INIT;
	Nri__ConfigureRequest *request;
	int r = pb_unpack(&nri->pb, &nri__configure_request__descriptor, q->data.data, q->data.len,
			  &request, err);

	if (r < 0)
		return r;
	(void)printable(request->runtime_name, runtime->name, sizeof(runtime->name));
	(void)printable(request->runtime_version, runtime->version, sizeof(runtime->version));
	(void)printable(request->nri_version, runtime->nri_version, sizeof(runtime->nri_version));
	pb_free(&nri->pb, request);
	response.events = asked_for;
	return answer(nri, q, &response.base, err);
}

static int begin_all(struct nri *nri, struct err *err)
{
	if (!nri->coming)
		nri->coming = sandbox_table_new();
	return nri->coming ? 0 : err_sys(err, ENOMEM, "read what the runtime has");
}

static int synchronize(struct nri *nri, const struct question *q, struct err *err)
{
	Nri__SynchronizeResponse response = NRI__SYNCHRONIZE_RESPONSE__INIT;
	Nri__SynchronizeRequest *request;
	int r = begin_all(nri, err);

	if (r == 0)
		r = pb_unpack(&nri->pb, &nri__synchronize_request__descriptor, q->data.data,
			      q->data.len, &request, err);
	if (r < 0)
		return r;
	keep(nri, told_all(nri->coming, request));
	response.more = request->more;
	pb_free(&nri->pb, request);
	if (!response.more)
		nri_ready(nri);
	return answer(nri, q, &response.base, err);
}

/* True: the answer comes later. */
static bool is_held(struct nri *nri, const struct question *q, int event,
		    const Nri__Container *container)
{
	const struct sandbox_container *c = NULL;

	if (nri->ready_ms && container)
		c = sandbox_container_find(nri->agent->sandboxes, container->id);
	if (c && event == TOLD_STOP)
		held_tell_end(nri, c);
	if (!c || event != TOLD_START)
		return false;
	held_tell(nri, c);
	return held_answer(nri, q->call, c);
}

/* Before Synchronize the runtime tells of nothing; if it does, that is where it belongs. */
static void on_event(struct nri *nri, int event, const Nri__PodSandbox *pod,
		     const Nri__Container *container)
{
	struct sandbox_table **t = nri->ready_ms ? &nri->agent->sandboxes : &nri->coming;

	if (!*t)
		*t = sandbox_table_new();
	keep(nri, *t && told_event(*t, event, pod, container));
}

static int event(struct nri *nri, const struct question *q, struct err *err)
{
	struct err why = ERR_INIT;
	bool held = false;
	Nri__Event *e;

	if (pb_unpack(&nri->pb, &nri__event__descriptor, q->data.data, q->data.len, &e, &why) < 0) {
		complain(nri, "a message of NRI cannot be read", &why);
	} else {
		on_event(nri, q->event, e->pod, e->container);
		held = is_held(nri, q, q->event, e->container);
		pb_free(&nri->pb, e);
	}
	return held ? 0 : answer_empty(nri, q, err);
}

static int state_change(struct nri *nri, const struct question *q, struct err *err)
{
	struct err why = ERR_INIT;
	bool held = false;
	Nri__StateChangeEvent *e;

	if (pb_unpack(&nri->pb, &nri__state_change_event__descriptor, q->data.data, q->data.len, &e,
		      &why) < 0) {
		complain(nri, "a message of NRI cannot be read", &why);
	} else {
		on_event(nri, e->event, e->pod, e->container);
		held = is_held(nri, q, e->event, e->container);
		pb_free(&nri->pb, e);
	}
	return held ? 0 : answer_empty(nri, q, err);
}

static int shut_down(struct nri *nri, const struct question *q, struct err *err)
{
	return answer_empty(nri, q, err);
}

static const struct method {
	const char *name;
	int (*fn)(struct nri *nri, const struct question *q, struct err *err);
	int event;
} methods[] = {
	{ "Configure", configure, 0 },
	{ "Synchronize", synchronize, 0 },
	{ "Shutdown", shut_down, 0 },
	{ "StateChange", state_change, 0 },
	{ "RunPodSandbox", event, TOLD_RUN_POD },
	{ "StopPodSandbox", event, TOLD_STOP_POD },
	{ "RemovePodSandbox", event, TOLD_REMOVE_POD },
	{ "CreateContainer", event, TOLD_CREATE },
	{ "StartContainer", event, TOLD_START },
	{ "StopContainer", event, TOLD_STOP },
	{ "RemoveContainer", event, TOLD_REMOVE },
};

static const struct method *find(const Nri__Request *request)
{
	if (strcmp(request->service, CALL_PLUGIN) != 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		if (!strcmp(methods[i].name, request->method))
			return &methods[i];
	}
	return NULL;
}

int methods_call(struct nri *nri, const struct ttrpc_message *message, struct err *err)
{
	const struct method *method;
	Nri__Request *request;
	struct question q;
	int r = pb_unpack(&nri->pb, &nri__request__descriptor, message->data, message->len,
			  &request, err);

	if (r < 0)
		return r;
	method = find(request);
	q = (struct question){ .call = message->call,
			       .event = method ? method->event : 0,
			       .data = request->payload };
	r = method ? method->fn(nri, &q, err) :
		     refuse(nri, message->call, "this plugin has no such method", err);
	pb_free(&nri->pb, request);
	return r;
}
