/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node-agent/model/facts.h"

static struct fact *at(struct facts *facts, size_t row)
{
	return (struct fact *)((char *)facts + facts_table[row].offset);
}

static void set_all(struct facts *facts)
{
	*facts = (struct facts){ .n_ports = 0 };
	for (size_t i = 0; i < facts_n; i++)
		at(facts, i)->ok = true;
}

static void each_row_has_a_name_and_a_member_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < facts_n; i++) {
		assert_non_null(facts_table[i].advice);
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(facts_table[i].name, facts_table[k].name);
			assert_true(facts_table[i].offset != facts_table[k].offset);
		}
	}
}

static void steering_lacks_what_is_needed_and_no_extra(void **state)
{
	struct facts facts;

	(void)state;
	for (size_t i = 0; i < facts_n; i++) {
		set_all(&facts);
		*at(&facts, i) = (struct fact){ .why = "for this reason" };
		if (facts_table[i].needed) {
			assert_ptr_equal(facts_first_missing(&facts), &facts_table[i]);
			assert_string_equal(facts_why_not(&facts), "for this reason");
		} else {
			assert_null(facts_first_missing(&facts));
			assert_null(facts_why_not(&facts));
		}
	}
}

static void the_first_that_is_missing_is_named(void **state)
{
	struct facts facts = { .ueid.ok = true };

	(void)state;
	assert_string_equal(facts_first_missing(&facts)->name, "smc");
	facts.smc.ok = true;
	assert_string_equal(facts_first_missing(&facts)->name, "hook");
	facts.hook.ok = true;
	assert_string_equal(facts_first_missing(&facts)->name, "offer");
	facts.offer.ok = true;
	assert_string_equal(facts_first_missing(&facts)->name, "selinux");
}

static void what_could_not_be_asked_stays_as_it_was_seen_last(void **state)
{
	struct fact fact = { .ok = false };
	struct err err;

	(void)state;
	(void)err_set(&err, -EIO, "open netlink socket: Input/output error");
	facts_doubt(&fact, &err); /* never seen: not there, and why */
	assert_false(fact.ok);
	assert_string_equal(fact.why, err.msg);
	assert_false(fact.known);
	facts_set(&fact, 0, NULL);
	assert_true(fact.ok && fact.known);
	assert_string_equal(fact.why, "");
	assert_string_equal(fact.doubt, "");
	facts_doubt(&fact, &err);
	assert_true(fact.ok);
	assert_string_equal(fact.why, "");
	assert_string_equal(fact.doubt, err.msg);
	assert_int_equal(fact.failures, 2);
	(void)err_set(&err, -ENOENT, "it is gone");
	facts_set(&fact, -ENOENT, &err);
	assert_false(fact.ok);
	assert_string_equal(fact.why, "it is gone");
	assert_string_equal(fact.doubt, "");
	(void)err_set(&err, -EIO, "again");
	facts_doubt(&fact, &err);
	assert_string_equal(fact.why, "it is gone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_has_a_name_and_a_member_of_its_own),
		cmocka_unit_test(steering_lacks_what_is_needed_and_no_extra),
		cmocka_unit_test(the_first_that_is_missing_is_named),
		cmocka_unit_test(what_could_not_be_asked_stays_as_it_was_seen_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
