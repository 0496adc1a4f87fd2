/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON form, and what needs a machine that is not at hand; apply, check and undo need SMC and
 * run in tests/vm (common_podnet). The seam is the pnet table of common/smc_nl.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/podnet.h"

static struct err err;

static int answers[4]; /* of smc_pnet_add */
static int n_added, n_removed;

int __wrap_smc_nl_open(int netns_fd, int timeout_ms, struct smc_nl **ret, struct err *e);
void __wrap_smc_nl_close(struct smc_nl *nl);
int __wrap_smc_pnet_add(struct smc_nl *nl, const struct smc_pnet *entry, struct err *e);
int __wrap_smc_pnet_del(struct smc_nl *nl, const struct smc_pnet *entry, struct err *e);

int __wrap_smc_nl_open(int netns_fd, int timeout_ms, struct smc_nl **ret, struct err *e)
{
	(void)netns_fd;
	(void)timeout_ms;
	(void)e;
	*ret = NULL;
	return 0;
}

void __wrap_smc_nl_close(struct smc_nl *nl)
{
	assert_null(nl);
}

int __wrap_smc_pnet_add(struct smc_nl *nl, const struct smc_pnet *entry, struct err *e)
{
	int r = answers[n_added++];

	(void)nl;
	return r < 0 ? err_set(e, r, "interface '%s'", entry->ethname) : r;
}

int __wrap_smc_pnet_del(struct smc_nl *nl, const struct smc_pnet *entry, struct err *e)
{
	(void)nl;
	(void)entry;
	(void)e;
	n_removed++;
	return 0;
}

static int parse(const char *text, struct podnet *ret)
{
	json_t *obj = json_loads(text, JSON_DECODE_ANY, NULL);
	int r;

	assert_non_null(obj);
	err = ERR_INIT;
	r = podnet_from_json(obj, "undo", ret, &err);
	json_decref(obj);
	return r;
}

static void refuses(const char *text, const char *why)
{
	struct podnet p = { .n_pnets = 77 };

	assert_int_equal(parse(text, &p), -EINVAL);
	assert_int_equal(p.n_pnets, 77);
	assert_string_equal(err.msg, why);
}

static void a_plan_survives_the_way_through_json(void **state)
{
	struct podnet p = { .n_pnets = 2,
			    .pnets = { { "eth0", "NET0" }, { "net1", "Abc123" } },
			    .n_sysctls = 2,
			    .sysctls = { { "net.smc.wmem", "65536" }, { "net.smc.hs_ctrl", "" } } };
	struct podnet back;
	json_t *obj = podnet_to_json(&p);
	char *text = json_dumps(obj, JSON_COMPACT);

	(void)state;
	assert_int_equal(podnet_from_json(obj, "netns", &back, &err), 0);
	assert_memory_equal(&p, &back, sizeof(p));
	assert_string_equal(text, "{\"pnets\":[{\"ifname\":\"eth0\",\"id\":\"NET0\"},"
				  "{\"ifname\":\"net1\",\"id\":\"Abc123\"}],"
				  "\"sysctls\":[{\"name\":\"net.smc.wmem\",\"value\":\"65536\"},"
				  "{\"name\":\"net.smc.hs_ctrl\",\"value\":\"\"}]}");
	free(text);
	json_decref(obj);
}

static void nothing_wanted_is_an_empty_object(void **state)
{
	struct podnet p = { .n_pnets = 1 };

	(void)state;
	assert_int_equal(parse("{}", &p), 0);
	assert_int_equal(p.n_pnets, 0);
	assert_int_equal(p.n_sysctls, 0);
}

static void bad_entries_are_named_with_what_is_allowed(void **state)
{
	(void)state;
	refuses("[]", "undo must be an object");
	refuses("{\"pnets\":{}}", "undo: 'pnets' must be an array, found an object");
	refuses("{\"pnets\":[7]}", "undo.pnets[0] must be an object");
	refuses("{\"pnets\":[{\"ifname\":\"eth0\"}]}", "undo.pnets[0]: 'id' is required");
	refuses("{\"pnets\":[{\"ifname\":\"e/h\",\"id\":\"A\"}]}",
		"undo.pnets[0]: 'ifname' must be an interface name, found 'e/h'");
	refuses("{\"pnets\":[{\"ifname\":\"sixteen-letters-\",\"id\":\"A\"}]}",
		"undo.pnets[0]: 'ifname' must be an interface name, found 'sixteen-letters-'");
	refuses("{\"pnets\":[{\"ifname\":\"eth0\",\"id\":\"A_B\"}]}",
		"undo.pnets[0]: 'id' must be 1 to 16 letters or digits, found 'A_B'");
}

static void only_settings_below_net_smc_are_accepted(void **state)
{
	(void)state;
	refuses("{\"sysctls\":[{\"name\":\"net.ipv4.ip_forward\",\"value\":\"1\"}]}",
		"undo.sysctls[0]: 'name' must be a setting below net.smc., "
		"found 'net.ipv4.ip_forward'");
	refuses("{\"sysctls\":[{\"name\":\"net.smc.../kernel\",\"value\":\"1\"}]}",
		"undo.sysctls[0]: 'name' must be a setting below net.smc., found 'net.smc.../kernel'");
	refuses("{\"sysctls\":[{\"name\":\"net.smc.\",\"value\":\"1\"}]}",
		"undo.sysctls[0]: 'name' must be a setting below net.smc., found 'net.smc.'");
	refuses("{\"sysctls\":[{\"name\":\"net.smc.wmem\"}]}",
		"undo.sysctls[0]: 'value' is required");
	refuses("{\"sysctls\":[{\"name\":\"net.smc.wmem\",\"value\":\"1\\n2\"}]}",
		"undo.sysctls[0]: 'value' must be at most 31 printable characters, found '1\\n2'");
}

static void more_entries_than_fit_are_refused(void **state)
{
	char text[1024] = "{\"pnets\":[";

	(void)state;
	for (int i = 0; i <= PODNET_PNETS_MAX; i++)
		strcat(text,
		       i ? ",{\"ifname\":\"e\",\"id\":\"A\"}" : "{\"ifname\":\"e\",\"id\":\"A\"}");
	strcat(text, "]}");
	refuses(text, "undo: 'pnets' has 9 entries, at most 8 are allowed");
}

static void an_id_of_the_hardware_is_no_failure(void **state)
{
	struct podnet plan = {
		.n_pnets = 3,
		.pnets = { { "eth0", "NET0" }, { "eth1", "NET0" }, { "eth2", "NET0" } }
	};
	struct podnet undo = { .n_pnets = 77 };

	(void)state;
	n_added = n_removed = 0;
	answers[0] = answers[2] = 0;
	answers[1] = -ENOTUNIQ;
	assert_int_equal(podnet_apply(-1, &plan, &undo, &err), 1);
	assert_string_equal(err.msg, "interface 'eth1'");
	assert_int_equal(n_added, 3);
	assert_int_equal(undo.n_pnets, 2);
	assert_string_equal(undo.pnets[1].ifname, "eth2");
	assert_int_equal(n_removed, 0);
	n_added = 0;
	answers[2] = -EEXIST;
	assert_int_equal(podnet_apply(-1, &plan, &undo, &err), -EEXIST);
	assert_int_equal(n_removed, 1);
	n_added = 0;
	answers[0] = answers[1] = answers[2] = 1;
	assert_int_equal(podnet_apply(-1, &plan, &undo, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_survives_the_way_through_json),
		cmocka_unit_test(nothing_wanted_is_an_empty_object),
		cmocka_unit_test(bad_entries_are_named_with_what_is_allowed),
		cmocka_unit_test(only_settings_below_net_smc_are_accepted),
		cmocka_unit_test(more_entries_than_fit_are_refused),
		cmocka_unit_test(an_id_of_the_hardware_is_no_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
