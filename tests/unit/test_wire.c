/* SPDX-License-Identifier: Apache-2.0 */
/* What is in the messages between plugin and agent. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/annotations.h"
#include "common/cleanup.h"
#include "common/json.h"
#include "common/wire.h"

static struct err err;

/* ---- names ---- */

static void names_are_those_of_the_cni_specification(void **state)
{
	static const char *const good[] = { "a", "0", "net-1", "A_b.c-d", "k8s-pod-network" };
	static const char *const bad[] = { "",	  "-a",	  ".a",	      "_a", "a/b",
					   "a b", "a\nb", "\xc3\xa4", "a:b" };
	char text[WIRE_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(wire_name_valid(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(wire_name_valid(bad[i]));
	memset(text, 'a', sizeof(text));
	text[WIRE_NAME_MAX - 1] = '\0';
	assert_true(wire_name_valid(text));
	text[WIRE_NAME_MAX - 1] = 'a';
	text[WIRE_NAME_MAX] = '\0';
	assert_false(wire_name_valid(text));
}

static void interface_names_are_those_of_the_kernel(void **state)
{
	static const char *const good[] = { "eth0",  "a",	"...",
					    "net.1", "a-b_c@d", "123456789012345" };
	static const char *const bad[] = { "",	  ".",	 "..",	"a/b",	 "a:b",
					   "a b", "a%d", "a\n", "a\x7f", "1234567890123456" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(wire_ifname_valid(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(wire_ifname_valid(bad[i]));
}

static void attachment_hash_tells_the_three_names_apart(void **state)
{
	const struct wire_attachment a[] = { { "net", "id", "eth0" },
					     { "neti", "d", "eth0" },
					     { "net", "ide", "th0" },
					     { "net", "id", "eth1" } };
	char hash[ARRAY_SIZE(a)][WIRE_HASH_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(a); i++) {
		assert_ptr_equal(wire_attachment_hash(&a[i], hash[i]), hash[i]);
		assert_int_equal(strspn(hash[i], "0123456789abcdef"), 16);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(hash[i], hash[k]);
	}
	/* Files and links bear it: it never changes. */
	assert_string_equal(hash[0], "35c0d8292ac64902");
}

/* ---- prepare ---- */

static const char full[] =
	"{\"v\":1,\"verb\":\"prepare\","
	"\"attachment\":{\"network\":\"net1\",\"containerID\":\"c1\",\"ifname\":\"eth0\"},"
	"\"pod\":{\"namespace\":\"ns\",\"name\":\"pod-1\",\"uid\":\"u-1\"},"
	"\"interfaces\":[{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:01\","
	"\"ips\":[\"10.1.0.2/24\",\"fd00::2/64\"]}],"
	"\"cgroupPath\":\"/kubepods/pod1\",\"annotations\":{\"smc-cni.io/steer\":\"enabled\"}}";

static void prepare_survives_the_way_to_json_and_back(void **state)
{
	json_auto_t *in = NULL;
	json_auto_t *out = NULL;
	struct wire_prepare p;

	(void)state;
	assert_int_equal(smc_json_parse_object(full, strlen(full), "text", &in, &err), 0);
	assert_int_equal(wire_prepare_from_json(in, &p, &err), 0);
	assert_string_equal(p.attachment.container_id, "c1");
	assert_string_equal(p.pod.name, "pod-1");
	assert_int_equal(p.n_interfaces, 1);
	assert_int_equal(p.interfaces[0].n_ips, 2);
	assert_int_equal(p.interfaces[0].ips[1].prefix_len, 64);
	assert_string_equal(p.cgroup_path, "/kubepods/pod1");
	out = wire_prepare_to_json(&p);
	assert_true(json_equal(in, out));
	wire_prepare_clear(&p);
	assert_null(p.annotations);
}

static void prepare_needs_the_attachment_only(void **state)
{
	static const char text[] =
		"{\"attachment\":{\"network\":\"n\",\"containerID\":\"c\",\"ifname\":\"e\"}}";
	json_auto_t *in = NULL;
	struct wire_prepare p;

	(void)state;
	assert_int_equal(smc_json_parse_object(text, strlen(text), "text", &in, &err), 0);
	assert_int_equal(wire_prepare_from_json(in, &p, &err), 0);
	assert_string_equal(p.pod.uid, "");
	assert_int_equal(p.n_interfaces, 0);
	assert_null(p.annotations);
	wire_prepare_clear(&p);
}

/* On both sides: an agent may get it from a plugin that does not know of the bound. */
static void annotations_are_bounded_where_they_go_out_and_come_in(void **state)
{
	char large[20000];
	json_auto_t *msg = NULL, *annotations = NULL;
	struct wire_prepare p;

	(void)state;
	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	annotations = json_pack("{s:s, s:s}", "smc-cni.io/a", large, "example.com/b", large);
	assert_int_equal(smc_json_parse_object(full, strlen(full), "text", &msg, &err), 0);
	assert_int_equal(json_object_set_new(msg, "annotations",
					     json_pack("{s:s}", "smc-cni.io/a", large)),
			 0);
	assert_int_equal(wire_prepare_from_json(msg, &p, &err), 0);
	assert_true(json_string_length(json_object_get(p.annotations, "smc-cni.io/a")) < 100);
	wire_prepare_clear(&p);
	assert_int_equal(wire_keep_annotations(annotations, &err), 0);
	assert_int_equal(json_object_size(annotations), 1);
	assert_true(json_string_length(json_object_get(annotations, "smc-cni.io/a")) < 100);
}

static void that_a_pod_has_a_sidecar_is_kept(void **state)
{
	json_auto_t *annotations = json_pack("{s:s, s:s, s:s}", "smc-cni.io/steer", "enabled",
					     "sidecar.istio.io/status", "{}", "a", "b");
	json_auto_t *msg = NULL;
	struct wire_prepare p;

	(void)state;
	assert_int_equal(wire_keep_annotations(annotations, &err), 0);
	assert_int_equal(smc_json_parse_object(full, strlen(full), "text", &msg, &err), 0);
	assert_int_equal(json_object_set(msg, "annotations", annotations), 0);
	assert_int_equal(wire_prepare_from_json(msg, &p, &err), 0);
	assert_int_equal(json_object_size(p.annotations), 2);
	assert_string_equal(json_string_value(json_object_get(p.annotations, ANNOTATIONS_SIDECAR)),
			    "sidecar.istio.io/status");
	wire_prepare_clear(&p);
}

/* `json` replaces the member `key` of a good message. */
static void expect_refused(const char *key, const char *json, const char *message)
{
	json_auto_t *msg = NULL;
	struct wire_prepare p = { .n_interfaces = 77 };

	assert_int_equal(smc_json_parse_object(full, strlen(full), "text", &msg, &err), 0);
	assert_int_equal(json_object_set_new(msg, key, json_loads(json, JSON_DECODE_ANY, NULL)), 0);
	err = ERR_INIT;
	assert_int_equal(wire_prepare_from_json(msg, &p, &err), -EINVAL);
	assert_int_equal(p.n_interfaces, 77);
	if (!strstr(err.msg, message))
		fail_msg("'%s' is not in '%s'", message, err.msg);
}

static void prepare_names_the_key_that_is_wrong(void **state)
{
	static const struct {
		const char *key, *json, *message;
	} table[] = {
		{ "attachment", "null", "'attachment' is required" },
		{ "attachment", "[]", "'attachment' must be an object" },
		{ "attachment", "{\"network\":\"n\",\"containerID\":\"c\"}",
		  "'ifname' is required" },
		{ "attachment", "{\"network\":\"a/b\",\"containerID\":\"c\",\"ifname\":\"e\"}",
		  "'network' is 'a/b'; allowed" },
		{ "attachment", "{\"network\":\"n\",\"containerID\":\"../c\",\"ifname\":\"e\"}",
		  "'containerID' is '../c'" },
		{ "attachment", "{\"network\":\"n\",\"containerID\":\"c\",\"ifname\":\"..\"}",
		  "'ifname' is '..'" },
		{ "pod", "{\"name\":\"a b\"}", "pod: 'name' is 'a b'" },
		{ "pod", "{\"uid\":1}", "pod: 'uid' must be a string" },
		{ "interfaces", "{}", "'interfaces' must be an array" },
		{ "interfaces", "[1]", "'interfaces' holds what is no object" },
		{ "interfaces", "[{},{},{},{},{},{},{},{},{}]", "9 entries; allowed are 8" },
		{ "interfaces", "[{\"name\":\"e\",\"mac\":\"02:00\"}]", "'mac' is '02:00'" },
		{ "interfaces", "[{\"name\":\"e\",\"ips\":[\"10.0.0.256/8\"]}]", "10.0.0.256" },
		{ "interfaces", "[{\"name\":\"e\",\"ips\":[1]}]", "'ips' holds what is no string" },
		{ "cgroupPath", "\"/a/../../etc\"", "'..' is not allowed" },
		{ "cgroupPath", "7", "'cgroupPath' must be a string" },
		{ "annotations", "{\"other.io/x\":\"y\"}", "'other.io/x' does not begin with" },
		{ "annotations", "{\"smc-cni.io/x\":true}", "'smc-cni.io/x' is no string" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		expect_refused(table[i].key, table[i].json, table[i].message);
}

static void error_text_that_was_cut_within_a_character_is_still_json(void **state)
{
	json_auto_t *msg = wire_error(WIRE_CODE_INVALID, "bad value '\xc3");

	(void)state;
	assert_string_equal(json_string_value(json_object_get(msg, "error")), "bad value '?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_of_the_cni_specification),
		cmocka_unit_test(interface_names_are_those_of_the_kernel),
		cmocka_unit_test(attachment_hash_tells_the_three_names_apart),
		cmocka_unit_test(prepare_survives_the_way_to_json_and_back),
		cmocka_unit_test(prepare_needs_the_attachment_only),
		cmocka_unit_test(annotations_are_bounded_where_they_go_out_and_come_in),
		cmocka_unit_test(that_a_pod_has_a_sidecar_is_kept),
		cmocka_unit_test(prepare_names_the_key_that_is_wrong),
		cmocka_unit_test(error_text_that_was_cut_within_a_character_is_still_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
