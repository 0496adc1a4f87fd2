/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/nri/held.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "node-agent/agent/containers.h"
#include "node-agent/nri/impl.h"

/* ---- which container is which ---- */

static void tell(const struct nri *nri, const struct sandbox *s, const char *name, const char *id)
{
	struct wire_pod pod = { .namespace = "" };

	if (strlen(s->namespace) >= sizeof(pod.namespace) || strlen(s->name) >= sizeof(pod.name) ||
	    strlen(s->uid) >= sizeof(pod.uid))
		return;
	strcpy(pod.namespace, s->namespace);
	strcpy(pod.name, s->name);
	strcpy(pod.uid, s->uid);
	/* A pod that the agent does not know is not steered, and one that it comes to know is told
	 * of then. */
	(void)agent_container_is(nri->agent, &pod, name, id);
}

void held_tell(const struct nri *nri, const struct sandbox_container *c)
{
	if (c->pid)
		tell(nri, c->sandbox, c->name, c->id);
}

/* A container that starts anew is told of before the one before it goes. */
void held_tell_end(const struct nri *nri, const struct sandbox_container *c)
{
	const struct sandbox_container *other;

	LIST_FOREACH(other, &c->sandbox->containers, same_sandbox) {
		if (other->pid && !strcmp(other->name, c->name))
			return;
	}
	tell(nri, c->sandbox, c->name, NULL);
}

static void tell_sandbox(const struct nri *nri, const struct sandbox *s)
{
	const struct sandbox_container *c;

	LIST_FOREACH(c, &s->containers, same_sandbox)
		held_tell(nri, c);
}

void held_tell_all(const struct nri *nri)
{
	const struct sandbox_table *t = nri->agent->sandboxes;
	const struct sandbox *s;

	for (int i = 0; t && i < SANDBOX_BUCKETS; i++) {
		LIST_FOREACH(s, &t->sandboxes[i], same_bucket)
			tell_sandbox(nri, s);
	}
}

void held_tell_again(const struct nri *nri, const struct attach *a)
{
	const struct sandbox_table *t = nri->agent->sandboxes;
	const struct sandbox *s = NULL;

	if (t && nri->ready_ms && !a->containers_told)
		s = sandbox_find(t, attach_key(a)->container_id);
	if (s)
		tell_sandbox(nri, s);
}

/* ---- answers that are held ---- */

struct question_of {
	const char *sandbox;
	bool named; /* one of its attachments names containers */
	bool settled; /* and what that asks for is in force */
};

static void ask(void *arg, struct attach *a)
{
	struct question_of *q = arg;

	if (strcmp(attach_key(a)->container_id, q->sandbox) != 0 || !a->wish.containers)
		return;
	q->named = true;
	q->settled &= agent_container_settled(a);
}

static struct question_of ask_all(const struct nri *nri, const char *id)
{
	const struct sandbox_table *t = nri->agent->sandboxes;
	const struct sandbox *s = t ? sandbox_find(t, id) : NULL;
	struct question_of q = { .sandbox = id, .settled = true };

	if (s)
		attach_each_of(&nri->agent->table, s->namespace, s->name, ask, &q);
	return q;
}

bool held_answer(struct nri *nri, uint32_t call, const struct sandbox_container *c)
{
	struct held *held = &nri->held;
	struct held_answer *answer = &held->answers[held->n];
	struct question_of q;

	if (held->n == HELD_MAX || strlen(c->sandbox->id) >= sizeof(answer->sandbox))
		return false;
	q = ask_all(nri, c->sandbox->id);
	if (!q.named || q.settled)
		return false;
	answer->call = call;
	answer->deadline_ms = clock_now_ms() + HELD_MS;
	strcpy(answer->sandbox, c->sandbox->id);
	held->n++;
	loop_arm(nri->agent->loop, &nri->held_timer, clock_now_ms() + HELD_LOOK_MS);
	return true;
}

/* Not in force in time: the container starts as TCP, and becomes SMC once it is. */
static bool is_due(const struct nri *nri, const struct held_answer *answer)
{
	if (ask_all(nri, answer->sandbox).settled)
		return true;
	if (clock_now_ms() < answer->deadline_ms)
		return false;
	log_warn("a container starts before it is steered", "sandbox", answer->sandbox, "err",
		 "the node was too slow");
	return true;
}

void held_look(struct nri *nri)
{
	struct held *held = &nri->held;

	for (int i = 0; i < held->n;) {
		uint32_t call = held->answers[i].call;

		if (!is_due(nri, &held->answers[i])) {
			i++;
			continue;
		}
		held->answers[i] = held->answers[--held->n];
		nri_answer_empty(nri, call); /* if that fails nothing is held any more */
	}
	if (held->n > 0)
		loop_arm(nri->agent->loop, &nri->held_timer, clock_now_ms() + HELD_LOOK_MS);
}

void held_forget(struct nri *nri)
{
	nri->held.n = 0;
	loop_disarm(&nri->held_timer);
}
