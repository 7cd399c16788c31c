/* cluster.c - read files of objects, and hand each object to who knows its kind. */
#include "sim/cluster/parts.h"
#include "sim/cluster/reader.h"
#include <string.h>

/* A cluster that needs more than this to be told is none. */
static const size_t memory_max = (size_t)1 << 30;

int cluster_new(struct cluster **cluster, const struct cluster_options *options, struct arena *arena, struct error *err)
{
    struct cluster *c = arena_alloc(arena, sizeof *c);
    *cluster = c;
    if (!c)
        return error_set(err, GS_SYSTEM, "no memory for the objects of the cluster");
    *c = (struct cluster){.arena = arena,
                          .err = err,
                          .runai = {.swap = UNSAID,
                                    .duplex = UNSAID,
                                    .dynamic = UNSAID,
                                    .scheduler = UNSAID,
                                    .slicing = UNSAID,
                                    .cpu_ram = UNSAID,
                                    .reserved = UNSAID}};
    if (options)
        c->options = *options;
    return assume_init(c, err);
}

/* An object without a kind, such as a patch, is told by what it holds. */
static const char *guess(struct tree *object)
{
    if (tree_path(object, "spec/gpuResourceOptimization") || tree_path(object, "gpuResourceOptimization"))
        return "NodePool";
    return tree_path(object, "spec/global/core") ? "RunaiConfig" : NULL;
}

static const struct {
    const char *kind;
    void (*read)(struct cluster *c, struct tree *object, const struct origin *at);
    const char *pass[24]; /* parts that bear on nothing here */
} kinds[] = {
    {"RunaiConfig", runai_read, {"apiVersion", "kind", "metadata", "status"}},
    {"NodePool",
     pool_read,
     {"apiVersion", "kind", "metadata", "status", "id", "clusterId", "clusterName", "phase", "phaseMessage", "tenantId",
      "createdBy", "createdAt", "updatedBy", "updatedAt", "isDefault", "name"}},
    {"Node", node_read, {"apiVersion", "kind"}},
    {"Pod", pod_read, {"apiVersion", "kind", "status"}},
};

static void take(struct cluster *c, struct tree *object, const char *list_kind)
{
    struct origin at = {c->file[c->files - 1], object->line};
    const char *kind = tree_text(object, "kind");
    kind = kind ? kind : *list_kind ? list_kind : guess(object);
    if (!kind) {
        object_error(c, &at, "an object without a 'kind'; is this what kubectl prints?");
        return;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].kind, kind) == 0) {
            kinds[i].read(c, object, &at);
            for (const char *const *pass = kinds[i].pass; *pass; pass++)
                tree_pass(tree_find(object, *pass));
            note_unread(c, kind, object);
            return;
        }
    note_add(c, NOTE_PASSED_OVER, &at, "objects of kind %.60s", kind);
}

static int read_all(struct cluster *c, struct reader *reader)
{
    struct error *err = c->err;
    size_t objects = 0;
    int code = GS_OK;
    for (struct tree *object = (void *)c; !code && object;) {
        struct arena arena = {0};
        struct error broken = {0};
        char kind[READER_KIND];
        code = reader_next(reader, &object, kind, &arena, &broken);
        if (code)
            error_add(err, code, "%s", broken.text);
        else if (object)
            take(c, object, kind);
        objects += object != NULL;
        arena_fini(&arena);
        if (err->code == GS_SYSTEM)
            code = err->code;
        if (!code && c->arena->used_bytes > memory_max)
            code = error_add(err, GS_BAD_INPUT, "%s: too many objects for one cluster", reader_file(reader));
    }
    if (!code && objects == 0)
        error_add(err, GS_BAD_INPUT, "%s: no object in it", reader_file(reader));
    return err->code;
}

static int file_add(struct cluster *c, const char *file)
{
    void *grown = arena_grow(c->arena, c->file, &c->file_capacity, c->files + 1, sizeof *c->file);
    const char *name = grown ? tame(c, file, 500) : NULL;
    if (!name)
        return cluster_no_memory(c);
    c->file = grown;
    c->file[c->files++] = name;
    return GS_OK;
}

static int read_from(struct cluster *c, struct reader *reader, int code)
{
    if (!code)
        code = file_add(c, reader_file(reader));
    if (!code)
        code = read_all(c, reader);
    reader_close(reader);
    return code;
}

int cluster_read(struct cluster *c, const char *path, struct error *err)
{
    struct reader *reader;
    c->err = err;
    int code = reader_open(&reader, path, err);
    return read_from(c, reader, code);
}

int cluster_read_text(struct cluster *c, const char *text, size_t length, const char *file, struct error *err)
{
    struct reader *reader;
    c->err = err;
    int code = reader_open_memory(&reader, text, length, file, err);
    return read_from(c, reader, code);
}

int cluster_finish(struct cluster *c, struct error *err)
{
    c->err = err;
    gather_selected(c);
    find_hosts(c);
    find_busy(c);
    group_nodes(c);
    if (!err->code || c->options.force)
        group_pods(c);
    check_cluster(c);
    c->finished = !err->code;
    return err->code;
}
