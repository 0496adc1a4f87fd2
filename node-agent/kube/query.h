/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and queries of lists and watches. Pure; NULL: no memory; the caller frees. */
#ifndef SMC_AGENT_KUBE_QUERY_H
#define SMC_AGENT_KUBE_QUERY_H

/* selector: "fieldSelector=...", escaped already, or "". cont: the last page's, NULL for the
 * first. */
char *kube_query_list(const char *path, const char *selector, int limit, const char *cont);
/* From that version on, with bookmarks, for timeout_s. */
char *kube_query_watch(const char *path, const char *selector, const char *version,
		       unsigned int timeout_s);

#endif
