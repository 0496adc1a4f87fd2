/* SPDX-License-Identifier: Apache-2.0 */
/* The table of what the runtime tells: what is found, what is replaced, what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "node-agent/model/sandbox.h"

static struct sandbox_table *t;

static int set_up(void **state)
{
	(void)state;
	t = sandbox_table_new();
	return t ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	sandbox_table_free(t);
	return 0;
}

static struct sandbox *put(const char *id, const char *name)
{
	const struct sandbox_told told = { .id = id,
					   .uid = "u",
					   .namespace = "shop",
					   .name = name,
					   .netns = "/run/netns/a",
					   .cgroup_parent = "/kubepods" };

	return sandbox_put(t, &told);
}

static struct sandbox_container *put_in(struct sandbox *s, const char *id, const char *name,
					uint32_t pid)
{
	const struct sandbox_container_told told = {
		.id = id, .name = name, .cgroup = "/c", .pid = pid
	};

	return sandbox_container_put(t, s, &told);
}

static void what_is_told_again_replaces_what_was_told(void **state)
{
	struct sandbox *s = put("s1", "web");
	struct sandbox_container *c = put_in(s, "c1", "app", 0);

	(void)state;
	assert_ptr_equal(put("s1", "web-2"), s);
	assert_ptr_equal(put_in(s, "c1", "app", 7), c);
	assert_ptr_equal(sandbox_find(t, "s1"), s);
	assert_ptr_equal(sandbox_container_find(t, "c1"), c);
	assert_string_equal(s->name, "web-2");
	assert_string_equal(s->netns, "/run/netns/a");
	assert_int_equal(c->pid, 7);
	assert_int_equal(t->n, 1);
	assert_int_equal(t->n_containers, 1);
}

static void a_sandbox_goes_with_its_containers_and_no_others(void **state)
{
	struct sandbox *a = put("a", "web"), *b = put("b", "web");

	(void)state;
	put_in(a, "a1", "app", 1);
	put_in(a, "a2", "side", 2);
	put_in(b, "b1", "app", 3);
	sandbox_drop(t, a);
	assert_null(sandbox_find(t, "a"));
	assert_null(sandbox_container_find(t, "a1"));
	assert_null(sandbox_container_find(t, "a2"));
	assert_ptr_equal(LIST_FIRST(&b->containers), sandbox_container_find(t, "b1"));
	sandbox_container_drop(t, sandbox_container_find(t, "b1"));
	assert_true(LIST_EMPTY(&b->containers));
	assert_int_equal(t->n, 1);
	assert_int_equal(t->n_containers, 0);
}

static void a_container_of_another_sandbox_is_not_taken_away(void **state)
{
	struct sandbox *a = put("a", "web"), *b = put("b", "web");

	(void)state;
	assert_non_null(put_in(a, "c", "app", 1));
	assert_null(put_in(b, "c", "evil", 2));
	assert_string_equal(sandbox_container_find(t, "c")->name, "app");
	assert_true(LIST_EMPTY(&b->containers));
}

static void what_has_no_id_or_a_text_without_end_is_refused(void **state)
{
	auto_free char *endless = malloc(SANDBOX_TEXT_MAX + 1);

	(void)state;
	memset(endless, 'x', SANDBOX_TEXT_MAX);
	endless[SANDBOX_TEXT_MAX] = '\0';
	assert_null(put("", "web"));
	assert_null(put("s", endless));
	assert_null(put(endless, "web"));
	assert_int_equal(t->n, 0);
	assert_null(put_in(put("s", "web"), "", "app", 1));
	assert_null(put_in(put("s", "web"), "c", endless, 1));
	assert_int_equal(t->n_containers, 0);
	endless[SANDBOX_TEXT_MAX - 1] = '\0';
	assert_non_null(put("s", endless));
}

static void a_full_table_refuses_new_ones_and_still_takes_news(void **state)
{
	struct sandbox *s = NULL;
	char id[32];

	(void)state;
	for (int i = 0; i < SANDBOX_MAX; i++) {
		(void)snprintf(id, sizeof(id), "s%d", i);
		s = put(id, "web");
		assert_non_null(s);
	}
	assert_null(put("more", "web"));
	assert_ptr_equal(put(id, "web-2"), s);
	for (int i = 0; i < SANDBOX_CONTAINERS_MAX; i++) {
		(void)snprintf(id, sizeof(id), "c%d", i);
		assert_non_null(put_in(s, id, "app", 1));
	}
	assert_null(put_in(s, "more", "app", 1));
	assert_non_null(put_in(s, id, "app", 2));
	assert_int_equal(sandbox_container_find(t, id)->pid, 2);
	sandbox_container_drop(t, sandbox_container_find(t, id));
	assert_non_null(put_in(s, "more", "app", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_told_again_replaces_what_was_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_sandbox_goes_with_its_containers_and_no_others,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_container_of_another_sandbox_is_not_taken_away,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_has_no_id_or_a_text_without_end_is_refused,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_table_refuses_new_ones_and_still_takes_news,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
