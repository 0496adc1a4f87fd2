/* SPDX-License-Identifier: Apache-2.0 */
/* The offer programs in this machine's own kernel, packet by packet (BPF_PROG_TEST_RUN). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "tests/unit/offer_packet.h"
#include "tests/unit/offer_world.h"

#define ROUNDS 20000

static struct packet syn6(const uint8_t *types, int ext_len, uint16_t frag_off)
{
	struct packet p;

	packet_ethernet(&p, 0, 0x86dd);
	packet_ipv6(&p, types, ext_len, frag_off, "fd00::1", "fd00::2");
	packet_tcp(&p, PACKET_SYN, 80, offer_world_smc, OFFER_WORLD_SMC);
	return p;
}

/* ---- which packets ---- */

static void only_a_syn_without_ack_is_touched(void **state)
{
	(void)state;
	for (int flags = 0; flags < 256; flags++)
		for (enum offer_direction d = 0; d < OFFER_DIRECTIONS; d++) {
			struct packet p;

			packet_ethernet(&p, 0, 0x0800);
			packet_ipv4(&p, 5, 0, "10.0.0.1", "10.0.0.2");
			packet_tcp(&p, (uint8_t)flags, 80, offer_world_smc, OFFER_WORLD_SMC);
			assert_int_equal(offer_world_blanks(&p, d),
					 (flags & PACKET_SYN) && !(flags & PACKET_ACK));
		}
}

static void ipv4_options_and_fragments(void **state)
{
	struct packet p;

	(void)state;
	for (int words = 5; words <= 15; words++) {
		packet_ethernet(&p, 0, 0x0800);
		packet_ipv4(&p, words, 0x4000, "10.0.0.1", "10.0.0.2");
		packet_tcp(&p, PACKET_SYN, 80, offer_world_smc, OFFER_WORLD_SMC);
		assert_true(offer_world_blanks(&p, OFFER_OUT));
	}
	packet_ethernet(&p, 0, 0x0800);
	packet_ipv4(&p, 5, 0x2000, "10.0.0.1", "10.0.0.2"); /* the first of several */
	packet_tcp(&p, PACKET_SYN, 80, offer_world_smc, OFFER_WORLD_SMC);
	assert_true(offer_world_blanks(&p, OFFER_OUT));
	packet_ethernet(&p, 0, 0x0800);
	packet_ipv4(&p, 5, 1, "10.0.0.1", "10.0.0.2"); /* its data only looks like a SYN */
	packet_tcp(&p, PACKET_SYN, 80, offer_world_smc, OFFER_WORLD_SMC);
	assert_false(offer_world_blanks(&p, OFFER_OUT));
	p = offer_world_syn("10.0.0.1", "10.0.0.2", 80);
	p.data[p.ip + 9] = 17;
	assert_false(offer_world_blanks(&p, OFFER_OUT));
}

static void ipv6_extension_headers(void **state)
{
	static const struct {
		uint8_t types[12];
		int ext_len;
		uint16_t frag_off;
		bool seen;
	} cases[] = {
		{ { 6 }, 8, 0, true },
		{ { 0, 6 }, 8, 0, true },
		{ { 0, 60, 43, 60, 6 }, 24, 0, true },
		{ { 60, 6 }, 256, 0, true },
		{ { 44, 6 }, 8, 1, true }, /* the first fragment of several */
		{ { 0, 44, 60, 6 }, 16, 0, true },
		{ { 44, 6 }, 8, 8, false }, /* another one */
		{ { 60, 60, 60, 60, 60, 60, 60, 60, 6 }, 8, 0, true },
		{ { 60, 60, 60, 60, 60, 60, 60, 60, 60, 6 }, 8, 0, false }, /* too many */
		{ { 51, 6 }, 8, 0, false }, /* authenticated */
		{ { 59, 6 }, 8, 0, false }, /* nothing follows */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct packet p = syn6(cases[i].types, cases[i].ext_len, cases[i].frag_off);

		assert_int_equal(offer_world_blanks(&p, OFFER_OUT), cases[i].seen);
	}
}

static void tags_in_the_packet(void **state)
{
	static const uint8_t plain[] = { 6 };
	struct packet p;

	(void)state;
	for (int tags = 1; tags <= 2; tags++) {
		packet_ethernet(&p, tags, 0x0800);
		packet_ipv4(&p, 5, 0, "10.0.0.1", "10.0.0.2");
		packet_tcp(&p, PACKET_SYN, 80, offer_world_smc, OFFER_WORLD_SMC);
		assert_true(offer_world_blanks(&p, OFFER_IN));
		packet_ethernet(&p, tags, 0x86dd);
		packet_ipv6(&p, plain, 0, 0, "fd00::1", "fd00::2");
		packet_tcp(&p, PACKET_SYN, 80, offer_world_smc, OFFER_WORLD_SMC);
		assert_true(offer_world_blanks(&p, OFFER_IN));
	}
	packet_ethernet(&p, 1, 0x0806);
	packet_ipv4(&p, 5, 0, "10.0.0.1", "10.0.0.2");
	packet_tcp(&p, PACKET_SYN, 80, offer_world_smc, OFFER_WORLD_SMC);
	assert_false(offer_world_blanks(&p, OFFER_IN));
}

static void a_packet_that_ends_early_is_left_alone(void **state)
{
	struct packet whole = offer_world_syn("10.0.0.1", "10.0.0.2", 80);

	(void)state;
	for (size_t len = whole.ip + 20; len < whole.len; len++) {
		struct packet p = whole;

		p.len = len;
		offer_world_pass(&p, OFFER_OUT);
		assert_memory_equal(p.data, whole.data, len);
	}
}

/* ---- which options ---- */

static uint32_t seed = 20260901;

static unsigned chance(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* What a sender could write next: well formed, nearly so, or not at all. */
static int put_option(uint8_t *at, int room)
{
	static const uint8_t texts[][12] = {
		{ 2, 4, 5, 180 },
		{ 3, 3, 7 },
		{ 4, 2 },
		{ 8, 10, 1, 2, 3, 4, 5, 6, 7, 8 },
		{ 254, 6, 0xf9, 0x89, 1, 2 },
		{ 254, 6, 0xe2, 0xd4, 0xc3, 0xd8 },
		{ 253, 6, 0xe2, 0xd4, 0xc3, 0xd9 },
		{ 254, 4, 0xe2, 0xd4 },
		{ 29, 4, 1, 1 },
		{ 19, 2 },
	};
	uint8_t text[64] = { 254, 0, 0xe2, 0xd4, 0xc3, 0xd9 };
	int len = 1 + (int)chance(8);

	switch (chance(8)) {
	case 0:
	case 1:
	case 2: /* SMC: right, odd, too short, too long */
		text[1] = chance(3) ? 6 : (uint8_t)chance(44);
		len = text[1] > 6 ? text[1] : 6;
		break;
	case 3:
		memset(text, 1, 3);
		len = 1 + (int)chance(3);
		break;
	case 4:
		memcpy(text, texts[chance(ARRAY_SIZE(texts))], 12);
		len = text[1];
		break;
	case 5:
		memcpy(text, texts[chance(4)], 12);
		len = text[1];
		break;
	case 6:
		text[0] = (uint8_t)(chance(8) ? 1 : 0);
		len = 1;
		break;
	default:
		for (int i = 0; i < len; i++)
			text[i] = (uint8_t)chance(chance(2) ? 256 : 8);
	}
	len = len < room ? len : room;
	memcpy(at, text, (size_t)len);
	return len;
}

static void options_are_read_as_the_kernel_reads_them(void **state)
{
	int n_blanked = 0;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		uint8_t options[40], want[40];
		int len = 4 * (1 + (int)chance(10));
		struct packet p, before;

		for (int at = 0; at < len;)
			at += put_option(options + at, len - at);
		memcpy(want, options, sizeof(want));
		if (packet_blank(want, len))
			n_blanked++;
		else
			memcpy(want, options, sizeof(want));
		packet_ethernet(&p, 0, 0x0800);
		packet_ipv4(&p, 5, 0, "10.0.0.1", "10.0.0.2");
		packet_tcp(&p, PACKET_SYN, 80, options, len);
		before = p;
		offer_world_pass(&p, OFFER_OUT);
		assert_true(packet_sum_is_right(&p));
		assert_memory_equal(p.data + p.tcp + 20, want, (size_t)len);
		assert_memory_equal(p.data, before.data, p.tcp + 16);
	}
	assert_in_range(n_blanked, ROUNDS / 5, ROUNDS * 4 / 5); /* else it tries nothing */
}

/* ---- which peers ---- */

static void the_peer_is_where_it_goes_and_where_it_comes_from(void **state)
{
	(void)state;
	offer_world_allow(OFFER_OPEN, offer_world_set((const char *[]){ "10.1.0.0/16", NULL }));
	assert_true(offer_world_keeps(OFFER_OUT, "10.9.0.1", "10.1.0.1", 80));
	assert_false(offer_world_keeps(OFFER_OUT, "10.1.0.1", "10.9.0.1", 80));
	assert_true(offer_world_keeps(OFFER_IN, "10.1.0.1", "10.9.0.1", 80));
	assert_false(offer_world_keeps(OFFER_IN, "10.9.0.1", "10.1.0.1", 80));
}

static void the_longest_prefix_and_its_ports_decide(void **state)
{
	struct peers_rule rules[] = {
		{ .ports = { .n = 2, .range = { { 80, 80 }, { 1000, 2000 } } } },
		{ .ports = { .n = 0 } },
	};
	struct peers_set set = { .n = 2, .rules = rules };

	(void)state;
	assert_int_equal(inet_parse("10.1.0.0/16", &rules[0].net, NULL), 0);
	assert_int_equal(inet_parse("10.1.2.0/24", &rules[1].net, NULL), 0);
	offer_world_allow(OFFER_OPEN, &set);
	assert_true(offer_world_keeps(OFFER_OUT, "10.9.0.1", "10.1.3.1", 80));
	assert_false(offer_world_keeps(OFFER_OUT, "10.9.0.1", "10.1.3.1", 81));
	assert_false(offer_world_keeps(OFFER_OUT, "10.9.0.1", "10.1.3.1", 999));
	assert_true(offer_world_keeps(OFFER_OUT, "10.9.0.1", "10.1.3.1", 1000));
	assert_true(offer_world_keeps(OFFER_OUT, "10.9.0.1", "10.1.3.1", 2000));
	assert_false(offer_world_keeps(OFFER_OUT, "10.9.0.1", "10.1.3.1", 2001));
	assert_false(offer_world_keeps(OFFER_OUT, "10.9.0.1", "10.1.2.1", 80));
}

static void ipv6_peers(void **state)
{
	static const uint8_t plain[] = { 6 };
	struct packet p = syn6(plain, 0, 0);

	(void)state;
	offer_world_allow(OFFER_OPEN, offer_world_set((const char *[]){ "fd00::2/127", NULL }));
	assert_false(offer_world_blanks(&p, OFFER_OUT));
	assert_true(offer_world_blanks(&p, OFFER_IN)); /* fd00::1 */
}

/* The pod itself by loopback or its own address, and the node's pods: by node's ports, or by a
 * range of a rule that counts for them alone. */
static void pods_of_the_node(void **state)
{
	struct peers_set set = { .node = { .n = 1, .range = { { 80, 80 } } } };
	struct peers_rule rule = { .ports = { .n = 1, .node_only = 1, .range = { { 90, 90 } } } };
	struct inet_addr addr;

	(void)state;
	assert_int_equal(inet_parse("10.1.0.5/24", &addr, NULL), 0);
	assert_int_equal(offer_node_address_apply(offer_world, 1, &addr, NULL), 0);
	assert_int_equal(inet_parse("10.0.0.0/8", &rule.net, NULL), 0);
	set.n = 1;
	set.rules = &rule;
	offer_world_allow(OFFER_OPEN, &set);
	for (uint16_t port = 80; port <= 100; port += 10) {
		assert_int_equal(offer_world_keeps(OFFER_OUT, "10.9.0.1", "10.1.0.5", port),
				 port < 100);
		assert_int_equal(offer_world_keeps(OFFER_OUT, "10.9.0.1", "10.9.0.1", port),
				 port < 100);
		assert_int_equal(offer_world_keeps(OFFER_OUT, "127.0.0.1", "127.0.0.2", port),
				 port == 80);
		assert_false(offer_world_keeps(OFFER_OUT, "10.9.0.1", "10.1.0.6", port));
	}
	assert_int_equal(offer_node_address_undo(offer_world, 1, &addr, NULL), 0);
	assert_false(offer_world_keeps(OFFER_OUT, "10.9.0.1", "10.1.0.5", 80));
}

static void closed_is_closed(void **state)
{
	struct offer_counts counts;

	(void)state;
	/* Of no pod: the interface is another namespace's by now. */
	assert_int_equal(offer_pod_undo(offer_world, offer_world_cookie, NULL), 0);
	assert_true(offer_world_keeps(OFFER_OUT, "10.9.0.1", "10.1.0.1", 80));
	offer_world_allow(0, offer_world_set((const char *[]){ "0.0.0.0/0", NULL }));
	assert_false(offer_world_keeps(OFFER_OUT, "10.9.0.1", "10.1.0.1", 80));
	offer_world_allow(OFFER_OPEN, offer_world_set((const char *[]){ "0.0.0.0/0", NULL }));
	assert_true(offer_world_keeps(OFFER_OUT, "10.9.0.1", "10.1.0.1", 80));
	assert_int_equal(offer_node_close(offer_world, true, NULL), 0);
	assert_false(offer_world_keeps(OFFER_OUT, "10.9.0.1", "10.1.0.1", 80));
	assert_int_equal(offer_node_close(offer_world, false, NULL), 0);
	assert_true(offer_world_keeps(OFFER_OUT, "10.9.0.1", "10.1.0.1", 80));
	assert_int_equal(offer_pod_counts(offer_world, offer_world_cookie, &counts, NULL), 0);
	assert_int_equal(counts.kept, 2);
	assert_int_equal(counts.blanked, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, offer_world_open_shut, offer_world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_a_syn_without_ack_is_touched),
		TEST(ipv4_options_and_fragments),
		TEST(ipv6_extension_headers),
		TEST(tags_in_the_packet),
		TEST(a_packet_that_ends_early_is_left_alone),
		TEST(options_are_read_as_the_kernel_reads_them),
		TEST(the_peer_is_where_it_goes_and_where_it_comes_from),
		TEST(the_longest_prefix_and_its_ports_decide),
		TEST(ipv6_peers),
		TEST(pods_of_the_node),
		TEST(closed_is_closed),
	};

	return cmocka_run_group_tests(tests, offer_world_make, NULL);
}
