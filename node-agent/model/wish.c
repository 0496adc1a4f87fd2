/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/wish.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"

void wish_host_addrs(const struct wire_prepare *req, struct wish_addrs *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (int i = 0; i < req->n_interfaces; i++) {
		const struct wire_interface *itf = &req->interfaces[i];

		for (int k = 0; k < itf->n_ips && ret->n_addrs < WISH_ADDRS_MAX; k++) {
			if (itf->ips[k].family == AF_INET)
				ret->addrs[ret->n_addrs++] = itf->ips[k];
		}
	}
}

static const char *pnet_id_for(const struct config *config, const struct wire_interface *itf,
			       const struct policy_verdict *verdict)
{
	if (verdict->steer && verdict->pnet_id[0])
		return verdict->pnet_id;
	for (int i = 0; i < itf->n_ips; i++) {
		const struct config_pnet *pnet = config_pnet_for(config, &itf->ips[i]);

		if (pnet)
			return pnet->id;
	}
	return "";
}

static void plan_pnets(const struct config *config, const struct wire_prepare *req,
		       const struct policy_verdict *verdict, struct podnet *plan)
{
	for (int i = 0; i < req->n_interfaces && plan->n_pnets < PODNET_PNETS_MAX; i++) {
		const char *id = pnet_id_for(config, &req->interfaces[i], verdict);
		struct podnet_pnet *p;

		if (!id[0])
			continue;
		p = &plan->pnets[plan->n_pnets++];
		(void)snprintf(p->ifname, sizeof(p->ifname), "%s", req->interfaces[i].name);
		(void)snprintf(p->id, sizeof(p->id), "%s", id);
	}
}

static void plan_sysctl(struct podnet *plan, const char *name, int64_t value)
{
	struct podnet_sysctl *s = &plan->sysctls[plan->n_sysctls++];

	(void)snprintf(s->name, sizeof(s->name), "%s", name);
	(void)snprintf(s->value, sizeof(s->value), "%" PRId64, value);
}

void wish_clear(struct wish *w)
{
	text_unref(w->peers);
	text_unref(w->containers);
	memset(w, 0, sizeof(*w));
}

void wish_copy(struct wish *to, const struct wish *from)
{
	struct wish old = *to;

	*to = *from;
	(void)text_ref(to->peers);
	(void)text_ref(to->containers);
	wish_clear(&old);
}

int wish_make(const struct wish_source *from, struct wish *ret)
{
	const struct policy_verdict *verdict = from->verdict;
	struct wish_addrs host;

	wish_clear(ret);
	if (from->peers) {
		ret->peers = text_new(from->peers);
		if (!ret->peers)
			return -ENOMEM;
	}
	wish_host_addrs(from->req, &host);
	ret->steer = verdict->steer;
	if (verdict->steer)
		ret->containers = text_ref(from->containers);
	ret->offer = verdict->steer || from->had_offer;
	ret->ulp = verdict->steer ? verdict->ulp : STEER_ULP_IGNORE;
	ret->host = (verdict->steer || from->had_host) && from->facts->host.ok && host.n_addrs > 0;
	ret->programs = verdict->steer && from->facts->cgroup.ok && from->req->cgroup_path[0];
	if (!from->facts->smc.ok) /* neither pnet table nor sysctls */
		return 0;
	plan_pnets(from->config, from->req, verdict, &ret->netns);
	if (verdict->steer && verdict->buffer_bytes > 0) {
		plan_sysctl(&ret->netns, "net.smc.wmem", verdict->buffer_bytes);
		plan_sysctl(&ret->netns, "net.smc.rmem", verdict->buffer_bytes);
	}
	return 0;
}

void wish_unsteer(struct wish *w, const struct wish *before)
{
	w->steer = w->programs = false;
	text_unref(w->containers);
	w->containers = NULL;
	w->ulp = STEER_ULP_IGNORE;
	w->host = before->host;
	w->offer = before->offer;
	w->netns.n_sysctls = 0;
}

bool wish_same_netns(const struct podnet *a, const struct podnet *b)
{
	if (a->n_pnets != b->n_pnets || a->n_sysctls != b->n_sysctls)
		return false;
	for (int i = 0; i < a->n_pnets; i++) {
		if (strcmp(a->pnets[i].ifname, b->pnets[i].ifname) != 0 ||
		    strcmp(a->pnets[i].id, b->pnets[i].id) != 0)
			return false;
	}
	for (int i = 0; i < a->n_sysctls; i++) {
		if (strcmp(a->sysctls[i].name, b->sysctls[i].name) != 0 ||
		    strcmp(a->sysctls[i].value, b->sysctls[i].value) != 0)
			return false;
	}
	return true;
}

bool wish_equal(const struct wish *a, const struct wish *b)
{
	return a->steer == b->steer && a->offer == b->offer && a->host == b->host &&
	       a->programs == b->programs && a->ulp == b->ulp && text_same(a->peers, b->peers) &&
	       text_same(a->containers, b->containers) && wish_same_netns(&a->netns, &b->netns);
}

bool wish_is_empty(const struct wish *w)
{
	return !w->steer && !w->offer && !w->host && !w->programs && w->ulp == STEER_ULP_IGNORE &&
	       !w->netns.n_pnets && !w->netns.n_sysctls;
}

/* With `containers` the steering is said by that alone: an agent that does not know the key, of an
 * older version that has come back, would else steer all the pod. */
json_t *wish_to_json(const struct wish *w)
{
	return json_pack("{s:b, s:s*, s:b, s:s*, s:b, s:b, s:i, s:o}", "steer",
			 w->steer && !w->containers, "containers", text_get(w->containers), "offer",
			 w->offer, "peers", text_get(w->peers), "host", w->host, "programs",
			 w->programs, "ulp", (int)w->ulp, "netns", podnet_to_json(&w->netns));
}

static int copy_text(const char *s, struct text **ret, struct err *err)
{
	*ret = s ? text_new(s) : NULL;
	return s && !*ret ? err_sys(err, ENOMEM, "read a wish") : 0;
}

int wish_from_json(const json_t *obj, struct wish *ret, struct err *err)
{
	struct wish w = { 0 };
	int64_t ulp = STEER_ULP_IGNORE;
	const char *peers = NULL, *containers = NULL;
	json_t *netns = NULL;
	int r;

	if (smc_json_get_bool(obj, "wish", "steer", &w.steer, err) < 0 ||
	    smc_json_get_bool(obj, "wish", "offer", &w.offer, err) < 0 ||
	    smc_json_get_string(obj, "wish", "peers", &peers, err) < 0 ||
	    smc_json_get_string(obj, "wish", "containers", &containers, err) < 0 ||
	    smc_json_get_bool(obj, "wish", "host", &w.host, err) < 0 ||
	    smc_json_get_bool(obj, "wish", "programs", &w.programs, err) < 0 ||
	    smc_json_get_int(obj, "wish", "ulp", STEER_ULP_IGNORE, STEER_ULP_EMULATE, &ulp, err) <
		    0 ||
	    smc_json_get_object(obj, "wish", "netns", &netns, err) < 0)
		return -EINVAL;
	w.ulp = (enum steer_ulp)ulp;
	if (netns) {
		r = podnet_from_json(netns, "wish.netns", &w.netns, err);
		if (r < 0)
			return r;
	}
	w.steer |= containers != NULL;
	r = copy_text(peers, &w.peers, err);
	if (r == 0)
		r = copy_text(containers, &w.containers, err);
	if (r < 0) {
		wish_clear(&w);
		return r;
	}
	*ret = w;
	return 0;
}
