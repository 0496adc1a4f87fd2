/* SPDX-License-Identifier: Apache-2.0 */
/* What hostdev.c and hostdev_back.c share. */
#ifndef SMC_PLUGIN_HOSTDEV_CHANGE_H
#define SMC_PLUGIN_HOSTDEV_CHANGE_H

#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

/* What a device is to be like; a zero, or NULL, means as it is. */
struct hostdev_wish {
	const char *name;
	int netns_fd; /* -1: where it is */
	uint32_t mtu;
	const uint8_t *mac;
	const char *alias; /* "" takes it away */
	const uint32_t *group;
	uint32_t flags, flags_mask; /* IFF_ */
};

int hostdev_change(struct nl_sock *sk, int index, const struct hostdev_wish *w, struct err *err);

#endif
