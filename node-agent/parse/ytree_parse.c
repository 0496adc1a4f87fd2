/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/parse/ytree.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "common/cleanup.h"
#include "node-agent/parse/yscalar.h"

struct anchor {
	char *name;
	struct ytree_node *node;
};

/* A parse in progress. `open` are the collections begun and not ended, outermost first. */
struct builder {
	const char *name;
	struct ytree *tree;
	size_t n_nodes; /* made so far */
	size_t expanded; /* in the ended documents, aliases followed */
	int depth;
	struct ytree_node *open[YTREE_DEPTH_MAX];
	int n_anchors; /* of this document */
	struct anchor anchors[YTREE_ANCHORS_MAX];
};

static int line_of(const yaml_mark_t *mark)
{
	return (int)mark->line + 1;
}

static int too_many(const struct builder *b, int line, struct err *err)
{
	return err_set(err, -E2BIG, "%s:%d: more than %d values in one file", b->name, line,
		       YTREE_NODES_MAX);
}

static struct ytree_node *node_new(struct builder *b, enum ytree_type type, const char *text,
				   int line)
{
	struct ytree_node *n = calloc(1, sizeof(*n));
	char *copy = strdup(text);

	if (!n || !copy) {
		free(n);
		free(copy);
		return NULL;
	}
	n->text = copy;
	n->type = type;
	n->line = line;
	n->weight = 1;
	n->next = b->tree->all;
	b->tree->all = n;
	b->n_nodes++;
	return n;
}

static bool is_full(size_t n)
{
	return (n & (n - 1)) == 0; /* arrays grow at 0, 1, 2, 4, 8, ... */
}

static int push(struct ytree_node ***array, size_t n, struct ytree_node *node)
{
	struct ytree_node **grown;

	if (is_full(n)) {
		grown = reallocarray(*array, n ? 2 * n : 1, sizeof(struct ytree_node *));
		if (!grown)
			return -ENOMEM;
		*array = grown;
	}
	(*array)[n] = node;
	return 0;
}

/* While a map is open its `n` counts keys and values; on_end() makes it pairs. */
static int attach(struct builder *b, struct ytree_node *node, struct err *err)
{
	struct ytree_node *parent;
	int rc;

	if (b->depth == 0) {
		rc = push(&b->tree->docs, b->tree->n_docs, node);
		if (rc == 0)
			b->tree->n_docs++;
		return rc < 0 ? err_sys(err, rc, "parse '%s'", b->name) : 0;
	}
	parent = b->open[b->depth - 1];
	rc = push(&parent->items, parent->n, node);
	if (rc < 0)
		return err_sys(err, rc, "parse '%s'", b->name);
	parent->n++;
	return 0;
}

static int set_anchor(struct builder *b, const yaml_char_t *name, struct ytree_node *node,
		      struct err *err)
{
	char *copy;

	if (!name)
		return 0;
	if (b->n_anchors == YTREE_ANCHORS_MAX)
		return err_set(err, -E2BIG, "%s:%d: more than %d anchors in one document", b->name,
			       node->line, YTREE_ANCHORS_MAX);
	copy = strdup((const char *)name);
	if (!copy)
		return err_sys(err, ENOMEM, "parse '%s'", b->name);
	b->anchors[b->n_anchors++] = (struct anchor){ .name = copy, .node = node };
	return 0;
}

static void clear_anchors(struct builder *b)
{
	while (b->n_anchors > 0)
		free(b->anchors[--b->n_anchors].name);
}

static bool is_open(const struct builder *b, const struct ytree_node *node)
{
	for (int i = 0; i < b->depth; i++)
		if (b->open[i] == node)
			return true;
	return false;
}

static int on_alias(struct builder *b, const yaml_event_t *ev, struct err *err)
{
	const char *name = (const char *)ev->data.alias.anchor;
	int line = line_of(&ev->start_mark);

	for (int i = b->n_anchors - 1; i >= 0; i--) { /* the last of a name counts */
		if (strcmp(b->anchors[i].name, name) != 0)
			continue;
		if (is_open(b, b->anchors[i].node))
			return err_set(err, -EINVAL,
				       "%s:%d: alias '*%s' stands inside what it names", b->name,
				       line, name);
		return attach(b, b->anchors[i].node, err);
	}
	return err_set(err, -EINVAL, "%s:%d: alias '*%s' names no anchor", b->name, line, name);
}

/* Tags: none, "!" or YAML's own of the right kind. `own` is what YAML calls the kind. */
static int check_tag(const struct builder *b, const yaml_char_t *tag, const char *own, int line,
		     struct err *err)
{
	if (!tag || strcmp((const char *)tag, "!") == 0 || strcmp((const char *)tag, own) == 0)
		return 0;
	return err_set(err, -EINVAL, "%s:%d: tag '%s' is not supported here", b->name, line,
		       (const char *)tag);
}

static int on_scalar(struct builder *b, const yaml_event_t *ev, struct err *err)
{
	const char *value = (const char *)ev->data.scalar.value;
	enum ytree_type type = YTREE_STRING;
	int line = line_of(&ev->start_mark);
	struct ytree_node *node;
	int rc;

	rc = check_tag(b, ev->data.scalar.tag, YAML_STR_TAG, line, err);
	if (rc < 0)
		return rc;
	if (strlen(value) != ev->data.scalar.length)
		return err_set(err, -EINVAL, "%s:%d: NUL byte in a value", b->name, line);
	if (!ev->data.scalar.tag && ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		type = yscalar_type(value);
	if (type == YTREE_STRING && ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	    strcmp(value, "<<") == 0)
		return err_set(err, -EINVAL,
			       "%s:%d: merge keys ('<<') are not supported: write the keys out",
			       b->name, line);
	node = node_new(b, type, value, line);
	if (!node)
		return err_sys(err, ENOMEM, "parse '%s'", b->name);
	rc = set_anchor(b, ev->data.scalar.anchor, node, err);
	return rc < 0 ? rc : attach(b, node, err);
}

static int on_begin(struct builder *b, enum ytree_type type, const yaml_char_t *tag,
		    const yaml_char_t *anchor, int line, struct err *err)
{
	struct ytree_node *node;
	int rc;

	rc = check_tag(b, tag, type == YTREE_MAP ? YAML_MAP_TAG : YAML_SEQ_TAG, line, err);
	if (rc < 0)
		return rc;
	if (b->depth == YTREE_DEPTH_MAX)
		return err_set(err, -E2BIG, "%s:%d: nested deeper than %d levels", b->name, line,
			       YTREE_DEPTH_MAX);
	node = node_new(b, type, "", line);
	if (!node)
		return err_sys(err, ENOMEM, "parse '%s'", b->name);
	rc = set_anchor(b, anchor, node, err);
	if (rc == 0)
		rc = attach(b, node, err);
	if (rc == 0)
		b->open[b->depth++] = node;
	return rc;
}

static int by_text_then_line(const void *a, const void *b)
{
	const struct ytree_node *x = *(const struct ytree_node *const *)a;
	const struct ytree_node *y = *(const struct ytree_node *const *)b;
	int cmp = strcmp(x->text, y->text);

	return cmp ? cmp : (x->line > y->line) - (x->line < y->line);
}

static int check_keys(const struct builder *b, const struct ytree_node *map, struct err *err)
{
	auto_free const struct ytree_node **keys = NULL;

	if (map->n == 0)
		return 0;
	keys = calloc(map->n, sizeof(*keys));
	if (!keys)
		return err_sys(err, ENOMEM, "parse '%s'", b->name);
	for (size_t i = 0; i < map->n; i++) {
		keys[i] = map->items[2 * i];
		if (keys[i]->type == YTREE_MAP || keys[i]->type == YTREE_SEQ)
			return err_set(err, -EINVAL, "%s:%d: %s cannot be a key", b->name,
				       keys[i]->line, ytree_type_text(keys[i]->type));
	}
	qsort(keys, map->n, sizeof(*keys), by_text_then_line);
	for (size_t i = 1; i < map->n; i++)
		if (strcmp(keys[i - 1]->text, keys[i]->text) == 0)
			return err_set(err, -EINVAL, "%s:%d: key '%s' is there already, in line %d",
				       b->name, keys[i]->line, keys[i]->text, keys[i - 1]->line);
	return 0;
}

static int on_end(struct builder *b, struct err *err)
{
	struct ytree_node *node;
	size_t weight = 1;

	assert(b->depth > 0);
	node = b->open[--b->depth];
	for (size_t i = 0; i < node->n; i++) { /* keys and values alike */
		weight += node->items[i]->weight;
		if (weight > YTREE_NODES_MAX)
			return too_many(b, node->line, err);
	}
	node->weight = (uint32_t)weight;
	if (node->type != YTREE_MAP)
		return 0;
	node->n /= 2;
	return check_keys(b, node, err);
}

static int on_document_end(struct builder *b, struct err *err)
{
	struct ytree *t = b->tree;
	const struct ytree_node *root = t->n_docs ? t->docs[t->n_docs - 1] : NULL;

	clear_anchors(b);
	assert(root); /* an empty document has a null */
	b->expanded += root->weight;
	if (root->type == YTREE_NULL)
		t->n_docs--;
	return b->expanded > YTREE_NODES_MAX ? too_many(b, root->line, err) : 0;
}

static int on_event(struct builder *b, const yaml_event_t *ev, struct err *err)
{
	int line = line_of(&ev->start_mark);

	if (b->n_nodes > YTREE_NODES_MAX)
		return too_many(b, line, err);
	switch (ev->type) {
	case YAML_ALIAS_EVENT:
		return on_alias(b, ev, err);
	case YAML_SCALAR_EVENT:
		return on_scalar(b, ev, err);
	case YAML_SEQUENCE_START_EVENT:
		return on_begin(b, YTREE_SEQ, ev->data.sequence_start.tag,
				ev->data.sequence_start.anchor, line, err);
	case YAML_MAPPING_START_EVENT:
		return on_begin(b, YTREE_MAP, ev->data.mapping_start.tag,
				ev->data.mapping_start.anchor, line, err);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_end(b, err);
	case YAML_DOCUMENT_END_EVENT:
		return on_document_end(b, err);
	default:
		return 0;
	}
}

/* The line of a byte, for the one kind of error that libyaml gives no line for. */
static int line_at(const char *text, size_t len, size_t offset)
{
	int line = 1;

	for (size_t i = 0; i < len && i < offset; i++)
		line += text[i] == '\n';
	return line;
}

static int syntax_error(const struct builder *b, const yaml_parser_t *parser, const char *text,
			size_t len, struct err *err)
{
	int line = line_of(&parser->problem_mark);

	if (parser->error == YAML_MEMORY_ERROR)
		return err_sys(err, ENOMEM, "parse '%s'", b->name);
	if (parser->error == YAML_READER_ERROR)
		line = line_at(text, len, parser->problem_offset);
	return err_set(err, -EINVAL, "%s:%d: not YAML: %s", b->name, line,
		       parser->problem ? parser->problem : "unknown error");
}

static int build(struct builder *b, yaml_parser_t *parser, const char *text, size_t len,
		 struct err *err)
{
	bool ended = false;
	int rc = 0;

	while (rc == 0 && !ended) {
		yaml_event_t ev;

		if (!yaml_parser_parse(parser, &ev))
			return syntax_error(b, parser, text, len, err);
		ended = ev.type == YAML_STREAM_END_EVENT;
		rc = on_event(b, &ev, err);
		yaml_event_delete(&ev);
	}
	return rc;
}

int ytree_parse(const char *text, size_t len, const char *name, struct ytree **ret, struct err *err)
{
	struct builder b = { .name = name };
	auto_ytree struct ytree *tree = calloc(1, sizeof(*tree));
	yaml_parser_t parser;
	int rc;

	if (len > YTREE_BYTES_MAX)
		return err_set(err, -E2BIG, "%s: larger than %d bytes", name, YTREE_BYTES_MAX);
	if (!tree || !yaml_parser_initialize(&parser))
		return err_sys(err, ENOMEM, "parse '%s'", name);
	b.tree = tree;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	rc = build(&b, &parser, text, len, err);
	yaml_parser_delete(&parser);
	clear_anchors(&b);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(tree);
	return 0;
}
