/* SPDX-License-Identifier: Apache-2.0 */
/* Network interfaces over an rtnetlink socket (nlsock_open with NETLINK_ROUTE), in that socket's
 * namespace.
 *
 * Errors name the interface: "create dummy 'smc-pods': File exists". All calls return within the
 * socket's time limit
 * (-ETIMEDOUT). Creating a virtual interface needs CAP_NET_ADMIN; the kernel loads the module of a
 * kind it lacks
 * (-EOPNOTSUPP when there is none).
 */
#ifndef SMC_COMMON_LINK_H
#define SMC_COMMON_LINK_H

#include <linux/if_ether.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

#define LINK_ALIAS_MAX 255 /* bytes; IFALIASZ of the kernel less its NUL */
#define LINK_TAG_PREFIX "smc-cni." /* of the alternative name that marks a link as ours */
#define LINK_ALTNAME_MAX 127 /* bytes; ALTIFNAMSIZ of the kernel less its NUL */
#define LINK_TAG_MAX LINK_ALTNAME_MAX
#define LINK_TAGS_MAX 4 /* what a link has beyond these is not looked at */

struct link {
	int index;
	char name[IFNAMSIZ];
	char kind[16]; /* "veth", "bridge", "dummy", "vrf"; "" for a real device */
	char alias[LINK_ALIAS_MAX + 1]; /* "" if none */
	int master; /* index of the bridge, VRF ... it is enslaved to; 0: none */
	int peer; /* IFLA_LINK: of a veth its peer's index, of a VLAN or macvlan the lower device's;
		     0: none */
	uint32_t mtu;
	uint32_t group; /* "ip link set group"; 0: the default one */
	uint8_t mac[ETH_ALEN]; /* zero if it has no Ethernet address */
	bool up; /* IFF_UP */
	uint32_t flags; /* all of IFF_ */
	uint32_t vrf_table; /* of a VRF; 0 otherwise */
	bool vlan_filtering; /* of a bridge */
	uint32_t mode; /* of a macvlan MACVLAN_MODE_, of an ipvlan IPVLAN_MODE_; 0 otherwise */
	/* Of a bridge's port: BR_STATE_FORWARDING, ...; 0 otherwise, or disabled. */
	uint8_t port_state;
	bool port_hairpin; /* of a bridge's port: it sends back what came in by it */
	char tags[LINK_TAGS_MAX][LINK_TAG_MAX + 1]; /* the alternative names with LINK_TAG_PREFIX */
	int n_tags;
};

#define LINK_MAC_TEXT_MAX 18 /* bytes with the NUL */

/* "02:00:00:00:00:01"; returns buf. */
const char *link_format_mac(const struct link *link, char buf[LINK_MAC_TEXT_MAX]);
/* The way back; capital letters are fine. False if the text is none. */
bool link_parse_mac(const char *text, uint8_t ret[ETH_ALEN]);

/* -ENODEV if there is none. */
int link_get(struct nl_sock *sk, const char *name, struct link *ret, struct err *err);
/* link_get() of a link that must be there and up: -ENOENT. `where` is for messages ("of the
 * pod"). */
int link_get_up(struct nl_sock *sk, const char *name, const char *where, struct link *ret,
		struct err *err);
/* The same by an alternative name, which may be longer. */
int link_get_by_altname(struct nl_sock *sk, const char *altname, struct link *ret, struct err *err);
int link_get_by_index(struct nl_sock *sk, int index, struct link *ret, struct err *err);
/* All interfaces, in the order of their index; the caller frees *ret. Returns their number. */
int link_list(struct nl_sock *sk, struct link **ret, struct err *err);
/* The same, of those that are enslaved to this one: few, so that the kernel tells them at once and
 * nothing can change meanwhile. */
int link_ports(struct nl_sock *sk, int master, struct link **ret, struct err *err);

/* Down, without alias and master. -EEXIST if the name is taken. The caller asks link_get for the
 * index. */
int link_add_dummy(struct nl_sock *sk, const char *name, struct err *err);
/* A VRF whose routes are in `table`. */
int link_add_vrf(struct nl_sock *sk, const char *name, uint32_t table, struct err *err);

/* -ENODEV if it is gone. Deleting waits for RCU in the kernel: 9-26 ms. */
int link_del(struct nl_sock *sk, const char *name, struct err *err);

int link_set_up(struct nl_sock *sk, const char *name, bool up, struct err *err);
int link_set_alias(struct nl_sock *sk, const char *name, const char *alias, struct err *err);
/* master: index of the new master, 0 takes it out. */
int link_set_master(struct nl_sock *sk, const char *name, int master, struct err *err);

/* Where arp_notify is set this also tells the neighbours, even if the link has that address
 * already. */
int link_set_mac(struct nl_sock *sk, const struct link *link, const uint8_t mac[ETH_ALEN],
		 struct err *err);

/* By index: what follows is about links that may change their names. -EEXIST if the name, or the
 * alternative name, is taken. */
int link_rename(struct nl_sock *sk, int index, const char *name, struct err *err);
int link_add_altname(struct nl_sock *sk, int index, const char *altname, struct err *err);
int link_del_altname(struct nl_sock *sk, int index, const char *altname, struct err *err);
/* All alternative names; the caller frees *ret. Returns their number. */
int link_altnames(struct nl_sock *sk, int index, char (**ret)[LINK_ALTNAME_MAX + 1],
		  struct err *err);

#endif
