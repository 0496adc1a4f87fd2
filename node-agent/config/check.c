/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/config/check.h"

#include <errno.h>
#include <string.h>

#include "common/inet.h"
#include "node-agent/config/peers_nets.h"
#include "node-agent/config/read.h"

struct checked {
	const struct config *config;
	const char *file;
	const struct ytree_node *pnets; /* the list; its items are as many as config->n_pnets */
};

/* Says where item `item` of the list `key` of pnet i stands. */
static int line_of(const struct checked *k, int i, const char *key, int item)
{
	return ytree_get(k->pnets->items[i], key)->items[item]->line;
}

/* Is item `item` of pnet i the same as, or in the way of, one before it (same pnet) or one of the
 * pnets before? Returns the index of the pnet, or -1. */
typedef bool clash_fn(const struct config_pnet *a, int item_a, const struct config_pnet *b,
		      int item_b);

static int find_clash(const struct checked *k, clash_fn *clash,
		      int (*count)(const struct config_pnet *), int i, int item)
{
	const struct config_pnet *pnets = k->config->pnets;

	for (int j = 0; j <= i; j++) {
		int n = j == i ? item : count(&pnets[j]);

		for (int other = 0; other < n; other++)
			if (clash(&pnets[i], item, &pnets[j], other))
				return j;
	}
	return -1;
}

static int count_interfaces(const struct config_pnet *p)
{
	return p->n_interfaces;
}

static bool same_interface(const struct config_pnet *a, int i, const struct config_pnet *b, int j)
{
	return strcmp(a->interfaces[i], b->interfaces[j]) == 0;
}

static int count_rdma(const struct config_pnet *p)
{
	return p->n_rdma;
}

static bool same_rdma(const struct config_pnet *a, int i, const struct config_pnet *b, int j)
{
	return strcmp(a->rdma[i].device, b->rdma[j].device) == 0 &&
	       a->rdma[i].port == b->rdma[j].port;
}

static int count_cidrs(const struct config_pnet *p)
{
	return p->n_pod_cidrs;
}

static bool overlap(const struct config_pnet *a, int i, const struct config_pnet *b, int j)
{
	return inet_covers(&a->pod_cidrs[i], &b->pod_cidrs[j]) ||
	       inet_covers(&b->pod_cidrs[j], &a->pod_cidrs[i]);
}

static int check_pnet(const struct checked *k, int i, struct err *err)
{
	const struct config_pnet *p = &k->config->pnets[i];
	char text[INET_TEXT_MAX];
	int owner;

	for (int n = 0; n < p->n_interfaces; n++) {
		owner = find_clash(k, same_interface, count_interfaces, i, n);
		if (owner >= 0)
			return err_set(err, -EINVAL,
				       "%s:%d: interface '%s' belongs to pnet '%s' already",
				       k->file, line_of(k, i, "interfaces", n), p->interfaces[n],
				       k->config->pnets[owner].id);
	}
	for (int n = 0; n < p->n_rdma; n++) {
		owner = find_clash(k, same_rdma, count_rdma, i, n);
		if (owner >= 0)
			return err_set(
				err, -EINVAL,
				"%s:%d: RDMA device '%s' port %d belongs to pnet '%s' already",
				k->file, line_of(k, i, "rdma", n), p->rdma[n].device,
				p->rdma[n].port, k->config->pnets[owner].id);
	}
	for (int n = 0; n < p->n_pod_cidrs; n++) {
		owner = find_clash(k, overlap, count_cidrs, i, n);
		if (owner >= 0)
			return err_set(err, -EINVAL,
				       "%s:%d: podCIDRs '%s' overlaps one of pnet '%s'", k->file,
				       line_of(k, i, "podCIDRs", n),
				       inet_format(&p->pod_cidrs[n], text),
				       k->config->pnets[owner].id);
	}
	return 0;
}

static int find_pnet(const struct config *c, const char *id, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(c->pnets[i].id, id) == 0)
			return i;
	return -1;
}

static int check_limit(const struct config_at *at, const struct config *c,
		       const struct ytree_node *root, int i, struct err *err)
{
	const char *id = c->limits.pnet_ids[i];

	if (find_pnet(c, id, c->n_pnets) >= 0)
		return 0;
	return err_set(
		err, -EINVAL,
		"%s:%d: key 'limits.pnetIDs[%d]': got '%s', allowed: the id of an entry of 'pnets'",
		at->file, ytree_get(ytree_get(root, "limits"), "pnetIDs")->items[i]->line, i, id);
}

/* Where something stands that the file has, or would have (the default). */
static int line_in(const struct ytree_node *root, const char *key, int item)
{
	const struct ytree_node *list = ytree_get(root, key);

	return list ? list->items[item]->line : 1;
}

/* Item i of peers: does one of its networks get more port ranges, from all items, than there is
 * room for? */
static int check_peer(const struct config_at *at, const struct config *c,
		      const struct peers_nets *all, const struct ytree_node *root, int i,
		      struct err *err)
{
	auto_peers_nets struct peers_nets own = { 0 };
	struct err why = ERR_INIT;
	int rc = peers_nets_add(&own, &c->peers[i], c->cluster_cidrs, c->n_cluster_cidrs);

	if (rc < 0)
		return err_sys(err, -rc, "read '%s'", at->file);
	if (peers_nets_check(all, &own, &why) == 0)
		return 0;
	return err_set(err, -EINVAL, "%s:%d: key 'peers[%d]': %s (of all entries that contain it)",
		       at->file, line_in(root, "peers", i), i, why.msg);
}

static int check_peers(const struct config_at *at, const struct config *c,
		       const struct ytree_node *root, struct err *err)
{
	auto_peers_nets struct peers_nets all = { 0 };
	int rc = 0;

	for (int i = 0; rc == 0 && i < c->n_peers; i++) {
		rc = peers_nets_add(&all, &c->peers[i], c->cluster_cidrs, c->n_cluster_cidrs);
		if (rc == -E2BIG)
			return err_set(err, -EINVAL,
				       "%s:%d: key 'peers[%d]': more than %d networks, words "
				       "included",
				       at->file, line_in(root, "peers", i), i, PEERS_NETS_MAX);
	}
	if (rc < 0)
		return err_sys(err, -rc, "read '%s'", at->file);
	peers_nets_merge(&all);
	for (int i = 0; rc == 0 && i < c->n_peers; i++)
		rc = check_peer(at, c, &all, root, i, err);
	return rc;
}

static int check_renamed(const struct config_at *at, const struct ytree_node *root, struct err *err)
{
	const struct ytree_node *allow = ytree_get(root, "allow");
	const struct ytree_node *old = ytree_get(root, "allowUnencrypted");

	if (!old || !allow || !ytree_get(allow, "unencrypted"))
		return 0;
	return err_set(
		err, -EINVAL,
		"%s:%d: key 'allowUnencrypted' is the old name of 'allow.unencrypted', which "
		"is there, too: remove it",
		at->file, old->line);
}

static int check_limits(const struct config_at *at, const struct config *c,
			const struct ytree_node *root, struct err *err)
{
	for (int i = 0; i < c->limits.n_pnet_ids; i++) {
		int rc = config_note(at, check_limit(at, c, root, i, err), err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int config_check(const struct config_at *at, const struct config *c, const struct ytree_node *root,
		 struct err *err)
{
	const struct checked k = { .config = c,
				   .file = at->file,
				   .pnets = ytree_get(root, "pnets") };
	int rc;

	for (int i = 0; i < c->n_pnets; i++) {
		if (find_pnet(c, c->pnets[i].id, i) >= 0)
			rc = err_set(err, -EINVAL, "%s:%d: pnet '%s' is there already", at->file,
				     k.pnets->items[i]->line, c->pnets[i].id);
		else
			rc = check_pnet(&k, i, err);
		rc = config_note(at, rc, err);
		if (rc < 0)
			return rc;
	}
	rc = check_limits(at, c, root, err);
	if (rc == 0)
		rc = config_note(at, check_peers(at, c, root, err), err);
	if (rc >= 0)
		rc = config_note(at, check_renamed(at, root, err), err);
	return rc < 0 ? rc : 0;
}
