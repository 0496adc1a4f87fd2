/* SPDX-License-Identifier: Apache-2.0 */
/* What docs/metrics.md and docs/troubleshooting.md list is what the agent has: each metric with its
 * type, labels and values, each reason of a fallback and each fact of the node with its words. Runs
 * in the source tree's top folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <ctype.h>
#include <fcntl.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/smc_fallback.h"
#include "node-agent/model/facts.h"
#include "node-agent/show/metrics.h"
#include "node-agent/show/process_metrics.h"

#define METRICS_DOC "docs/metrics.md"
#define TROUBLE_DOC "docs/troubleshooting.md"
#define REASONS_SOURCE "common/smc_fallback.c"

static char *read_text(const char *path)
{
	char *text = NULL;
	struct err err = ERR_INIT;

	if (file_read(AT_FDCWD, path, 1 << 20, &text, NULL, &err) < 0)
		fail_msg("%s (run it in the source tree)", err.msg);
	return text;
}

/* One blank for each run of blanks and line ends: where lines break makes no difference. */
static char *read_doc(const char *path)
{
	char *text = read_text(path), *to = text;

	for (const char *from = text; *from; from++) {
		if (!isspace((unsigned char)*from))
			*to++ = *from;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	*to = '\0';
	return text;
}

/* ---- metrics ---- */

/* Everything that there is: a pod in each state with all statistics, and one that never asked; each
 * fact asked for. */
static char *render(void)
{
	static const struct latency requests[LATENCY_N_VERBS];
	static const struct process_metrics process;
	static const struct facts facts;
	const struct metrics_node node = { .facts = &facts,
					   .requests = requests,
					   .process = &process };
	struct stats stats = { .has_counters = true, .has_offers = true, .has_smc = true };
	struct metrics_pod pods[METRICS_N_STATES + 1];
	char *text = NULL;
	size_t len;

	stats.smc.n_fallbacks = 2;
	stats.smc.fallbacks[0] = (struct smc_fallback){ .code = 0x03010000, .count = 1 };
	stats.smc.fallbacks[1] =
		(struct smc_fallback){ .code = 0x03010000, .count = 1, .server = true };
	tally_update(&stats.tally, &stats.smc, NULL);
	for (int i = 0; i < METRICS_N_STATES; i++)
		pods[i] = (struct metrics_pod){ "ns", "pod", (enum metrics_state)i, true, &stats };
	pods[METRICS_N_STATES] = (struct metrics_pod){ "ns", "other", METRICS_TCP, false, NULL };
	assert_int_equal(metrics_render(&node, pods, METRICS_N_STATES + 1, &text, &len, NULL), 0);
	return text;
}

/* Where the next metric's entry begins, NULL: there is none. Values of labels are entries, too, but
 * of words. */
static const char *next_entry(const char *doc)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";

	for (const char *at = doc; (at = strstr(at, "- `")); at++) {
		if (at[3 + strspn(at + 3, letters)] == '_')
			return at;
	}
	return NULL;
}

/* The entry of a metric, from its name to the next one or the end of the section. The caller frees
 * it. */
static char *entry_of(const char *doc, const char *name)
{
	char start[128];
	const char *at, *end, *section;

	(void)snprintf(start, sizeof(start), "- `%s` (", name);
	at = strstr(doc, start);
	if (!at)
		fail_msg(METRICS_DOC " has no entry '%s...'", start);
	end = next_entry(at + 2);
	section = strstr(at, " ## ");
	if (!end || (section && section < end))
		end = section;
	return end ? strndup(at, (size_t)(end - at)) : strdup(at);
}

/* The next label of a sample: *at is behind "{" or ",". False at its end. Our values hold no
 * quotes. */
static bool next_label(const char **at, char name[32], char value[64])
{
	int used = 0;

	if (sscanf(*at, "%31[a-z]=\"%63[^\"]\"%n", name, value, &used) != 2 || used == 0)
		return false;
	*at += used;
	*at += **at == ',';
	return true;
}

static bool has_free_values(const char *label)
{
	static const char *const names[] = { "namespace", "pod", "reason", "le", "version" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(label, names[i]))
			return true;
	}
	return false;
}

/* " (counter; labels `a`, `b`): " or " (counter): ". */
static void check_head(const char *entry, const char *name, const char *type, const char *sample)
{
	char wanted[256], label[32], value[64];
	size_t used = (size_t)snprintf(wanted, sizeof(wanted), "- `%s` (%s", name, type);
	const char *sep = "; labels ", *at = strchr(sample, '{');

	if (at && at < sample + strcspn(sample, "\n")) {
		for (at++; next_label(&at, label, value); sep = ", ")
			used += (size_t)snprintf(wanted + used, sizeof(wanted) - used, "%s`%s`",
						 sep, label);
	}
	(void)snprintf(wanted + used, sizeof(wanted) - used, "): ");
	if (strncmp(entry, wanted, strlen(wanted)) != 0)
		fail_msg(METRICS_DOC ": '%.120s...' should begin with '%s'", entry, wanted);
}

static void check_values(const char *entry, const char *name, const char *sample)
{
	char label[32], value[64], wanted[80];
	const char *at = strchr(sample, '{');

	if (!at || at > sample + strcspn(sample, "\n"))
		return;
	for (at++; next_label(&at, label, value);) {
		(void)snprintf(wanted, sizeof(wanted), "`%s`", value);
		if (!has_free_values(label) && !strstr(entry, wanted))
			fail_msg(METRICS_DOC ": the entry of '%s' does not say %s of label '%s'",
				 name, wanted, label);
	}
}

/* Of a histogram's samples the buckets have all labels, and they come first. */
static void check_metric(const char *doc, const char *name, const char *type, const char *samples)
{
	auto_free char *entry = entry_of(doc, name);

	assert_int_equal(strncmp(samples, name, strlen(name)), 0);
	check_head(entry, name, type, samples);
	for (const char *line = samples; !strncmp(line, name, strlen(name));
	     line = strchr(line, '\n') + 1)
		check_values(entry, name, line);
}

static void every_metric_is_documented(void **state)
{
	auto_free char *doc = read_doc(METRICS_DOC), *text = render();
	int n = 0;

	(void)state;
	for (const char *at = text; (at = strstr(at, "# TYPE ")); n++) {
		char name[64], type[16];

		assert_int_equal(sscanf(at, "# TYPE %63s %15s", name, type), 2);
		at = strchr(at, '\n') + 1;
		check_metric(doc, name, type, at);
	}
	assert_true(n >= 10);
}

static void every_documented_metric_is_there(void **state)
{
	auto_free char *doc = read_doc(METRICS_DOC), *text = render();
	int n = 0;

	(void)state;
	for (const char *at = doc; (at = next_entry(at)); n++) {
		char name[64], wanted[80];

		at += strlen("- `");
		(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(at, "`"), at);
		(void)snprintf(wanted, sizeof(wanted), "# TYPE %s ", name);
		if (!strstr(text, wanted))
			fail_msg(METRICS_DOC " has '%s', the agent does not", name);
	}
	assert_true(n >= 10);
}

/* ---- troubleshooting ---- */

static void expect_entry(const char *doc, const char *name, const char *text, const char *advice)
{
	static const char todo[] = " - To do: ";
	char wanted[1024];
	const char *at;

	(void)snprintf(wanted, sizeof(wanted), "- `%s`: %s", name, text);
	at = strstr(doc, wanted);
	if (!at)
		fail_msg(TROUBLE_DOC " has no entry '%s'", wanted);
	at += strlen(wanted);
	if (!advice && !strncmp(at, todo, strlen(todo)))
		fail_msg(TROUBLE_DOC ": the entry of '%s' has something to do, the agent has not",
			 name);
	at = strstr(at, todo);
	if (advice && (!at || strncmp(at + strlen(todo), advice, strlen(advice)) != 0))
		fail_msg(TROUBLE_DOC ": the entry of '%s' does not go on with '%s%s'", name, todo,
			 advice);
}

/* The codes are those of the table's source: the table has no way to be walked. */
static void every_reason_of_a_fallback_is_explained(void **state)
{
	auto_free char *doc = read_doc(TROUBLE_DOC), *source = read_text(REASONS_SOURCE);
	const struct smc_fallback_reason *r = smc_fallback_reason(UINT32_MAX);
	int n = 0;

	(void)state;
	expect_entry(doc, r->name, r->text, r->advice);
	for (const char *at = source; (at = strstr(at, "{ 0x")); at++, n++) {
		r = smc_fallback_reason((uint32_t)strtoul(at + 2, NULL, 16));
		expect_entry(doc, r->name, r->text, r->advice);
	}
	assert_true(n >= 30);
}

static void every_fact_of_the_node_is_explained(void **state)
{
	auto_free char *doc = read_doc(TROUBLE_DOC);

	(void)state;
	for (size_t i = 0; i < facts_n; i++)
		expect_entry(doc, facts_table[i].name, "", facts_table[i].advice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_metric_is_documented),
		cmocka_unit_test(every_documented_metric_is_there),
		cmocka_unit_test(every_reason_of_a_fallback_is_explained),
		cmocka_unit_test(every_fact_of_the_node_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
