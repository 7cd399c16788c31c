/* scenario_write.c - the sections of the scenario. */
#include "sim/base/units.h"
#include "sim/cluster/parts.h"
#include "sim/scenario/keys.h"
#include "policies/policy.h"
#include <string.h>

static const char *const class_name[CLASSES] = {
    [GS_NOTEBOOK] = "notebook", [GS_TRAINING] = "training", [GS_INFERENCE] = "inference"};

static const char *assumed_of(struct cluster *c, int class, const char *what)
{
    char name[64];
    snprintf(name, sizeof name, "%s.%s", class_name[class], what);
    return assume(c, name);
}

static void write_size(FILE *out, const char *key, int64_t bytes)
{
    char text[UNITS_TEXT];
    fprintf(out, "%s = %s\n", key, bytes ? units_write_size(text, bytes) : "0");
}

/* A share with no more digits than it needs. */
static void write_share(FILE *out, const char *key, double share)
{
    fprintf(out, "%s = %.6g\n", key, share);
}

static void write_names(FILE *out, const char *names, int64_t count)
{
    fprintf(out, "; %s", names);
    if (count > NAMES_SHOWN)
        fprintf(out, " and %lld more", (long long)(count - NAMES_SHOWN));
    fprintf(out, "\n");
}

/* --- nodes -------------------------------------------------------------------------------------------------------- */

static void write_links(struct cluster *c, FILE *out)
{
    fprintf(out, "h2d = %s\n", assume(c, "node.h2d"));
    fprintf(out, "d2h = %s\n", assume(c, "node.d2h"));
}

static void write_node(struct cluster *c, const struct node_kind *kind, FILE *out)
{
    const struct settings *s = &kind->settings;
    fprintf(out, "\n[node.%s]\n", kind->name);
    write_names(out, kind->names, kind->example->origin.file ? kind->count : 1);
    fprintf(out, "count = %lld\ngpus = %lld\n", (long long)kind->count, (long long)kind->gpus);
    write_size(out, "gpu_memory", kind->gpu_memory);
    write_size(out, "gpu_reserved", kind->reserved);
    fprintf(out, "swap = %s\n", kind->swap ? "yes" : "no");
    if (kind->swap) {
        write_size(out, "swap_file", kind->swap_file);
        fprintf(out, "transfer = %s\n", s->duplex == 1 ? "overlapped" : "serial");
        write_links(c, out);
    }
    if (s->scheduler == 1)
        fprintf(out, "node_level_scheduler = yes\n");
    if (s->slicing > 0)
        fprintf(out, "time_slicing = %s\n", slicing_name[s->slicing]);
}

/* GPUs that belong to one pod each: nobody else may come, and nothing is swapped. */
static void write_whole(const struct pod_kind *kind, FILE *out)
{
    fprintf(out, "\n[node.whole-%s]\n; whole GPUs, each for one pod of [workload.%s]\n", kind->name, kind->name);
    fprintf(out, "count = %lld\ngpus = %lld\n", (long long)kind->count, (long long)kind->example->devices);
    write_size(out, "gpu_memory", kind->gpu_memory);
    fprintf(out, "gpu_reserved = 0\nswap = no\nmax_workloads_per_gpu = 1\n");
}

/* --- workloads ---------------------------------------------------------------------------------------------------- */

static void write_memory(struct cluster *c, int class, int64_t least, int64_t most, FILE *out)
{
    char low[UNITS_TEXT], high[UNITS_TEXT];
    const char *law = assumed_of(c, class, "memory");
    units_write_size(low, least);
    units_write_size(high, most);
    if (strcmp(law, "request") == 0)
        fprintf(out, "memory = %s\n", low);
    else if (strcmp(law, "limit") == 0 || (strcmp(law, "between") == 0 && least == most))
        fprintf(out, "memory = %s\n", high);
    else if (strcmp(law, "between") == 0)
        fprintf(out, "memory = uniform(%s, %s)\n", low, high);
    else
        fprintf(out, "memory = %s\n", law);
}

static void write_load(struct cluster *c, int class, FILE *out)
{
    static const char *const part[CLASSES][2] = {[GS_NOTEBOOK] = {"think", "burst"},
                                                 [GS_TRAINING] = {"gpu_work", NULL},
                                                 [GS_INFERENCE] = {"arrival", "service"}};
    const char *context = assumed_of(c, class, "context");
    if (strcmp(context, "0") != 0)
        fprintf(out, "context = %s\n", context);
    for (size_t i = 0; i < 2 && part[class][i]; i++)
        fprintf(out, "%s = %s\n", part[class][i], assumed_of(c, class, part[class][i]));
    if (class == GS_INFERENCE) /* running servers, that have loaded their model */
        fprintf(out, "state = new\n");
}

static void write_pod(struct cluster *c, const struct pod_kind *kind, FILE *out)
{
    const struct gpu_pod *pod = kind->example;
    fprintf(out, "\n[workload.%s]\n", kind->name);
    write_names(out, kind->names, kind->count);
    fprintf(out, "; asked for by %s, of GPUs with %lld MiB\n", pod->scheme, (long long)(kind->gpu_memory >> 20));
    fprintf(out, "class = %s\n", class_name[pod->class]);
    fprintf(out, "count = %lld\n", (long long)kind->count);
    if (pod->devices > 1)
        fprintf(out, "gpus_per_workload = %lld\n", (long long)pod->devices);
    int64_t gpus = pod->devices > 1 ? pod->devices : 1; /* a request is for each of them, 'memory' for all together */
    write_memory(c, pod->class, gpus * kind->least, gpus * kind->most, out);
    if (pod->want == WANT_WHOLE)
        fprintf(out, "nodes = whole-%s\n", kind->name);
    else
        write_nodes(c, pod, out);
    write_share(out, "request", kind->request);
    write_share(out, "limit", kind->limit);
    fprintf(out, "fraction = %s\n", kind->dynamic ? "dynamic" : "regular");
    if (!pod->swappable || pod->want == WANT_WHOLE)
        fprintf(out, "swappable = no\n");
    if (pod->priority != UNSAID)
        fprintf(out, "priority = %lld\n", (long long)pod->priority);
    write_load(c, pod->class, out);
}

/* Notebooks in place of pods, so that settings and nodes alone can be tried. */
static void write_stand_in(struct cluster *c, FILE *out)
{
    int64_t gpus = 0, least = INT64_MAX;
    for (size_t i = 0; i < c->node_kinds; i++) {
        const struct node_kind *kind = &c->node_kind[i];
        int64_t shown = kind->gpu_memory - kind->reserved;
        gpus += kind->count * kind->gpus;
        least = shown < least ? shown : least;
    }
    int64_t mib = 1 << 20, most = least / mib * mib, each = assumed_number(c, "stand_in.per_gpu", false);
    least = most / 4 / mib * mib;
    fprintf(out,
            "\n[workload.notebook]\n; no Pod with a GPU was given; these stand in\nclass = notebook\ncount = %lld\n",
            (long long)(gpus * each));
    write_memory(c, GS_NOTEBOOK, least > mib ? least : mib, most > mib ? most : mib, out);
    fprintf(out, "request = 0.2\nlimit = 1\nfraction = dynamic\n");
    write_load(c, GS_NOTEBOOK, out);
}

void cluster_write_sections(struct cluster *c, FILE *out)
{
    fprintf(out, "[scenario]\nname = cluster\nduration = %s\nreplications = %s\n", assume(c, "scenario.duration"),
            assume(c, "scenario.replications"));
    fprintf(out, "\n[policy]\n; who fits together runs together, others take turns of a few seconds\nvictim = lru\n"
                 "slicer = rr\nslicer.quantum = 5s\nslicer.width = 16\n");
    for (size_t i = 0; i < c->pod_kinds; i++)
        if (c->pod_kind[i].example->want == WANT_WHOLE)
            write_whole(&c->pod_kind[i], out);
    for (size_t i = 0; i < c->node_kinds; i++)
        if (c->node_kind[i].gpus > 0)
            write_node(c, &c->node_kind[i], out);
    for (size_t i = 0; i < c->pod_kinds; i++)
        write_pod(c, &c->pod_kind[i], out);
    if (c->pod_kinds == 0)
        write_stand_in(c, out);
}
