/* SPDX-License-Identifier: Apache-2.0 */
/* Messages as either side may receive them: requests, and replies with a plan for the netns. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cni-plugin/conf.h"
#include "cni-plugin/netpart.h"
#include "common/json.h"
#include "common/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void abort_unless(bool condition)
{
	if (!condition)
		__builtin_trap();
}

/* What was accepted is written as a message that is accepted again, and is the same. */
static void round_trip(const struct wire_prepare *p)
{
	json_auto_t *first = wire_prepare_to_json(p);
	json_auto_t *second = NULL;
	struct wire_prepare again;
	struct err err;

	abort_unless(first && wire_prepare_from_json(first, &again, &err) == 0);
	second = wire_prepare_to_json(&again);
	abort_unless(json_equal(first, second));
	wire_prepare_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct conf conf = { .pnet_id = "NET0" };
	struct wire_interface itf = { .name = "eth0" };
	struct wire_prepare p;
	struct podnet plan;
	struct err err = ERR_INIT;
	json_auto_t *msg = NULL;

	if (smc_json_parse_object((const char *)data, size, "message", &msg, &err) < 0)
		return 0;
	if (wire_prepare_from_json(msg, &p, &err) == 0) {
		round_trip(&p);
		wire_prepare_clear(&p);
	}
	if (netpart_plan(&conf, &itf, 1, msg, &plan, &err) == 0)
		abort_unless(plan.n_pnets >= 1 && plan.n_pnets <= PODNET_PNETS_MAX);
	return 0;
}
