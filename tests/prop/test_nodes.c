/* test_nodes.c - nodes simulated by themselves, on any number of threads, give the bytes that all nodes at once give: random
 * scenarios of several nodes, under every policy that says that it needs to know of its node only.
 *
 * Arguments: how many seeds (default 400), and the first of them. */
#include "policies/table.h"
#include "sim/base/random.h"
#include "sim/run/nodes.h"
#include "tests/prop/draft.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int64_t seeds = 400, first_seed = 1;

static const struct gs_policy_head *policy(enum gs_slot slot, struct stream *stream)
{
    const struct gs_policy_head *found = NULL;
    double seen = 0;

    for (size_t i = 0; gs_policy_at(slot, i) != NULL; i++)
        if ((gs_policy_at(slot, i)->needs & GS_NEEDS_NODE_ONLY) != 0 && stream_uniform(stream) < 1 / ++seen)
            found = gs_policy_at(slot, i);
    return found;
}

/* Of a random scenario: more nodes, an end, and policies that allow what is tested. */
static size_t make(char *text, size_t size, uint64_t seed)
{
    static struct draft draft;
    struct stream stream;
    size_t used = 0;

    stream_init(&stream, seed, 0, 0, PURPOSE_TEST);
    draft_make(&draft, seed);
    for (size_t i = 0; i < draft.lines; i++) {
        const char *line = draft.line[i];
        bool replaced = strncmp(line, "count", 5) == 0 && i > 0 && strncmp(draft.line[i - 1], "[node", 5) == 0;
        for (int slot = 0; slot < GS_SLOTS; slot++)
            replaced |= strncmp(line, gs_slot_name((enum gs_slot)slot), strlen(gs_slot_name((enum gs_slot)slot))) == 0;
        if (!replaced && strncmp(line, "router", 6) != 0 && strncmp(line, "precision", 9) != 0)
            used += (size_t)snprintf(text + used, size - used, "%s\n", line);
        if (strncmp(line, "[node", 5) == 0)
            used += (size_t)snprintf(text + used, size - used, "count = %d\n", 1 + (int)(stream_bits(&stream) % 4));
        if (strcmp(line, "[scenario]") == 0 && strncmp(draft.line[i + 1], "duration", 8) != 0)
            used += (size_t)snprintf(text + used, size - used, "duration = 100s\n");
        for (int slot = 0; strcmp(line, "[policy]") == 0 && slot < GS_SLOTS; slot++)
            used += (size_t)snprintf(text + used, size - used, "%s = %s\n", gs_slot_name((enum gs_slot)slot),
                                     policy((enum gs_slot)slot, &stream)->name);
    }
    return used;
}

struct way {
    struct arena arena;
    struct tally *tally;
    struct mser mser;
    bool divided;
};

/* With `threads` 0: all nodes at once. */
static void simulate(struct way *o, const struct scenario *scenario, uint32_t threads, bool with_mser)
{
    struct error err = {0};
    struct load_traces *none;
    struct replication_plan plan = {.scenario = scenario,
                                    .backend = &backend_sim,
                                    .warmup_ns = scenario->warmup == WARMUP_AUTO ? 0 : scenario->warmup,
                                    .threads = threads,
                                    .whole = threads == 0,
                                    .mser = with_mser ? &o->mser : NULL};
    int rc = GS_OK;

    memset(o, 0, sizeof *o);
    mser_init(&o->mser);
    if (load_read_traces(&none, scenario, &o->arena, &err) != GS_OK)
        fail_msg("%s", err.text);
    plan.traces = none;
    if (threads == 0)
        rc = replication_run(&plan, &o->tally, &o->arena, &err);
    else
        rc = nodes_run(&plan, &o->tally, &o->divided, &o->arena, &err);
    if (rc != GS_OK)
        fail_msg("%s", err.text);
}

static void end(struct way *o)
{
    if (o->tally != NULL)
        tally_fini(o->tally);
    arena_fini(&o->arena);
}

static void same_bytes(const char *what, const void *a, const void *b, size_t bytes)
{
    if ((a == NULL) != (b == NULL) || (a != NULL && memcmp(a, b, bytes) != 0))
        fail_msg("%s differ", what);
}

static void same_sketch(const char *what, struct sketch *a, struct sketch *b)
{
    bool same = a->count == b->count && a->sum_low == b->sum_low && a->sum_high == b->sum_high &&
                (a->count == 0 || (a->min == b->min && a->max == b->max));

    for (int q = 0; q <= 100; q++)
        same = same && !(sketch_quantile(a, q / 100.0) < sketch_quantile(b, q / 100.0)) &&
               !(sketch_quantile(a, q / 100.0) > sketch_quantile(b, q / 100.0));
    if (!same)
        fail_msg("the sketches of %s differ", what);
}

/* All that a group counts; what hangs on pointers is compared by itself, and is then no part of the bytes. */
static void same_group(struct group_tally *a, struct group_tally *b)
{
    enum { SKETCHES = 8 };
    static const char *const name[SKETCHES] = {"responses", "slowdowns", "times alone",       "first tokens",
                                               "untold",    "unended",   "unended slowdowns", "waiting"};
    static struct group_tally copy[2];
    struct group_tally *group[2] = {a, b};
    struct sketch *sketch[4][SKETCHES];

    for (int i = 0; i < 4; i++) {
        struct group_tally *g = i < 2 ? group[i] : &copy[i - 2];
        memcpy(sketch[i],
               (struct sketch *[]){&g->response, &g->slowdown, &g->alone, &g->ttft, &g->untold, &g->unended,
                                   &g->unended_slowdown, &g->waiting},
               sizeof sketch[i]);
    }
    for (int i = 0; i < SKETCHES; i++)
        same_sketch(name[i], sketch[0][i], sketch[1][i]);
    same_bytes("batches", a->batches, b->batches, sizeof *a->batches);
    for (int i = 0; i < 2; i++) {
        copy[i] = *group[i];
        copy[i].batches = NULL;
        for (int s = 0; s < SKETCHES; s++)
            memset(sketch[2 + i][s], 0, sizeof *sketch[2 + i][s]);
    }
    same_bytes("counts of a group", &copy[0], &copy[1], sizeof copy[0]);
}

static void same_outcome(struct way *a, struct way *b)
{
    struct tally x = *a->tally, y = *b->tally;

    for (uint32_t g = 0; g < x.groups; g++)
        same_group(&x.group[g], &y.group[g]);
    same_bytes("GPUs", x.gpu, y.gpu, x.gpus * sizeof *x.gpu);
    same_bytes("nodes", x.node, y.node, x.nodes * sizeof *x.node);
    same_bytes("time series of GPUs", x.gpu_series, y.gpu_series, (size_t)x.gpus * x.buckets * sizeof *x.gpu_series);
    same_bytes("time series of nodes", x.node_series, y.node_series,
               (size_t)x.nodes * x.buckets * sizeof *x.node_series);
    same_bytes("series for the warm-up", &a->mser, &b->mser, sizeof a->mser);
    x.group = y.group = NULL;
    x.gpu = y.gpu = NULL;
    x.node = y.node = NULL;
    x.gpu_series = y.gpu_series = NULL;
    x.node_series = y.node_series = NULL;
    same_bytes("tallies", &x, &y, sizeof x);
}

/* Was it divided? */
static bool compare(const struct scenario *scenario, bool with_mser, uint64_t *events)
{
    static struct way whole, divided;
    static const uint32_t threads[] = {1, 2, 5};
    bool any = false;

    simulate(&whole, scenario, 0, with_mser);
    *events = whole.tally->events;
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        simulate(&divided, scenario, threads[i], with_mser);
        if (divided.divided)
            same_outcome(&whole, &divided);
        assert_true(i == 0 || any == divided.divided);
        any = divided.divided;
        end(&divided);
    }
    end(&whole);
    return any;
}

static void divided_is_the_same(void **unused)
{
    static char text[DRAFT_LINES * DRAFT_WIDTH * 2];
    int64_t divided = 0, valid = 0;
    uint64_t events = 0, of_one;

    (void)unused;
    for (int64_t seed = first_seed; seed < first_seed + seeds; seed++) {
        struct overrides set = {0};
        struct arena arena = {0};
        struct scenario scenario;
        struct error err = {0};
        size_t length = make(text, sizeof text, (uint64_t)seed);
        if (scenario_parse(&scenario, text, length, "draft.ini", NULL, &set, &arena, &err) == GS_OK &&
            scenario.traces == 0 && scenario.duration < GS_NEVER) {
            scenario.replications = 1 + seed % 2; /* with batches, and without */
            valid++;
            print_message("%s", seeds == 1 ? text : "");
            if (compare(&scenario, seed % 3 == 0, &of_one)) {
                divided++;
                events += of_one;
            }
        }
        arena_fini(&arena);
    }
    print_message("%lld of %lld scenarios were divided, with %llu events\n", (long long)divided, (long long)valid,
                  (unsigned long long)events);
    assert_true(seeds < 100 || divided > seeds / 10);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(divided_is_the_same)};

    seeds = argc > 1 ? strtoll(argv[1], NULL, 10) : seeds;
    first_seed = argc > 2 ? strtoll(argv[2], NULL, 10) : first_seed;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
