/* SPDX-License-Identifier: Apache-2.0 */
#include "smcctl/reasons.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "smcctl/get.h"

#define INDENT 6 /* of what stands below a number */

/* What the table's other columns say already. */
static const char *const said[] = { "stays TCP: ", "steered: " };

const char *reasons_of(const json_t *pod, char buf[REASONS_MAX])
{
	const json_t *top = json_array_get(get(pod, "fallback"), 0);
	const char *missing = get_string(pod, "missing"), *why = get_string(pod, "policy.why");
	bool steered = get_bool(pod, "policy.in_force");

	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		if (!strncmp(why, said[i], strlen(said[i])))
			why += strlen(said[i]);
	}
	if (steered && *missing)
		(void)snprintf(buf, REASONS_MAX, "%s", missing);
	else if (steered && top)
		(void)snprintf(buf, REASONS_MAX, "%s as %s: %s", get_string(top, "name"),
			       get_string(top, "role"), get_string(top, "text"));
	else
		(void)snprintf(buf, REASONS_MAX, "%s", why);
	return buf;
}

/* A fallback that nobody can act on (a peer that speaks plain TCP) has no advice. */
static bool has_advice(const json_t *fallbacks)
{
	const json_t *one;
	size_t i;

	json_array_foreach(fallbacks, i, one) {
		if (*get_string(one, "advice"))
			return true;
	}
	return false;
}

bool reasons_is_problem(const json_t *pod)
{
	bool asked = strcmp(get_string(pod, "policy.steer"), "disabled") != 0 ||
		     get_bool(pod, "policy.invalid");

	return asked && (!get_bool(pod, "policy.in_force") || *get_string(pod, "missing") ||
			 has_advice(get(pod, "fallback")));
}

struct line {
	char why[REASONS_MAX];
	const json_t *pod;
	size_t n; /* of the group that begins here; 0: it goes on */
};

static int by_why(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->why, ((const struct line *)b)->why);
}

/* Words, each with its separator, from column `from` on, in lines that end before `width`. */
struct wrapped {
	FILE *out;
	int width, column;
};

static void put(struct wrapped *w, const char *text, size_t len)
{
	if (w->column > INDENT && w->column + (int)len > w->width) {
		(void)fprintf(w->out, "\n%*s", INDENT, "");
		w->column = INDENT;
	}
	(void)fprintf(w->out, "%.*s", (int)len, text);
	w->column += (int)len;
}

static void put_sentence(struct wrapped *w, const char *text)
{
	while (*text) {
		size_t word = strcspn(text, " "), gap = strspn(text + word, " ");

		put(w, text, word);
		if (gap && w->column < w->width)
			put(w, " ", 1);
		text += word + gap;
	}
	(void)fputc('\n', w->out);
}

static void print_group(const struct line *first, int width, FILE *out)
{
	struct wrapped w = { .out = out, .width = width, .column = INDENT };

	(void)fprintf(out, "%*zu  ", INDENT - 2, first->n);
	put_sentence(&w, first->why);
	(void)fprintf(out, "%*s", INDENT, "");
	w.column = INDENT;
	for (size_t i = 0; i < first->n; i++) {
		char name[REASONS_MAX];
		int len = snprintf(name, sizeof(name), "%s/%s%s",
				   get_string(first[i].pod, "namespace"),
				   get_string(first[i].pod, "name"), i + 1 < first->n ? ", " : "");

		put(&w, name, (size_t)len < sizeof(name) ? (size_t)len : sizeof(name) - 1);
	}
	(void)fputc('\n', out);
}

/* The largest group that was not printed yet; NULL: all were. */
static struct line *largest(struct line *lines, size_t n)
{
	struct line *best = NULL;

	for (size_t i = 0; i < n; i++) {
		if (lines[i].n > (best ? best->n : 0))
			best = &lines[i];
	}
	return best;
}

static void mark_groups(struct line *lines, size_t n)
{
	size_t first = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(lines[i].why, lines[first].why) != 0)
			first = i;
		lines[first].n++;
	}
}

int reasons_print(const json_t *pods, int width, FILE *out)
{
	size_t n = json_array_size(pods);
	auto_free struct line *lines = calloc(n + 1, sizeof(*lines));
	struct line *group;

	if (!lines)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		lines[i].pod = json_array_get(pods, i);
		(void)reasons_of(lines[i].pod, lines[i].why);
	}
	qsort(lines, n, sizeof(*lines), by_why);
	mark_groups(lines, n);
	(void)fprintf(out, "%*s  WHY\n", INDENT - 2, "PODS");
	while ((group = largest(lines, n))) {
		print_group(group, width, out);
		group->n = 0;
	}
	return 0;
}
