/* reader.c - libyaml's events to trees, one object at a time; JSON is YAML, too. */
#include "sim/cluster/reader.h"
#include "sim/cluster/input.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* Where in the stream the next object is looked for. */
enum place { BETWEEN_DOCUMENTS, IN_LIST, IN_LIST_OF_ROOT, AT_END };

struct reader {
    yaml_parser_t parser;
    yaml_event_t event; /* the one at hand; of type YAML_NO_EVENT if there is none */
    const char *file;
    struct input input;
    enum place place;
    char kind[READER_KIND]; /* of the root that the list stands in */
    struct arena *arena;    /* of the object that is read */
    struct error *err;
};

/* --- events ----------------------------------------------------------------------------------------- */

static int fail(struct reader *r, size_t line, const char *message)
{
    r->place = AT_END;
    return error_set(r->err, GS_BAD_INPUT, "%s:%zu: %s", r->file, line, message);
}

static int fail_memory(struct reader *r)
{
    r->place = AT_END;
    return error_set(r->err, GS_SYSTEM, "no memory to read '%s'", r->file);
}

static int fail_parse(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    char message[160];
    r->place = AT_END;
    if (p->error == YAML_MEMORY_ERROR)
        return fail_memory(r);
    if (r->input.read_errno)
        return error_set(r->err, GS_IO, "cannot read '%s': %s", r->file, r->input.refused);
    if (r->input.refused)
        return fail(r, p->mark.line + 1, r->input.refused);
    if (p->error == YAML_READER_ERROR && p->problem_value >= 0) {
        snprintf(message, sizeof message, "no text: %s (0x%02x, near byte %zu)", p->problem, (unsigned)p->problem_value,
                 p->problem_offset);
        return fail(r, input_line(&r->input, p->problem_offset), message);
    }
    bool marked = p->error == YAML_SCANNER_ERROR || p->error == YAML_PARSER_ERROR;
    snprintf(message, sizeof message, "neither YAML nor JSON: %s", p->problem ? p->problem : "it cannot be read");
    return fail(r, (marked ? p->problem_mark.line : p->mark.line) + 1, message);
}

/* The next event in place of the last one. */
static int advance(struct reader *r)
{
    yaml_event_delete(&r->event);
    memset(&r->event, 0, sizeof r->event);
    r->input.since = 0;
    if (!yaml_parser_parse(&r->parser, &r->event))
        return fail_parse(r);
    return GS_OK;
}

static size_t line_of(const struct reader *r)
{
    return r->event.start_mark.line + 1;
}

/* --- trees ---------------------------------------------------------------------------------------------------- */

static struct tree *tree_new(struct reader *r, enum tree_kind kind)
{
    struct tree *tree = arena_alloc(r->arena, sizeof *tree);
    if (!tree || r->arena->used_bytes > READER_OBJECT_MAX) {
        if (tree)
            fail(r, line_of(r), "an object of more than 64 MiB");
        else
            fail_memory(r);
        return NULL;
    }
    tree->kind = kind;
    tree->line = (int)line_of(r);
    return tree;
}

/* YAML's own tags say what a value is, too; others ask for what no object has. */
static bool tag_is_plain(const yaml_char_t *tag)
{
    static const char core[] = "tag:yaml.org,2002:";
    static const char *const plain[] = {"str", "int", "float", "bool", "null", "map", "seq"};
    const char *text = (const char *)tag;
    bool found = !tag || strcmp(text, "!") == 0;
    for (size_t i = 0; i < sizeof plain / sizeof *plain && !found; i++)
        found = strncmp(text, core, sizeof core - 1) == 0 && strcmp(text + sizeof core - 1, plain[i]) == 0;
    return found;
}

static struct tree *scalar(struct reader *r)
{
    const char *value = (const char *)r->event.data.scalar.value;
    size_t length = r->event.data.scalar.length;
    bool is_plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !r->event.data.scalar.tag;
    bool is_null = is_plain && (length == 0 || strcmp(value, "~") == 0 || strcmp(value, "null") == 0);
    struct tree *tree;
    if (strlen(value) != length) {
        fail(r, line_of(r), "a value holds a NUL character");
        return NULL;
    }
    tree = tree_new(r, is_null ? TREE_NULL : TREE_SCALAR);
    if (!tree || is_null)
        return tree;
    tree->text = arena_strdup(r->arena, value);
    if (!tree->text)
        fail_memory(r);
    return tree->text ? tree : NULL;
}

static const yaml_char_t *event_tag(const yaml_event_t *event)
{
    return event->type == YAML_SCALAR_EVENT           ? event->data.scalar.tag
           : event->type == YAML_SEQUENCE_START_EVENT ? event->data.sequence_start.tag
           : event->type == YAML_MAPPING_START_EVENT  ? event->data.mapping_start.tag
                                                      : NULL;
}

static int by_key(const void *a, const void *b)
{
    const struct tree *const *left = a, *const *right = b;
    int order = strcmp((*left)->key, (*right)->key);
    return order ? order : ((*left)->line > (*right)->line) - ((*left)->line < (*right)->line);
}

/* The same key twice means that one of the two values is not what its author thinks. */
static int refuse_repeated(struct reader *r, const struct tree *map)
{
    char message[160];
    struct tree **sorted = arena_array(r->arena, map->children, sizeof(struct tree *));
    size_t n = 0;
    if (!sorted)
        return fail_memory(r);
    for (struct tree *t = map->child; t; t = t->next)
        sorted[n++] = t;
    qsort(sorted, n, sizeof *sorted, by_key);
    for (size_t i = 1; i < n; i++)
        if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0) {
            snprintf(message, sizeof message, "the key '%.60s' stands in line %d already", sorted[i]->key,
                     sorted[i - 1]->line);
            return fail(r, (size_t)sorted[i]->line, message);
        }
    return GS_OK;
}

static struct tree *value(struct reader *r, int depth);

/* A key of a map, from the event at hand; the event after it is at hand then. */
static const char *map_key(struct reader *r)
{
    struct tree *key;
    if (r->event.type != YAML_SCALAR_EVENT) {
        fail(r, line_of(r), "a key must be a single value");
        return NULL;
    }
    if (r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !strcmp((char *)r->event.data.scalar.value, "<<")) {
        fail(r, line_of(r), "merge keys ('<<') are not supported; write the keys out");
        return NULL;
    }
    key = value(r, 0);
    if (!key || advance(r))
        return NULL;
    return key->text ? key->text : "";
}

/* A list or a map, from the event that opens it to the one that ends it. */
static struct tree *branch(struct reader *r, enum tree_kind kind, int depth)
{
    struct tree *tree = tree_new(r, kind), **end = tree ? &tree->child : NULL;
    if (!tree)
        return NULL;
    if (depth >= READER_DEPTH_MAX) {
        fail(r, line_of(r), "nested deeper than 64 levels");
        return NULL;
    }
    if (advance(r))
        return NULL;
    while (r->event.type != YAML_SEQUENCE_END_EVENT && r->event.type != YAML_MAPPING_END_EVENT) {
        const char *key = kind == TREE_MAP ? map_key(r) : "";
        struct tree *child = key ? value(r, depth + 1) : NULL;
        if (!child || advance(r))
            return NULL;
        child->key = key;
        *end = child;
        end = &child->next;
        tree->children++;
    }
    return kind == TREE_MAP && tree->children > 1 && refuse_repeated(r, tree) ? NULL : tree;
}

/* The value that the event at hand begins; its last event is at hand then.  NULL after an error. */
static struct tree *value(struct reader *r, int depth)
{
    if (r->event.type == YAML_ALIAS_EVENT) {
        fail(r, line_of(r), "aliases ('*') are not supported; write the value out");
        return NULL;
    }
    if (!tag_is_plain(event_tag(&r->event))) {
        fail(r, line_of(r), "tags other than YAML's own are not supported");
        return NULL;
    }
    return r->event.type == YAML_SCALAR_EVENT           ? scalar(r)
           : r->event.type == YAML_SEQUENCE_START_EVENT ? branch(r, TREE_LIST, depth)
                                                        : branch(r, TREE_MAP, depth);
}

/* --- objects -------------------------------------------------------------------------------------------------- */

static bool is_list_key(const char *key)
{
    return strcmp(key, "items") == 0 || strcmp(key, "nodepools") == 0;
}

/* Keys of a root, from the one at hand: up to its end (*object is the root), or to the list of objects in it. */
static int root_keys(struct reader *r, struct tree *root, bool *ended)
{
    struct tree **end = &root->child;
    *ended = false;
    while (r->event.type != YAML_MAPPING_END_EVENT) {
        const char *key = map_key(r);
        if (!key)
            return r->err->code;
        if (is_list_key(key) && r->event.type == YAML_SEQUENCE_START_EVENT) {
            snprintf(r->kind, sizeof r->kind, "%s", strcmp(key, "nodepools") == 0 ? "NodePool" : "");
            const char *kind = tree_text(root, "kind");
            size_t length = kind ? strlen(kind) : 0;
            if (length > 4 && strcmp(kind + length - 4, "List") == 0)
                snprintf(r->kind, sizeof r->kind, "%.*s",
                         (int)(length - 4 < READER_KIND ? length - 4 : READER_KIND - 1), kind);
            r->place = IN_LIST;
            return advance(r);
        }
        struct tree *child = value(r, 1);
        if (!child || advance(r))
            return r->err->code;
        child->key = key;
        *end = child;
        end = &child->next;
        root->children++;
    }
    *ended = true;
    r->place = BETWEEN_DOCUMENTS;
    if (root->children > 1 && refuse_repeated(r, root))
        return r->err->code;
    return advance(r);
}

/* What comes after a list of objects in its root bears on none of them. */
static int rest_of_root(struct reader *r)
{
    struct tree *root = tree_new(r, TREE_MAP);
    bool ended = false;
    int code = root ? advance(r) : r->err->code;
    if (!code)
        code = root_keys(r, root, &ended);
    if (!code && !ended)
        return fail(r, line_of(r), "a second list of objects in one document");
    return code;
}

/* A document begins: an object, or what holds a list of them. */
static int document(struct reader *r, struct tree **object)
{
    bool ended;
    if (r->event.type == YAML_SEQUENCE_START_EVENT) {
        r->place = IN_LIST_OF_ROOT;
        r->kind[0] = '\0';
        return advance(r);
    }
    if (r->event.type == YAML_SCALAR_EVENT && r->event.data.scalar.length == 0)
        return advance(r); /* an empty document */
    if (r->event.type != YAML_MAPPING_START_EVENT || !tag_is_plain(event_tag(&r->event)))
        return fail(r, line_of(r), "a document must be a map, as objects of Kubernetes are");
    struct tree *root = tree_new(r, TREE_MAP);
    if (!root || advance(r) || root_keys(r, root, &ended))
        return r->err->code;
    *object = ended ? root : NULL;
    return GS_OK;
}

static int item(struct reader *r, struct tree **object)
{
    if (r->event.type == YAML_SEQUENCE_END_EVENT) {
        bool is_root = r->place == IN_LIST_OF_ROOT;
        r->place = BETWEEN_DOCUMENTS;
        return is_root ? advance(r) : rest_of_root(r);
    }
    if (r->event.type == YAML_SCALAR_EVENT || r->event.type == YAML_SEQUENCE_START_EVENT)
        return fail(r, line_of(r), "an object of a list must be a map");
    *object = value(r, 2);
    return *object ? advance(r) : r->err->code;
}

int reader_next(struct reader *r, struct tree **object, char kind[READER_KIND], struct arena *arena, struct error *err)
{
    int code = err->code;
    *object = NULL;
    r->arena = arena;
    r->err = err;
    if (!code && r->event.type == YAML_NO_EVENT && r->place != AT_END)
        code = advance(r);
    while (!code && !*object && r->place != AT_END) {
        if (r->place != BETWEEN_DOCUMENTS) {
            memcpy(kind, r->kind, READER_KIND);
            code = item(r, object);
            continue;
        }
        kind[0] = '\0';
        switch (r->event.type) {
        case YAML_STREAM_END_EVENT:
            r->place = AT_END;
            break;
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
            code = advance(r);
            break;
        default:
            code = document(r, object);
        }
    }
    return code;
}

const char *reader_file(const struct reader *r)
{
    return r->file;
}

/* --- opening -------------------------------------------------------------------------------------------------- */

static int begin(struct reader **reader, const char *file, struct error *err)
{
    struct reader *r = heap_resize(NULL, sizeof *r);
    *reader = r;
    if (r)
        memset(r, 0, sizeof *r);
    if (!r || !yaml_parser_initialize(&r->parser)) {
        heap_free(r);
        *reader = NULL;
        return error_set(err, GS_SYSTEM, "no memory to read '%s'", file);
    }
    r->file = file;
    yaml_parser_set_input(&r->parser, input_read, &r->input);
    return GS_OK;
}

int reader_open(struct reader **reader, const char *path, struct error *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(path, "rbe");
    *reader = NULL;
    if (!in)
        return error_set(err, GS_NO_INPUT, "'%s' cannot be opened: %s", path, strerror(errno));
    int code = begin(reader, is_stdin ? "<stdin>" : path, err);
    if (!code)
        (*reader)->input.file = in;
    else if (!is_stdin)
        fclose(in);
    return code;
}

int reader_open_memory(struct reader **reader, const char *text, size_t length, const char *file, struct error *err)
{
    int code = begin(reader, file, err);
    if (!code) {
        (*reader)->input.text = text;
        (*reader)->input.length = length;
    }
    return code;
}

void reader_close(struct reader *r)
{
    if (!r)
        return;
    yaml_event_delete(&r->event);
    yaml_parser_delete(&r->parser);
    if (r->input.file && r->input.file != stdin)
        fclose(r->input.file);
    heap_free(r);
}
