/* SPDX-License-Identifier: Apache-2.0 */
/* Containers by name: the agent is told which is which, and where a pod names some of its
 * containers, the answer to StartContainer is held back until that is in force, so that the
 * container's first instruction already finds it. Not for long: the runtime starts nothing else
 * meanwhile.
 */
#ifndef SMC_NRI_HELD_H
#define SMC_NRI_HELD_H

#include <stdbool.h>
#include <stdint.h>

#include "node-agent/model/attach.h"
#include "node-agent/model/sandbox.h"

#define HELD_MAX 8 /* the runtime asks one question at a time; more are answered at once */
#define HELD_MS 500 /* then the answer is given anyway: of the runtime's 2 s */
#define HELD_LOOK_MS 2

struct nri;

struct held { /* all zero: nothing is */
	struct held_answer {
		uint32_t call;
		int64_t deadline_ms;
		char sandbox[WIRE_NAME_MAX];
	} answers[HELD_MAX];
	int n;
};

/* The container is about to run, or runs. */
void held_tell(const struct nri *nri, const struct sandbox_container *c);
/* It has ended; c is still in the table, with the pid 0. */
void held_tell_end(const struct nri *nri, const struct sandbox_container *c);
/* All that the table has: when it is new. */
void held_tell_all(const struct nri *nri);
/* Of one attachment, which the agent did not know when its containers were told. */
void held_tell_again(const struct nri *nri, const struct attach *a);

/* True: the call's answer is given later, by held_look(). */
bool held_answer(struct nri *nri, uint32_t call, const struct sandbox_container *c);
/* Gives the answers that are due. */
void held_look(struct nri *nri);
void held_forget(struct nri *nri); /* the connection has ended */

#endif
