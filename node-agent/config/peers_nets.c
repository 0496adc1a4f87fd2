/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/config/peers_nets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

/* a.b.0.0; its place in the 32 bits of network byte order. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define A_SHIFT 0
#define B_SHIFT 8
#else
#define A_SHIFT 24
#define B_SHIFT 16
#endif
#define V4(a, b, len)                                                            \
	{                                                                        \
		.family = AF_INET, .prefix_len = (len),                          \
		.v4.s_addr = (uint32_t)(a) << A_SHIFT | (uint32_t)(b) << B_SHIFT \
	}
#define V6(a, b, len)                                                                           \
	{                                                                                       \
		.family = AF_INET6, .prefix_len = (len), .v6.s6_addr = { [0] = (a), [1] = (b) } \
	}

static const struct inet_addr every[] = { V4(0, 0, 0), V6(0, 0, 0) };

static const struct inet_addr private[] = {
	V4(10, 0, 8),
	V4(172, 16, 12),
	V4(192, 168, 16), /* RFC 1918 */
	V4(100, 64, 10), /* RFC 6598 */
	V4(127, 0, 8), /* loopback */
	V4(169, 254, 16), /* link-local */
	V6(0xfe, 0x80, 10),
	V6(0xfc, 0, 7), /* unique local */
	{ .family = AF_INET6, .prefix_len = 128, .v6 = IN6ADDR_LOOPBACK_INIT },
};

void peers_nets_clear(struct peers_nets *s)
{
	free(s->nets);
	*s = (struct peers_nets){ 0 };
}

static int append(struct peers_nets *s, const struct peers_net *net)
{
	if ((s->n & (s->n - 1)) == 0) { /* a power of two is full */
		struct peers_net *grown =
			reallocarray(s->nets, s->n ? 2 * (size_t)s->n : 1, sizeof(*s->nets));

		if (!grown)
			return -ENOMEM;
		s->nets = grown;
	}
	s->nets[s->n++] = *net;
	return 0;
}

static int add_each(struct peers_nets *s, const struct peers_item *item,
		    const struct inet_addr *nets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct peers_net net = { .net = nets[i], .from = item->from, .to = item->to };
		int rc = s->n < PEERS_NETS_MAX ? append(s, &net) : -E2BIG;

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int add_node(struct peers_nets *s, const struct peers_item *item)
{
	const struct peers_net node = { .from = item->from, .to = item->to, .node_only = true };

	return s->n < PEERS_NETS_MAX ? append(s, &node) : -E2BIG;
}

int peers_nets_add(struct peers_nets *s, const struct peers_item *item,
		   const struct inet_addr *cluster, int n_cluster)
{
	int rc = 0;

	switch (item->word) {
	case PEERS_CIDR:
		return add_each(s, item, &item->net, 1);
	case PEERS_NODE:
		break;
	case PEERS_CLUSTER:
		rc = n_cluster ? add_each(s, item, cluster, (size_t)n_cluster) :
				 add_each(s, item, private, ARRAY_SIZE(private));
		break;
	case PEERS_PRIVATE:
		rc = add_each(s, item, private, ARRAY_SIZE(private));
		break;
	case PEERS_ANY:
		rc = add_each(s, item, every, ARRAY_SIZE(every));
		break;
	}
	return rc < 0 ? rc : add_node(s, item);
}

/* True if a has all of b's addresses. */
static bool covers(const struct inet_addr *a, const struct inet_addr *b)
{
	if (a->family == AF_UNSPEC)
		return true;
	return b->family != AF_UNSPEC && a->prefix_len <= b->prefix_len && inet_covers(a, b);
}

/* Of two networks one has the other, or they have nothing in common. */
static bool intersect(const struct peers_net *a, const struct peers_net *b, struct peers_net *ret)
{
	bool narrower = covers(&a->net, &b->net);

	if (!narrower && !covers(&b->net, &a->net))
		return false;
	*ret = (struct peers_net){
		.net = narrower ? b->net : a->net,
		.from = a->from > b->from ? a->from : b->from,
		.to = a->to < b->to ? a->to : b->to,
		.node_only = a->node_only || b->node_only,
	};
	return ret->from <= ret->to;
}

int peers_nets_intersect(const struct peers_nets *a, const struct peers_nets *b,
			 struct peers_nets *ret)
{
	auto_peers_nets struct peers_nets both = { 0 };

	for (int i = 0; i < a->n; i++) {
		for (int k = 0; k < b->n; k++) {
			struct peers_net net;

			if (intersect(&a->nets[i], &b->nets[k], &net) && append(&both, &net) < 0)
				return -ENOMEM;
		}
	}
	peers_nets_clear(ret);
	*ret = both;
	both = (struct peers_nets){ 0 };
	return 0;
}

static int compare_nets(const struct inet_addr *a, const struct inet_addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	if (a->prefix_len != b->prefix_len)
		return a->prefix_len < b->prefix_len ? -1 : 1;
	switch (a->family) {
	case AF_INET:
		return memcmp(&a->v4, &b->v4, sizeof(a->v4));
	case AF_INET6:
		return memcmp(&a->v6, &b->v6, sizeof(a->v6));
	default:
		return 0;
	}
}

static int by_net(const void *left, const void *right)
{
	const struct peers_net *a = left, *b = right;
	int cmp = compare_nets(&a->net, &b->net);

	if (cmp == 0)
		cmp = (int)a->node_only - b->node_only;
	return cmp ? cmp : (int)a->from - b->from;
}

static int by_port(const void *left, const void *right)
{
	const struct peers_net *a = left, *b = right;

	return a->from != b->from ? (int)a->from - b->from : by_net(left, right);
}

void peers_nets_merge(struct peers_nets *s)
{
	struct peers_net *last = s->nets;

	if (s->n == 0)
		return;
	qsort(s->nets, (size_t)s->n, sizeof(*s->nets), by_net);
	for (int i = 1; i < s->n; i++) {
		const struct peers_net *next = &s->nets[i];

		if (last->node_only != next->node_only || next->from > last->to + 1 ||
		    compare_nets(&last->net, &next->net) != 0)
			*++last = *next;
		else if (next->to > last->to)
			last->to = next->to;
	}
	s->n = (int)(last - s->nets) + 1;
	qsort(s->nets, (size_t)s->n, sizeof(*s->nets), by_port);
}

int peers_nets_distinct(struct peers_net *nets, int n)
{
	int kept = 0;

	qsort(nets, (size_t)n, sizeof(*nets), by_net);
	for (int i = 0; i < n; i++) {
		if (kept == 0 || compare_nets(&nets[kept - 1].net, &nets[i].net) != 0)
			nets[kept++] = nets[i];
	}
	return kept;
}

/* True if one range has the other. */
static bool has(const struct offer_ports *ports, __u32 n, const struct offer_range *range)
{
	for (__u32 i = 0; i < n; i++) {
		if (ports->range[i].from <= range->from && range->to <= ports->range[i].to)
			return true;
	}
	return false;
}

struct gathering {
	struct offer_ports *ports;
	__u32 n_open; /* ranges that count for all */
	const struct offer_ports *node;
	bool node_only; /* which kind it is the turn of */
	bool pending;
	struct offer_range range; /* the one that still grows */
};

static int put(struct gathering *g)
{
	struct offer_ports *p = g->ports;

	if (!g->pending || (g->node_only && (has(p, g->n_open, &g->range) ||
					     (g->node && has(g->node, g->node->n, &g->range)))))
		return 0;
	if (p->n == OFFER_RANGES_MAX)
		return -E2BIG;
	if (g->node_only)
		p->node_only |= 1u << p->n;
	p->range[p->n++] = g->range;
	return 0;
}

static int gather(struct gathering *g, const struct peers_nets *s, const struct inet_addr *net)
{
	g->pending = false;
	for (int i = 0; i < s->n; i++) {
		const struct peers_net *e = &s->nets[i];

		if (e->node_only != g->node_only || !covers(&e->net, net))
			continue;
		if (!g->pending || e->from > g->range.to + 1) {
			if (put(g) < 0)
				return -E2BIG;
			g->range = (struct offer_range){ .from = e->from, .to = e->to };
			g->pending = true;
		} else if (e->to > g->range.to) {
			g->range.to = e->to;
		}
	}
	return put(g);
}

int peers_nets_ports(const struct peers_nets *s, const struct inet_addr *net,
		     const struct offer_ports *node, struct offer_ports *ret, struct err *err)
{
	struct offer_ports ports = { 0 };
	char text[INET_TEXT_MAX];
	struct gathering g = { .ports = &ports, .node = node };
	int rc = gather(&g, s, net);

	if (rc == 0) {
		g.n_open = ports.n;
		g.node_only = true;
		rc = gather(&g, s, net);
	}
	if (rc < 0)
		return err_set(err, -E2BIG, "more than %d port ranges for %s", OFFER_RANGES_MAX,
			       net->family == AF_UNSPEC ? "'node'" : inet_format(net, text));
	/* Of `node` all ranges are of that kind. */
	if (net->family == AF_UNSPEC)
		ports.node_only = 0;
	*ret = ports;
	return 0;
}

int peers_nets_check(const struct peers_nets *s, const struct peers_nets *of, struct err *err)
{
	static const struct inet_addr every_address = { .family = AF_UNSPEC };
	struct offer_ports node, ports;
	int rc = peers_nets_ports(s, &every_address, NULL, &node, err);

	for (int i = 0; rc == 0 && i < of->n; i++) {
		const struct inet_addr *net = &of->nets[i].net;

		if (net->family != AF_UNSPEC)
			rc = peers_nets_ports(s, net, &node, &ports, err);
	}
	return rc;
}
