/* SPDX-License-Identifier: Apache-2.0 */
/* Lists in the text of an annotation: "a, b,c". Pure. */
#ifndef SMC_AGENT_LIST_H
#define SMC_AGENT_LIST_H

#define LIST_ITEMS_MAX 256

/* Of an item, without the blanks around it; anything but 0 ends the walk. */
typedef int list_item_fn(void *arg, const char *item);

/* Blanks (space, tab) around items are fine, empty items are fn's to judge: the empty text is one.
 * What fn returned; -EINVAL: more than LIST_ITEMS_MAX; -ENOMEM. */
int list_each(const char *text, list_item_fn *fn, void *arg);

#endif
