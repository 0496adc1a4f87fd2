/* SPDX-License-Identifier: Apache-2.0 */
/* The pods' addresses as the host knows them: POD/32 on a dummy in a VRF.
 *
 * The SMC server looks up the route to the client with the pod's address as source, in the init
 * netns; the kernel allows only a source that is an address of the host
 * (ip_route_output_key_hash_rcu, __ip_dev_find). The VRF keeps the local route of that address out
 * of the table that everybody uses, so the host does not answer for the pod. Neither device has to
 * be up.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "common/addr.h"
#include "common/cleanup.h"
#include "common/rule.h"
#include "node-agent/hostnet/impl.h"

/* Is the link ours? Else -EEXIST. An agent may have died between its creation and its alias; then
 * the undo data know it. */
static int check_ours(const struct link *l, const char *kind, bool recorded, struct err *err)
{
	if (strcmp(l->kind, kind) == 0 &&
	    (strcmp(l->alias, HOSTNET_ALIAS) == 0 || (recorded && l->alias[0] == '\0')))
		return 0;
	return err_set(
		err, -EEXIST,
		"interface '%s' is not ours: kind '%s' and alias '%s' instead of '%s' and '%s'; "
		"delete or rename it",
		l->name, l->kind, l->alias, kind, HOSTNET_ALIAS);
}

static int set_alias(const struct hostnet_walk *w, const struct link *l, struct err *err)
{
	return l->alias[0] ? 0 : link_set_alias(w->rt, l->name, HOSTNET_ALIAS, err);
}

/* ---- the VRF ---- */

static int make_vrf(const struct hostnet_walk *w, struct link *ret, struct err *err)
{
	uint32_t table, rules;
	int r = hostnet_table_pick(w->rt, w->undo->table, &table, err);

	if (r < 0)
		return r;
	r = rule_l3mdev_get(w->rt, &rules, err);
	if (r < 0)
		return r;
	w->undo->table = table;
	/* What the first VRF brought is still ours after a repair. */
	w->undo->rules |= RULE_ALL & ~rules;
	r = hostnet_record(w, err);
	if (r == 0)
		r = link_add_vrf(w->rt, HOSTNET_VRF, table, err);
	if (r == 0)
		r = link_set_alias(w->rt, HOSTNET_VRF, HOSTNET_ALIAS, err);
	return r < 0 ? r : link_get(w->rt, HOSTNET_VRF, ret, err);
}

static int vrf_step(const struct hostnet_walk *w, struct link *ret, struct err *err)
{
	int r = link_get(w->rt, HOSTNET_VRF, ret, err);

	if (r == -ENODEV)
		return w->undo ? make_vrf(w, ret, err) :
				 hostnet_missing(err, "VRF '%s' is missing", HOSTNET_VRF);
	if (r < 0)
		return r;
	r = check_ours(ret, "vrf", w->undo && w->undo->table == ret->vrf_table, err);
	if (r < 0 || !w->undo)
		return r;
	if (w->undo->table != ret->vrf_table) { /* ours, but our notes are lost */
		w->undo->table = ret->vrf_table;
		r = hostnet_record(w, err);
		if (r < 0)
			return r;
	}
	return set_alias(w, ret, err);
}

/* ---- the dummy ---- */

static int make_dummy(const struct hostnet_walk *w, const struct link *vrf, struct err *err)
{
	int r;

	w->undo->dummy = true;
	r = hostnet_record(w, err);
	if (r == 0)
		r = link_add_dummy(w->rt, HOSTNET_DUMMY, err);
	if (r == 0)
		r = link_set_alias(w->rt, HOSTNET_DUMMY, HOSTNET_ALIAS, err);
	/* It enters the VRF before it has any address, whose local route would be in everybody's
	 * table. */
	if (r == 0)
		r = link_set_master(w->rt, HOSTNET_DUMMY, vrf->index, err);
	return r;
}

int hostnet_vrf_step(const struct hostnet_walk *w, struct err *err)
{
	struct link vrf, dummy;
	int r = vrf_step(w, &vrf, err);

	if (r < 0)
		return r;
	r = link_get(w->rt, HOSTNET_DUMMY, &dummy, err);
	if (r == -ENODEV)
		return w->undo ? make_dummy(w, &vrf, err) :
				 hostnet_missing(err, "dummy '%s' is missing", HOSTNET_DUMMY);
	if (r < 0)
		return r;
	r = check_ours(&dummy, "dummy", w->undo && w->undo->dummy, err);
	if (r < 0)
		return r;
	/* The dummy is out of its VRF, which somebody deleted. Going in again drops the local
	 * routes of its addresses. */
	if (dummy.master != vrf.index) {
		if (!w->undo)
			return hostnet_missing(err, "dummy '%s' is not in VRF '%s'", HOSTNET_DUMMY,
					       HOSTNET_VRF);
		r = link_set_master(w->rt, HOSTNET_DUMMY, vrf.index, err);
		if (r < 0)
			return r;
	}
	if (w->undo && !w->undo->dummy) {
		w->undo->dummy = true;
		r = hostnet_record(w, err);
		if (r < 0)
			return r;
	}
	return w->undo ? set_alias(w, &dummy, err) : 0;
}

/* ---- a pod's address ---- */

static struct addr pod_addr(const struct inet_addr *pod, int ifindex)
{
	struct addr a = { .ifindex = ifindex,
			  .local = *pod,
			  .scope = RT_SCOPE_HOST,
			  .protocol = HOSTNET_ADDR_PROTO };

	a.local.prefix_len = 32;
	return a;
}

int hostnet_pod_addr_step(const struct hostnet_walk *w, const struct inet_addr *pod,
			  bool *ret_added, struct err *err)
{
	auto_free struct addr *addrs = NULL;
	char text[INET_TEXT_MAX];
	struct link dummy;
	struct addr want;
	int n, r = link_get(w->rt, HOSTNET_DUMMY, &dummy, err);

	if (r < 0)
		return r;
	want = pod_addr(pod, dummy.index);
	n = addr_list(w->rt, AF_INET, dummy.index, &addrs, err);
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		if (inet_equal(&addrs[i].local, &want.local))
			return 0;
	if (!w->undo)
		return hostnet_missing(err, "address '%s' on '%s' is missing",
				       inet_format(&want.local, text), HOSTNET_DUMMY);
	r = addr_add(w->rt, &want, err);
	if (r < 0)
		return err_prefix(err, r, "interface '%s'", HOSTNET_DUMMY);
	*ret_added = true;
	return 0;
}

int hostnet_pod_addr_undo(struct nl_sock *rt, const struct inet_addr *pod, struct err *err)
{
	struct link dummy;
	struct addr a;
	int r = link_get(rt, HOSTNET_DUMMY, &dummy, err);

	if (r == -ENODEV || (r == 0 && check_ours(&dummy, "dummy", true, NULL) < 0))
		return 0;
	if (r < 0)
		return r;
	a = pod_addr(pod, dummy.index);
	r = addr_del(rt, &a, err);
	return r == -EADDRNOTAVAIL || r == -ENODEV ? 0 : r;
}

/* ---- undo ---- */

/* Somebody else's interface of that name stays. table: 0 for a dummy. */
static int drop(struct nl_sock *rt, const char *name, const char *kind, uint32_t table,
		struct err *err)
{
	struct link l;
	int r = link_get(rt, name, &l, err);

	if (r == 0 && check_ours(&l, kind, l.vrf_table == table, NULL) == 0)
		r = link_del(rt, name, err);
	return r == -ENODEV ? 0 : r;
}

/* The kernel's rule serves every VRF: with another one there it stays. */
static int drop_rules(struct nl_sock *rt, uint32_t rules, struct err *err)
{
	auto_free struct link *links = NULL;
	int n = link_list(rt, &links, err);

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		if (strcmp(links[i].kind, "vrf") == 0)
			return 0;
	return rule_l3mdev_del(rt, rules, err);
}

int hostnet_vrf_undo(struct nl_sock *rt, struct hostnet_undo *undo, struct err *err)
{
	int r = undo->dummy ? drop(rt, HOSTNET_DUMMY, "dummy", 0, err) : 0;

	if (r < 0)
		return r;
	undo->dummy = false;
	r = undo->table ? drop(rt, HOSTNET_VRF, "vrf", undo->table, err) : 0;
	if (r < 0)
		return r;
	undo->table = 0;
	r = undo->rules ? drop_rules(rt, undo->rules, err) : 0;
	if (r == 0)
		undo->rules = 0;
	return r;
}
