/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/parse/json_pick.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/cleanup.h"

#define DEPTH_MAX 2048 /* of what is passed over, as jansson has it */

struct reading {
	const char *text, *at, *end;
	struct err *err;
};

static int refuse(const struct reading *r, const char *what)
{
	return err_set(r->err, -EINVAL, "it is no JSON: %s (byte %zu)", what,
		       (size_t)(r->at - r->text));
}

static char peek(struct reading *r)
{
	while (r->at < r->end && strchr(" \t\r\n", *r->at) && *r->at)
		r->at++;
	return r->at < r->end ? *r->at : '\0';
}

/* From the quote on to what is behind the other one. */
static int pass_string(struct reading *r)
{
	for (r->at++; r->at < r->end; r->at++) {
		if (*r->at == '\\' && r->at + 1 < r->end)
			r->at++;
		else if (*r->at == '"')
			break;
	}
	if (r->at >= r->end)
		return refuse(r, "a string does not end");
	r->at++;
	return 0;
}

/* A number or a word; jansson judges those that are asked for. */
static int pass_plain(struct reading *r)
{
	const char *from = r->at;

	while (r->at < r->end && *r->at && !strchr(",:[]{}\" \t\r\n", *r->at))
		r->at++;
	return r->at == from ? refuse(r, "a value is missing") : 0;
}

/* Passes one value over, whatever it is. */
static int pass_value(struct reading *r)
{
	char open[DEPTH_MAX];
	int depth = 0, rc;

	do {
		char c = peek(r);

		if (c == '"') {
			rc = pass_string(r);
		} else if (c == '{' || c == '[') {
			if (depth == DEPTH_MAX)
				return refuse(r, "it is nested too deeply");
			open[depth++] = c;
			r->at++;
			rc = 0;
		} else if (c == '}' || c == ']') {
			if (depth == 0 || open[--depth] != (c == '}' ? '{' : '['))
				return refuse(r, "a bracket closes what is not open");
			r->at++;
			rc = 0;
		} else if (depth > 0 && (c == ',' || c == ':')) {
			r->at++;
			rc = 0;
		} else {
			rc = pass_plain(r);
		}
	} while (rc == 0 && depth > 0);
	return rc;
}

static int take_value(struct reading *r, json_t **ret)
{
	const char *from = r->at;
	json_error_t e;
	int rc = pass_value(r);

	if (rc < 0)
		return rc;
	*ret = json_loadb(from, (size_t)(r->at - from), JSON_ALLOW_NUL | JSON_DECODE_ANY, &e);
	if (*ret)
		return 0;
	r->at = from + e.position;
	return refuse(r, e.text);
}

static int pick_value(struct reading *r, const struct json_pick *below, json_t **ret);

/* "name": value, if the name is one of those. */
static int pick_member(struct reading *r, const struct json_pick *picks, json_t *obj)
{
	const char *key = r->at + 1;
	const struct json_pick *pick = picks;
	json_t *value;
	size_t len;
	int rc;

	if (peek(r) != '"')
		return refuse(r, "a name is missing");
	rc = pass_string(r);
	if (rc < 0)
		return rc;
	len = (size_t)(r->at - 1 - key);
	while (pick->key && (strlen(pick->key) != len || memcmp(pick->key, key, len) != 0))
		pick++;
	if (peek(r) != ':')
		return refuse(r, "a colon is missing");
	r->at++;
	(void)peek(r);
	if (!pick->key)
		return pass_value(r);
	rc = pick_value(r, pick->below, &value);
	if (rc < 0)
		return rc;
	return json_object_set_new_nocheck(obj, pick->key, value) < 0 ?
		       err_sys(r->err, ENOMEM, "read an object") :
		       0;
}

static int pick_element(struct reading *r, const struct json_pick *below, json_t *array)
{
	json_t *value;
	int rc;

	if (peek(r) != '{')
		return pass_value(r);
	rc = pick_value(r, below, &value);
	if (rc < 0)
		return rc;
	return json_array_append_new(array, value) < 0 ? err_sys(r->err, ENOMEM, "read an array") :
							 0;
}

/* From the bracket on to what is behind the other one. */
static int pick_all(struct reading *r, const struct json_pick *below, json_t *into)
{
	bool is_object = json_is_object(into);
	char end = is_object ? '}' : ']';
	int rc;

	r->at++;
	if (peek(r) == end) {
		r->at++;
		return 0;
	}
	for (;;) {
		char c = peek(r);

		rc = is_object ? pick_member(r, below, into) : pick_element(r, below, into);
		if (rc < 0)
			return rc;
		c = peek(r);
		if (c != ',' && c != end)
			return refuse(r, "a comma or a bracket is missing");
		r->at++;
		if (c == end)
			return 0;
	}
}

/* No deeper than the picks are: an array in an array is passed over. */
static int pick_value(struct reading *r, const struct json_pick *below, json_t **ret)
{
	json_auto_t *value = NULL;
	char c = peek(r);
	int rc;

	if (!below || (c != '{' && c != '['))
		return take_value(r, ret);
	value = c == '{' ? json_object() : json_array();
	if (!value)
		return err_sys(r->err, ENOMEM, "read an object");
	rc = pick_all(r, below, value);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(value);
	return 0;
}

int json_pick(const char *text, size_t len, const struct json_pick *picks, json_t **ret,
	      struct err *err)
{
	struct reading r = { .text = text, .at = text, .end = text + len, .err = err };
	json_auto_t *obj = NULL;
	int rc;

	if (peek(&r) != '{') {
		rc = pass_value(&r);
		if (rc < 0)
			return rc;
		return err_set(err, -EINVAL, "it is no object");
	}
	rc = pick_value(&r, picks, &obj);
	if (rc < 0)
		return rc;
	if (peek(&r) || r.at < r.end)
		return refuse(&r, "something follows it");
	*ret = TAKE_PTR(obj);
	return 0;
}
