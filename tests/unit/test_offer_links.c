/* SPDX-License-Identifier: Apache-2.0 */
/* The offer programs on interfaces, in this machine's own kernel: by tcx and by clsact. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netlink/route/link/veth.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/link.h"
#include "common/netns.h"
#include "common/nlsock.h"
#include "common/tc.h"
#include "tests/unit/offer_packet.h"
#include "tests/unit/offer_world.h"

#define TCX_INGRESS ((enum bpf_attach_type)46)
#define TCX_EGRESS ((enum bpf_attach_type)47)

static struct err err;
static struct nl_sock *sk;
static int netns_fd = -1, lo, eth0;

/* Fresh interfaces: what a test leaves on them goes with them. */
static int make_links(void **state)
{
	err = ERR_INIT;
	netns_fd = netns_open("/proc/thread-self/ns/net", &err);
	if (offer_world_open_shut(state) < 0 ||
	    nlsock_open(-1, NETLINK_ROUTE, 2000, &sk, &err) < 0 ||
	    rtnl_link_veth_add(sk, "eth0", "eth1", getpid()) < 0 ||
	    link_set_up(sk, "lo", true, &err) < 0)
		return -1;
	lo = (int)if_nametoindex("lo");
	eth0 = (int)if_nametoindex("eth0");
	return netns_fd < 0 ? -1 : 0;
}

static int drop_links(void **state)
{
	int rc = offer_links_undo(netns_fd, &err) | link_del(sk, "eth0", &err);

	nlsock_close(&sk);
	cleanup_close(&netns_fd);
	return offer_world_close(state) | rc;
}

static void works(int rc)
{
	if (rc < 0)
		fail_msg("%s", err.msg);
}

static int count(int ifindex, enum bpf_attach_type type, uint32_t *ret_first)
{
	uint32_t ids[64], n = 64;

	assert_int_equal(bpf_prog_query(ifindex, type, 0, NULL, ids, &n), 0);
	*ret_first = n ? ids[0] : 0;
	return (int)n;
}

/* A program of another one, or of another version: a verdict and nothing else. */
static int load_other(const char *name, int verdict)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = verdict },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, name, "GPL", code, 2, NULL);

	assert_true(fd >= 0);
	return fd;
}

/* Sends a SYN over lo; is the option still in it as it arrives? */
static bool syn_keeps_its_option(void)
{
	static const uint8_t smc[] = { 254, 6, 0xe2, 0xd4, 0xc3, 0xd9, 1, 1 };
	auto_close int tap = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP));
	auto_close int raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	struct sockaddr_ll on_lo = { .sll_family = AF_PACKET,
				     .sll_protocol = htons(ETH_P_IP),
				     .sll_ifindex = lo };
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval limit = { .tv_sec = 5 };
	uint8_t got[256];
	struct packet p;

	packet_ethernet(&p, 0, ETH_P_IP);
	packet_ipv4(&p, 5, 0, "127.0.0.1", "127.0.0.1");
	packet_tcp(&p, PACKET_SYN, 9, smc, sizeof(smc));
	assert_int_equal(bind(tap, (struct sockaddr *)&on_lo, sizeof(on_lo)), 0);
	assert_int_equal(setsockopt(tap, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	assert_int_equal(sendto(raw, p.data + p.ip, p.len - p.ip, 0, (struct sockaddr *)&to,
				sizeof(to)),
			 p.len - p.ip);
	for (;;) {
		struct sockaddr_ll from;
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(tap, got, sizeof(got), 0, (struct sockaddr *)&from, &len);

		assert_true(n > 0);
		if (n == (ssize_t)(p.len - p.ip) && got[33] == PACKET_SYN &&
		    from.sll_pkttype != PACKET_OUTGOING)
			return got[40] == 254;
	}
}

static void applied_checked_and_undone(void **state)
{
	uint32_t id;

	(void)state;
	assert_true(syn_keeps_its_option());
	assert_int_equal(offer_links_check(offer_world, netns_fd, &err), -ENOENT);
	assert_string_equal(strstr(err.msg, "offer on interface 'lo': find egress program"),
			    err.msg);
	works(offer_links_apply(offer_world, netns_fd, &err));
	works(offer_links_apply(offer_world, netns_fd, &err));
	works(offer_links_check(offer_world, netns_fd, &err));
	assert_int_equal(count(lo, TCX_EGRESS, &id), 1);
	assert_int_equal(id, offer_world->prog_ids[OFFER_OUT]);
	assert_int_equal(count(eth0, TCX_INGRESS, &id), 1);
	assert_int_equal(id, offer_world->prog_ids[OFFER_IN]);
	assert_false(syn_keeps_its_option());
	works(offer_links_undo(netns_fd, &err));
	works(offer_links_undo(netns_fd, &err));
	assert_int_equal(count(lo, TCX_EGRESS, &id), 0);
	assert_int_equal(count(eth0, TCX_INGRESS, &id), 0);
	assert_true(syn_keeps_its_option());
}

static void one_that_comes_later_is_told_and_gets_them(void **state)
{
	struct nl_sock *fresh; /* libnl's numbers of requests go on, and ours do not */

	(void)state;
	works(offer_links_apply(offer_world, netns_fd, &err));
	works(nlsock_open(-1, NETLINK_ROUTE, 2000, &fresh, &err));
	assert_int_equal(rtnl_link_veth_add(fresh, "later", "later1", getpid()), 0);
	nlsock_close(&fresh);
	assert_int_equal(offer_links_check(offer_world, netns_fd, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "offer on interface 'later"));
	works(offer_links_apply(offer_world, netns_fd, &err));
	works(offer_links_check(offer_world, netns_fd, &err));
	works(link_del(sk, "later", &err));
	works(offer_links_check(offer_world, netns_fd, &err));
}

static void one_that_is_missing_is_told(void **state)
{
	(void)state;
	works(offer_links_apply(offer_world, netns_fd, &err));
	assert_int_equal(bpf_prog_detach2(offer_world->progs[OFFER_IN], eth0, TCX_INGRESS), 0);
	assert_int_equal(offer_links_check(offer_world, netns_fd, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "offer on interface 'eth0': find ingress program"));
}

/* A verdict of another program ends the row: ours must have come before. */
static void first_of_all_and_others_stay(void **state)
{
	auto_close int other = load_other("other", 0);
	LIBBPF_OPTS(bpf_prog_attach_opts, none);
	uint32_t id;

	(void)state;
	assert_int_equal(bpf_prog_attach_opts(other, lo, TCX_EGRESS, &none), 0);
	assert_int_equal(bpf_prog_attach_opts(other, lo, TCX_INGRESS, &none), 0);
	works(offer_links_apply(offer_world, netns_fd, &err));
	assert_int_equal(count(lo, TCX_EGRESS, &id), 2);
	assert_int_equal(id, offer_world->prog_ids[OFFER_OUT]);
	assert_false(syn_keeps_its_option());
	works(offer_links_undo(netns_fd, &err));
	assert_int_equal(count(lo, TCX_EGRESS, &id), 1);
	assert_int_not_equal(id, offer_world->prog_ids[OFFER_OUT]);
	assert_int_equal(bpf_prog_detach2(other, lo, TCX_EGRESS), 0);
	assert_int_equal(bpf_prog_detach2(other, lo, TCX_INGRESS), 0);
}

static void an_earlier_one_is_replaced_and_a_later_one_left(void **state)
{
	auto_close int old = load_other("smc_egress_v1", -1), other = load_other("other", -1);
	auto_close int later = load_other("smc_egress_v99", -1);
	LIBBPF_OPTS(bpf_prog_attach_opts, none);
	uint32_t id;

	(void)state;
	assert_int_equal(bpf_prog_attach_opts(old, eth0, TCX_EGRESS, &none), 0);
	assert_int_equal(bpf_prog_attach_opts(other, eth0, TCX_EGRESS, &none), 0);
	assert_int_equal(bpf_prog_attach_opts(later, eth0, TCX_EGRESS, &none), 0);
	works(offer_links_apply(offer_world, netns_fd, &err));
	assert_int_equal(count(eth0, TCX_EGRESS, &id), 3);
	assert_int_equal(id, offer_world->prog_ids[OFFER_OUT]);
	works(offer_links_undo(netns_fd, &err));
	assert_int_equal(count(eth0, TCX_EGRESS, &id), 2);
}

/* ---- without tcx ---- */

static bool has_clsact(void)
{
	bool there;

	works(tc_has_clsact(sk, lo, &there, &err));
	return there;
}

static void a_clsact_of_ours_goes_with_us(void **state)
{
	(void)state;
	assert_int_equal(offer_clsact_check(offer_world, lo, &err), -ENOENT);
	works(offer_clsact_apply(offer_world, lo, &err));
	works(offer_clsact_apply(offer_world, lo, &err));
	works(offer_clsact_check(offer_world, lo, &err));
	assert_int_equal(tc_filter_count(sk, lo, &err), 2);
	assert_false(syn_keeps_its_option());
	works(offer_clsact_undo(NULL, lo, &err));
	works(offer_clsact_undo(NULL, lo, &err));
	assert_false(has_clsact());
	assert_true(syn_keeps_its_option());
}

static void a_clsact_of_others_and_their_filters_stay(void **state)
{
	const struct tc_redirect theirs = { .from = lo, .to = eth0, .dst_port = 4791, .pref = 9 };
	int to;

	(void)state;
	works(tc_clsact_add(sk, lo, &err));
	works(offer_clsact_apply(offer_world, lo, &err));
	works(offer_clsact_check(offer_world, lo, &err));
	works(offer_clsact_undo(NULL, lo, &err));
	assert_true(has_clsact());
	works(tc_clsact_del(sk, lo, &err));

	works(offer_clsact_apply(offer_world, lo, &err));
	works(tc_redirect_add(sk, &theirs, &err));
	works(offer_clsact_undo(NULL, lo, &err));
	works(tc_redirect_find(sk, &theirs, &to, &err));
	works(tc_clsact_del(sk, lo, &err));
}

static void an_earlier_filter_is_replaced(void **state)
{
	struct offer *old = offer_world;

	works(offer_clsact_apply(old, lo, &err));
	assert_int_equal(offer_world_open_shut(state), 0); /* as an agent that starts again does */
	assert_int_equal(offer_clsact_check(offer_world, lo, &err), -ENOENT);
	works(offer_clsact_apply(offer_world, lo, &err));
	works(offer_clsact_check(offer_world, lo, &err));
	assert_int_equal(tc_filter_count(sk, lo, &err), 2);
	works(offer_clsact_undo(NULL, lo, &err));
	assert_false(has_clsact());
	offer_close(old);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_links, drop_links)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(applied_checked_and_undone),
		TEST(one_that_comes_later_is_told_and_gets_them),
		TEST(one_that_is_missing_is_told),
		TEST(first_of_all_and_others_stay),
		TEST(an_earlier_one_is_replaced_and_a_later_one_left),
		TEST(a_clsact_of_ours_goes_with_us),
		TEST(a_clsact_of_others_and_their_filters_stay),
		TEST(an_earlier_filter_is_replaced),
	};

	return cmocka_run_group_tests(tests, offer_world_make, NULL);
}
