/* SPDX-License-Identifier: Apache-2.0 */
#include "common/json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

/* Far more than CNI configurations and our own messages need; jansson's parser recurses. */
#define DEPTH_MAX 64

static bool too_deep(const char *text, size_t len)
{
	bool in_string = false;
	int depth = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > DEPTH_MAX)
				return true;
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return false;
}

static const char *type_name(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "an integer";
	case JSON_REAL:
		return "a fraction";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	case JSON_NULL:
		break;
	}
	return "null";
}

static bool is_number(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* True for an integer that json_int_t does not hold. */
static bool is_too_big(const char *text, size_t len)
{
	char number[32];

	if (memchr(text, '.', len) || memchr(text, 'e', len) || memchr(text, 'E', len))
		return false;
	if (len >= sizeof(number))
		return true;
	memcpy(number, text, len);
	number[len] = '\0';
	errno = 0;
	(void)strtoll(number, NULL, 10);
	return errno == ERANGE;
}

/* The text with an exponent behind each integer that is too big, which makes it a real number.
 * What we use has no such value, but keys of others may. */
static char *with_big_as_real(const char *text, size_t len, size_t *ret_len)
{
	char *out = malloc(2 * len + 1); /* one digit becomes "Ne0" at most each 19 digits */
	bool in_string = false;
	size_t n = 0;

	for (size_t i = 0; out && i < len;) {
		size_t end = i + 1;

		if (in_string && text[i] == '\\' && end < len)
			end++;
		else if (text[i] == '"')
			in_string = !in_string;
		else if (!in_string && (text[i] == '-' || (text[i] >= '0' && text[i] <= '9')))
			for (; end < len && is_number(text[end]); end++)
				;
		memcpy(out + n, text + i, end - i);
		n += end - i;
		if (is_number(text[i]) && is_too_big(text + i, end - i)) {
			out[n++] = 'e';
			out[n++] = '0';
		}
		i = end;
	}
	*ret_len = n;
	return out;
}

static json_t *load(const char *text, size_t len, size_t flags, json_error_t *jerr)
{
	json_t *root = json_loadb(text, len, flags, jerr);
	auto_free char *wide = NULL;
	size_t wide_len;

	if (root || json_error_code(jerr) != json_error_numeric_overflow)
		return root;
	wide = with_big_as_real(text, len, &wide_len);
	return wide ? json_loadb(wide, wide_len, flags, jerr) : NULL;
}

static int parse(const char *text, size_t len, const char *where, size_t flags, json_t **ret,
		 struct err *err)
{
	json_error_t jerr;
	json_t *root;

	if (len == 0)
		return err_set(err, -EINVAL, "parse %s: it is empty, expected a JSON object",
			       where);
	if (memchr(text, '\0', len))
		return err_set(err, -EINVAL, "parse %s: it has a NUL byte", where);
	if (too_deep(text, len))
		return err_set(err, -EINVAL, "parse %s: nested more than %d deep", where,
			       DEPTH_MAX);
	/* jansson refuses invalid UTF-8, \u0000 and trailing bytes unless it is told otherwise. */
	root = load(text, len, JSON_REJECT_DUPLICATES | flags, &jerr);
	if (!root && !*jerr.text) /* this is how jansson says that memory ran out */
		return err_sys(err, ENOMEM, "parse %s", where);
	if (!root)
		return err_set(err, -EINVAL, "parse %s: line %d, column %d: %s", where, jerr.line,
			       jerr.column, jerr.text);
	if (!json_is_object(root)) {
		const char *found = type_name(root);

		json_decref(root);
		return err_set(err, -EINVAL, "parse %s: expected a JSON object, found %s", where,
			       found);
	}
	*ret = root;
	return 0;
}

int smc_json_parse_object(const char *text, size_t len, const char *where, json_t **ret,
			  struct err *err)
{
	return parse(text, len, where, 0, ret, err);
}

int smc_json_parse_object_nul(const char *text, size_t len, const char *where, json_t **ret,
			      struct err *err)
{
	return parse(text, len, where, JSON_ALLOW_NUL, ret, err);
}

bool smc_json_has_nul(const json_t *value)
{
	const json_t *part;
	const char *key;
	size_t i;

	if (json_is_string(value))
		return memchr(json_string_value(value), '\0', json_string_length(value));
	json_array_foreach(value, i, part) {
		if (smc_json_has_nul(part))
			return true;
	}
	json_object_foreach((json_t *)(uintptr_t)value, key, part) {
		if (smc_json_has_nul(part))
			return true;
	}
	return false;
}

int smc_json_replace_nul(json_t *value, struct err *err)
{
	static const char replacement[] = "\xef\xbf\xbd";
	const char *in = json_string_value(value);
	size_t len = json_string_length(value), n = 0;
	auto_free char *out = NULL;

	if (!in || !smc_json_has_nul(value))
		return 0;
	out = malloc(len * strlen(replacement) + 1);
	if (!out)
		return err_sys(err, ENOMEM, "read a string");
	for (size_t i = 0; i < len; i++) {
		if (in[i]) {
			out[n++] = in[i];
		} else {
			memcpy(out + n, replacement, strlen(replacement));
			n += strlen(replacement);
		}
	}
	return json_string_setn(value, out, n) < 0 ? err_sys(err, ENOMEM, "read a string") : 0;
}

/* NULL for absent and null alike. */
static json_t *lookup(const json_t *obj, const char *key)
{
	json_t *value = json_object_get(obj, key);

	return json_is_null(value) ? NULL : value;
}

static int wrong_type(const json_t *value, const char *where, const char *key, const char *allowed,
		      struct err *err)
{
	if (json_is_string(value))
		return err_set(err, -EINVAL, "%s: '%s' must be %s, found the string '%s'", where,
			       key, allowed, json_string_value(value));
	return err_set(err, -EINVAL, "%s: '%s' must be %s, found %s", where, key, allowed,
		       type_name(value));
}

int smc_json_get_string(const json_t *obj, const char *where, const char *key, const char **ret,
			struct err *err)
{
	const json_t *value = lookup(obj, key);

	if (!value)
		return 0;
	if (!json_is_string(value))
		return wrong_type(value, where, key, "a string", err);
	*ret = json_string_value(value);
	return 1;
}

int smc_json_need_string(const json_t *obj, const char *where, const char *key, const char **ret,
			 struct err *err)
{
	const char *text = "";
	int r = smc_json_get_string(obj, where, key, &text, err);

	if (r < 0)
		return r;
	if (*text == '\0')
		return err_set(err, -EINVAL, "%s: '%s' is required", where, key);
	*ret = text;
	return 1;
}

int smc_json_get_bool(const json_t *obj, const char *where, const char *key, bool *ret,
		      struct err *err)
{
	const json_t *value = lookup(obj, key);

	if (!value)
		return 0;
	if (!json_is_boolean(value))
		return wrong_type(value, where, key, "true or false", err);
	*ret = json_is_true(value);
	return 1;
}

int smc_json_get_int(const json_t *obj, const char *where, const char *key, int64_t min,
		     int64_t max, int64_t *ret, struct err *err)
{
	const json_t *value = lookup(obj, key);
	json_int_t number;

	if (!value)
		return 0;
	if (!json_is_integer(value))
		return wrong_type(value, where, key, "an integer", err);
	number = json_integer_value(value);
	if (number < min || number > max)
		return err_set(err, -EINVAL,
			       "%s: '%s' must be %" PRId64 " to %" PRId64 ", found %" PRId64, where,
			       key, min, max, (int64_t)number);
	*ret = number;
	return 1;
}

int smc_json_get_object(const json_t *obj, const char *where, const char *key, json_t **ret,
			struct err *err)
{
	json_t *value = lookup(obj, key);

	if (!value)
		return 0;
	if (!json_is_object(value))
		return wrong_type(value, where, key, "an object", err);
	*ret = value;
	return 1;
}

int smc_json_get_array(const json_t *obj, const char *where, const char *key, json_t **ret,
		       struct err *err)
{
	json_t *value = lookup(obj, key);

	if (!value)
		return 0;
	if (!json_is_array(value))
		return wrong_type(value, where, key, "an array", err);
	*ret = value;
	return 1;
}
