/* SPDX-License-Identifier: Apache-2.0 */
#include "common/smc_fallback.h"

#include <stddef.h>
#include <string.h>

#include "common/cleanup.h"

/* All SMC_CLC_DECL_* of net/smc/smc_clc.h (7.3; 6.12 has no others). What each means was read where
 * the kernel sets it: af_smc.c, smc_clc.c, smc_core.c. */
static const struct smc_fallback_reason reasons[] = {
	{ 0x01010000, "no-memory", "This node had no memory for the buffers of the connection.",
	  "Free memory on the node, or lower the pods' smc-cni.io/buffer-size." },
	{ 0x02010000, "confirm-link-timeout",
	  "The peers agreed on SMC-R, but the RDMA path between them carried no data.",
	  "Check the RDMA network between the two nodes: link state, MTU, and that no firewall stops "
	  "UDP port 4791 (RoCE v2)." },
	{ 0x02020000, "add-link-timeout",
	  "The second RDMA link of the connection did not come up in time.",
	  "Check the RDMA network between the two nodes: link state, MTU, UDP port 4791 for RoCE v2." },
	{ 0x03000000, "configuration", "The configuration of SMC did not allow this connection.",
	  NULL },
	{ 0x03010000, "peer-no-smc",
	  "The peer speaks plain TCP, is not among 'peers' of one side, no RDMA path to it was proven "
	  "at that moment, or something on the way removed the SMC option.",
	  NULL },
	{ 0x03020000, "ipsec", "IPsec protects this connection, so it stays on TCP.", NULL },
	{ 0x03030000, "no-device",
	  "Neither an SMC-D nor an RDMA device fits this connection, or it is IPv6, which SMC-R does "
	  "not carry.",
	  "Check with smcctl status that both nodes have a device and the same UEID, and that the "
	  "pod's pnet id is that of the device." },
	{ 0x03030001, "no-smcd-device",
	  "No SMC-D device fits what the peer proposed, or the peer has another UEID.",
	  "Give all nodes the same ueid in agent.yaml; SMC-D works inside one machine only." },
	{ 0x03030002, "no-rdma-device",
	  "No RDMA device fits: none has the pod's pnet id, or none has an address for the pod's "
	  "subnet.",
	  "Check on the server's node that the RDMA device is active, has the pod's pnet id, and that "
	  "the agent reports no error for the pod." },
	{ 0x03030003, "no-ism-v2",
	  "The peer proposed SMC-D version 2, which this node's devices cannot do.", NULL },
	{ 0x03030004, "peer-no-v2", "The peer's handshake lacks the part for SMC version 2.",
	  NULL },
	{ 0x03030005, "peer-no-smcd-v2", "The peer's handshake lacks the part for SMC-D version 2.",
	  NULL },
	{ 0x03030006, "peer-no-seid", "The peer has no system EID in common with this node.",
	  NULL },
	{ 0x03030007, "no-smcd-v2-device", "No SMC-D version 2 device fits what the peer proposed.",
	  NULL },
	{ 0x03030008, "peer-no-ueid", "The peer has no UEID.",
	  "Give all nodes the same ueid in agent.yaml." },
	{ 0x03030009, "release-mismatch",
	  "The peers' releases of SMC version 2 do not go together.",
	  "Bring the kernels of the two nodes closer together." },
	{ 0x0303000a, "max-connections-mismatch",
	  "The peers did not agree on the connections a link group takes.",
	  "Set net.smc.smcr_max_conns_per_lgr to the same value on both nodes." },
	{ 0x0303000b, "max-links-mismatch", "The peers did not agree on the links of a link group.",
	  "Set net.smc.smcr_max_links_per_lgr to the same value on both nodes." },
	{ 0x03040000, "mode-mismatch",
	  "One peer chose SMC-D where the other can only do SMC-R, or the reverse.", NULL },
	{ 0x03050000, "eyecatcher",
	  "The first message over RDMA was not what the protocol prescribes.",
	  "Update the kernel of the peer; if it is current, report this." },
	{ 0x03060000, "socket-option",
	  "The program uses a TCP feature that SMC does not have, such as TCP fast open.", NULL },
	{ 0x03070000, "subnet-mismatch",
	  "SMC-R version 1 needs both peers in one IP subnet, and they are not.",
	  "Give all nodes the same ueid in agent.yaml: SMC-R version 2 works across subnets." },
	{ 0x03080000, "vlan-unknown", "The VLAN of the connection's interface could not be read.",
	  NULL },
	{ 0x03090000, "vlan-refused", "The SMC-D device did not accept the VLAN of the connection.",
	  "Allow the VLAN for the SMC-D device." },
	{ 0x030a0000, "no-active-link", "The link group to the peer has no working RDMA link.",
	  "Check the RDMA network between the two nodes and the state of their RDMA devices." },
	{ 0x030b0000, "server-link-unknown",
	  "The peer named an RDMA link that this node does not have.", NULL },
	{ 0x030c0000, "version-mismatch", "The peers answered with different versions of SMC.",
	  NULL },
	{ 0x030d0000, "too-many-buffers",
	  "The SMC-D device has no free buffers; dibs loopback takes about 2500 "
	  "connections a node.",
	  "Steer fewer pods of this node, or those with long connections only." },
	{ 0x030e0000, "no-route", "The node has no route to the peer's RDMA address.",
	  "Check that the host's routes reach the peer node's RDMA address." },
	{ 0x030f0000, "gateway-mismatch",
	  "The peers do not agree whether there is a gateway between their RDMA devices.",
	  "Check the host's routes between the two nodes' RDMA addresses, in both directions." },
	{ 0x04000000, "synchronization",
	  "Client and server disagreed whether a link group between them exists.", NULL },
	{ 0x05000000, "peer-declined",
	  "The peer declined SMC; the reason is in its own statistics.",
	  "Look at the fallback reasons of the peer's pod." },
	{ 0x09990000, "internal", "The SMC layer of the kernel met an internal error.",
	  "Look at the kernel log of the node." },
	{ 0x09990001, "rkey-exchange",
	  "The keys for access to the peer's memory could not be stored.",
	  "Look at the kernel log of the node." },
	{ 0x09990002, "link-not-ready", "The RDMA device refused to bring the link up.",
	  "Look at the kernel log of the node and the state of the RDMA device." },
	{ 0x09990003, "buffer-registration",
	  "The RDMA device could not register the buffers, as after it was removed and made again.",
	  "Look at the kernel log; connections recover once the old link group is gone, after about 10 minutes." },
};

static const struct smc_fallback_reason other = {
	0,
	"other",
	"The kernel gave a reason that this version of smc-cni does not know.",
	"Look the code up in net/smc/smc_clc.h of the node's kernel.",
};

const struct smc_fallback_reason *smc_fallback_reason(uint32_t code)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		if (reasons[i].code == code)
			return &reasons[i];
	}
	return &other;
}

const struct smc_fallback_reason *smc_fallback_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		if (!strcmp(reasons[i].name, name))
			return &reasons[i];
	}
	return &other;
}
