/* SPDX-License-Identifier: Apache-2.0 */
/* The smc-cni.io/ annotations: what each may say, in one place. Pure.
 *
 * Errors read "annotation 'smc-cni.io/KEY' of the pod: got 'VALUE', allowed: ...".
 *
 * The label `smc-cni.io/steer` of a Namespace counts like the annotation. If both are there and
 * differ, `disabled` wins, else `required`.
 */
#ifndef SMC_AGENT_ANNOTATION_H
#define SMC_AGENT_ANNOTATION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bpf/steer.h"
#include "common/err.h"
#include "common/smc_nl.h"
#include "node-agent/model/policy.h"

/* Bits; also the order of reading. */
enum annotation_key {
	ANNOTATION_STEER = 1,
	ANNOTATION_CONTAINERS = 2,
	ANNOTATION_PEERS = 4,
	ANNOTATION_PNET_ID = 8,
	ANNOTATION_BUFFER_SIZE = 16,
	ANNOTATION_ULP = 32,
	ANNOTATION_PERCENT = 64,
};

/* What an object's annotations say. Values of keys that are not in `set` are zero. */
struct annotation_values {
	unsigned int set; /* annotation_key bits: present and good */
	enum policy_steer steer;
	char pnet_id[SMC_PNET_ID_MAX + 1]; /* upper-case */
	int64_t buffer_bytes; /* SCALAR_BUFFER_MIN to _MAX */
	enum steer_ulp ulp;
	const char *peers; /* the text, borrowed of the object; good by peers_text_check() */
	const char *containers; /* the text, borrowed of the object */
	int percent; /* 0 to 100 */
	/* Of a Namespace, when set has ANNOTATION_STEER: */
	bool steer_by_label; /* the label alone says it */
	bool steer_differs; /* label and annotation say two things; `steer` counts, */
	enum policy_steer steer_other; /* and this does not */
};

enum annotation_owner {
	ANNOTATION_OF_POD,
	ANNOTATION_OF_NAMESPACE, /* only steer, peers, ulp and percent */
};

/* Reads all smc-cni.io/ keys of the object (NULL: none); other keys are not looked at. Good
 * values are always written to *ret; keys in `ignore` (annotation_key bits) are passed over.
 * Returns 0, or -EINVAL with the first bad or unknown key in err. */
int annotation_read(const json_t *annotations, enum annotation_owner owner, unsigned int ignore,
		    struct annotation_values *ret, struct err *err);

#endif
