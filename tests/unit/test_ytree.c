/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "node-agent/parse/yscalar.h"
#include "node-agent/parse/ytree.h"

static struct err err;

static struct ytree *parse(const char *text)
{
	struct ytree *t = NULL;

	err = ERR_INIT;
	(void)ytree_parse(text, strlen(text), "f.yaml", &t, &err);
	return t;
}

static struct ytree *must_parse(const char *text)
{
	struct ytree *t = parse(text);

	if (!t)
		fail_msg("%s", err.msg);
	return t;
}

static void plain_scalars_have_the_types_of_the_core_schema(void **state)
{
	static const struct {
		enum ytree_type type;
		const char *texts[16];
	} cases[] = {
		{ YTREE_NULL, { "", "~", "null", "Null", "NULL" } },
		{ YTREE_BOOL, { "true", "True", "TRUE", "false", "False", "FALSE" } },
		{ YTREE_INT, { "0", "64", "-1", "+7", "007", "0o17", "0x1F" } },
		{ YTREE_FLOAT,
		  { "1.5", ".5", "1.", "-2e3", "6E-2", "1e+9", ".inf", "-.INF", ".nan" } },
		{ YTREE_STRING,
		  { "yes", "no", "on", "nuLL", "tRue", "64Ki", "1.2.3", "0x", "0o8", "-", "+", ".",
		    "e3", "1e", "0xg", "-0x1" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t k = 0; k < 16 && cases[i].texts[k]; k++)
			if (yscalar_type(cases[i].texts[k]) != cases[i].type)
				fail_msg("'%s' is not %d", cases[i].texts[k], (int)cases[i].type);
}

static void values_keep_their_lines_and_quotes_make_strings(void **state)
{
	auto_ytree struct ytree *t =
		must_parse("a: 1\nb:\n  - true\n  - 'true'\n  - !!str 5\nc: |\n  x\n  y\n");
	const struct ytree_node *root = t->docs[0], *b = ytree_get(root, "b");

	(void)state;
	assert_int_equal(t->n_docs, 1);
	assert_int_equal(root->type, YTREE_MAP);
	assert_int_equal(root->n, 3);
	assert_int_equal(ytree_get(root, "a")->type, YTREE_INT);
	assert_int_equal(b->n, 3);
	assert_int_equal(b->items[0]->type, YTREE_BOOL);
	assert_int_equal(b->items[1]->type, YTREE_STRING);
	assert_int_equal(b->items[1]->line, 4);
	assert_int_equal(b->items[2]->type, YTREE_STRING);
	assert_string_equal(ytree_get(root, "c")->text, "x\ny\n");
	assert_null(ytree_get(root, "d"));
	assert_null(ytree_get(b, "a"));
}

static void empty_documents_are_left_out(void **state)
{
	auto_ytree struct ytree *t = must_parse("---\n# x\n---\na: 1\n---\n\n---\nb: ~\n...\n");

	(void)state;
	assert_int_equal(t->n_docs, 2);
	assert_int_equal(t->docs[1]->line, 8);
	assert_null(ytree_get(t->docs[1], "b")); /* null is as good as absent */
}

static void json_is_read_with_tabs_and_escapes(void **state)
{
	auto_ytree struct ytree *t =
		must_parse("{\n\t\"a\": [1, null, \"x\\u00e9\\/\\n\"],\n\t\"b\":{\"c\":true}}\n");
	const struct ytree_node *a = ytree_get(t->docs[0], "a");

	(void)state;
	assert_int_equal(a->n, 3);
	assert_int_equal(a->items[1]->type, YTREE_NULL);
	assert_string_equal(a->items[2]->text, "x\xc3\xa9/\n");
	assert_int_equal(ytree_get(ytree_get(t->docs[0], "b"), "c")->type, YTREE_BOOL);
}

static void aliases_share_what_they_name(void **state)
{
	auto_ytree struct ytree *t = must_parse("a: &x [1]\nb: *x\nc: &x 2\nd: *x\n");
	const struct ytree_node *root = t->docs[0];

	(void)state;
	assert_ptr_equal(ytree_get(root, "a"), ytree_get(root, "b"));
	assert_string_equal(ytree_get(root, "d")->text, "2"); /* the last of a name counts */
}

static void what_is_not_strict_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "a: 1\nb: 2\na: 3", "f.yaml:3: key 'a' is there already, in line 1" },
		{ "x:\n  - {k: 1, \"k\": 2}", "f.yaml:2: key 'k' is there already, in line 2" },
		{ "? [a]\n: b", "f.yaml:1: a list cannot be a key" },
		{ "a: 1\n<<: {b: 2}",
		  "f.yaml:2: merge keys ('<<') are not supported: write the keys out" },
		{ "a: !!int 5", "f.yaml:1: tag 'tag:yaml.org,2002:int' is not supported here" },
		{ "a: !my {b: c}", "f.yaml:1: tag '!my' is not supported here" },
		{ "a: &x {b: [*x]}", "f.yaml:1: alias '*x' stands inside what it names" },
		{ "a: &x 1\n---\nb: *x", "f.yaml:3: alias '*x' names no anchor" },
		{ "a: \"x\\0y\"", "f.yaml:1: NUL byte in a value" },
		{ "a: b: c", "f.yaml:1: not YAML: mapping values are not allowed in this context" },
		{ "a: 1\nb: \xff", "f.yaml:2: not YAML: invalid leading UTF-8 octet" },
		{ "a: 1\n\nb: \x01", "f.yaml:3: not YAML: control characters are not allowed" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_null(parse(cases[i].text));
		assert_string_equal(err.msg, cases[i].message);
	}
}

/* Each level names the one before ten times. */
static void a_tree_that_explodes_is_refused(void **state)
{
	char text[2048];
	int n = snprintf(text, sizeof(text), "a0: &a0 x\n");

	(void)state;
	for (int i = 1; i <= 9; i++) {
		n += snprintf(text + n, sizeof(text) - (size_t)n, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			n += snprintf(text + n, sizeof(text) - (size_t)n, "%s*a%d", k ? "," : "",
				      i - 1);
		n += snprintf(text + n, sizeof(text) - (size_t)n, "]\n");
	}
	assert_null(parse(text));
	assert_string_equal(err.msg, "f.yaml:6: more than 100000 values in one file");
}

/* One document after another, each just within the bound. */
static void the_bound_is_for_the_whole_file(void **state)
{
	size_t size = YTREE_BYTES_MAX;
	auto_free char *text = malloc(size);
	struct ytree *t = NULL;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < size; i += 4)
		memcpy(text + i, "- a\n", 4);
	for (size_t i = 200000; i < size - 4; i += 200000)
		memcpy(text + i, "---\n", 4);
	assert_int_equal(ytree_parse(text, size, "f.yaml", &t, &err), -E2BIG);
	assert_null(t);
	assert_int_equal(ytree_parse(text, size + 1, "f.yaml", &t, &err), -E2BIG);
	assert_string_equal(err.msg, "f.yaml: larger than 1048576 bytes");
}

static void depth_and_anchors_are_bounded(void **state)
{
	char text[1024];
	int n = 0;

	(void)state;
	memset(text, '[', YTREE_DEPTH_MAX + 1);
	text[YTREE_DEPTH_MAX + 1] = '\0';
	assert_null(parse(text));
	assert_string_equal(err.msg, "f.yaml:1: nested deeper than 64 levels");
	for (int i = 0; i <= YTREE_ANCHORS_MAX; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "- &a%d x\n", i);
	assert_null(parse(text));
	assert_string_equal(err.msg, "f.yaml:65: more than 64 anchors in one document");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_scalars_have_the_types_of_the_core_schema),
		cmocka_unit_test(values_keep_their_lines_and_quotes_make_strings),
		cmocka_unit_test(empty_documents_are_left_out),
		cmocka_unit_test(json_is_read_with_tabs_and_escapes),
		cmocka_unit_test(aliases_share_what_they_name),
		cmocka_unit_test(what_is_not_strict_is_refused_with_its_line),
		cmocka_unit_test(a_tree_that_explodes_is_refused),
		cmocka_unit_test(the_bound_is_for_the_whole_file),
		cmocka_unit_test(depth_and_anchors_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
