/* SPDX-License-Identifier: Apache-2.0 */
/* The examples of docs/cni-config.md are what the plugin takes, and the types there are the only
 * ones that it takes; and each key that it knows is there. Runs in the source tree's top folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <glob.h>

#include "cni-plugin/conf.h"
#include "common/cleanup.h"
#include "common/file.h"

#define DOC "docs/cni-config.md"
#define COLUMNS_MAX 8

/* With what the runtime's library adds to an entry of a list. NULL if it is no JSON. */
static json_t *complete(const char *text)
{
	json_t *obj = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	if (!json_object_get(obj, "cniVersion"))
		json_object_set_new(obj, "cniVersion", json_string("1.1.0"));
	if (!json_object_get(obj, "name"))
		json_object_set_new(obj, "name", json_string("pods"));
	return obj;
}

/* 0, or the code; *ret_msg is for messages, valid until the next call. */
static int parse(const json_t *obj, const char **ret_msg)
{
	static struct cni_error e;
	auto_free char *text = json_dumps(obj, JSON_COMPACT);
	struct conf conf = { 0 };
	int r;

	e = (struct cni_error){ 0 };
	r = conf_parse(text, strlen(text), true, &conf, &e);
	if (r == 0)
		conf_clear(&conf);
	*ret_msg = e.err.msg;
	return r < 0 ? e.code : 0;
}

static char *read_doc(void)
{
	char *text = NULL;
	struct err err = ERR_INIT;

	if (file_read(AT_FDCWD, DOC, 1 << 20, &text, NULL, &err) < 0)
		fail_msg("%s (run it in the source tree)", err.msg);
	return text;
}

static void every_block_is_a_configuration(void **state)
{
	auto_free char *doc = read_doc();
	char *block = doc;
	int n = 0;

	(void)state;
	while ((block = strstr(block, "```json\n"))) {
		char *start = block + strlen("```json\n"), *end = strstr(start, "```");
		json_auto_t *obj = NULL;
		const char *msg;

		assert_non_null(end);
		*end = '\0';
		obj = complete(start);
		if (!obj || parse(obj, &msg) != 0)
			fail_msg("%s\n%s", obj ? msg : "no JSON:", start);
		block = end + 3;
		n++;
	}
	assert_true(n >= 2);
}

/* ---- the tables ---- */

struct place { /* what the rows are about */
	char object[32]; /* "netconf", "interface", "runtimeConfig"; "": not about keys */
	char kind[32];
};

/* The text between the first two backquotes. False if there is none. */
static bool quoted(const char *text, char *ret, size_t size)
{
	const char *start = strchr(text, '`'), *end = start ? strchr(start + 1, '`') : NULL;

	if (!end)
		return false;
	(void)snprintf(ret, size, "%.*s", (int)(end - start - 1), start + 1);
	return true;
}

static void move_to(struct place *p, const char *line)
{
	if (!strncmp(line, "## Keys", 7))
		*p = (struct place){ "netconf", "veth" };
	else if (!strncmp(line, "### interface", 13))
		*p = (struct place){ "interface", "veth" };
	else if (!strncmp(line, "### runtimeConfig", 17))
		*p = (struct place){ "runtimeConfig", "host-device" };
	else if (*line == '#')
		p->object[0] = '\0';
	else if (!strncmp(line, "Kind", 4))
		(void)quoted(line, p->kind, sizeof(p->kind));
}

/* A configuration with this value of the key in its place. */
static json_t *with(const struct place *p, const char *key, json_t *value)
{
	json_t *conf = complete("{}"), *obj = conf;

	json_object_set_new(conf, "interface", json_pack("{s:s}", "kind", p->kind));
	if (strcmp(p->object, "netconf") != 0) {
		if (!json_object_get(conf, p->object))
			json_object_set_new(conf, p->object, json_object());
		obj = json_object_get(conf, p->object);
	}
	json_object_set_new(obj, key, value);
	return conf;
}

static json_t *of_another_type(const char *type)
{
	if (!strcmp(type, "object"))
		return json_array();
	if (!strcmp(type, "string"))
		return json_integer(7);
	return json_object();
}

static void check_row(const struct place *p, const char *key, const char *type, const char *example)
{
	json_t *value = json_loads(example, JSON_DECODE_ANY, NULL);
	json_auto_t *good = with(p, key, value), *bad = with(p, key, of_another_type(type));
	const char *msg;

	if (!value)
		fail_msg("%s.%s: the example is no JSON: %s", p->object, key, example);
	if (parse(good, &msg) != 0)
		fail_msg("%s.%s: the example %s is refused: %s", p->object, key, example, msg);
	if (parse(bad, &msg) == 0 || !strstr(msg, key))
		fail_msg("%s.%s: not of type %s, and not refused: %s", p->object, key, type, msg);
}

/* The cells of "| a | b |"; returns their number. */
static int split(char *line, char **cells)
{
	int n = 0;

	for (char *cell = strtok(line, "|"); cell && n < COLUMNS_MAX; cell = strtok(NULL, "|"))
		cells[n++] = cell + strspn(cell, " ");
	return n;
}

static int column(char **cells, int n, const char *title)
{
	for (int i = 0; i < n; i++) {
		if (!strncmp(cells[i], title, strlen(title)))
			return i;
	}
	return -1;
}

static void every_key_has_its_type_and_an_example_that_works(void **state)
{
	auto_free char *doc = read_doc();
	struct place place = { 0 };
	int type = -1, example = -1, rows = 0;
	char *rest = doc, *line;

	(void)state;
	while ((line = strsep(&rest, "\n"))) {
		char *cells[COLUMNS_MAX], key[64], value[256], word[32];
		int n;

		move_to(&place, line);
		if (*line != '|' || !*place.object)
			continue;
		n = split(line, cells);
		if (column(cells, n, "Key") == 0) {
			type = column(cells, n, "Type");
			example = column(cells, n, "Example");
		}
		if (!quoted(cells[0], key, sizeof(key)))
			continue;
		assert_true(type > 0 && example > 0 && example < n);
		if (!quoted(cells[example], value, sizeof(value)))
			fail_msg("%s.%s has no example", place.object, key);
		(void)sscanf(cells[type], "%31s", word);
		check_row(&place, key, word, value);
		rows++;
	}
	assert_true(rows >= 30);
}

/* ---- the other way round ---- */

/* The next string of a line of C that is one word, such as a key or what a key may be. */
static bool next_word(char **at, char *ret, size_t size)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./-";
	char *start;

	while ((start = strchr(*at, '"'))) {
		size_t len = strspn(start + 1, letters);
		char *end = start + 1 + strcspn(start + 1, "\"\n");

		*at = *end ? end + 1 : end;
		if (len == 0 || start[1 + len] != '"' || strchr("./-0123456789", start[1]))
			continue;
		(void)snprintf(ret, size, "%.*s", (int)len, start + 1);
		return true;
	}
	return false;
}

static int expect_documented(const char *path, const char *doc)
{
	auto_free char *text = NULL;
	char *at, word[64], wanted[80];
	int n = 0;

	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &text, NULL, NULL), 0);
	at = text;
	while (next_word(&at, word, sizeof(word))) {
		/* What messages call the whole. */
		if (!strcmp(word, "netconf") || strstr(word, ".h"))
			continue;
		(void)snprintf(wanted, sizeof(wanted), "`%s`", word);
		if (!strstr(doc, wanted))
			fail_msg("%s has \"%s\", " DOC " does not", path, word);
		n++;
	}
	return n;
}

static void every_key_and_value_of_the_parser_is_documented(void **state)
{
	auto_free char *doc = read_doc();
	glob_t files;
	int n = 0;

	(void)state;
	assert_int_equal(glob("cni-plugin/conf*.c", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++)
		n += expect_documented(files.gl_pathv[i], doc);
	globfree(&files);
	assert_true(n >= 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_block_is_a_configuration),
		cmocka_unit_test(every_key_has_its_type_and_an_example_that_works),
		cmocka_unit_test(every_key_and_value_of_the_parser_is_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
