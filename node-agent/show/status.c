/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/show/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/smc_fallback.h"
#include "node-agent/events/text.h"
#include "node-agent/model/sandbox.h"
#include "node-agent/model/tally.h"

#define STATUS_PATHS_MAX 128 /* closed ones come first */

/* Out of memory a key is missing from the message; readers then say so. */
static void set(json_t *obj, const char *key, json_t *value)
{
	(void)json_object_set_new(obj, key, value);
}

static json_t *integer(uint64_t n)
{
	return json_integer((json_int_t)n);
}

/* ---- the node ---- */

static json_t *fact(const struct fact *f)
{
	return json_pack("{s:b, s:o, s:o}", "ok", f->ok, "why", wire_text(f->why), "doubt",
			 wire_text(f->doubt));
}

static const char *pnet_of(const struct config *config, const struct rdma_nl_port *port)
{
	for (int i = 0; i < config->n_pnets; i++) {
		const struct config_pnet *pnet = &config->pnets[i];

		for (int k = 0; k < pnet->n_rdma; k++) {
			if (!strcmp(pnet->rdma[k].device, port->device) &&
			    pnet->rdma[k].port == port->port)
				return pnet->id;
		}
	}
	return "";
}

static json_t *devices(const struct agent *agent)
{
	const struct facts *facts = &agent->facts;
	json_t *list = json_array();

	for (int i = 0; i < facts->n_ports; i++) {
		const struct rdma_nl_port *port = &facts->ports[i];

		(void)json_array_append_new(list, json_pack("{s:s, s:i, s:s, s:s, s:s}", "name",
							    port->device, "port", (int)port->port,
							    "netdev", port->ifname, "state",
							    rdma_nl_state_text(port->state), "pnet",
							    pnet_of(agent->config, port)));
	}
	return json_pack("{s:i, s:i, s:o}", "smcd", facts->devices.n_smcd, "smcr",
			 facts->devices.n_smcr, "rdma", list);
}

static json_t *ueids(const struct facts *facts)
{
	json_t *list = json_array();

	for (int i = 0; i < facts->n_ueids; i++)
		(void)json_array_append_new(list, json_string(facts->ueids[i]));
	return list;
}

static json_t *pnet(const struct config_pnet *p)
{
	json_t *interfaces = json_array(), *rdma = json_array();

	for (int i = 0; i < p->n_interfaces; i++)
		(void)json_array_append_new(interfaces, json_string(p->interfaces[i]));
	for (int i = 0; i < p->n_rdma; i++)
		(void)json_array_append_new(rdma, json_sprintf("%s/%d", p->rdma[i].device,
							       p->rdma[i].port));
	return json_pack("{s:s, s:o, s:o}", "id", p->id, "interfaces", interfaces, "rdma", rdma);
}

static json_t *pnets(const struct config *config)
{
	json_t *list = json_array();

	for (int i = 0; i < config->n_pnets; i++)
		(void)json_array_append_new(list, pnet(&config->pnets[i]));
	return list;
}

static json_t *path(const struct path_entry *p, uint64_t now_ns)
{
	uint64_t until_ns = path_closed_until(&p->value, now_ns);
	char peer[PATH_PEER_MAX];

	return json_pack("{s:s, s:s, s:i, s:s, s:s, s:o}", "peer", path_peer_text(&p->key, peer),
			 "state", path_state_text(path_state_at(&p->value, now_ns)), "failures",
			 (int)p->value.failures, "reason",
			 p->value.failures && p->value.reason ?
				 smc_fallback_reason(p->value.reason)->name :
				 "",
			 "why", p->value.failures ? path_failure_text(&p->value) : "", "closed_s",
			 until_ns ? integer((until_ns - now_ns) / 1000000000) : json_null());
}

/* An entry of this kind says only that addresses have entries of their own. */
static json_t *paths(const struct path_list *l)
{
	uint64_t now_ns = clock_boot_ns();
	json_t *list = json_array();

	for (int i = 0; i < l->n && i < STATUS_PATHS_MAX; i++)
		if (!(l->all[i].value.flags & PATH_MIXED))
			(void)json_array_append_new(list, path(&l->all[i], now_ns));
	return list;
}

static json_t *source(const struct agent *agent)
{
	const struct source *s = agent->source;
	const char *folder = agent->config->pod_source_folder;

	return json_pack("{s:s, s:s, s:b, s:o, s:I}", "kind",
			 s	? source_kind(s) :
			 folder ? "folder" :
				  "kubernetes",
			 "from",
			 s	? source_from(s) :
			 folder ? folder :
				  "",
			 "synced", s && source_synced(s), "why",
			 wire_text(s ? source_why(s) : agent->trouble.msg), "generation",
			 (json_int_t)agent->generation);
}

/* Who tells by NRI, and of how much. */
static json_t *runtime(const struct agent *agent)
{
	const struct agent_runtime *r = &agent->runtime;
	const struct sandbox_table *t = agent->sandboxes;

	if (!r->name[0])
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:i, s:i}", "name", r->name, "version", r->version, "nri",
			 r->nri_version, "pods", t ? t->n : 0, "containers",
			 t ? t->n_containers : 0);
}

static json_t *node_message(const struct agent *agent)
{
	const struct facts *facts = &agent->facts;
	const char *why = agent_not_ready(agent);
	json_t *node = json_object(), *msg = wire_ok();

	set(node, "name", json_string(agent->config->node_name));
	set(node, "agent", json_string(SMC_CNI_VERSION));
	set(node, "kernel", json_string(facts->kernel));
	set(node, "ready", json_boolean(!why));
	set(node, "why", wire_text(why ? why : ""));
	set(node, "paused", json_boolean(agent_paused(agent)));
	for (size_t i = 0; i < facts_n; i++)
		set(node, facts_table[i].name, fact(facts_get(facts, &facts_table[i])));
	set(node, "runtime", runtime(agent));
	set(node, "ulp_unsafe", json_boolean(facts->steer.ulp_unsafe));
	set(node, "ueids", ueids(facts));
	set(node, "devices", devices(agent));
	set(node, "pnets", pnets(agent->config));
	set(node, "paths", paths(&agent->paths));
	set(node, "source", source(agent));
	set(node, "stats_age_s",
	    agent->stats_ms ? json_integer((clock_now_ms() - agent->stats_ms) / 1000) :
			      json_null());
	set(msg, "node", node);
	return msg;
}

/* ---- a pod ---- */

static json_t *ips(const struct wire_prepare *req)
{
	json_t *list = json_array();
	char text[INET_TEXT_MAX];

	for (int i = 0; i < req->n_interfaces; i++) {
		for (int k = 0; k < req->interfaces[i].n_ips; k++)
			(void)json_array_append_new(
				list, json_string(inet_format(&req->interfaces[i].ips[k], text)));
	}
	return list;
}

static json_t *policy(const struct attach *a)
{
	char why[POLICY_WHY_MAX + EVENT_LATE_MAX + 40], late[EVENT_LATE_MAX];
	bool is_late = a->late && a->steered;

	(void)snprintf(why, sizeof(why), "%s%s%s%s", a->verdict.why,
		       a->verdict.steer == a->steered ? "" : "; not in force yet",
		       is_late ? "; it runs since before that: " : "",
		       is_late ? event_late_text(a->listeners, late) : "");
	return json_pack("{s:s, s:s, s:b, s:b, s:o}", "steer", policy_steer_text(a->verdict.wanted),
			 "origin", policy_origin_text(a->verdict.origin), "in_force", a->steered,
			 "invalid", a->verdict.invalid, "why", wire_text(why));
}

static json_t *sockets(const struct stats *s)
{
	if (!s->has_counters)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "steered", integer(s->counters.steered),
			 "unsteered", integer(s->counters.unsteered), "target_missing",
			 integer(s->counters.target_missing), "landlocked",
			 integer(s->counters.landlocked), "bounded", integer(s->counters.bounded));
}

static json_t *offers(const struct stats *s)
{
	if (!s->has_offers)
		return json_null();
	return json_pack("{s:o, s:o}", "kept", integer(s->offers.kept), "blanked",
			 integer(s->offers.blanked));
}

static json_t *tech(const struct stats *s, const struct smc_tech_stats *t)
{
	if (!s->has_smc)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o}", "client", integer(t->client_conns), "server",
			 integer(t->server_conns), "tx_bytes", integer(t->tx_bytes), "rx_bytes",
			 integer(t->rx_bytes));
}

static json_t *fallback(const struct stats *s)
{
	struct tally_entry entries[2 * SMC_FALLBACK_MAX];
	json_t *list;
	int n;

	if (!s->has_smc)
		return json_null();
	list = json_array();
	n = tally_list(&s->tally, entries);
	for (int i = 0; i < n; i++)
		(void)json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:s?, s:o}", "role",
					entries[i].server ? "server" : "client", "name",
					entries[i].name, "text", entries[i].text, "advice",
					entries[i].advice, "count", integer(entries[i].count)));
	return list;
}

/* Why the pod's cgroup is out of reach. */
static const char *cgroup_why(const struct agent *agent)
{
	return agent->facts.cgroup.ok ? "the runtime passed no cgroup path" :
					agent->facts.cgroup.why;
}

static const char *programs_why(const struct agent *agent, const struct attach *a)
{
	if (a->rec->wish.programs)
		return a->missing.msg;
	return a->steered ? cgroup_why(agent) : "the pod is not steered";
}

/* Who of those in the pod's network namespace is steered: NULL, the pod's own processes; or why
 * everybody there is. */
static const char *gate_why(const struct agent *agent, const struct attach *a)
{
	if (a->rec->cgroup_level)
		return NULL;
	if (!agent->facts.cgroup.ok || !a->rec->req.cgroup_path[0])
		return cgroup_why(agent);
	return a->missing.msg[0] ? a->missing.msg : "the pod's cgroup was not seen yet";
}

static json_t *gate(const struct agent *agent, const struct attach *a)
{
	const char *why = gate_why(agent, a);

	if (!a->steered)
		return json_null();
	return json_pack("{s:s, s:o}", "by", why && !a->rec->wish.containers ? "netns" : "cgroup",
			 "why", wire_text(why ? why : ""));
}

/* Why a container that is named is not steered (yet). */
static const char *container_why(const struct attach *a, const struct pair *c)
{
	struct pair found;

	if (c->value_len)
		return "no cgroup below the pod's has its id: it has ended, or just begins";
	if (!a->containers_known && !a->containers_told)
		return "not identified yet: nothing is known of the pod's containers";
	return pairs_find(text_get(a->containers_known), c->name, (size_t)c->name_len, &found) ?
		       "not identified yet: it has not begun, or its id is not known yet" :
		       "the pod has no container of that name";
}

/* Those that the pod names; null: all of it is steered, or nothing. */
static json_t *containers(const struct attach *a)
{
	const char *named = text_get(a->rec->wish.containers);
	const char *placed = text_get(a->rec->containers);
	struct pair c, at;
	json_t *list;

	if (!named || !a->steered)
		return json_null();
	list = json_array();
	while (pairs_next(&named, &c)) {
		bool is_in = pairs_find(placed, c.name, (size_t)c.name_len, &at) &&
			     containers_cgroup(&at);

		(void)json_array_append_new(list,
					    json_pack("{s:s%, s:s%, s:b, s:s}", "name", c.name,
						      (size_t)c.name_len, "id", c.value,
						      (size_t)c.value_len, "steered", is_in, "why",
						      is_in ? "" : container_why(a, &c)));
	}
	return list;
}

static void set_stats(json_t *pod, const struct stats *s)
{
	set(pod, "sockets", sockets(s));
	set(pod, "offers", offers(s));
	set(pod, "smcr", tech(s, &s->smc.smcr));
	set(pod, "smcd", tech(s, &s->smc.smcd));
	set(pod, "fallback", fallback(s));
	set(pod, "handshake_errors",
	    s->has_smc ? integer(s->smc.handshake_errors_client + s->smc.handshake_errors_server) :
			 json_null());
	set(pod, "stats_why", wire_text(s->has_smc ? "" : s->why[0] ? s->why : "not read yet"));
}

static json_t *pod_message(const struct agent *agent, const struct attach *a)
{
	const struct wire_prepare *req = &a->rec->req;
	const char *why = programs_why(agent, a);
	json_t *pod = json_object(), *msg = wire_ok();

	set(pod, "namespace", json_string(req->pod.namespace));
	set(pod, "name", json_string(req->pod.name));
	set(pod, "uid", json_string(req->pod.uid));
	set(pod, "attachment", wire_attachment_to_json(&req->attachment));
	set(pod, "ips", ips(req));
	set(pod, "policy", policy(a));
	set(pod, "listeners_before",
	    a->late && a->steered && a->listeners >= 0 ? json_integer(a->listeners) : json_null());
	set(pod, "since", a->since ? json_integer(a->since) : json_null());
	set_stats(pod, &a->stats);
	set(pod, "gate", gate(agent, a));
	set(pod, "containers", containers(a));
	set(pod, "programs", json_pack("{s:b, s:o}", "ok", !why[0], "why", wire_text(why)));
	set(pod, "missing", wire_text(a->missing.msg));
	set(msg, "pod", pod);
	return msg;
}

static int compare(const void *pa, const void *pb)
{
	const struct wire_prepare *a = &(*(struct attach *const *)pa)->rec->req;
	const struct wire_prepare *b = &(*(struct attach *const *)pb)->rec->req;
	int d = strcmp(a->pod.namespace, b->pod.namespace);

	if (d == 0)
		d = strcmp(a->pod.name, b->pod.name);
	return d ? d : strcmp(a->attachment.ifname, b->attachment.ifname);
}

void status_each(const struct agent *agent, status_fn *fn, void *arg)
{
	auto_free const struct attach **all = calloc((size_t)agent->table.n + 1, sizeof(*all));
	size_t n = 0;

	fn(arg, node_message(agent));
	if (!all) {
		fn(arg, NULL);
		return;
	}
	for (const struct attach *a = agent->table.first; a; a = a->next) {
		if (a->rec->phase == RECORD_COMMITTED)
			all[n++] = a;
	}
	qsort(all, n, sizeof(all[0]), compare);
	for (size_t i = 0; i < n; i++)
		fn(arg, pod_message(agent, all[i]));
}
