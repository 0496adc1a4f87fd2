/* SPDX-License-Identifier: Apache-2.0 */
/* Removing what a test made on disk. */
#ifndef TESTS_TREE_H
#define TESTS_TREE_H

/* Removes a folder with all that is in it. 0, or -1 with errno. */
int tree_remove(const char *path);

#endif
