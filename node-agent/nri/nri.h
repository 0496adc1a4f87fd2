/* SPDX-License-Identifier: Apache-2.0 */
/* Room nri/: the runtime's second voice: it tells of pods and of each container by its name, before
 *   the container's first instruction. A plugin of NRI's, over mux, ttrpc and protobuf.
 * Thread: the loop's; nothing waits.
 * Never: keeps a pod from starting: what is late, lost or not understood costs what NRI brings.
 */
#ifndef SMC_NRI_NRI_H
#define SMC_NRI_NRI_H

#include "common/err.h"

struct agent;
struct nri;

/* Connects, now and again, to the socket that the config names; what is told goes to
 * agent->sandboxes. *ret is NULL where the config says off. -ENOMEM */
int nri_new(struct agent *agent, struct nri **ret, struct err *err);
void nri_free(struct nri *nri); /* NULL is fine */

#endif
