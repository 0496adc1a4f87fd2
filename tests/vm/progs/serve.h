/* SPDX-License-Identifier: Apache-2.0 */
/* For programs of VM cases that take commands: as arguments, or a line at a time from stdin, since
 * one that loads BPF programs at each start takes an emulated machine seconds. */
#ifndef TESTS_VM_SERVE_H
#define TESTS_VM_SERVE_H

#include <stdio.h>
#include <string.h>

#define SERVE_WORDS_MAX 64

/* Runs the words; 0, or 1 when that failed and said why. */
typedef int serve_fn(char **words, int n);

/* Answers each line with what it prints and a last line "done" or "failed". */
static inline void serve(serve_fn *fn)
{
	char line[1024];

	while (fgets(line, sizeof(line), stdin)) {
		char *words[SERVE_WORDS_MAX], *rest = NULL;
		int n = 0;

		for (char *w = strtok_r(line, " \n", &rest); w && n < SERVE_WORDS_MAX;
		     w = strtok_r(NULL, " \n", &rest))
			words[n++] = w;
		puts(fn(words, n) ? "failed" : "done");
		(void)fflush(stdout);
	}
}

#endif
