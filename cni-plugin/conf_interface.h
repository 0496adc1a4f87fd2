/* SPDX-License-Identifier: Apache-2.0 */
/* The key "interface" of the configuration: which kind of interface, and how. */
#ifndef SMC_PLUGIN_CONF_INTERFACE_H
#define SMC_PLUGIN_CONF_INTERFACE_H

#include <jansson.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "cni-plugin/error.h"
#include "cni-plugin/pci_name.h"

enum conf_kind {
	CONF_VETH, /* on a bridge */
	CONF_PTP,
	CONF_MACVLAN,
	CONF_IPVLAN,
	CONF_HOST_DEVICE,
	CONF_DUMMY,
};

struct conf_interface {
	enum conf_kind kind;
	char bridge[IFNAMSIZ]; /* veth */
	char master[IFNAMSIZ]; /* macvlan, ipvlan; "": the default route's device */
	/* host-device; "" with pci, and where neither is known (GC, STATUS). */
	char device[IFNAMSIZ];
	char pci[PCI_NAME_MAX]; /* host-device: its PCI address */
	bool rdma; /* host-device: its RDMA device goes along (RDMA netns mode exclusive) */
	int mode; /* MACVLAN_MODE_, IPVLAN_MODE_ */
	int mtu; /* 0: the kernel's default */
	bool has_mac;
	uint8_t mac[ETH_ALEN]; /* of the pod's interface */
	/* It comes from runtimeConfig or args.cni: CNI_ARGS does not beat it. */
	bool mac_is_runtimes;
	bool is_gateway; /* the bridge has the gateway's address, the node forwards */
	bool is_default_gateway; /* the pod's default route goes to the gateway */
	bool hairpin;
	int vlan; /* of the bridge's port, 1 to 4094; 0: none */
	bool has_bandwidth; /* the runtime asks for a limit */
};

/* 1: it was there; 0: it was not. adding: see conf_parse(). */
int conf_interface_parse(const json_t *root, bool adding, struct conf_interface *ret,
			 struct cni_error *e);

/* Its "mac"; obj is the "interface". */
int conf_interface_take_mac(const json_t *obj, struct conf_interface *ret, struct err *err);

/* What is asked for one pod: mac in args.cni, and in runtimeConfig mac, ips and bandwidth. */
int conf_interface_take_pod(const json_t *root, struct conf_interface *ret, struct err *err);

/* Checks what ADD needs and other verbs do not, and refuses what it cannot do. */
int conf_interface_check_add(const struct conf_interface *c, struct cni_error *e);

/* Takes the MAC address of CNI_ARGS, which beats the one of "interface". -EINVAL for a kind that
 * cannot have one. */
int conf_interface_set_mac(struct conf_interface *c, const uint8_t mac[ETH_ALEN], struct err *err);

/* "02:00:00:00:00:01"; not all zero, no group address. */
bool conf_mac_parse(const char *text, uint8_t ret[ETH_ALEN]);

#endif
