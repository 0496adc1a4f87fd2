/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/parse/json_cut.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"

#define KEEP_BYTES (64 * 1024) /* a buffer that grew larger is given back */

static void clear_text(struct json_cut_text *t)
{
	t->len = 0;
	if (t->size <= KEEP_BYTES)
		return;
	free(t->buf);
	*t = (struct json_cut_text){ 0 };
}

static int append(struct json_cut_text *t, const char *data, size_t len, size_t max,
		  struct err *err)
{
	size_t size = t->size ? t->size : 1024;
	char *grown;

	if (t->len + len > max)
		return err_set(err, -E2BIG, "it is larger than %zu bytes", max);
	while (size < t->len + len + 1)
		size *= 2;
	if (size != t->size) {
		grown = realloc(t->buf, size);
		if (!grown)
			return err_sys(err, ENOMEM, "it cannot be kept");
		t->buf = grown;
		t->size = size;
	}
	memcpy(t->buf + t->len, data, len);
	t->len += len;
	t->buf[t->len] = '\0';
	return 0;
}

static size_t max_of(const struct json_cut *c)
{
	return c->max ? c->max : JSON_CUT_MAX;
}

static int hand_out(struct json_cut *c, json_cut_fn *fn, void *arg)
{
	bool more = fn(arg, c->one.buf, c->one.len);

	clear_text(&c->one);
	return more ? 0 : -ECANCELED;
}

static bool is_space(char ch)
{
	return ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n';
}

static bool is_blank(const struct json_cut_text *t)
{
	for (size_t i = 0; i < t->len; i++)
		if (!is_space(t->buf[i]))
			return false;
	return true;
}

/* ---- lines ---- */

/* No newline is within JSON text as the API server writes it: in a string it is \n. */
static int feed_lines(struct json_cut *c, const char *data, size_t len, json_cut_fn *fn, void *arg,
		      struct err *err)
{
	while (len > 0) {
		const char *newline = memchr(data, '\n', len);
		size_t n = newline ? (size_t)(newline - data) : len;
		int r = append(&c->one, data, n, max_of(c), err);

		if (r < 0)
			return r;
		if (!newline)
			return 0;
		if (!is_blank(&c->one))
			r = hand_out(c, fn, arg);
		c->one.len = 0;
		if (r < 0)
			return r;
		data += n + 1;
		len -= n + 1;
	}
	return 0;
}

/* ---- items ---- */

/* True when what was read last is the key "items" and its colon. */
static bool after_items(const struct json_cut_text *t)
{
	static const char key[] = "\"items\"";
	size_t n = t->len;

	while (n > 0 && is_space(t->buf[n - 1]))
		n--;
	if (n == 0 || t->buf[--n] != ':')
		return false;
	while (n > 0 && is_space(t->buf[n - 1]))
		n--;
	return n >= sizeof(key) - 1 &&
	       !memcmp(t->buf + n - (sizeof(key) - 1), key, sizeof(key) - 1);
}

/* Follows strings: true for each byte that is not structure. */
static bool within_string(struct json_cut *c, char ch)
{
	if (!c->in_string) {
		c->in_string = ch == '"';
		return c->in_string;
	}
	if (c->escaped)
		c->escaped = false;
	else if (ch == '\\')
		c->escaped = true;
	else if (ch == '"')
		c->in_string = false;
	return true;
}

static int structure(struct json_cut *c, char ch, struct err *err)
{
	if (ch == '{' || ch == '[') {
		if (ch == '[' && c->depth == 1 && after_items(&c->rest))
			c->in_items = true;
		c->depth++;
	} else if (ch == '}' || ch == ']') {
		if (c->depth == 0)
			return err_set(err, -EINVAL,
				       "it is no JSON: more brackets close than open");
		c->depth--;
		if (c->depth == 1)
			c->in_items = false;
	}
	return 0;
}

/* Takes one byte that is directly in the array "items", or in one of its objects. Returns 1 when an
 * object is whole. */
static int feed_item(struct json_cut *c, char ch, struct err *err)
{
	int r;

	if (!c->in_item) {
		if (is_space(ch) || ch == ',')
			return 0;
		if (ch != '{')
			return err_set(err, -EINVAL, "'items' has something that is no object");
		c->in_item = true;
	}
	r = append(&c->one, &ch, 1, max_of(c), err);
	if (r == 0 && !within_string(c, ch))
		r = structure(c, ch, err);
	if (r < 0 || c->depth != 2)
		return r;
	c->in_item = false;
	return 1;
}

static int feed_items(struct json_cut *c, const char *data, size_t len, json_cut_fn *fn, void *arg,
		      struct err *err)
{
	for (size_t i = 0; i < len; i++) {
		int r;

		if (c->in_items && (c->in_item || data[i] != ']')) {
			r = feed_item(c, data[i], err);
			if (r == 1)
				r = hand_out(c, fn, arg);
		} else {
			/* The key is looked for in what came before the bracket. */
			r = within_string(c, data[i]) ? 0 : structure(c, data[i], err);
			if (r == 0)
				r = append(&c->rest, &data[i], 1, JSON_CUT_REST_MAX, err);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

int json_cut_feed(struct json_cut *c, const char *data, size_t len, json_cut_fn *fn, void *arg,
		  struct err *err)
{
	return c->mode == JSON_CUT_LINES ? feed_lines(c, data, len, fn, arg, err) :
					   feed_items(c, data, len, fn, arg, err);
}

int json_cut_end(struct json_cut *c, json_t **ret, struct err *err)
{
	if (c->mode == JSON_CUT_LINES)
		return is_blank(&c->one) ? 0 : err_set(err, -EINVAL, "it ends within an object");
	if (c->in_item || c->depth > 0 || c->rest.len == 0)
		return err_set(err, -EINVAL, "it ends before the list does");
	return smc_json_parse_object(c->rest.buf, c->rest.len, "list", ret, err);
}

void json_cut_clear(struct json_cut *c)
{
	free(c->one.buf);
	free(c->rest.buf);
	*c = (struct json_cut){ .mode = c->mode, .max = c->max };
}
