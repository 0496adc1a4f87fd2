/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/kind.h"

#include <linux/if_link.h>

const struct kind *kind_of(const struct conf *conf)
{
	switch (conf->interface.kind) {
	case CONF_PTP:
		return &kind_ptp;
	case CONF_MACVLAN:
		return &kind_macvlan;
	case CONF_IPVLAN:
		return conf->interface.mode == IPVLAN_MODE_L2 ? &kind_ipvlan_l2 : &kind_ipvlan_l3;
	case CONF_HOST_DEVICE:
		return &kind_host_device;
	case CONF_DUMMY:
		return &kind_dummy;
	case CONF_VETH:
		break;
	}
	return &kind_veth;
}
