/* fuzz_cluster.c - any bytes as objects of a cluster: an error, or a scenario that its reader takes as text. */
#include "sim/cluster/cluster.h"
#include "sim/scenario/scenario.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The text of a scenario must be one, whatever the objects hold: only values may be refused, never lines. */
static void read_back(const char *text, size_t length)
{
    static const char *const never[] = {"is no text",  "neither 'key = value'", "unknown section", "unknown key",
                                        "is repeated", "is no section",         "has no value"};
    struct arena arena = {0};
    struct scenario scenario;
    struct error err = {0};
    scenario_parse(&scenario, text, length, "made.ini", NULL, NULL, &arena, &err);
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (err.code && strstr(err.text, never[i]))
            abort();
    arena_fini(&arena);
}

static void write_all(struct cluster *cluster)
{
    char *text = NULL, *comment = NULL;
    size_t length = 0, comment_length = 0;
    FILE *out = open_memstream(&text, &length), *above = open_memstream(&comment, &comment_length);
    cluster_write_sections(cluster, out);
    cluster_write_comment(cluster, NULL, above);
    cluster_write_notes(cluster, above);
    fclose(out);
    fclose(above);
    read_back(text, length);
    free(text);
    free(comment);
}

/* The first byte chooses options, the rest is the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct error err = {0};
    unsigned choice = size ? data[0] : 0;
    struct cluster_options options = {.pool = choice & 1 ? "a" : NULL, .force = choice & 2};
    struct cluster *cluster;
    if (cluster_new(&cluster, &options, &arena, &err))
        abort();
    if (choice & 4)
        cluster_assume(cluster, "node.placement=binpack", &err);
    if (choice & 8)
        cluster_assume(cluster, "gpu_memory_unit=MB", &err);
    int code = cluster_read_text(cluster, size ? (const char *)data + 1 : "", size ? size - 1 : 0, "fuzz.yaml", &err);
    if (!code)
        code = cluster_finish(cluster, &err);
    if (code != err.code || (code && err.lines == 0))
        abort();
    if (!code)
        write_all(cluster);
    arena_fini(&arena);
    return 0;
}
