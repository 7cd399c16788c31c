/* assume.c - what objects cannot tell, and what is assumed in its place: one table. */
#include "sim/base/units.h"
#include "sim/cluster/parts.h"
#include <string.h>

static const struct {
    const char *name, *value, *why;
} table[] = {
    {"scenario.duration", "8h", "a working day"},
    {"scenario.replications", "5", "enough for intervals"},
    {"cluster.swap", "label", "without a runaiconfig: nodes with the label swap; or 'yes' or 'no' for all"},
    {"node.count", "1", "where no Node was given"},
    {"node.gpus", "8", "where no Node was given"},
    {"node.gpu_memory", "80GiB", "where no label nvidia.com/gpu.memory tells it"},
    {"node.placement", "spread", "of pods over the GPUs of a node; 'binpack': GPUs that no request needs are left out"},
    {"node.h2d", "25GB/s", "of the link, into the GPU: about what pinned memory over PCIe 4 x16 gives; measure yours"},
    {"node.d2h", "25GB/s", "the same, out of it"},
    {"gpu_memory_unit", "MiB", "of annotation gpu-memory: MiB by the manual of 2.25, MB by that of 2.15; or 'MB'"},
    {"class", "notebook", "of pods whose class nothing tells"},
    {"stand_in.per_gpu", "3", "notebooks a GPU, where no Pod with a GPU was given"},
    {"notebook.memory", "between", "held on the GPU: 'request', 'limit', evenly 'between' them, or a distribution"},
    {"notebook.context", "0", "stays on the GPU while swapped out; 0: within the reserve"},
    {"notebook.think", "lognormal(1m, 1.2)", "people read, write and think between cells"},
    {"notebook.burst", "lognormal(5s, 0.9)", "GPU work of a cell"},
    {"training.memory", "limit", "as for notebooks; a training job takes what it may"},
    {"training.context", "0", "as for notebooks"},
    {"training.gpu_work", "4h", "what is left of each job"},
    {"inference.memory", "limit", "as for notebooks; a server takes what it may"},
    {"inference.context", "0", "as for notebooks"},
    {"inference.arrival", "poisson(2/min)", "requests to each server"},
    {"inference.service", "500ms", "GPU work of a request"},
};

enum { ASSUMPTIONS = sizeof table / sizeof table[0] };

static const char *name_at(size_t i, const void *context)
{
    (void)context;
    return table[i].name;
}

bool cluster_assumption_at(size_t i, const char **name, const char **value, const char **why)
{
    if (i >= ASSUMPTIONS)
        return false;
    *name = table[i].name;
    *value = table[i].value;
    *why = table[i].why;
    return true;
}

int assume_init(struct cluster *c, struct error *err)
{
    c->assumed = arena_array(c->arena, ASSUMPTIONS, sizeof *c->assumed);
    if (!c->assumed)
        return error_set(err, GS_SYSTEM, "no memory for the objects of the cluster");
    for (size_t i = 0; i < ASSUMPTIONS; i++)
        c->assumed[i] = (struct assumed){.value = table[i].value, .is_default = true};
    return GS_OK;
}

int cluster_assume(struct cluster *c, const char *setting, struct error *err)
{
    const char *equals = strchr(setting, '=');
    char *name;
    c->err = err;
    if (!equals || equals == setting || equals[1] == '\0')
        return error_set(err, GS_USAGE, "--assume %s: it must read NAME=VALUE, such as 'notebook.think=exp(2m)'",
                         setting);
    name = arena_strdup(c->arena, setting);
    if (!name)
        return cluster_no_memory(c);
    name[equals - setting] = '\0';
    for (size_t i = 0; i < ASSUMPTIONS; i++)
        if (strcmp(table[i].name, name) == 0) {
            c->assumed[i] = (struct assumed){.value = tame(c, equals + 1, 1000)};
            return err->code;
        }
    const char *near = units_nearest(name, ASSUMPTIONS, name_at, NULL);
    if (near)
        return error_set(err, GS_USAGE, "--assume: nothing is called '%s'; did you mean '%s'?", name, near);
    return error_set(err, GS_USAGE, "--assume: nothing is called '%s'; '--assumptions' lists them", name);
}

const char *assume(struct cluster *c, const char *name)
{
    for (size_t i = 0; i < ASSUMPTIONS; i++)
        if (strcmp(table[i].name, name) == 0) {
            c->assumed[i].used = true;
            return c->assumed[i].value;
        }
    return "";
}

bool assume_is(struct cluster *c, const char *name, const char *value)
{
    return strcmp(assume(c, name), value) == 0;
}
