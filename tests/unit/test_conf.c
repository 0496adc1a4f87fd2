/* SPDX-License-Identifier: Apache-2.0 */
/* The network configuration: what is taken, and what is refused with which code. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cni-plugin/conf.h"
#include "common/cleanup.h"

static struct conf conf;
static struct cni_error error;

static int start(void **state)
{
	(void)state;
	conf = (struct conf){ 0 };
	error = (struct cni_error){ 0 };
	return 0;
}

static int parse_for(bool adding, const char *text)
{
	return conf_parse(text, strlen(text), adding, &conf, &error);
}

static int parse(const char *text)
{
	return parse_for(true, text);
}

static void defaults_fill_what_is_absent(void **state)
{
	(void)state;
	assert_int_equal(parse("{\"cniVersion\":\"1.1.0\",\"name\":\"net\",\"type\":\"smc-cni\"}"),
			 0);
	assert_int_equal(conf.version, CNI_1_1_0);
	assert_string_equal(conf.agent_socket, "/run/smc-cni/agent.sock");
	assert_int_equal(conf.agent_timeout_ms, 2000);
	assert_int_equal(conf.ipam_timeout_ms, 60000);
	assert_false(conf.strict_status);
	assert_false(conf.standalone);
	assert_string_equal(conf.pnet_id, "");
	assert_string_equal(conf.ipam_type, "");
	assert_string_equal(conf.cgroup_path, "");
	assert_null(conf.annotations);
	assert_null(conf.prev_result);
	conf_clear(&conf);
}

static void every_key_is_taken(void **state)
{
	(void)state;
	assert_int_equal(
		parse("{\"cniVersion\":\"0.4.0\",\"name\":\"net\",\"type\":\"smc-cni\",\"unknown\":[1],"
		      "\"agentSocket\":\"/a/b.sock\",\"agentTimeoutMs\":500,\"strictStatus\":true,"
		      "\"pnetID\":\"net0\",\"interface\":{\"kind\":\"veth\",\"bridge\":\"br1\",\"mtu\":9000,"
		      "\"isDefaultGateway\":true,\"ipMasq\":false,\"hairpin\":true,\"other\":{}},"
		      "\"ipam\":{\"type\":\"host-local\",\"subnet\":\"10.0.0.0/24\"},\"ipamTimeoutMs\":700,"
		      "\"dns\":{\"domain\":\"d\"},\"prevResult\":{},\"capabilities\":{\"cgroupPath\":true},"
		      "\"runtimeConfig\":{\"cgroupPath\":\"/kubepods/pod1\","
		      "\"io.kubernetes.cri.pod-annotations\":{\"a/b\":7,\"smc-cni.io/steer\":\"required\"}},"
		      "\"cni.dev/valid-attachments\":[]}"),
		0);
	assert_int_equal(conf.version, CNI_0_4_0);
	assert_string_equal(conf.agent_socket, "/a/b.sock");
	assert_int_equal(conf.agent_timeout_ms, 500);
	assert_true(conf.strict_status);
	assert_string_equal(conf.pnet_id, "NET0");
	assert_true(conf.standalone);
	assert_string_equal(conf.interface.bridge, "br1");
	assert_int_equal(conf.interface.mtu, 9000);
	assert_true(conf.interface.is_gateway);
	assert_true(conf.interface.is_default_gateway);
	assert_true(conf.interface.hairpin);
	assert_string_equal(conf.ipam_type, "host-local");
	assert_int_equal(conf.ipam_timeout_ms, 700);
	assert_string_equal(conf.cgroup_path, "/kubepods/pod1");
	assert_int_equal(json_object_size(conf.annotations), 1);
	assert_non_null(json_object_get(conf.annotations, "smc-cni.io/steer"));
	assert_non_null(conf.prev_result);
	assert_non_null(conf.valid_attachments);
	conf_clear(&conf);
}

/* `members` follow cniVersion and name. */
static void expect_refused(const char *members, int code, const char *message)
{
	char text[4096];

	(void)start(NULL);
	(void)snprintf(text, sizeof(text), "{\"cniVersion\":\"1.0.0\",\"name\":\"net\"%s}",
		       members);
	assert_true(parse(text) < 0);
	assert_null(conf.root);
	if (error.code != code || !strstr(error.err.msg, message))
		fail_msg("expected %d '%s', found %d '%s'", code, message, error.code,
			 error.err.msg);
}

static void wrong_types_and_values_name_their_key(void **state)
{
	static const struct {
		const char *members;
		int code;
		const char *message;
	} table[] = {
		{ ",\"type\":7", 7, "'type' must be a string" },
		{ ",\"agentSocket\":\"run/a\"", 7,
		  "'agentSocket' is 'run/a'; allowed is an absolute path" },
		{ ",\"agentSocket\":false", 7, "'agentSocket' must be a string" },
		{ ",\"agentTimeoutMs\":0", 7, "'agentTimeoutMs' must be 1 to 60000, found 0" },
		{ ",\"agentTimeoutMs\":\"2\"", 7, "'agentTimeoutMs' must be an integer" },
		{ ",\"strictStatus\":\"yes\"", 7, "'strictStatus' must be true or false" },
		{ ",\"pnetID\":\"a-b\"", 7,
		  "'pnetID' is 'a-b'; allowed are 1 to 16 letters and digits" },
		{ ",\"pnetID\":\"12345678901234567\"", 7, "'pnetID' is '12345678901234567'" },
		{ ",\"interface\":\"veth\"", 7, "'interface' must be an object" },
		{ ",\"interface\":{}", 7, "interface: 'kind' is required" },
		{ ",\"interface\":{\"kind\":\"tap\"}", 2,
		  "'kind' is 'tap'; allowed are veth, ptp, macvlan, ipvlan, host-device and dummy" },
		{ ",\"interface\":{\"kind\":\"macvlan\",\"mode\":\"l2\"}", 7,
		  "'mode' is 'l2'; allowed are bridge, private, vepa and passthru" },
		{ ",\"interface\":{\"kind\":\"ipvlan\",\"mode\":\"bridge\"}", 7,
		  "'mode' is 'bridge'; allowed are l2, l3 and l3s" },
		{ ",\"interface\":{\"kind\":\"macvlan\",\"master\":\"a b\"}", 7,
		  "'master' is 'a b'; allowed is an interface name" },
		{ ",\"interface\":{\"kind\":\"host-device\",\"pciBusID\":\"../03:00.1\"}", 7,
		  "'pciBusID' is '../03:00.1'; allowed is a PCI address" },
		{ ",\"interface\":{\"kind\":\"host-device\",\"device\":\"a\","
		  "\"pciBusID\":\"0000:03:00.1\"}",
		  7, "'device' and 'pciBusID' exclude each other" },
		{ ",\"interface\":{\"kind\":\"host-device\"},\"runtimeConfig\":{\"deviceID\":"
		  "\"mlx5_core.sf.2\"}",
		  7, "runtimeConfig: 'deviceID' is 'mlx5_core.sf.2'; allowed is a PCI address" },
		{ ",\"interface\":{\"kind\":\"veth\"},\"runtimeConfig\":{\"ips\":[\"10.1\"]}", 7,
		  "runtimeConfig: 'ips[0]'" },
		{ ",\"interface\":{\"kind\":\"veth\",\"vlan\":4095}", 7,
		  "'vlan' must be 1 to 4094" },
		{ ",\"interface\":{\"kind\":\"veth\",\"vlan\":7,\"isDefaultGateway\":true}", 7,
		  "'vlan' and 'isGateway' exclude each other" },
		{ ",\"interface\":{\"kind\":\"ptp\",\"hairpin\":true}", 7,
		  "'hairpin' is true; allowed with another kind than veth is false" },
		{ ",\"interface\":{\"kind\":\"veth\",\"mac\":\"01:00:00:00:00:01\"}", 7,
		  "interface: 'mac' is '01:00:00:00:00:01'; allowed is a unicast address" },
		{ ",\"interface\":{\"kind\":\"veth\"},\"args\":{\"cni\":{\"mac\":\"x\"}}", 7,
		  "args.cni: 'mac' is 'x'" },
		{ ",\"interface\":{\"kind\":\"ipvlan\"},\"runtimeConfig\":{\"mac\":"
		  "\"02:00:00:00:00:01\"}",
		  7, "an ipvlan has the address of its master" },
		{ ",\"interface\":{\"kind\":\"veth\",\"ipMasq\":true}", 2, "'ipMasq' is true" },
		{ ",\"interface\":{\"kind\":\"veth\",\"mtu\":67}", 7, "'mtu' must be 68 to 65535" },
		{ ",\"interface\":{\"kind\":\"veth\",\"bridge\":\"a/b\"}", 7, "'bridge' is 'a/b'" },
		{ ",\"interface\":{\"kind\":\"veth\",\"hairpin\":1}", 7,
		  "'hairpin' must be true or false" },
		{ ",\"interface\":{\"kind\":\"veth\"},\"ipam\":{\"subnet\":\"x\"}", 7,
		  "ipam: 'type' is required" },
		{ ",\"interface\":{\"kind\":\"veth\"},\"ipam\":{\"type\":\"../../bin/sh\"}", 7,
		  "ipam: 'type' is '../../bin/sh'" },
		{ ",\"ipam\":[]", 7, "'ipam' must be an object" },
		{ ",\"ipamTimeoutMs\":-1", 7, "'ipamTimeoutMs' must be 1 to 600000" },
		{ ",\"dns\":[]", 7, "'dns' must be an object" },
		{ ",\"prevResult\":[]", 7, "'prevResult' must be an object" },
		{ ",\"capabilities\":[]", 7, "'capabilities' must be an object" },
		{ ",\"runtimeConfig\":[]", 7, "'runtimeConfig' must be an object" },
		{ ",\"runtimeConfig\":{\"cgroupPath\":[]}", 7, "'cgroupPath' must be a string" },
		{ ",\"runtimeConfig\":{\"io.kubernetes.cri.pod-annotations\":[]}", 7,
		  "'io.kubernetes.cri.pod-annotations' must be an object" },
		{ ",\"runtimeConfig\":{\"io.kubernetes.cri.pod-annotations\":{\"smc-cni.io/steer\":true}}",
		  7, "'smc-cni.io/steer' must be a string" },
		{ ",\"cni.dev/valid-attachments\":{}", 7,
		  "'cni.dev/valid-attachments' must be an array" },
		{ ",\"name\":\"again\"", 6, "duplicate" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		expect_refused(table[i].members, table[i].code, table[i].message);
}

static void what_is_handed_on_has_its_type(void **state)
{
	static const struct {
		const char *members;
		int code;
		const char *message;
	} table[] = {
		{ ",\"dns\":{\"nameservers\":\"10.0.0.1\"}", 7,
		  "netconf.dns: 'nameservers' must be an array" },
		{ ",\"dns\":{\"search\":[5]}", 7, "netconf.dns: 'search' holds what is no string" },
		{ ",\"dns\":{\"domain\":5}", 7, "netconf.dns: 'domain' must be a string" },
		{ ",\"args\":5", 7, "'args' must be an object" },
		{ ",\"args\":{\"cni\":\"x\"}", 7, "args: 'cni' must be an object" },
		{ ",\"capabilities\":{\"cgroupPath\":\"yes\"}", 7,
		  "capabilities: 'cgroupPath' must be true or false, found the string 'yes'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		expect_refused(table[i].members, table[i].code, table[i].message);
}

/* The plugin before ours has taken it, or not. */
static void chained_what_is_asked_for_the_interface_is_not_judged(void **state)
{
	static const char *const table[] = {
		"\"args\":{\"cni\":{\"mac\":\"zz\",\"x\":-9223372036854775809}}",
		"\"runtimeConfig\":{\"mac\":7,\"ips\":7,\"bandwidth\":7,\"deviceID\":7}",
		"\"quota\":18446744073709551615",
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char text[256];

		(void)start(state);
		(void)snprintf(text, sizeof(text), "{\"cniVersion\":\"1.0.0\",\"name\":\"net\",%s}",
			       table[i]);
		if (parse(text) < 0)
			fail_msg("%s: %s", text, error.err.msg);
		conf_clear(&conf);
	}
}

/* DEL must not fail because of what ADD was asked for. */
static void what_only_add_needs_is_wrong_in_add_only(void **state)
{
	static const char *const table[] = {
		"\"veth\"},\"runtimeConfig\":{\"mac\":\"zz\"}",
		"\"veth\"},\"runtimeConfig\":{\"mac\":7}",
		"\"ipvlan\"},\"runtimeConfig\":{\"mac\":\"02:00:00:00:00:01\"}",
		"\"veth\"},\"runtimeConfig\":{\"ips\":[\"10.0.0.1/99\"]}",
		"\"veth\"},\"runtimeConfig\":{\"bandwidth\":7}",
		"\"host-device\"},\"runtimeConfig\":{\"deviceID\":\"mlx5_core.sf.4\"}",
		"\"veth\"},\"runtimeConfig\":[]",
		"\"veth\"},\"runtimeConfig\":{\"cgroupPath\":[]}",
		"\"veth\"},\"runtimeConfig\":{\"io.kubernetes.cri.pod-annotations\":{\"smc-cni.io/steer\":true}}",
		"\"veth\"},\"args\":{\"cni\":{\"mac\":\"zz\"}}",
		"\"veth\"},\"args\":{\"cni\":7}",
		"\"veth\"},\"args\":7",
		"\"veth\"},\"capabilities\":{\"cgroupPath\":7}",
		"\"veth\"},\"dns\":{\"domain\":7}",
		"\"veth\"},\"dns\":7",
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char text[512];

		(void)start(state);
		(void)snprintf(
			text, sizeof(text),
			"{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"interface\":{\"kind\":%s}",
			table[i]);
		assert_true(parse(text) < 0);
		assert_int_equal(error.code, 7);
		(void)start(state);
		if (parse_for(false, text) < 0)
			fail_msg("%s: %s", text, error.err.msg);
		conf_clear(&conf);
	}
}

static void other_verbs_find_the_device_that_was_lent(void **state)
{
	static const struct {
		const char *id, *device, *pci;
	} table[] = {
		{ "0000:03:00.1", "", "0000:03:00.1" },
		{ "../03:00.1", "up0", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char text[512];

		(void)snprintf(
			text, sizeof(text),
			"{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"interface\":{\"kind\":\"host-device\","
			"\"device\":\"up0\"},\"runtimeConfig\":{\"deviceID\":\"%s\"}}",
			table[i].id);
		assert_int_equal(parse_for(false, text), 0);
		assert_string_equal(conf.interface.device, table[i].device);
		assert_string_equal(conf.interface.pci, table[i].pci);
		conf_clear(&conf);
	}
}

static void version_and_name_have_codes_of_their_own(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *message;
	} table[] = {
		{ "", 6, "it is empty" },
		{ "[]", 6, "found an array" },
		{ "{\"cniVersion\":\"1.0.0\"", 6, "line 1" },
		{ "{\"name\":\"net\"}", 1, "'cniVersion' is required" },
		{ "{\"cniVersion\":1,\"name\":\"net\"}", 7, "'cniVersion' must be a string" },
		{ "{\"cniVersion\":\"0.2.0\",\"name\":\"net\"}", 1,
		  "'cniVersion' is '0.2.0'; supported are" },
		{ "{\"cniVersion\":\"1.2.0\",\"name\":\"net\"}", 1, "'cniVersion' is '1.2.0'" },
		{ "{\"cniVersion\":\"1.0.0\"}", 7, "'name' is required" },
		{ "{\"cniVersion\":\"1.0.0\",\"name\":\"../a\"}", 7, "'name' is '../a'" },
		{ "{\"cniVersion\":\"1.0.0\",\"name\":7}", 7, "'name' must be a string" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		(void)start(NULL);
		assert_true(parse(table[i].text) < 0);
		assert_int_equal(error.code, table[i].code);
		if (!strstr(error.err.msg, table[i].message))
			fail_msg("'%s' is not in '%s'", table[i].message, error.err.msg);
	}
}

static void an_error_has_the_version_if_that_is_one(void **state)
{
	static const struct {
		const char *text;
		enum cni_version version;
	} table[] = {
		{ "{\"cniVersion\":\"0.4.0\",\"name\":\"\"}", CNI_0_4_0 },
		{ "{\"cniVersion\":\"0.3.1\",\"name\":\"n\",\"interface\":{\"kind\":\"tap\"}}",
		  CNI_0_3_1 },
		{ "{\"cniVersion\":\"0.2.0\",\"name\":\"n\"}", CNI_1_1_0 },
		{ "{\"name\":\"n\"}", CNI_1_1_0 },
		{ "", CNI_1_1_0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		(void)start(state);
		conf.version = CNI_1_1_0;
		assert_true(parse(table[i].text) < 0);
		assert_int_equal(conf.version, table[i].version);
	}
}

static void a_dns_counts_if_it_says_something(void **state)
{
	static const struct {
		const char *dns;
		bool counts;
	} table[] = {
		{ "{}", false },
		{ "{\"domain\":\"\",\"search\":null,\"x\":1}", false },
		{ "{\"domain\":\"d\"}", true },
		{ "{\"nameservers\":[]}", true },
		{ "{\"search\":[\"d\"]}", true },
		{ "{\"options\":[\"ndots:5\"]}", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char text[256];

		(void)snprintf(text, sizeof(text),
			       "{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"dns\":%s}",
			       table[i].dns);
		assert_int_equal(parse(text), 0);
		assert_int_equal(conf.dns != NULL, table[i].counts);
		conf_clear(&conf);
	}
}

#define ANNOTATIONS \
	"{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"runtimeConfig\":{\"io.kubernetes.cri.pod-annotations\":{%s}}}"

static void a_nul_in_the_annotations_of_others_does_no_harm(void **state)
{
	char text[512];

	(void)state;
	(void)snprintf(text, sizeof(text), ANNOTATIONS,
		       "\"a\":\"x\\u0000\",\"b\":[\"\\u0000\"],\"smc-cni.io/steer\":\"enabled\"");
	assert_int_equal(parse_for(false, text), 0);
	conf_clear(&conf);
	assert_int_equal(parse(text), 0);
	assert_int_equal(json_object_size(conf.annotations), 1);
	assert_string_equal(
		json_string_value(json_object_get(conf.annotations, "smc-cni.io/steer")),
		"enabled");
	conf_clear(&conf);
}

/* Cut at the NUL it would be a right one. */
static void a_nul_in_ours_makes_the_value_a_wrong_one(void **state)
{
	char text[512];

	(void)state;
	(void)snprintf(text, sizeof(text), ANNOTATIONS,
		       "\"smc-cni.io/steer\":\"required\\u0000\\u0000x\"");
	assert_int_equal(parse(text), 0);
	assert_string_equal(
		json_string_value(json_object_get(conf.annotations, "smc-cni.io/steer")),
		"required\xef\xbf\xbd\xef\xbf\xbdx");
	conf_clear(&conf);
}

static void a_nul_elsewhere_is_refused(void **state)
{
	static const char *const table[][2] = {
		{ ",\"dns\":{\"search\":[\"a\",\"b\\u0000\"]}",
		  "netconf: there is a NUL (\\u0000) in 'dns'" },
		{ ",\"pnetID\":\"NET0\\u0000\"", "in 'pnetID'" },
		{ ",\"unknown\":[[{\"a\":\"\\u0000\"}]]", "in 'unknown'" },
		{ ",\"runtimeConfig\":{\"mac\":\"\\u0000\"}", "in 'runtimeConfig'" },
		{ ",\"runtimeConfig\":{\"io.kubernetes.cri.pod-annotations\":{\"smc-cni.io/steer\":[\"\\u0000\"]}}",
		  "in 'runtimeConfig'" },
		{ ",\"a\\u0000\":1", "NUL byte in object key" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		expect_refused(table[i][0], 6, table[i][1]);
}

static void ipam_of_a_chained_configuration_is_left_alone(void **state)
{
	(void)state;
	assert_int_equal(
		parse("{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"ipam\":{\"type\":\"x\"}}"), 0);
	assert_string_equal(conf.ipam_type, "");
	conf_clear(&conf);
}

static void an_empty_ipam_means_no_addresses(void **state)
{
	(void)state;
	assert_int_equal(
		parse("{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"interface\":{\"kind\":\"veth\"},"
		      "\"ipam\":{}}"),
		0);
	assert_true(conf.standalone);
	assert_string_equal(conf.ipam_type, "");
	assert_string_equal(conf.interface.bridge, "cni0");
	conf_clear(&conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(defaults_fill_what_is_absent, start),
		cmocka_unit_test_setup(every_key_is_taken, start),
		cmocka_unit_test_setup(wrong_types_and_values_name_their_key, start),
		cmocka_unit_test_setup(what_is_handed_on_has_its_type, start),
		cmocka_unit_test_setup(chained_what_is_asked_for_the_interface_is_not_judged,
				       start),
		cmocka_unit_test_setup(what_only_add_needs_is_wrong_in_add_only, start),
		cmocka_unit_test_setup(other_verbs_find_the_device_that_was_lent, start),
		cmocka_unit_test_setup(version_and_name_have_codes_of_their_own, start),
		cmocka_unit_test_setup(an_error_has_the_version_if_that_is_one, start),
		cmocka_unit_test_setup(a_dns_counts_if_it_says_something, start),
		cmocka_unit_test_setup(a_nul_in_the_annotations_of_others_does_no_harm, start),
		cmocka_unit_test_setup(a_nul_in_ours_makes_the_value_a_wrong_one, start),
		cmocka_unit_test_setup(a_nul_elsewhere_is_refused, start),
		cmocka_unit_test_setup(ipam_of_a_chained_configuration_is_left_alone, start),
		cmocka_unit_test_setup(an_empty_ipam_means_no_addresses, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
