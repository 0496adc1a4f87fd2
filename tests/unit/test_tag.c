/* SPDX-License-Identifier: Apache-2.0 */
/* The mark of links that are ours: whose it is, and what is stale. */
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

static struct link tagged(const struct wire_attachment *a)
{
	struct link link = { .n_tags = 1 };

	(void)tag_format(a, link.tags[0]);
	return link;
}

static void other_names_are_no_tags(void **state)
{
	struct link link = tagged(&one);
	char *tag = link.tags[0];

	(void)state;
	assert_true(tag_is_stale(&link, "net1", NULL, 0));
	strcat(tag, ".");
	assert_false(tag_is_stale(&link, "net1", NULL, 0));
	tag[strlen(tag) - 2] = '\0';
	assert_false(tag_is_stale(&link, "net1", NULL, 0));
	strcpy(tag, "smc-cni.");
	assert_false(tag_is_stale(&link, "net1", NULL, 0));
}

static void only_its_own_attachment_has_it(void **state)
{
	struct link link = tagged(&one), plain = { .index = 0 };

	(void)state;
	assert_true(tag_is_of(&link, &one));
	assert_false(tag_is_of(&link, &other));
	assert_false(tag_is_of(&plain, &one));
	(void)tag_format(&other, link.tags[link.n_tags++]);
	assert_true(tag_is_of(&link, &one));
	assert_true(tag_is_of(&link, &other));
}

static void stale_is_what_is_of_this_network_and_not_valid(void **state)
{
	struct link link = tagged(&one), far = tagged(&foreign), plain = { .index = 0 };

	(void)state;
	assert_true(tag_is_stale(&link, "net1", NULL, 0));
	assert_true(tag_is_stale(&link, "net1", &other, 1));
	assert_false(tag_is_stale(&link, "net1", &one, 1));
	assert_false(tag_is_stale(&far, "net1", NULL, 0));
	assert_false(tag_is_stale(&plain, "net1", NULL, 0));
	/* The other one's pod may have it. */
	(void)tag_format(&other, link.tags[link.n_tags++]);
	assert_false(tag_is_stale(&link, "net1", &other, 1));
	assert_false(tag_is_stale(&link, "net1", &one, 1));
	assert_true(tag_is_stale(&link, "net1", NULL, 0));
	(void)tag_format(&foreign, link.tags[link.n_tags++]);
	assert_false(tag_is_stale(&link, "net1", NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_names_are_no_tags),
		cmocka_unit_test(only_its_own_attachment_has_it),
		cmocka_unit_test(stale_is_what_is_of_this_network_and_not_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
