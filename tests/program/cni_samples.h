/* SPDX-License-Identifier: Apache-2.0 */
/* One configuration of each kind of interface, what the pod has then, and what CHECK must notice:
 * for test_cni_kinds. HOST and POD stand for the pair's host end and the pod's namespace.
 */
#ifndef SMC_TESTS_CNI_SAMPLES_H
#define SMC_TESTS_CNI_SAMPLES_H

#include <stddef.h>

struct breach {
	const char *break_it, *repair, *message;
};

#define IN_POD "nsenter --net=POD ip "
#define BREACHES_MAX 16

struct sample {
	const char *name, *kind, *keys;
	const char *shown; /* what "ip -d link show" of the pod's interface has */
	int n_interfaces;
	struct breach breaches[BREACHES_MAX];
};

static const struct sample samples[] = {
	{ "veth",
	  "veth",
	  "\"bridge\":\"br0\",\"hairpin\":true,\"mtu\":1400,\"mac\":\"02:00:00:00:07:07\"",
	  "mtu 1400.*02:00:00:00:07:07.*veth",
	  3,
	  { { "ip link set HOST nomaster",
	      "ip link set HOST master br0; bridge link set dev HOST hairpin on",
	      "not on the bridge" },
	    { "bridge link set dev HOST hairpin off", "bridge link set dev HOST hairpin on",
	      "is not in hairpin mode" } } },
	{ "vlan",
	  "veth",
	  "\"bridge\":\"vbr0\",\"vlan\":7,\"mtu\":1400,\"mac\":\"02:00:00:00:07:07\"",
	  "mtu 1400.*veth",
	  3,
	  { { "bridge vlan add vid 8 dev HOST", "bridge vlan del vid 8 dev HOST",
	      "is not in VLAN 7 alone" },
	    { "bridge vlan add vid 7 dev HOST", "bridge vlan add vid 7 pvid untagged dev HOST",
	      "is not in VLAN 7 alone" } } },
	{ "ptp",
	  "ptp",
	  "\"mtu\":1400,\"mac\":\"02:00:00:00:07:07\"",
	  "mtu 1400.*02:00:00:00:07:07.*veth",
	  2,
	  { { "ip route del 10.7.0.2/32", "ip route add 10.7.0.2/32 dev HOST",
	      "on the host lacks the route to '10.7.0.2/32'" },
	    { "ip addr del 10.7.0.1/32 dev HOST", "ip addr add 10.7.0.1/32 dev HOST",
	      "lacks the gateway address '10.7.0.1/32'" },
	    { "ip -6 addr del fd07::1/128 dev HOST", "ip -6 addr add fd07::1/128 dev HOST nodad",
	      "lacks the gateway address 'fd07::1/128'" },
	    { IN_POD "-6 route del fd07::1", IN_POD "-6 route add fd07::1 dev eth0",
	      "of the pod lacks the route to 'fd07::1/128'" },
	    { IN_POD "route del 10.7.0.0/24", IN_POD "route add 10.7.0.0/24 via 10.7.0.1",
	      "of the pod lacks the route to '10.7.0.2/24'" },
	    { "echo 0 >/proc/sys/net/ipv4/ip_forward", "echo 1 >/proc/sys/net/ipv4/ip_forward",
	      "does not forward IPv4" },
	    { "ip link set HOST down",
	      "ip link set HOST up; ip -6 addr add fd07::1/128 dev HOST nodad 2>/dev/null; "
	      "ip route add 10.7.0.2 dev HOST; ip route add 10.8.0.2 dev HOST; "
	      "ip -6 route replace fd07::2 dev HOST",
	      "on the host is down" } } },
	{ "macvlan",
	  "macvlan",
	  "\"master\":\"up0\",\"mode\":\"vepa\",\"mtu\":1400,\"mac\":\"02:00:00:00:07:07\"",
	  "mtu 1400.*02:00:00:00:07:07.*macvlan *mode vepa",
	  1,
	  { { IN_POD "link set eth0 type macvlan mode bridge",
	      IN_POD "link set eth0 type macvlan mode vepa", "has mode 4, not 2" } } },
	{ "ipvlan",
	  "ipvlan",
	  "\"master\":\"up0\",\"mode\":\"l3s\",\"mtu\":1400",
	  "mtu 1400.*ipvlan *mode l3s",
	  1,
	  { { IN_POD "link set eth0 type ipvlan mode l2",
	      IN_POD "link set eth0 type ipvlan mode l3s", "has mode 0, not 2" } } },
	/* Of a device that is no real one: what is special with those is in tests/vm. */
	{ "host-device",
	  "host-device",
	  "\"device\":\"up0\",\"mtu\":1400,\"mac\":\"02:00:00:00:07:07\"",
	  "mtu 1400.*02:00:00:00:07:07.*veth",
	  1,
	  { { NULL, NULL, NULL } } },
	{ "dummy",
	  "dummy",
	  "\"mtu\":1400,\"mac\":\"02:00:00:00:07:07\"",
	  "mtu 1400.*02:00:00:00:07:07.*dummy",
	  1,
	  { { NULL, NULL, NULL } } },
};

/* Of all kinds, in an order in which each repair is whole. */
static const struct breach common_breaches[] = {
	{ IN_POD "route del 10.9.0.0/16",
	  IN_POD "route add 10.9.0.0/16 via 10.7.0.1 metric 77 mtu 1300 advmss 1200",
	  "lacks the route to '10.9.0.0/16'" },
	{ IN_POD "route del 10.10.0.0/16 table 100",
	  IN_POD "route add 10.10.0.0/16 via 10.7.0.1 table 100",
	  "lacks the route to '10.10.0.0/16'" },
	{ IN_POD "addr del 10.8.0.2/24 dev eth0", "true", "lacks the address '10.8.0.2/24'" },
	{ IN_POD "link set eth0 down", "true", "'eth0' of the pod is down" },
	{ IN_POD "link del eth0", "true", "interface 'eth0' of the pod is missing" },
};

#endif
