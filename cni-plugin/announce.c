/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/announce.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fault.h"
#include "common/log.h"
#include "common/netns.h"
#include "common/result.h"

/* ---- IPv4 ---- */

struct arp_packet {
	struct arphdr head;
	uint8_t from_mac[ETH_ALEN], from_ip[4];
	uint8_t to_mac[ETH_ALEN], to_ip[4];
};

_Static_assert(sizeof(struct arp_packet) == 28, "without gaps");

/* The same packet that the kernel sends (net/ipv4/devinet.c, inetdev_send_gratuitous_arp): RFC
 * 5227, 2.3. */
static int send_arp(int sock, const struct link *link, const struct inet_addr *ip)
{
	struct arp_packet arp = { .head = { .ar_hrd = htons(ARPHRD_ETHER),
					    .ar_pro = htons(ETH_P_IP),
					    .ar_hln = ETH_ALEN,
					    .ar_pln = sizeof(ip->v4),
					    .ar_op = htons(ARPOP_REQUEST) } };
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_ARP),
				  .sll_ifindex = link->index,
				  .sll_halen = ETH_ALEN };

	memcpy(arp.from_mac, link->mac, ETH_ALEN);
	memcpy(arp.from_ip, &ip->v4, sizeof(ip->v4));
	memcpy(arp.to_ip, &ip->v4, sizeof(ip->v4));
	memset(to.sll_addr, 0xff, ETH_ALEN);
	if (sendto(sock, &arp, sizeof(arp), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return 0;
}

static int open_packet_socket(int netns_fd, const struct link *link, struct err *err)
{
	(void)link;
	return netns_socket(netns_fd, AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0, err);
}

/* ---- IPv6 ---- */

struct advertisement {
	struct nd_neighbor_advert na;
	struct nd_opt_hdr opt;
	uint8_t mac[ETH_ALEN];
};

/* This is a raw ICMPv6 socket, for which the kernel fills in the checksum. Closing a packet socket
 * would wait for RCU, 8 to 16 ms. */
static int open_icmp_socket(int netns_fd, const struct link *link, struct err *err)
{
	const int hops = 255; /* receivers take less for forged: RFC 4861, 7.1.2 */
	auto_close int sock =
		netns_socket(netns_fd, AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6, err);

	if (sock < 0)
		return sock;
	if (setsockopt(sock, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) < 0 ||
	    setsockopt(sock, IPPROTO_IPV6, IPV6_MULTICAST_IF, &link->index, sizeof(link->index)) <
		    0)
		return err_sys(err, errno, "open socket for neighbour advertisements");
	return TAKE_FD(sock);
}

/* RFC 4861, 7.2.6: it is sent from the address to all nodes, with the override flag. */
static int advertise(int sock, const struct link *link, const struct inet_addr *ip)
{
	struct advertisement a = { .na = { .nd_na_type = ND_NEIGHBOR_ADVERT,
					   .nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE,
					   .nd_na_target = ip->v6 },
				   .opt = { .nd_opt_type = ND_OPT_TARGET_LINKADDR,
					    .nd_opt_len = 1 } };
	struct sockaddr_in6 from = { .sin6_family = AF_INET6, .sin6_addr = ip->v6 },
			    to = { .sin6_family = AF_INET6,
				   .sin6_scope_id = (uint32_t)link->index };

	memcpy(a.mac, link->mac, ETH_ALEN);
	(void)inet_pton(AF_INET6, "ff02::1", &to.sin6_addr);
	if (bind(sock, (struct sockaddr *)&from, sizeof(from)) < 0 ||
	    sendto(sock, &a, sizeof(a), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return 0;
}

/* ---- both ---- */

static const struct protocol {
	int family;
	int (*open)(int netns_fd, const struct link *link, struct err *err);
	int (*send)(int sock, const struct link *link, const struct inet_addr *ip); /* -errno */
	int no_carrier; /* what send() fails with when there is nobody to tell; or with ENETDOWN */
} arp = { AF_INET, open_packet_socket, send_arp, ENOBUFS },
  nd = { AF_INET6, open_icmp_socket, advertise, ENETUNREACH };

static int announce_by(const struct protocol *p, int netns_fd, const struct link *link,
		       const json_t *result, struct err *err)
{
	auto_close int sock = -1;
	char text[INET_TEXT_MAX];
	struct result_ip ip;
	int r;

	for (size_t i = 0; result_ip_at(result, i, &ip); i++) {
		if (ip.address.family != p->family)
			continue;
		if (sock < 0)
			sock = p->open(netns_fd, link, err);
		if (sock < 0)
			return sock;
		r = p->send(sock, link, &ip.address);
		if (r < 0 && r != -p->no_carrier && r != -ENETDOWN)
			return err_sys(err, r, "announce address '%s'",
				       inet_format(&ip.address, text));
	}
	return 0;
}

static bool is_ethernet(const struct link *link)
{
	static const uint8_t none[ETH_ALEN];

	return memcmp(link->mac, none, ETH_ALEN) != 0;
}

static int announce_all(int netns_fd, const struct link *link, const json_t *result, bool v4,
			struct err *err)
{
	int r = 0;

	FAULT_POINT("announcement", err);
	if (v4 && is_ethernet(link))
		r = announce_by(&arp, netns_fd, link, result, err);
	return r < 0 ? r : announce_by(&nd, netns_fd, link, result, err);
}

void announce(int netns_fd, const struct link *link, const json_t *result, bool v4)
{
	struct err err = ERR_INIT;

	if (announce_all(netns_fd, link, result, v4, &err) < 0)
		log_warn("tell the neighbours of the pod's addresses, ignoring", "interface",
			 link->name, "err", err.msg);
}
