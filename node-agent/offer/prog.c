/* SPDX-License-Identifier: Apache-2.0 */
/* Our programs on interfaces: found again by name, because attachments have no pin. */
#include "node-agent/offer/impl.h"

#include <bpf/bpf.h>
#include <string.h>

#include "common/cleanup.h"
#include "node-agent/pins/pins.h"

const char *const offer_direction_names[OFFER_DIRECTIONS] = { "egress", "ingress" };

/* Names end with the layout (bpf/offer.bpf.c). */
static const char *const prefixes[OFFER_DIRECTIONS] = { "smc_egress_", "smc_ingress_" };

bool offer_is_ours(uint32_t prog_id, enum offer_direction d, int *ret_fd)
{
	auto_close int fd = bpf_prog_get_fd_by_id(prog_id);
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);
	unsigned layout;

	if (ret_fd)
		*ret_fd = -1;
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
		return false; /* it has ended meanwhile */
	if (strncmp(info.name, prefixes[d], strlen(prefixes[d])) != 0)
		return false;
	layout = pins_layout(info.name + strlen(prefixes[d]));
	if (!layout || layout > STEER_LAYOUT)
		return false;
	if (ret_fd)
		*ret_fd = TAKE_FD(fd);
	return true;
}
