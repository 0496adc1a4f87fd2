/* SPDX-License-Identifier: Apache-2.0 */
/* prevResult and the output of IPAM plugins. */
#include <stddef.h>
#include <stdint.h>

#include "common/json.h"
#include "common/result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void abort_unless(bool condition)
{
	if (!condition)
		__builtin_trap();
}

/* Each version's form is understood again, as the same result. */
static void round_trip(const json_t *result)
{
	for (enum cni_version v = CNI_0_3_0; v <= CNI_1_1_0; v++) {
		json_auto_t *out = result_export(result, v);
		json_auto_t *again = NULL;
		json_auto_t *twice = NULL;

		abort_unless(out && result_import(out, "again", &again, NULL) == 0);
		twice = result_export(again, v);
		abort_unless(json_equal(out, twice));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_interface itfs[WIRE_INTERFACES_MAX];
	struct result_route route;
	struct err err = ERR_INIT;
	struct result_ip ip;
	json_auto_t *in = NULL;
	json_auto_t *result = NULL;
	int n;

	if (smc_json_parse_object((const char *)data, size, "result", &in, &err) < 0 ||
	    result_import(in, "result", &result, &err) < 0)
		return 0;
	round_trip(result);
	/* What was accepted can be read to its end. */
	for (size_t i = 0; i < json_array_size(json_object_get(result, "ips")); i++)
		abort_unless(result_ip_at(result, i, &ip));
	for (size_t i = 0; i < json_array_size(json_object_get(result, "routes")); i++)
		abort_unless(result_route_at(result, i, &route));
	n = result_pod_interfaces(result, "/run/netns/a", "eth0", itfs, WIRE_INTERFACES_MAX);
	abort_unless(n >= 1 && n <= WIRE_INTERFACES_MAX);
	return 0;
}
