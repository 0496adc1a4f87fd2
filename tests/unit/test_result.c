/* SPDX-License-Identifier: Apache-2.0 */
/* CNI results: conversion both ways, what is refused, and what the plugin reads from them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cni-plugin/error.h"
#include "common/cleanup.h"
#include "common/result.h"

static struct err err;

static json_t *from(const char *text)
{
	json_t *obj = json_loads(text, 0, NULL);

	assert_non_null(obj);
	return obj;
}

static json_t *import(const char *text)
{
	json_auto_t *in = from(text);
	json_t *out = NULL;

	if (result_import(in, "prevResult", &out, &err) < 0)
		fail_msg("%s", err.msg);
	return out;
}

static void expect_json(const json_t *found, const char *wanted)
{
	json_auto_t *want = from(wanted);
	auto_free char *text = json_dumps(found, JSON_COMPACT);

	if (!json_equal(found, want))
		fail_msg("expected %s, found %s", wanted, text);
}

#define V040                                                                                          \
	"{\"cniVersion\":\"0.4.0\",\"interfaces\":[{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:01\"," \
	"\"sandbox\":\"/ns\"}],\"ips\":[{\"version\":\"4\",\"address\":\"10.0.0.2/24\","              \
	"\"gateway\":\"10.0.0.1\",\"interface\":0},{\"version\":\"6\",\"address\":\"fd00::2/64\"}],"  \
	"\"routes\":[{\"dst\":\"0.0.0.0/0\",\"gw\":\"10.0.0.1\"}],\"dns\":{\"domain\":\"d\"},\"x\":[1]}"
#define V100                                                                                          \
	"{\"cniVersion\":\"1.0.0\",\"interfaces\":[{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:01\"," \
	"\"sandbox\":\"/ns\"}],\"ips\":[{\"address\":\"10.0.0.2/24\","                                \
	"\"gateway\":\"10.0.0.1\",\"interface\":0},{\"address\":\"fd00::2/64\"}],"                    \
	"\"routes\":[{\"dst\":\"0.0.0.0/0\",\"gw\":\"10.0.0.1\"}],\"dns\":{\"domain\":\"d\"},\"x\":[1]}"

static void expect_export(const char *in, enum cni_version version, const char *wanted)
{
	json_auto_t *result = import(in);
	json_auto_t *out = result_export(result, version);

	expect_json(out, wanted);
}

static void old_and_new_forms_become_each_other(void **state)
{
	(void)state;
	expect_export(V040, CNI_1_0_0, V100);
	expect_export(V100, CNI_0_4_0, V040);
	expect_export(V100, CNI_1_0_0, V100);
	expect_export(V040, CNI_0_4_0, V040);
}

static void fields_of_1_1_0_do_not_reach_older_versions(void **state)
{
	static const char new[] =
		"{\"cniVersion\":\"1.1.0\",\"interfaces\":[{\"name\":\"eth0\",\"mtu\":1400,"
		"\"socketPath\":\"/s\",\"pciID\":\"0\"}],\"routes\":[{\"dst\":\"10.0.0.0/8\",\"mtu\":1300,"
		"\"advmss\":1,\"priority\":2,\"table\":3,\"scope\":253}]}";

	(void)state;
	expect_export(new, CNI_1_1_0, new);
	expect_export(new, CNI_1_0_0,
		      "{\"cniVersion\":\"1.0.0\",\"interfaces\":[{\"name\":\"eth0\"}],"
		      "\"routes\":[{\"dst\":\"10.0.0.0/8\"}]}");
}

static void results_of_0_2_0_are_understood(void **state)
{
	(void)state;
	expect_export(
		"{\"cniVersion\":\"0.2.0\",\"ip4\":{\"ip\":\"10.0.0.2/24\",\"gateway\":\"10.0.0.1\","
		"\"routes\":[{\"dst\":\"0.0.0.0/0\"}]},\"ip6\":{\"ip\":\"fd00::2/64\"},\"dns\":{}}",
		CNI_1_0_0,
		"{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.0.0.2/24\",\"gateway\":"
		"\"10.0.0.1\"},{\"address\":\"fd00::2/64\"}],\"routes\":[{\"dst\":\"0.0.0.0/0\"}],"
		"\"dns\":{}}");
}

static void wrong_fields_are_named_with_their_place(void **state)
{
	static const struct {
		const char *text, *message;
	} table[] = {
		{ "{\"cniVersion\":1}", "prevResult: 'cniVersion' must be a string" },
		{ "{\"interfaces\":{}}", "prevResult: 'interfaces' must be an array" },
		{ "{\"interfaces\":[7]}", "prevResult.interfaces[0] must be an object" },
		{ "{\"interfaces\":[{\"name\":\"a\"},{\"name\":5}]}",
		  "prevResult.interfaces[1]: 'name' must be a string" },
		{ "{\"interfaces\":[{\"name\":\"a\",\"mac\":1}]}", "'mac' must be a string" },
		{ "{\"interfaces\":[{\"name\":\"a\",\"mtu\":\"x\"}]}", "'mtu' must be an integer" },
		{ "{\"ips\":[{}]}", "prevResult.ips[0]: 'address' is required" },
		{ "{\"ips\":[{\"address\":\"10.0.0.2\"}]}",
		  "allowed is an address with a prefix length" },
		{ "{\"ips\":[{\"address\":\"10.0.0.2/33\"}]}", "prevResult.ips[0]: 'address'" },
		{ "{\"ips\":[{\"address\":\"10.0.0.2/24\",\"gateway\":\"10.0.0.1/24\"}]}",
		  "'gateway' is '10.0.0.1/24'; allowed is an address without" },
		{ "{\"interfaces\":[{\"name\":\"a\"}],\"ips\":[{\"address\":\"10.0.0.2/24\",\"interface\":\"0\"}]}",
		  "prevResult.ips[0]: 'interface' must be an integer" },
		{ "{\"routes\":[{\"gw\":\"10.0.0.1\"}]}",
		  "prevResult.routes[0]: 'dst' is required" },
		{ "{\"routes\":[{\"dst\":\"x/8\"}]}", "prevResult.routes[0]: 'dst'" },
		{ "{\"routes\":[{\"dst\":\"10.0.0.0/8\",\"scope\":256}]}",
		  "'scope' must be 0 to 255" },
		{ "{\"dns\":[]}", "'dns' must be an object" },
		{ "{\"dns\":{\"nameservers\":[1]}}",
		  "prevResult.dns: 'nameservers' holds what is no string" },
		{ "{\"ip4\":7}", "prevResult.ip4 must be an object" },
		{ "{\"ip4\":{}}", "prevResult.ip4: 'ip' is required" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		json_auto_t *in = from(table[i].text);
		json_t *out = NULL;

		err = ERR_INIT;
		if (result_import(in, "prevResult", &out, &err) != -EINVAL)
			fail_msg("accepted: %s", table[i].text);
		assert_null(out);
		if (!strstr(err.msg, table[i].message))
			fail_msg("'%s' is not in '%s'", table[i].message, err.msg);
	}
}

static void null_is_as_good_as_absent(void **state)
{
	json_auto_t *result =
		import("{\"interfaces\":null,\"ips\":null,\"routes\":null,\"dns\":null}");
	struct result_ip ip;
	struct result_route route;

	(void)state;
	assert_false(result_ip_at(result, 0, &ip));
	assert_false(result_route_at(result, 0, &route));
}

static void entries_are_read_with_what_they_do_not_say(void **state)
{
	json_auto_t *result = import(V100);
	struct result_ip ip;
	struct result_route route;
	char text[INET_TEXT_MAX];

	(void)state;
	assert_true(result_ip_at(result, 0, &ip));
	assert_string_equal(inet_format(&ip.address, text), "10.0.0.2/24");
	assert_true(ip.has_gateway);
	assert_int_equal(ip.interface, 0);
	assert_true(result_ip_at(result, 1, &ip));
	assert_false(ip.has_gateway);
	assert_int_equal(ip.interface, -1);
	assert_false(result_ip_at(result, 2, &ip));
	assert_true(result_route_at(result, 0, &route));
	assert_int_equal(route.dst.prefix_len, 0);
	assert_true(route.has_gateway);
	assert_int_equal(route.scope, -1);
}

static int pod_interfaces(const char *text, struct wire_interface *itfs)
{
	json_auto_t *result = import(text);

	return result_pod_interfaces(result, "/ns", "eth0", itfs, WIRE_INTERFACES_MAX);
}

static void the_pods_interfaces_are_those_in_its_sandbox(void **state)
{
	struct wire_interface itfs[WIRE_INTERFACES_MAX];

	(void)state;
	assert_int_equal(
		pod_interfaces(
			"{\"interfaces\":[{\"name\":\"cni0\"},{\"name\":\"net1\",\"sandbox\":\"/ns\"},"
			"{\"name\":\"eth0\",\"sandbox\":\"/ns\",\"mac\":\"02:00:00:00:00:01\"},"
			"{\"name\":\"eth0\",\"sandbox\":\"/other\"}],\"ips\":["
			"{\"address\":\"10.0.0.1/24\",\"interface\":0},"
			"{\"address\":\"10.0.0.2/24\",\"interface\":1},"
			"{\"address\":\"10.0.0.3/24\",\"interface\":2},"
			"{\"address\":\"10.0.0.4/24\"},"
			"{\"address\":\"10.0.0.5/24\",\"interface\":3}]}",
			itfs),
		2);
	assert_string_equal(itfs[0].name, "net1");
	assert_string_equal(itfs[0].mac, "");
	assert_int_equal(itfs[0].n_ips, 1);
	assert_string_equal(itfs[1].name, "eth0");
	assert_string_equal(itfs[1].mac, "02:00:00:00:00:01");
	assert_int_equal(itfs[1].n_ips, 2);
	assert_int_equal(itfs[1].ips[1].prefix_len, 24);
}

/* Some say so that they do not know. */
static void an_address_of_no_listed_interface_is_cni_ifnames(void **state)
{
	static const char *const indexes[] = { "null", "-1", "2" };
	struct wire_interface itfs[WIRE_INTERFACES_MAX];
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(indexes); i++) {
		(void)snprintf(text, sizeof(text),
			       "{\"interfaces\":[{\"name\":\"net1\",\"sandbox\":\"/ns\"},"
			       "{\"name\":\"eth0\",\"sandbox\":\"/ns\"}],"
			       "\"ips\":[{\"address\":\"10.0.0.2/24\",\"interface\":%s}]}",
			       indexes[i]);
		assert_int_equal(pod_interfaces(text, itfs), 2);
		assert_int_equal(itfs[0].n_ips, 0);
		assert_int_equal(itfs[1].n_ips, 1);
	}
}

static void without_sandbox_interfaces_cni_ifname_has_all_addresses(void **state)
{
	struct wire_interface itfs[WIRE_INTERFACES_MAX];

	(void)state;
	assert_int_equal(pod_interfaces("{\"ips\":[{\"address\":\"10.0.0.2/24\"}]}", itfs), 1);
	assert_string_equal(itfs[0].name, "eth0");
	assert_int_equal(itfs[0].n_ips, 1);
	assert_int_equal(pod_interfaces("{\"interfaces\":[{\"name\":\"veth1\"}],\"ips\":["
					"{\"address\":\"10.0.0.2/24\",\"interface\":0}]}",
					itfs),
			 1);
	assert_string_equal(itfs[0].name, "eth0");
	assert_int_equal(itfs[0].n_ips, 1);
	assert_int_equal(pod_interfaces("{}", itfs), 1);
	assert_int_equal(itfs[0].n_ips, 0);
}

static void more_than_fits_is_left_out(void **state)
{
	struct wire_interface itfs[WIRE_INTERFACES_MAX];
	json_auto_t *list = json_array();
	json_auto_t *ips = json_array();
	json_auto_t *result = json_object();
	char text[32];

	(void)state;
	for (int i = 0; i < 20; i++) {
		(void)snprintf(text, sizeof(text), "net%d", i);
		json_array_append_new(list,
				      json_pack("{s:s, s:s}", "name", text, "sandbox", "/ns"));
		(void)snprintf(text, sizeof(text), "10.0.0.%d/24", i);
		json_array_append_new(ips,
				      json_pack("{s:s, s:i}", "address", text, "interface", 0));
	}
	json_object_set(result, "interfaces", list);
	json_object_set(result, "ips", ips);
	assert_int_equal(result_pod_interfaces(result, "/ns", "eth0", itfs, WIRE_INTERFACES_MAX),
			 WIRE_INTERFACES_MAX);
	assert_int_equal(itfs[0].n_ips, WIRE_IPS_MAX);
	assert_int_equal(result_pod_interfaces(result, "/ns", "eth0", itfs, 1), 1);
}

/* ---- versions and errors ---- */

static void version_report_lists_all_and_echoes_what_is_supported(void **state)
{
	json_auto_t *plain = version_report(NULL);
	json_auto_t *old = version_report("0.4.0");
	json_auto_t *unknown = version_report("9.9.9");

	(void)state;
	expect_json(plain, "{\"cniVersion\":\"1.1.0\",\"supportedVersions\":"
			   "[\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}");
	assert_string_equal(json_string_value(json_object_get(old, "cniVersion")), "0.4.0");
	assert_true(json_equal(plain, unknown));
}

static void errors_have_code_message_and_details(void **state)
{
	struct cni_error e = { 0 };
	json_auto_t *doc = NULL;

	(void)state;
	assert_int_equal(cni_fail(&e, CNI_CONFIG, 0), 0);
	assert_int_equal(e.code, 0);
	assert_int_equal(cni_fail(&e, CNI_CONFIG, err_set(&e.err, -EINVAL, "netconf: x")), -EINVAL);
	assert_int_equal(cni_fail(&e, CNI_INTERNAL, -EIO), -EIO);
	doc = cni_error_to_json(&e, "0.4.0");
	expect_json(
		doc,
		"{\"cniVersion\":\"0.4.0\",\"code\":7,\"msg\":\"invalid network configuration\","
		"\"details\":\"netconf: x\"}");
}

static void a_delegated_error_stays_as_it_is(void **state)
{
	static const char text[] = "{\"code\":11,\"msg\":\"pool is full\",\"other\":[1]}";
	struct cni_error e = { .code = CNI_IPAM, .delegated = from(text) };
	json_auto_t *doc = cni_error_to_json(&e, "1.0.0");

	(void)state;
	expect_json(doc, text);
	cni_error_clear(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_and_new_forms_become_each_other),
		cmocka_unit_test(fields_of_1_1_0_do_not_reach_older_versions),
		cmocka_unit_test(results_of_0_2_0_are_understood),
		cmocka_unit_test(wrong_fields_are_named_with_their_place),
		cmocka_unit_test(null_is_as_good_as_absent),
		cmocka_unit_test(entries_are_read_with_what_they_do_not_say),
		cmocka_unit_test(the_pods_interfaces_are_those_in_its_sandbox),
		cmocka_unit_test(an_address_of_no_listed_interface_is_cni_ifnames),
		cmocka_unit_test(without_sandbox_interfaces_cni_ifname_has_all_addresses),
		cmocka_unit_test(more_than_fits_is_left_out),
		cmocka_unit_test(version_report_lists_all_and_echoes_what_is_supported),
		cmocka_unit_test(errors_have_code_message_and_details),
		cmocka_unit_test(a_delegated_error_stays_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
