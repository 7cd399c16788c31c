/* sweep_content.c - what makes the results of a scenario, as one number, to know a point of a sweep again. */
#include "sim/base/hash.h"
#include "sim/run/sweep.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Values that came from files; the rest of a distribution stands in the keys. */
static uint64_t add_dist(uint64_t sum, const struct dist *dist)
{
    if (dist->kind == DIST_EMPIRICAL)
        sum = hash_bytes(sum, dist->value, dist->count * sizeof *dist->value);
    for (uint32_t i = 0; i < dist->count && dist->kind == DIST_MIX; i++)
        sum = add_dist(sum, &dist->part[i]);
    return dist->kind == DIST_TRUNC ? add_dist(sum, dist->part) : sum;
}

static uint64_t add_workload(uint64_t sum, const struct workload_group *w)
{
    const struct dist *const dist[] = {&w->memory,   &w->start,    &w->think,     &w->burst, &w->grow,
                                       &w->cpu_work, &w->gpu_work, &w->iteration, &w->gap,   &w->service};
    for (size_t i = 0; i < sizeof dist / sizeof dist[0]; i++)
        sum = add_dist(sum, dist[i]);
    return sum;
}

static int add_file(uint64_t *sum, const char *path, struct error *err)
{
    enum { AT_ONCE = 1 << 16 };
    unsigned char bytes[AT_ONCE];
    FILE *in = fopen(path, "rb");
    size_t got;

    if (in == NULL)
        return error_set(err, GS_NO_INPUT, "cannot read '%s': %s", path, strerror(errno));
    while ((got = fread(bytes, 1, sizeof bytes, in)) > 0)
        *sum = hash_bytes(*sum, bytes, got);
    int rc = ferror(in) ? error_set(err, GS_NO_INPUT, "cannot read '%s': %s", path, strerror(errno)) : GS_OK;
    fclose(in);
    return rc;
}

int sweep_content(const struct scenario *scenario, uint64_t *hash, struct error *err)
{
    uint64_t sum = HASH_START;
    int rc = GS_OK;

    for (size_t i = 0; i < scenario->settings; i++) {
        const struct setting *s = &scenario->setting[i];
        if (strcmp(s->section, "scenario") != 0 || strcmp(s->key, "threads") != 0)
            sum = hash_text(hash_text(hash_text(sum, s->section), s->key), s->value);
    }
    for (size_t i = 0; i < scenario->workloads; i++)
        sum = add_workload(sum, &scenario->workload[i]);
    for (size_t i = 0; i < scenario->traces && rc == GS_OK; i++) {
        sum = add_dist(sum, &scenario->trace[i].memory);
        rc = add_file(&sum, scenario->trace[i].file, err);
    }
    *hash = sum;
    return rc;
}
