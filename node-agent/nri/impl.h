/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of nri/ share. */
#ifndef SMC_NRI_IMPL_H
#define SMC_NRI_IMPL_H

#include "node-agent/agent/agent.h"
#include "node-agent/agent/listen.h"
#include "node-agent/model/sandbox.h"
#include "node-agent/nri/conn.h"
#include "node-agent/nri/held.h"
#include "node-agent/nri/nri.h"
#include "node-agent/nri/pb.h"

struct nri {
	struct agent *agent;
	struct conn conn;
	struct pb pb;
	struct listener listener;
	struct held held;
	struct loop_timer held_timer; /* due: another look whether the answers may go */
	struct loop_timer retry; /* due: another try to connect */
	struct loop_timer patience; /* due: the runtime has owed us something for too long */
	int64_t delay_ms; /* before the next try */
	int64_t ready_ms; /* since then all is told; 0: not yet */
	struct sandbox_table *coming; /* what Synchronize has told so far; NULL: it has not begun */
	bool complained; /* about what cannot be used or kept, on this connection */
	char said[sizeof(((struct err *)0)->msg)]; /* the last trouble that was told; "": none */
};

/* ---- nri.c ---- */

/* The runtime has told all that there is: from now on it tells what is new. */
void nri_ready(struct nri *nri);
/* The answer that changes nothing; if it cannot be given the connection is over. */
void nri_answer_empty(struct nri *nri, uint32_t call);

/* ---- methods.c ---- */

/* A call of the runtime's. An error ends the connection. */
int methods_call(struct nri *nri, const struct ttrpc_message *message, struct err *err);

#endif
