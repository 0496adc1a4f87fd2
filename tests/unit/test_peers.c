/* SPDX-License-Identifier: Apache-2.0 */
/* What lists of peers mean, against an evaluator that takes them literally. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "node-agent/model/peers.h"

/* ---- the kernel's side: the longest prefix of the address as IPv6, and nothing else ---- */

struct key {
	uint8_t bytes[16];
	unsigned int bits;
};

static struct key key_of(const struct inet_addr *a)
{
	struct key k = { .bytes = { [10] = 0xff, [11] = 0xff }, .bits = a->prefix_len };

	if (a->family == AF_INET6) {
		memcpy(k.bytes, &a->v6, sizeof(k.bytes));
	} else {
		memcpy(k.bytes + 12, &a->v4, sizeof(a->v4));
		k.bits += 96;
	}
	return k;
}

static bool key_has(const struct key *net, const struct key *k)
{
	for (unsigned int i = 0; i < net->bits; i++) {
		unsigned int mask = 0x80u >> i % 8;

		if ((net->bytes[i / 8] ^ k->bytes[i / 8]) & mask)
			return false;
	}
	return true;
}

static bool ports_have(const struct offer_ports *p, uint16_t port, bool is_node)
{
	for (uint32_t i = 0; i < p->n; i++) {
		if (p->range[i].from <= port && port <= p->range[i].to &&
		    (is_node || !(p->node_only & 1u << i)))
			return true;
	}
	return false;
}

static bool offered(const struct peers_set *s, const struct inet_addr *addr, uint16_t port,
		    bool is_node)
{
	const struct key k = key_of(addr);
	const struct peers_rule *longest = NULL;
	unsigned int bits = 0;

	for (int i = 0; i < s->n; i++) {
		const struct key net = key_of(&s->rules[i].net);

		if (key_has(&net, &k) && (!longest || net.bits > bits)) {
			longest = &s->rules[i];
			bits = net.bits;
		}
	}
	return (longest && ports_have(&longest->ports, port, is_node)) ||
	       (is_node && ports_have(&s->node, port, true));
}

/* ---- the evaluator ---- */

static struct inet_addr addr_of(const char *text)
{
	struct inet_addr a;

	if (inet_parse(text, &a, NULL) < 0)
		fail_msg("'%s'", text);
	return a;
}

static bool in(const char *nets, const struct inet_addr *addr)
{
	char copy[256], *rest = copy, *net;
	bool found = false;

	(void)snprintf(copy, sizeof(copy), "%s", nets);
	while ((net = strsep(&rest, " "))) {
		const struct inet_addr a = addr_of(net);

		found |= a.family == addr->family && inet_covers(&a, addr);
	}
	return found;
}

#define PRIVATE                                                                                       \
	"10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 fe80::/10 " \
	"fc00::/7 ::1/128"

/* An item is written "NAME" or "NAME FROM TO" here. */
struct item {
	const char *name;
	int from, to; /* 0: all */
};

static bool item_says(const struct item *i, const char *cluster, const struct inet_addr *addr,
		      uint16_t port, bool is_node)
{
	if (i->from && (port < i->from || port > i->to))
		return false;
	if (!strcmp(i->name, "any"))
		return true;
	if (!strcmp(i->name, "node"))
		return is_node;
	if (!strcmp(i->name, "private"))
		return is_node || in(PRIVATE, addr);
	if (!strcmp(i->name, "cluster"))
		return is_node || in(cluster ? cluster : PRIVATE, addr);
	return in(i->name, addr);
}

static bool list_says(const struct item *list, int n, const char *cluster,
		      const struct inet_addr *addr, uint16_t port, bool is_node)
{
	for (int i = 0; i < n; i++) {
		if (item_says(&list[i], cluster, addr, port, is_node))
			return true;
	}
	return false;
}

static char *write_list(const struct item *list, int n, const char *quote)
{
	static char buf[4][4096];
	static int turn;
	char *text = buf[turn++ % 4];
	size_t used = 0;

	text[0] = '\0';
	for (int i = 0; i < n; i++) {
		const struct item *it = &list[i];
		bool v6 = it->from && strchr(it->name, ':');

		used += (size_t)snprintf(text + used, sizeof(buf[0]) - used, "%s%s%s%s%s",
					 i ? "," : "", quote, v6 ? "[" : "", it->name,
					 v6 ? "]" : "");
		if (it->from && it->from == it->to)
			used += (size_t)snprintf(text + used, sizeof(buf[0]) - used, ":%d",
						 it->from);
		else if (it->from)
			used += (size_t)snprintf(text + used, sizeof(buf[0]) - used, ":%d-%d",
						 it->from, it->to);
		used += (size_t)snprintf(text + used, sizeof(buf[0]) - used, "%s", quote);
	}
	return text;
}

/* ---- random lists ---- */

static uint32_t seed;

static unsigned int pick(unsigned int n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static const char *const names[] = {
	"node",		  "cluster",	"private",     "any",	      "0.0.0.0/0",
	"::/0",		  "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32",
	"192.168.0.0/16", "8.0.0.0/6",	"fd00::/8",    "fd00:1::/32", "fd00:1::7/128",
	"::/1",		  "::/80",	"2000::/3",    "127.0.0.0/8", "::1/128",
};
static const char *const addrs[] = {
	"10.1.2.3",  "10.1.2.4",    "10.1.9.9",	   "10.9.9.9",	 "11.0.0.1",
	"8.8.8.8",   "192.168.7.7", "172.31.0.1",  "172.32.0.1", "100.127.0.1",
	"127.0.0.1", "169.254.1.1", "fd00:1::7",   "fd00:1::8",	 "fd00:2::1",
	"fc00::1",   "fe80::1",	    "2001:db8::1", "::1",	 "::2",
};

static int make_list(struct item *list)
{
	int n = (int)pick(6);

	for (int i = 0; i < n; i++) {
		list[i] = (struct item){ .name = names[pick(ARRAY_SIZE(names))] };
		if (pick(3) == 0)
			continue;
		list[i].from = 80 + (int)pick(6);
		list[i].to = list[i].from + (pick(2) ? 0 : (int)pick(4));
	}
	return n;
}

static struct config *config_of(const char *peers, const char *cluster)
{
	struct config *c = NULL;
	struct err err = ERR_INIT;
	char yaml[8192];

	(void)snprintf(yaml, sizeof(yaml), "peers: [%s]\n%s%s%s\n", peers,
		       cluster ? "clusterCIDRs: ['" : "", cluster ? cluster : "",
		       cluster ? "']" : "");
	if (config_parse(yaml, strlen(yaml), "agent.yaml", &c, &err) < 0)
		fail_msg("%s: %s", yaml, err.msg);
	return c;
}

static void compare(const struct peers_set *s, const struct item *a, int n_a, const struct item *p,
		    int n_p, const char *cluster)
{
	for (size_t i = 0; i < ARRAY_SIZE(addrs) * 14 * 2; i++) {
		const char *text = addrs[i / 28];
		const struct inet_addr addr = addr_of(text);
		uint16_t port = (uint16_t)(78 + i / 2 % 14);
		bool is_node = i % 2;
		bool want = list_says(a, n_a, cluster, &addr, port, is_node) &&
			    (n_p < 0 || list_says(p, n_p, cluster, &addr, port, is_node));

		if (offered(s, &addr, port, is_node) != want)
			fail_msg("agent [%s] pod [%s] cluster %s: %s port %u%s: %s",
				 write_list(a, n_a, ""), n_p < 0 ? "-" : write_list(p, n_p, ""),
				 cluster ? cluster : "-", text, port,
				 is_node ? " on this node" : "",
				 want ? "is not offered" : "is offered");
	}
}

/* The longest prefix alone must say what the lists say together, IPv4 looked up as IPv6. */
static void what_both_lists_say_is_offered_and_nothing_else(void **state)
{
	int n_narrowed = 0;

	(void)state;
	for (seed = 1; n_narrowed < 3000;) {
		struct item a[6], p[6];
		const char *cluster = pick(2) ? "10.1.0.0/16" : NULL;
		int n_a = make_list(a), n_p = make_list(p);
		struct config *c = config_of(write_list(a, n_a, "'"), cluster);
		auto_peers struct peers_set *s = NULL;
		struct err err = ERR_INIT;

		if (n_p == 0)
			n_p = -1;
		if (peers_make(c, n_p < 0 ? NULL : write_list(p, n_p, ""), &s, &err) < 0)
			fail_msg("%s", err.msg);
		compare(s, a, n_a, p, n_p, cluster);
		n_narrowed += n_p > 0;
		config_free(c);
	}
}

/* ---- texts ---- */

static void items_that_are_good_mean_what_they_say(void **state)
{
	static const struct {
		const char *text, *net;
		enum peers_word word;
		int from, to;
	} good[] = {
		{ "10.0.0.0/8", "10.0.0.0/8", PEERS_CIDR, 1, 65535 },
		{ "10.0.0.0/8:443", "10.0.0.0/8", PEERS_CIDR, 443, 443 },
		{ "0.0.0.0/0:80-90", "0.0.0.0/0", PEERS_CIDR, 80, 90 },
		{ "fd00::/8", "fd00::/8", PEERS_CIDR, 1, 65535 },
		{ "[fd00::/8]:80-90", "fd00::/8", PEERS_CIDR, 80, 90 },
		{ "::ffff:10.0.0.0/104", "10.0.0.0/8", PEERS_CIDR, 1, 65535 },
		{ "[::ffff:10.1.2.3/128]:80", "10.1.2.3/32", PEERS_CIDR, 80, 80 },
		{ "::ffff:0:0/96", "0.0.0.0/0", PEERS_CIDR, 1, 65535 },
		{ "node", NULL, PEERS_NODE, 1, 65535 },
		{ "cluster:1-2", NULL, PEERS_CLUSTER, 1, 2 },
		{ "private:65535", NULL, PEERS_PRIVATE, 65535, 65535 },
		{ "any:443", NULL, PEERS_ANY, 443, 443 },
	};
	char buf[INET_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct peers_item item;

		if (peers_item_parse(good[i].text, &item) < 0)
			fail_msg("'%s' is refused", good[i].text);
		assert_int_equal(item.word, good[i].word);
		assert_int_equal(item.from, good[i].from);
		assert_int_equal(item.to, good[i].to);
		if (good[i].net)
			assert_string_equal(inet_format(&item.net, buf), good[i].net);
	}
}

static void items_that_are_bad_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"10.0.0.1/8",
		"10.0.0.0",
		"::ffff:10.0.0.0/95",
		"::ffff:0:0/80",
		"::ffff:10.0.0.1/104",
		"nodes",
		"Node",
		"node:",
		"[node]:80",
		"any:0",
		"any:65536",
		"any:9-8",
		"any:80:90",
		"[10.0.0.0/8]:80",
		"[::ffff:10.0.0.0/104]",
		"fd00::/8:80",
		"none",
		"*",
		"any:80-",
	};
	struct peers_item item;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (peers_item_parse(bad[i], &item) == 0)
			fail_msg("'%s' is accepted", bad[i]);
	}
}

/* ---- bounds ---- */

static struct peers_set *made(const char *agent, const char *pod, struct err *err)
{
	struct config *c = config_of(agent, NULL);
	struct peers_set *s = NULL;

	*err = ERR_INIT;
	(void)peers_make(c, pod, &s, err);
	config_free(c);
	return s;
}

static void a_hundred_networks_are_a_rule_each(void **state)
{
	auto_peers struct peers_set *s = NULL;
	char text[4096] = "";
	struct err err;

	(void)state;
	for (int i = 0; i < 100; i++) {
		size_t used = strlen(text);

		(void)snprintf(text + used, sizeof(text) - used, "%s10.7.%d.0/24", i ? "," : "",
			       2 * i);
	}
	s = made("any", text, &err);
	assert_non_null(s);
	assert_int_equal(s->n, 100);
}

static void what_adds_nothing_has_no_rule(void **state)
{
	auto_peers struct peers_set *s = NULL;
	struct err err;

	(void)state;
	s = made("any", "10.0.0.0/8,10.1.0.0/16,10.1.2.0/24:443,10.0.0.0/8:80", &err);
	assert_non_null(s);
	assert_int_equal(s->n, 1);
	assert_int_equal(s->rules[0].net.prefix_len, 8);
	assert_int_equal(s->rules[0].ports.n, 1);
	assert_int_equal(s->rules[0].ports.node_only, 0);
}

static void ranges_beyond_the_room_are_refused_by_network(void **state)
{
	static const char nine[] =
		"10.0.0.0/8:1,10.0.0.0/8:3,10.0.0.0/8:5,10.0.0.0/8:7,10.1.0.0/16:9,"
		"10.1.0.0/16:11,10.1.0.0/16:13,10.1.0.0/16:15,10.1.0.0/16:17";
	auto_peers struct peers_set *s = NULL, *closed = NULL;
	char text[512];
	struct err err;

	(void)state;
	assert_null(made("any", nine, &err));
	assert_string_equal(err.msg, "more than 8 port ranges for 10.1.0.0/16");
	/* Ranges that touch are one. */
	(void)snprintf(text, sizeof(text), "%s,any:2-4", nine);
	s = made("any", text, &err);
	assert_non_null(s);
	/* Each list has room, both together have not. */
	closed = made("'any:1-10','any:20-30','any:40-50','any:60-70','any:80-90'",
		      "any:5-25,any:28-45,any:48-65,any:68-85,any:88-100", &err);
	assert_null(closed);
	assert_non_null(strstr(err.msg, "narrowed by it, 'peers' of the agent's configuration has: "
					"more than 8 port ranges for "));
}

static void words_of_too_many_networks_are_refused(void **state)
{
	char text[4096] = "";
	struct err err;

	(void)state;
	for (int i = 0; i < 60; i++) {
		size_t used = strlen(text);

		(void)snprintf(text + used, sizeof(text) - used, "%sprivate:%d", i ? "," : "",
			       1 + i);
	}
	assert_null(made("any", text, &err));
	assert_string_equal(err.msg, "more than 512 networks, words included");
}

static void lists_without_anything_in_common_are_empty(void **state)
{
	static const struct {
		const char *agent, *pod;
		bool empty;
	} cases[] = {
		{ "", NULL, true },
		{ "10.0.0.0/8", "192.168.0.0/16", true },
		{ "'10.0.0.0/8:80'", "10.0.0.0/8:81", true },
		{ "'node:80'", "node:81", true },
		{ "10.0.0.0/8", "node", false },
		{ "'::/0'", "10.0.0.0/8", true },
		{ "node", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_peers struct peers_set *s = NULL;
		struct err err;

		s = made(cases[i].agent, cases[i].pod, &err);
		assert_non_null(s);
		assert_int_equal(peers_is_empty(s), cases[i].empty);
	}
}

static void sets_are_equal_when_they_offer_the_same(void **state)
{
	auto_peers struct peers_set *a = NULL, *b = NULL, *c = NULL, *d = NULL;
	struct err err;

	(void)state;
	a = made("any", "10.0.0.0/8,node:80", &err);
	b = made("any", "node:80 , 10.0.0.0/8, 10.1.0.0/16", &err);
	c = made("any", "node:81,10.0.0.0/8", &err);
	d = made("node", "10.0.0.0/8", &err);
	assert_true(peers_equal(a, b));
	assert_false(peers_equal(a, c));
	assert_false(peers_equal(a, d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_both_lists_say_is_offered_and_nothing_else),
		cmocka_unit_test(items_that_are_good_mean_what_they_say),
		cmocka_unit_test(items_that_are_bad_are_refused),
		cmocka_unit_test(a_hundred_networks_are_a_rule_each),
		cmocka_unit_test(what_adds_nothing_has_no_rule),
		cmocka_unit_test(ranges_beyond_the_room_are_refused_by_network),
		cmocka_unit_test(words_of_too_many_networks_are_refused),
		cmocka_unit_test(lists_without_anything_in_common_are_empty),
		cmocka_unit_test(sets_are_equal_when_they_offer_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
