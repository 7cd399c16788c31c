/* draft.c - make random scenarios of every kind, and simpler ones out of them. */
#include "tests/prop/draft.h"
#include "policies/table.h"
#include "sim/base/random.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { ANYTHING, FINITE, ROOMY, KINDS };

struct maker {
    struct draft *draft;
    struct stream stream;
    enum kind kind;
    double span_s;  /* what the scenario's times are drawn in proportion to */
    bool exclusive; /* one at a time on every node */
    int gpus;       /* of the node with the most */
    bool pools;     /* there is a [node.B] besides [node] */
    bool foresees;  /* a policy that knows the future */
    bool demotes;   /* models with `dirty = 0` are left to the disk when the file is full */
    bool stops;     /* the present models end when they leave the GPU */
    int least_mib;  /* memory that the present group has at least */
};

/* --- chance --- */

static uint64_t below(struct maker *m, uint64_t n)
{
    return stream_bits(&m->stream) % n;
}

static bool chance(struct maker *m, double probability)
{
    return stream_uniform(&m->stream) < probability;
}

static double between(struct maker *m, double low, double high)
{
    return low + (high - low) * stream_uniform(&m->stream);
}

/* One of the words, which are separated by blanks. */
static const char *one_of(struct maker *m, const char *words)
{
    static _Thread_local char word[64];
    size_t count = 1;

    for (const char *c = words; *c != '\0'; c++)
        count += *c == ' ';
    for (size_t skip = below(m, count); skip > 0; skip--)
        words = strchr(words, ' ') + 1;
    snprintf(word, sizeof word, "%.*s", (int)strcspn(words, " "), words);
    return word;
}

/* --- lines --- */

static void put(struct maker *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct maker *m, const char *format, ...)
{
    va_list args;

    if (m->draft->lines == DRAFT_LINES)
        abort(); /* a draft that lost lines would not be what its seed says */
    va_start(args, format);
    vsnprintf(m->draft->line[m->draft->lines++], DRAFT_WIDTH, format, args);
    va_end(args);
}

/* A time of `mean_s` on average as a distribution, or as a constant where it must be known beforehand. */
static const char *time_of(struct maker *m, double mean_s, bool constant)
{
    static _Thread_local char text[4][DRAFT_WIDTH];
    static _Thread_local unsigned turn;
    char *out = text[turn++ % 4];
    double us = mean_s * 1e6;

    switch (constant ? 0 : below(m, 7)) {
    case 0:
        snprintf(out, DRAFT_WIDTH, "%.0fus", us + 1);
        break;
    case 1:
        snprintf(out, DRAFT_WIDTH, "uniform(%.0fus,%.0fus)", us * 0.5, us * 1.5 + 2);
        break;
    case 2:
        snprintf(out, DRAFT_WIDTH, "lognormal(%.0fus,1.2)", us * 0.5 + 1);
        break;
    case 3:
        snprintf(out, DRAFT_WIDTH, "gamma(0.5,%.0fus)", us + 1);
        break;
    case 4:
        snprintf(out, DRAFT_WIDTH, "hyperexp(0.9,%.0fus,%.0fus)", us * 0.5 + 1, us * 5 + 1);
        break;
    default:
        snprintf(out, DRAFT_WIDTH, "exp(%.0fus)", us + 1);
        break;
    }
    return out;
}

/* --- [node] --- */

static void node_rates(struct maker *m)
{
    if (chance(m, 0.5))
        put(m, "h2d = %.0fMB/s", between(m, 500, 50000));
    if (chance(m, 0.5))
        put(m, "d2h = %.0fMB/s", between(m, 500, 50000));
    if (chance(m, 0.4))
        put(m, "transfer = overlapped");
    if (chance(m, 0.3))
        put(m, "pinned = %dMiB", chance(m, 0.2) ? 0 : (int)below(m, 60 * 1024));
    if (chance(m, 0.3))
        put(m, "pageable = %.0fMB/s", between(m, 300, 30000));
    if (chance(m, 0.2))
        put(m, "pin_cost = %.0fus", between(m, 0, m->span_s * 1e3));
    if (chance(m, 0.3))
        put(m, "duplex = %.2f", between(m, 0.5, 1.0));
    if (chance(m, 0.3))
        put(m, "host_bandwidth = %.0fMB/s", between(m, 300, 80000));
    if (chance(m, 0.3))
        put(m, "link_discipline = fcfs");
    if (chance(m, 0.3))
        put(m, "swap_overhead = %.0fus", between(m, 0, m->span_s * 2e3));
    if (chance(m, 0.5))
        put(m, "chunk = %.0fMiB", between(m, 100, 8000));
    if (chance(m, 0.3))
        put(m, "disk = %.0fMB/s", between(m, 300, 20000));
}

static void node(struct maker *m, const char *name, int gpu_gib)
{
    put(m, "[node%s%s]", *name == '\0' ? "" : ".", name);
    if (m->kind == ANYTHING && chance(m, 0.2))
        put(m, "count = %d", (int)below(m, 3) + 1);
    int gpus = chance(m, 0.3) ? (int)below(m, 3) + 1 : chance(m, 0.1) ? 4 : 1;
    m->gpus = gpus > m->gpus ? gpus : m->gpus;
    if (gpus > 1)
        put(m, "gpus = %d", gpus);
    put(m, "gpu_memory = %dGiB", gpu_gib);
    put(m, "gpu_reserved = %dMiB", (int)below(m, 4) * 512);
    if (m->kind == ANYTHING && chance(m, 0.15))
        put(m, "gpu_reserved_per_workload = %dMiB", (int)below(m, 4) * 256);
    if (chance(m, 0.2))
        put(m, "gpu_speed = %.2f", between(m, 0.3, 3.0));
    if (m->kind == ANYTHING && chance(m, 0.1))
        put(m, "swap = no");
    if (m->kind == ROOMY || (m->kind == FINITE && chance(m, 0.3)))
        put(m, "swap_file = 2000GiB");
    else if (chance(m, 0.7))
        put(m, "swap_file = %dMiB", chance(m, 0.1) ? 0 : gpus * (int)below(m, 80 * 1024));
    node_rates(m);
    if (m->exclusive)
        put(m, "sharing = exclusive");
    if (chance(m, 0.3))
        put(m, "idle_detect = %.0fus", between(m, 0, m->span_s * 1e4));
    if (m->kind == ANYTHING && chance(m, 0.1))
        put(m, "max_workloads_per_gpu = %d", (int)below(m, 8) + 1);
    if (m->kind == ANYTHING && chance(m, 0.1))
        put(m, "regular_fraction_freezes_gpu = yes");
    if (chance(m, 0.3))
        put(m, "node_level_scheduler = yes");
}

/* --- [policy] --- */

static double clamped(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

static void parameter(struct maker *m, enum gs_slot slot, const struct gs_param *p)
{
    const char *of = gs_slot_name(slot);
    size_t choices = 0;
    double least = p->min > 0 ? m->span_s * 1e6 : p->min; /* of a quantum: a run of nothing but switches never ends */

    switch (p->kind) {
    case GS_TIME:
        put(m, "%s.%s = %.0fns", of, p->key, clamped(between(m, -0.2, 1.0) * m->span_s * 5e7, least, p->max));
        break;
    case GS_SIZE:
        put(m, "%s.%s = %.0fB", of, p->key, clamped(between(m, -2e9, 40e9), p->min, p->max));
        break;
    case GS_NUMBER:
        put(m, "%s.%s = %.3f", of, p->key, clamped(between(m, -1, 8), p->min, p->max));
        break;
    case GS_INTEGER:
        put(m, "%s.%s = %.0f", of, p->key, clamped(between(m, -1, 8), p->min, p->max));
        break;
    case GS_BOOLEAN:
        put(m, "%s.%s = %s", of, p->key, one_of(m, "yes no"));
        break;
    case GS_CHOICE:
        while (p->choice[choices] != NULL)
            choices++;
        put(m, "%s.%s = %s", of, p->key, p->choice[below(m, choices)]);
        m->demotes |= strstr(m->draft->line[m->draft->lines - 1], "demote") != NULL;
        break;
    }
}

static const struct gs_policy_head *any_policy(struct maker *m, enum gs_slot slot)
{
    size_t count = 0;

    while (gs_policy_at(slot, count) != NULL)
        count++;
    return gs_policy_at(slot, below(m, count));
}

static void policies(struct maker *m)
{
    const struct gs_policy_head *slicer = any_policy(m, GS_SLOT_SLICER);

    m->exclusive = !((const struct gs_slicer_policy *)(const void *)slicer)->shares;
    put(m, "[policy]");
    for (int s = 0; s < GS_SLOTS; s++) {
        const struct gs_policy_head *policy = s == GS_SLOT_SLICER ? slicer : any_policy(m, (enum gs_slot)s);
        put(m, "%s = %s", gs_slot_name((enum gs_slot)s), policy->name);
        m->foresees |= (policy->needs & GS_NEEDS_ORACLE) != 0;
        for (size_t i = 0; policy->param != NULL && policy->param[i].key != NULL; i++)
            if (chance(m, 0.6))
                parameter(m, (enum gs_slot)s, &policy->param[i]);
    }
}

/* --- [workload.NAME] --- */

static void memory_of(struct maker *m, int gpu_gib, int gpus)
{
    int gpu_mib = gpu_gib * 1024 * gpus;

    m->least_mib = 0;
    if (m->kind == ROOMY)
        put(m, "memory = %dMiB", (int)below(m, (uint64_t)gpu_mib / 40) + 1);
    else if (m->kind == ANYTHING && chance(m, 0.2))
        put(m, "memory = exp(%dMiB)", gpu_mib / 4);
    else if (chance(m, 0.3))
        put(m, "memory = uniform(%dMiB,%dMiB)", gpu_mib / 8, gpu_mib / 4 + (int)below(m, (uint64_t)gpu_mib / 3));
    else
        put(m, "memory = %dMiB", m->least_mib = (int)below(m, (uint64_t)gpu_mib * 7 / 10) + 1);
}

static void notebook(struct maker *m)
{
    double burst_s = m->span_s * between(m, 0.001, 0.02);
    bool roomy = m->kind == ROOMY;

    put(m, "think = %s",
        time_of(m, roomy ? m->span_s * between(m, 0.5, 1.0) : m->span_s * between(m, 0.0, 0.1), roomy));
    put(m, "burst = %s", time_of(m, roomy ? m->span_s * 0.002 : burst_s, roomy));
    if (chance(m, 0.3))
        put(m, "grow = %s", roomy ? "1MiB" : chance(m, 0.5) ? "exp(2GiB)" : "uniform(0B,6GiB)");
}

static void training(struct maker *m)
{
    if (chance(m, 0.5)) {
        put(m, "iterations = %d", (int)below(m, 12) + 1);
        put(m, "iteration = %s", time_of(m, m->span_s * between(m, 0.001, 0.03), false));
        if (chance(m, 0.6))
            put(m, "gap = %s", time_of(m, m->span_s * between(m, 0.0, 0.02), false));
    } else {
        put(m, "gpu_work = %s", time_of(m, m->span_s * between(m, 0.005, 0.2), false));
        if (chance(m, 0.5))
            put(m, "cpu_work = %s", time_of(m, m->span_s * between(m, 0.0, 0.1), false));
    }
}

static void inference(struct maker *m)
{
    double rate = between(m, 5, 60) / m->span_s;

    switch (below(m, m->foresees ? 4 : 5)) {
    case 4:
        put(m, "arrival = users(%d,%.0fus)", (int)below(m, 20) + 1, m->span_s * between(m, 5e3, 2e5));
        break;
    case 0:
        put(m, "arrival = poisson(%.6f/s)", rate);
        break;
    case 1:
        put(m, "arrival = gamma(%.2f,%.6f/s)", between(m, 0.3, 4), rate);
        break;
    case 2:
        put(m, "arrival = onoff(%.0fus,%.0fus,%.6f/s)", m->span_s * 5e4, m->span_s * 1e5, 3 * rate);
        break;
    default:
        put(m, "arrival = schedule(%.0fus %.0fus %.0fus)", m->span_s * 1e4, m->span_s * 1e4, m->span_s * 3e5);
        break;
    }
    if (chance(m, 0.5)) {
        put(m, "service = %s", time_of(m, m->span_s * between(m, 0.0005, 0.01), false));
    } else {
        put(m, "output_tokens = %s", one_of(m, "1 20 exp(30) uniform(1,90) mix(0.5:1,0.5:60)"));
        put(m, "decode_per_token = %.0fus", m->span_s * between(m, 5, 100));
        if (chance(m, 0.7))
            put(m, "input_tokens = %s", one_of(m, "0 1000 exp(700) lognormal(300,1)"));
        put(m, "prefill_per_token = %.0fns", m->span_s * between(m, 0, 1000));
        if (chance(m, 0.3))
            put(m, "first_token_overhead = %.0fus", m->span_s * between(m, 0, 1000));
    }
    if (chance(m, 0.5))
        put(m, "slots = %d", (int)below(m, 6) + 1);
    if (chance(m, 0.3))
        put(m, "max_waiting = %d", (int)below(m, 6));
    if (chance(m, 0.3))
        put(m, "cold_start = %s", time_of(m, m->span_s * 0.01, true));
    if (chance(m, 0.3))
        put(m, "warm_start = %s", time_of(m, m->span_s * 0.003, true));
    if (chance(m, 0.4) && m->least_mib > 1)
        put(m, "kv_cache = %dMiB", (int)below(m, (uint64_t)m->least_mib - 1));
    m->stops = chance(m, 0.2);
    if (m->stops)
        put(m, "unload = stop");
    if (chance(m, 0.4) && !m->foresees)
        put(m, "router = %s", one_of(m, "each random round_robin least_loaded hot_first zipf(0.8)"));
}

static void rare_things(struct maker *m)
{
    if (chance(m, 0.1))
        put(m, "limit = %.2f", between(m, 0.6, 1.0));
    if (chance(m, 0.3))
        put(m, "request = %.2f", between(m, 0.05, 0.6));
    if (chance(m, 0.08))
        put(m, "fraction = regular");
    if (chance(m, 0.05))
        put(m, "swappable = no");
    else if (chance(m, 0.25))
        put(m, "state = %s", one_of(m, m->stops ? "new new gpu disk disk" : "new new gpu host disk disk"));
}

static void workloads(struct maker *m, int number, int gpu_gib)
{
    bool iterates = m->kind == FINITE, roomy = m->kind == ROOMY;
    int gpus = roomy || m->gpus == 1 || chance(m, 0.5) ? 1 : m->gpus == 4 && chance(m, 0.4) ? 4 : 2;
    const char *class = iterates ? "training" : roomy ? "notebook" : one_of(m, "notebook notebook training inference");

    put(m, "[workload.W%d]", number);
    put(m, "class = %s", class);
    put(m, "count = %d", (int)below(m, roomy ? 4 : 12) + 1);
    if (gpus > 1)
        put(m, "gpus_per_workload = %d", gpus);
    if (m->pools && gpus == 1 && chance(m, 0.15))
        put(m, "nodes = %s", one_of(m, "node B"));
    memory_of(m, gpu_gib, gpus);
    m->stops = false;
    if (strcmp(class, "notebook") == 0)
        notebook(m);
    else if (strcmp(class, "training") == 0)
        training(m);
    else
        inference(m);
    if (m->kind == ANYTHING)
        rare_things(m);
    else if (chance(m, 0.4))
        put(m, "state = %s", one_of(m, "new gpu host disk disk"));
    if (chance(m, 0.2))
        put(m, "context = %dMiB", (int)below(m, m->kind == ANYTHING ? 600 : 2));
    if (m->demotes && strcmp(class, "inference") == 0 ? chance(m, 0.9) : chance(m, 0.3))
        put(m, "dirty = %.2f", m->demotes || chance(m, 0.3) ? 0.0 : between(m, 0, 1));
    if (chance(m, 0.3) && !m->stops)
        put(m, "keep_host_copy = yes");
    if (chance(m, 0.3))
        put(m, "priority = %d", (int)below(m, 256));
    if (chance(m, 0.5))
        put(m, "start = %s", time_of(m, m->span_s * between(m, 0, 0.3), false));
}

/* --- [trace.NAME] --- */

enum { TRACE_EVENTS = 90 };

struct recorded {
    int64_t t_us;
    int order;
    char text[DRAFT_WIDTH - 16];
};

static int by_time(const void *a, const void *b)
{
    const struct recorded *x = a, *y = b;

    return x->t_us != y->t_us ? (x->t_us < y->t_us ? -1 : 1) : x->order - y->order;
}

struct recording {
    struct recorded event[TRACE_EVENTS];
    int count;
};

static void record(struct recording *r, int64_t t_us, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void record(struct recording *r, int64_t t_us, const char *format, ...)
{
    struct recorded *e = &r->event[r->count];
    va_list args;

    if (r->count == TRACE_EVENTS)
        return;
    e->t_us = t_us;
    e->order = r->count++;
    va_start(args, format);
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
}

static void record_one(struct maker *m, struct recording *r, int id, int gpu_gib)
{
    int64_t span_us = (int64_t)(m->span_s * 1e6), t = (int64_t)below(m, (uint64_t)span_us / 3);
    char class = "nti"[below(m, 3)];
    bool kept = r->count + 10 < TRACE_EVENTS;

    int gpus = chance(m, 0.8) ? 1 : (int)below(m, 3) + 1;
    record(r, t, "W,u%d,%c,%d,%lld,,,,,%s,%s", id, class, gpus, (long long)(between(m, 0.05, 0.6) * gpu_gib * 1e9),
           chance(m, 0.1) ? "0" : "", one_of(m, "c o"));
    if (class == 't' && chance(m, 0.6)) {
        record(r, t += 1000, "T,u%d,%d,%lld,%lld,%d", id, (int)below(m, 20) + 1, (long long)(span_us / 200) + 1,
               (long long)below(m, (uint64_t)span_us / 100 + 1), (int)below(m, 2) * 50000);
    } else {
        for (int k = (int)below(m, 8); k > 0; k--) {
            t += (int64_t)below(m, (uint64_t)span_us / 6);
            long long work = (long long)below(m, (uint64_t)span_us / 20) + 1;
            if (class == 'i')
                record(r, t, "R,u%d,,,%lld", id, work);
            else
                record(r, t, "B,u%d,%lld,%lld,%lld", id, work, (long long)below(m, (uint64_t)span_us / 10),
                       chance(m, 0.3) ? (long long)below(m, 4000000000) : 0);
        }
    }
    if (kept && chance(m, 0.7))
        record(r, t + (int64_t)below(m, (uint64_t)span_us / 8), "D,u%d,%s", id, one_of(m, "end kill trunc"));
}

static void trace(struct maker *m, int gpu_gib)
{
    static _Thread_local struct recording r;

    r.count = 0;
    for (int id = 0, workloads = (int)below(m, 7) + 1; id < workloads; id++)
        record_one(m, &r, id, gpu_gib);
    qsort(r.event, (size_t)r.count, sizeof r.event[0], by_time);
    put(m, "[trace.T]");
    put(m, "file = draft.gst");
    if (chance(m, 0.2))
        put(m, "loop = %s", one_of(m, "closed open"));
    if (chance(m, 0.2))
        put(m, "scale_time = %.2f", between(m, 0.2, 2.0));
    if (chance(m, 0.2))
        put(m, "keep_host_copy = yes");
    put(m, DRAFT_TRACE "#gpuswap-trace,1");
    for (int i = 0; i < r.count; i++)
        put(m, DRAFT_TRACE "%lld,%s", (long long)r.event[i].t_us, r.event[i].text);
}

void draft_make(struct draft *draft, uint64_t seed)
{
    struct maker m = {.draft = draft};
    int gpu_gib, groups;

    stream_init(&m.stream, seed, 0, 0, PURPOSE_TEST);
    draft->lines = 0;
    m.kind = seed % 4 == 2 ? FINITE : seed % 8 == 7 ? ROOMY : ANYTHING;
    m.span_s = between(&m, 2, 300);
    gpu_gib = (int)between(&m, 8, 80);
    groups = 1 + (int)below(&m, 4);
    put(&m, "[scenario]");
    if (m.kind == ROOMY)
        put(&m, "duration = %.0fms", m.span_s * 4e3);
    else if (m.kind == ANYTHING)
        put(&m, "duration = %.0fms", m.span_s * 1e3);
    if (m.kind == ANYTHING && chance(&m, 0.3))
        put(&m, "warmup = %.0fms", m.span_s * between(&m, 0, 600));
    put(&m, "seed = %d", (int)below(&m, 1000));
    put(&m, "replications = 2");
    policies(&m);
    node(&m, "", gpu_gib);
    m.pools = m.kind == ANYTHING && chance(&m, 0.25);
    if (m.pools)
        node(&m, "B", gpu_gib);
    for (int i = 0; i < groups; i++)
        workloads(&m, i, gpu_gib);
    if (m.kind != ROOMY && chance(&m, 0.25))
        trace(&m, gpu_gib);
    if (chance(&m, 0.25))
        put(&m, DRAFT_FAULT " %s %d %d", one_of(&m, "swap_in swap_out swap"), (int)below(&m, 12) + 1,
            (int)(below(&m, 3) * below(&m, 4)));
}

size_t draft_text(const struct draft *draft, char *text)
{
    size_t length = 0;

    for (size_t i = 0; i < draft->lines; i++)
        length += (size_t)snprintf(text + length, DRAFT_WIDTH + 1, "%s\n", draft->line[i]);
    return length;
}

/* --- simpler --- */

static void drop(struct draft *draft, size_t from, size_t to)
{
    memmove(draft->line[from], draft->line[to], (draft->lines - to) * sizeof draft->line[0]);
    draft->lines -= to - from;
}

static size_t section_end(const struct draft *draft, size_t at)
{
    for (at++; at < draft->lines && draft->line[at][0] != '[';)
        at++;
    return at;
}

/* Put `value` in the place of `length` characters at `at`. */
static void replace(char line[DRAFT_WIDTH], size_t at, size_t length, const char *value)
{
    char whole[2 * DRAFT_WIDTH];

    snprintf(whole, sizeof whole, "%.*s%s%s", (int)at, line, value, line + at + length);
    memcpy(line, whole, DRAFT_WIDTH - 1); /* nothing here gets longer */
    line[DRAFT_WIDTH - 1] = '\0';
}

/* `exp(5s)`, `uniform(5s,9s)` become `5s`. */
static bool plainer(char line[DRAFT_WIDTH])
{
    char *open = strchr(line, '('), *equals = strchr(line, '=');
    char first[DRAFT_WIDTH];

    if (open == NULL || equals == NULL)
        return false;
    snprintf(first, sizeof first, " %.*s", (int)strcspn(open + 1, ",) "), open + 1);
    replace(line, (size_t)(equals + 1 - line), strlen(equals + 1), first);
    return true;
}

enum { NUMBERS = 5, SMALLER = 4 }; /* the first numbers of a line, and ways to make each smaller */

/* The `which`-th number of the value made smaller in the `how`-th way: 1, its half, one less, or round. */
static bool smaller(char line[DRAFT_WIDTH], size_t which, size_t how)
{
    const char *digits = "0123456789", *c = line[0] == ';' ? line : strchr(line, '=');
    char value[32];

    for (; c != NULL; which--) {
        c += strcspn(c, digits);
        if (*c == '\0')
            return false;
        if (which == 0)
            break;
        c += strspn(c, digits);
    }
    if (c == NULL || line[0] == '[')
        return false;
    size_t at = (size_t)(c - line), length = strspn(c, digits);
    unsigned long long old = strtoull(c, NULL, 10), now = how == 0 ? 1 : how == 1 ? old / 2 : how == 2 ? old - 1 : 1;
    while (how == 3 && now * 10 <= old)
        now *= 10;
    if (old <= 1 || now == old || now == 0)
        return false;
    snprintf(value, sizeof value, "%llu", now);
    replace(line, at, length, value);
    return true;
}

bool draft_simpler(const struct draft *from, size_t i, struct draft *simpler)
{
    const size_t ways = 3 + NUMBERS * SMALLER;
    size_t at = i / ways, way = i % ways;

    if (at >= from->lines)
        return false;
    *simpler = *from;
    char *line = simpler->line[at];
    if (way == 0 && line[0] == '[')
        drop(simpler, at, section_end(from, at));
    else if (way == 1 && line[0] != '[')
        drop(simpler, at, at + 1);
    else if (way == 2)
        plainer(line);
    else if (way > 2)
        smaller(line, (way - 3) / SMALLER, (way - 3) % SMALLER);
    return true; /* unchanged where a way has nothing to offer */
}
