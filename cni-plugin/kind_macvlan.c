/* SPDX-License-Identifier: Apache-2.0 */
/* Kind macvlan: one more MAC address on a device of the host. */
#include <linux/if_link.h>
#include <stdint.h>

#include "cni-plugin/podlink.h"

static const struct podlink macvlan = { .kind = "macvlan",
					.mode_attr = IFLA_MACVLAN_MODE,
					.mode_size = sizeof(uint32_t) };

static int make(struct kind_work *w, struct err *err)
{
	struct podlink p;
	int r = podlink_on_master(w, &macvlan, &p, err);

	return r < 0 ? r : podlink_make(w, &p, err);
}

static int check(struct kind_work *w, const json_t *result, struct err *err)
{
	struct podlink p;
	int r = podlink_on_known_master(w, &macvlan, &p, err);

	(void)result;
	return r < 0 ? r : podlink_check(w, &p, err);
}

static int del(struct kind_work *w, struct err *err)
{
	return podlink_del(w, err);
}

const struct kind kind_macvlan = { .is_shared = true,
				   .make = make,
				   .ready = podlink_ready,
				   .check = check,
				   .del = del };
