/* SPDX-License-Identifier: Apache-2.0 */
/* The mark of links that are ours: what is written is read back, and nothing else is taken for
 * one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cni-plugin/tag.h"
#include "common/cleanup.h"

static const struct wire_attachment one = { "net1", "c1", "eth0" };
static const struct wire_attachment other = { "net1", "c2", "eth0" };
static const struct wire_attachment foreign = { "net2", "c1", "eth0" };

static struct link tagged(const struct wire_attachment *a, const struct link *before)
{
	struct link link = { .n_tags = 1 };

	(void)tag_format(a, before, link.tags[0]);
	return link;
}

static void a_device_is_read_back_as_it_was(void **state)
{
	struct link before = { .name = "enp3s0.up.7",
			       .mac = { 0x02, 0xff, 0, 0x0a, 0xb0, 0x01 },
			       .mtu = 4294967295U,
			       .up = true };
	struct link link = tagged(&one, &before);
	struct tag tag;

	(void)state;
	assert_true(tag_parse(link.tags[0], &tag));
	assert_string_equal(tag.before.name, before.name);
	assert_memory_equal(tag.before.mac, before.mac, ETH_ALEN);
	assert_int_equal(tag.before.mtu, before.mtu);
	assert_true(tag.before.up);
	before.up = false;
	link = tagged(&one, &before);
	assert_true(tag_parse(link.tags[0], &tag));
	assert_false(tag.before.up);
	assert_string_equal(tag.before.name, before.name);
}

static void a_link_of_our_own_making_was_nothing_before(void **state)
{
	struct link link = tagged(&one, NULL);
	struct tag tag;

	(void)state;
	assert_true(tag_parse(link.tags[0], &tag));
	assert_string_equal(tag.before.name, "");
}

static void the_tag_of_a_device_is_found_among_others(void **state)
{
	struct link before = { .name = "eth3" }, link = tagged(&one, NULL);
	struct tag tag;

	(void)state;
	assert_null(tag_of_device(&link, &tag));
	(void)tag_format(&other, &before, link.tags[link.n_tags++]);
	assert_ptr_equal(tag_of_device(&link, &tag), link.tags[1]);
	assert_string_equal(tag.before.name, "eth3");
}

static void other_names_are_no_tags(void **state)
{
	static const char *const names[] = {
		"",
		"eth0",
		"smc-cni.",
		"smc-cni.0123456789abcdef",
		"smc-cni.0123456789abcdef.0123456789abcde",
		"smc-cni.0123456789ABCDEF.0123456789abcdef",
		"smc-cni.0123456789abcdef.0123456789abcdef.",
		"smc-cni.0123456789abcdef.0123456789abcdef.02ff000ab001",
		"smc-cni.0123456789abcdef.0123456789abcdef.02ff000ab0.1500.up.eth0",
		"smc-cni.0123456789abcdef.0123456789abcdef.02ff000ab001..up.eth0",
		"smc-cni.0123456789abcdef.0123456789abcdef.02ff000ab001.1500.eth0",
		"smc-cni.0123456789abcdef.0123456789abcdef.02ff000ab001.1500.up.",
		"smc-cni.0123456789abcdef.0123456789abcdef.02ff000ab001.1500.up.a/b",
		"smc-cni.0123456789abcdef.0123456789abcdef.02ff000ab001.1500.up.sixteencharacters",
	};
	struct tag tag;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (tag_parse(names[i], &tag))
			fail_msg("taken for a tag: '%s'", names[i]);
	}
}

static void only_its_own_attachment_has_it(void **state)
{
	struct link link = tagged(&one, NULL), plain = { .index = 0 };

	(void)state;
	assert_true(tag_is_of(&link, &one));
	assert_false(tag_is_of(&link, &other));
	assert_false(tag_is_of(&plain, &one));
	(void)tag_format(&other, NULL, link.tags[link.n_tags++]);
	assert_true(tag_is_of(&link, &one));
	assert_true(tag_is_of(&link, &other));
}

static void stale_is_what_is_of_this_network_and_not_valid(void **state)
{
	struct link link = tagged(&one, NULL), far = tagged(&foreign, NULL), plain = { .index = 0 };

	(void)state;
	assert_true(tag_is_stale(&link, "net1", NULL, 0));
	assert_true(tag_is_stale(&link, "net1", &other, 1));
	assert_false(tag_is_stale(&link, "net1", &one, 1));
	assert_false(tag_is_stale(&far, "net1", NULL, 0));
	assert_false(tag_is_stale(&plain, "net1", NULL, 0));
	/* The other one's pod may have it. */
	(void)tag_format(&other, NULL, link.tags[link.n_tags++]);
	assert_false(tag_is_stale(&link, "net1", &other, 1));
	assert_false(tag_is_stale(&link, "net1", &one, 1));
	assert_true(tag_is_stale(&link, "net1", NULL, 0));
	(void)tag_format(&foreign, NULL, link.tags[link.n_tags++]);
	assert_false(tag_is_stale(&link, "net1", NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_is_read_back_as_it_was),
		cmocka_unit_test(a_link_of_our_own_making_was_nothing_before),
		cmocka_unit_test(the_tag_of_a_device_is_found_among_others),
		cmocka_unit_test(other_names_are_no_tags),
		cmocka_unit_test(only_its_own_attachment_has_it),
		cmocka_unit_test(stale_is_what_is_of_this_network_and_not_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
