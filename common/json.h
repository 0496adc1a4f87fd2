/* SPDX-License-Identifier: Apache-2.0 */
/* Strict getters over jansson: a key is absent, or it has the right type, or the message names the
 * key, what was found and what is allowed. `where` is the path of the object for messages
 * ("netconf", "runtimeConfig"). */
#ifndef SMC_COMMON_JSON_H
#define SMC_COMMON_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/* Parses exactly one JSON object: duplicate keys, NUL bytes, invalid UTF-8 and trailing bytes are
 * refused; an integer beyond 64 bits becomes a real number, as near as that can be; `where` names
 * the text ("stdin", "message"). The caller owns *ret. -EINVAL. */
int smc_json_parse_object(const char *text, size_t len, const char *where, json_t **ret,
			  struct err *err);
/* The same, but strings (not keys) may have a \u0000 in them. All our code takes a string for a C
 * string, which ends there: the caller first takes out what smc_json_has_nul(), at any depth, or
 * refuses it. */
int smc_json_parse_object_nul(const char *text, size_t len, const char *where, json_t **ret,
			      struct err *err);
bool smc_json_has_nul(const json_t *value);
/* For annotations: each NUL of a string becomes U+FFFD, a character that no valid value of ours
 * has. -ENOMEM. */
int smc_json_replace_nul(json_t *value, struct err *err);

/* Each leaves *ret untouched and returns 0 when the key is absent or null; 1 when it was set;
 * -EINVAL on a wrong type. Strings, objects and arrays are borrowed from obj. */
int smc_json_get_string(const json_t *obj, const char *where, const char *key, const char **ret,
			struct err *err);
int smc_json_get_bool(const json_t *obj, const char *where, const char *key, bool *ret,
		      struct err *err);
int smc_json_get_int(const json_t *obj, const char *where, const char *key, int64_t min,
		     int64_t max, int64_t *ret, struct err *err);
int smc_json_get_object(const json_t *obj, const char *where, const char *key, json_t **ret,
			struct err *err);
int smc_json_get_array(const json_t *obj, const char *where, const char *key, json_t **ret,
		       struct err *err);

/* As smc_json_get_string, but an absent or empty string is -EINVAL ("... is required"). */
int smc_json_need_string(const json_t *obj, const char *where, const char *key, const char **ret,
			 struct err *err);

#endif
