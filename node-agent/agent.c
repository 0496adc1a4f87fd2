#include "node-agent/agent.h"

#include <stdlib.h>
#include <string.h>

#include "node-agent/http.h"
#include "node-agent/job.h"
#include "node-agent/server.h"
#include "node-agent/session.h"

#define TICK_MS 1000

/* ---- the node ---- */

static const struct node_fact *first_missing(const struct node_facts *facts)
{
	if (!facts->smc.ok)
		return &facts->smc;
	if (!facts->hook.ok)
		return &facts->hook;
	return facts->ueid.ok ? NULL : &facts->ueid;
}

const char *agent_not_ready(const struct agent *agent)
{
	const struct node_fact *missing = first_missing(&agent->facts);

	if (agent->trouble.msg[0])
		return agent->trouble.msg;
	if (!agent->started)
		return "the agent is starting";
	return missing ? missing->why : NULL;
}

static void policy_facts(const struct node_facts *facts, struct policy_node *ret)
{
	const struct node_fact *missing = first_missing(facts);

	memset(ret, 0, sizeof(*ret));
	ret->steering = facts->smc.ok && facts->hook.ok;
	ret->ueid = facts->ueid.ok;
	ret->ulp_unsafe = facts->steer.ulp_unsafe;
	if (missing)
		(void)snprintf(ret->why_not, sizeof(ret->why_not), "%s", missing->why);
}

static void log_fact(const char *name, const struct node_fact *before, const struct node_fact *now)
{
	if (before->ok == now->ok && !strcmp(before->why, now->why))
		return;
	if (now->ok)
		log_info("the node has it", "check", name);
	else
		log_warn("the node lacks it", "check", name, "err", now->why);
}

void agent_new_facts(struct agent *agent, const struct node_facts *facts)
{
	struct node_facts before = agent->facts;

	agent->facts = *facts;
	log_fact("smc", &before.smc, &facts->smc);
	log_fact("hook", &before.hook, &facts->hook);
	log_fact("ueid", &before.ueid, &facts->ueid);
	log_fact("cgroup", &before.cgroup, &facts->cgroup);
	log_fact("host", &before.rdma, &facts->rdma);
	agent_source_changed(agent, NULL, "");
}

/* ---- one attachment ---- */

/* The source's pod of that name; not one that took the name of the attachment's. */
static const struct source_pod *known_pod(const struct agent *agent, const struct wire_pod *pod)
{
	const struct source_pod *known;

	if (!agent->source || !pod->name[0])
		return NULL;
	known = source_pod(agent->source, pod->namespace, pod->name);
	if (known && known->uid[0] && pod->uid[0] && strcmp(known->uid, pod->uid) != 0)
		return NULL;
	return known;
}

static bool is_own(const struct wire_pod *pod)
{
	const char *namespace = getenv("POD_NAMESPACE"), *name = getenv("POD_NAME");

	return namespace && name && !strcmp(namespace, pod->namespace) && !strcmp(name, pod->name);
}

void agent_decide(struct agent *agent, struct attach *a)
{
	const struct wire_prepare *req = &a->rec->req;
	const struct source_pod *known = known_pod(agent, &req->pod);
	const struct source_namespace *ns =
		agent->source ? source_namespace(agent->source, req->pod.namespace) : NULL;
	struct policy_pod pod = {
		.namespace = req->pod.namespace,
		.name = req->pod.name,
		.host_network = known && known->host_network,
		.own = is_own(&req->pod),
		.annotations = known ? known->annotations : req->annotations,
		.namespace_annotations = ns ? ns->annotations : NULL,
	};
	struct policy_node node;

	policy_facts(&agent->facts, &node);
	policy_decide(agent->config, &node, &pod, &a->verdict);
	wish_make(agent->config, &agent->facts, req, &a->verdict, &a->wish);
}

/* Policy again, for one that is there. */
static void decide_again(struct agent *agent, struct attach *a)
{
	struct policy_verdict before = a->verdict;
	struct wish wish = a->wish;
	char name[2 * WIRE_NAME_MAX];

	agent_decide(agent, a);
	if (!wish_equal(&wish, &a->wish))
		a->waits = a->waits && !a->wanted; /* a failure of the old wish holds nothing up */
	else if (strcmp(before.why, a->verdict.why) != 0)
		log_info(a->verdict.steer ? "pod stays steered" : "pod stays on TCP", "pod",
			 attach_name(a, name, sizeof(name)), "why", a->verdict.why);
	agent_kick(agent, a);
}

static void forget(struct agent *agent, struct attach *a)
{
	struct wire_attachment key = *attach_key(a);
	struct podnet undo = a->rec->undo;
	bool rolled_back = !a->commit && !a->adopted;

	attach_drop(&agent->table, a);
	/* Its plugin may have left the request meanwhile; the scan passed over it till now. */
	if (rolled_back)
		(void)job_pending(agent);
	server_gone(agent->server, &key, &undo);
}

void agent_kick(struct agent *agent, struct attach *a)
{
	struct reconcile_state state = attach_state(a);
	enum reconcile_action action = reconcile(&state);

	if (action == RECONCILE_FORGET)
		forget(agent, a);
	else if (action != RECONCILE_NOTHING && job_pod(agent, a, action) < 0)
		log_error("out of memory, a pod waits"); /* for the next sweep */
}

void agent_unwant(struct agent *agent, struct attach *a, bool undo_netns)
{
	a->wanted = false;
	a->waits = false;
	a->undo_netns |= undo_netns;
	if (a->session)
		session_lost(a->session);
	agent_kick(agent, a);
}

void agent_adopt(struct agent *agent, struct record *rec)
{
	struct attach *a = NULL;

	if (!attach_find(&agent->table, &rec->req.attachment))
		a = attach_add(&agent->table, rec);
	if (!a) { /* known, or no room: its record stays for the next start */
		record_free(rec);
		return;
	}
	agent_decide(agent, a);
	a->adopted = a->damaged = true; /* nobody has looked yet */
	a->wanted = rec->phase == RECORD_COMMITTED;
	agent_kick(agent, a);
}

/* ---- the source ---- */

struct text {
	char *buf;
	size_t len;
};

static void add_required(void *arg, const struct source_namespace *ns)
{
	struct text *text = arg;
	size_t n = strlen(ns->name);
	char *grown;

	if (!text->buf || !policy_namespace_required(ns->name, ns->annotations))
		return;
	grown = realloc(text->buf, text->len + n + 2);
	if (!grown)
		return;
	text->buf = grown;
	memcpy(grown + text->len, ns->name, n);
	text->len += n;
	memcpy(grown + text->len++, "\n", 2);
}

static void update_required(struct agent *agent)
{
	struct text text = { .buf = calloc(1, 1) };

	if (agent->source)
		source_each_namespace(agent->source, add_required, &text);
	if (!text.buf || (agent->required && !strcmp(agent->required, text.buf))) {
		free(text.buf);
		return;
	}
	free(agent->required);
	agent->required = text.buf;
	(void)job_required(agent, text.buf);
}

void agent_source_changed(void *arg, const char *namespace, const char *name)
{
	struct agent *agent = arg;
	struct attach *next;

	if (!name[0])
		update_required(agent);
	for (struct attach *a = agent->table.first; a; a = next) {
		const struct wire_pod *pod = &a->rec->req.pod;

		next = a->next;
		if (!namespace || (!strcmp(pod->namespace, namespace) &&
				   (!name[0] || !strcmp(pod->name, name))))
			decide_again(agent, a);
	}
}

/* ---- statistics ---- */

void agent_stats_ready(struct agent *agent)
{
	loop_disarm(&agent->stats_timer);
	server_stats_ready(agent->server);
	http_stats_ready(agent->http);
}

static void on_stats_timer(void *arg)
{
	agent_stats_ready(arg);
}

void agent_want_stats(struct agent *agent)
{
	int64_t due = wire_now_ms();

	if (agent->started && (agent->stats_busy || job_stats(agent) == 0))
		due += AGENT_STATS_MS;
	if (agent->stats_timer.due_ms) /* somebody waits already, and not longer */
		return;
	agent->stats_timer.fn = on_stats_timer;
	agent->stats_timer.arg = agent;
	loop_arm(agent->loop, &agent->stats_timer, due);
}

/* ---- sweep ---- */

/* Each tick its share, so that all are seen once in AGENT_SWEEP_S and no ADD waits long behind it. */
static void sweep(struct agent *agent)
{
	struct attach *some[ATTACH_MAX / AGENT_SWEEP_S + 1];
	int share = (agent->table.n + AGENT_SWEEP_S - 1) / AGENT_SWEEP_S;
	int turn = agent->sweep_tick++ % AGENT_SWEEP_S;
	int i = 0, n = 0;

	for (struct attach *a = agent->table.first; a && n < share; a = a->next) {
		if (i++ >= turn * share)
			some[n++] = a;
	}
	if (turn == 0) {
		(void)job_pending(agent);
		if (!agent->required)
			update_required(agent);
	}
	if (n > 0 || turn == 0)
		(void)job_sweep(agent, some, n, turn == 0);
}

static void on_tick(void *arg)
{
	struct agent *agent = arg;

	if (!agent->sweep_busy)
		sweep(agent);
	agent_sweep_begin(agent);
}

void agent_sweep_begin(struct agent *agent)
{
	agent->sweep_timer.fn = on_tick;
	agent->sweep_timer.arg = agent;
	loop_arm(agent->loop, &agent->sweep_timer, wire_now_ms() + TICK_MS);
}
