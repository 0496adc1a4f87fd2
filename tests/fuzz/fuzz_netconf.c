/* SPDX-License-Identifier: Apache-2.0 */
/* stdin of the plugin. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cni-plugin/conf.h"
#include "common/json.h"
#include "common/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void abort_unless(bool condition)
{
	if (!condition)
		__builtin_trap();
}

static void parse(const uint8_t *data, size_t size, bool adding)
{
	struct cni_error e = { 0 };
	struct conf conf;

	if (conf_parse((const char *)data, size, adding, &conf, &e) < 0) {
		abort_unless(e.code != 0 && e.err.msg[0] != '\0');
		return;
	}
	/* What the rest of the plugin relies on. */
	abort_unless(!smc_json_has_nul(conf.root));
	abort_unless(wire_name_valid(conf.name) && conf.agent_socket[0] == '/');
	abort_unless(!*conf.ipam_type || !strchr(conf.ipam_type, '/'));
	abort_unless(!conf.standalone || wire_ifname_valid(conf.interface.bridge));
	conf_clear(&conf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	parse(data, size, true);
	parse(data, size, false);
	return 0;
}
