/* SPDX-License-Identifier: Apache-2.0 */
/* The containers of a pod, init and ephemeral ones too, as its spec names them, and the ids that
 * the runtime gave them, as its status says. Kept only of pods whose annotation `containers` asks
 * for some of them. Pure.
 */
#ifndef SMC_AGENT_OBJECT_CONTAINERS_H
#define SMC_AGENT_OBJECT_CONTAINERS_H

#include <jansson.h>
#include <stdbool.h>

#include "common/text.h"
#include "node-agent/parse/json_pick.h"
#include "node-agent/parse/ytree.h"

#define CONTAINERS_MAX 256 /* of one pod; more are not known */
#define CONTAINERS_ID_MIN 12 /* digits, hexadecimal */
#define CONTAINERS_ID_MAX 64

/* CONTAINERS_ID_MIN to _MAX hexadecimal digits, in small letters. */
bool containers_id_valid(const char *id);

/* What json_pick() takes of a pod's spec and of its status. */
extern const struct json_pick containers_spec[], containers_status[];

/* *ret is a text of parse/pairs.h, NAME=ID in the order of names, the caller's; the id is missing
 * where the runtime has given none yet, or none that is valid behind "RUNTIME://". NULL: the object
 * names no containers, or has no annotation that asks for some. -ENOMEM */
int containers_of_json(const json_t *obj, const json_t *annotations, struct text **ret);
/* The same of a manifest. Without a status, as people write manifests, *ret is NULL. */
int containers_of_manifest(const struct ytree_node *doc, const json_t *annotations,
			   struct text **ret);

#endif
