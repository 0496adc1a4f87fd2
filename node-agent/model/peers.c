/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "node-agent/config/peers_nets.h"
#include "node-agent/model/list.h"

/* ---- lists ---- */

static int check_item(void *arg, const char *text)
{
	struct peers_item item;

	(void)arg;
	return peers_item_parse(text, &item);
}

int peers_text_check(const char *text)
{
	_Static_assert(LIST_ITEMS_MAX == PEERS_ITEMS_MAX, "in a file as in an annotation");
	return list_each(text, check_item, NULL);
}

struct reading {
	const struct config *config;
	struct peers_nets *nets;
};

static int read_item(void *arg, const char *text)
{
	const struct reading *r = arg;
	struct peers_item item;
	int rc = peers_item_parse(text, &item);

	return rc < 0 ? rc :
			peers_nets_add(r->nets, &item, r->config->cluster_cidrs,
				       r->config->n_cluster_cidrs);
}

static int fail(int rc, struct err *err)
{
	if (rc == -ENOMEM)
		return err_sys(err, ENOMEM, "read peers");
	if (rc == -E2BIG)
		return err_set(err, -EINVAL, "more than %d networks, words included",
			       PEERS_NETS_MAX);
	return err_set(err, -EINVAL, "allowed: %s", PEERS_ITEM_ALLOWED);
}

static int read_text(const struct config *config, const char *text, struct peers_nets *ret,
		     struct err *err)
{
	struct reading r = { .config = config, .nets = ret };
	int rc = list_each(text, read_item, &r);

	if (rc < 0)
		return fail(rc, err);
	peers_nets_merge(ret);
	return peers_nets_check(ret, ret, err) < 0 ? -EINVAL : 0;
}

/* The configuration has been checked. */
static int read_agents(const struct config *config, struct peers_nets *ret, struct err *err)
{
	for (int i = 0; i < config->n_peers; i++) {
		int rc = peers_nets_add(ret, &config->peers[i], config->cluster_cidrs,
					config->n_cluster_cidrs);

		if (rc < 0)
			return fail(rc, err);
	}
	peers_nets_merge(ret);
	return 0;
}

/* ---- the set ---- */

static bool has_mapped(const struct inet_addr *net)
{
	const struct inet_addr mapped = {
		.family = AF_INET6,
		.prefix_len = 96,
		.v6.s6_addr = { [10] = 0xff, [11] = 0xff },
	};

	return net->family == AF_INET6 && net->prefix_len <= 96 && inet_covers(net, &mapped);
}

/* The networks that need a rule: those of the list, and all of IPv4 where one of IPv6 has it, since
 * the kernel's side looks up IPv4 as IPv6. ret has room for one more than the list has. */
static int collect(const struct peers_nets *nets, struct peers_net *ret, bool *keep_v4)
{
	int n = 0;

	*keep_v4 = false;
	for (int i = 0; i < nets->n; i++) {
		if (nets->nets[i].net.family == AF_UNSPEC)
			continue;
		*keep_v4 |= has_mapped(&nets->nets[i].net);
		ret[n++] = nets->nets[i];
	}
	if (*keep_v4)
		ret[n++] = (struct peers_net){ .net = { .family = AF_INET } };
	return peers_nets_distinct(ret, n);
}

static bool ports_equal(const struct offer_ports *a, const struct offer_ports *b)
{
	return a->n == b->n && a->node_only == b->node_only &&
	       memcmp(a->range, b->range, a->n * sizeof(a->range[0])) == 0;
}

/* What an address in `net` gets without a rule of its own. */
static const struct offer_ports *inherited(const struct peers_set *s, const struct inet_addr *net)
{
	static const struct offer_ports nothing;

	for (int i = s->n - 1; i >= 0; i--) { /* longer prefixes first */
		if (inet_covers(&s->rules[i].net, net))
			return &s->rules[i].ports;
	}
	return &nothing;
}

static int fold(const struct peers_nets *nets, struct peers_set *s, struct err *err)
{
	static const struct inet_addr every_address = { .family = AF_UNSPEC };
	auto_free struct peers_net *of = calloc((size_t)nets->n + 1, sizeof(*of));
	bool keep_v4;
	int n;

	if (!of)
		return fail(-ENOMEM, err);
	if (peers_nets_ports(nets, &every_address, NULL, &s->node, err) < 0)
		return -EINVAL;
	n = collect(nets, of, &keep_v4);
	s->rules = calloc((size_t)n + 1, sizeof(*s->rules));
	if (!s->rules)
		return fail(-ENOMEM, err);
	for (int i = 0; i < n; i++) {
		struct peers_rule *rule = &s->rules[s->n];
		bool is_v4 = of[i].net.family == AF_INET && of[i].net.prefix_len == 0;

		rule->net = of[i].net;
		if (peers_nets_ports(nets, &rule->net, &s->node, &rule->ports, err) < 0)
			return -EINVAL;
		if ((is_v4 && keep_v4) || !ports_equal(&rule->ports, inherited(s, &rule->net)))
			s->n++;
	}
	return 0;
}

int peers_make(const struct config *config, const char *text, struct peers_set **ret,
	       struct err *err)
{
	auto_peers_nets struct peers_nets agents = { 0 }, own = { 0 };
	auto_peers struct peers_set *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return fail(-ENOMEM, err);
	rc = read_agents(config, &agents, err);
	if (rc == 0 && text)
		rc = read_text(config, text, &own, err);
	if (rc < 0)
		return rc;
	if (text) {
		if (peers_nets_intersect(&agents, &own, &agents) < 0)
			return fail(-ENOMEM, err);
		peers_nets_merge(&agents);
	}
	rc = fold(&agents, s, err);
	if (rc < 0)
		return text ? err_prefix(err, rc,
					 "narrowed by it, 'peers' of the agent's "
					 "configuration has") :
			      rc;
	*ret = TAKE_PTR(s);
	return 0;
}

void peers_free(struct peers_set *s)
{
	if (s)
		free(s->rules);
	free(s);
}

void peers_cleanup(struct peers_set **s)
{
	peers_free(*s);
}

bool peers_is_empty(const struct peers_set *s)
{
	for (int i = 0; i < s->n; i++) {
		if (s->rules[i].ports.n > 0)
			return false;
	}
	return s->node.n == 0;
}

bool peers_equal(const struct peers_set *a, const struct peers_set *b)
{
	if (a->n != b->n || !ports_equal(&a->node, &b->node))
		return false;
	for (int i = 0; i < a->n; i++) {
		if (!inet_equal(&a->rules[i].net, &b->rules[i].net) ||
		    !ports_equal(&a->rules[i].ports, &b->rules[i].ports))
			return false;
	}
	return true;
}
