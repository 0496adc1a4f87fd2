/* SPDX-License-Identifier: Apache-2.0 */
/* Kind ipvlan: more IP addresses on the MAC address of a device of the host. */
#include <linux/if_link.h>
#include <stdint.h>

#include "cni-plugin/podlink.h"

static const struct podlink ipvlan = { .kind = "ipvlan",
				       .mode_attr = IFLA_IPVLAN_MODE,
				       .mode_size = sizeof(uint16_t) };

static int make(struct kind_work *w, struct err *err)
{
	struct podlink p;
	int r = podlink_on_master(w, &ipvlan, &p, err);

	return r < 0 ? r : podlink_make(w, &p, err);
}

static int check(struct kind_work *w, const json_t *result, struct err *err)
{
	struct podlink p;
	int r = podlink_on_known_master(w, &ipvlan, &p, err);

	(void)result;
	return r < 0 ? r : podlink_check(w, &p, err);
}

static int del(struct kind_work *w, struct err *err)
{
	return podlink_del(w, err);
}

const struct kind kind_ipvlan_l2 = { .is_shared = true,
				     .make = make,
				     .ready = podlink_ready,
				     .check = check,
				     .del = del };
/* In these modes the host routes: nobody is asked for a MAC address, or told of one. */
const struct kind kind_ipvlan_l3 = { .make = make,
				     .ready = podlink_ready,
				     .check = check,
				     .del = del };
