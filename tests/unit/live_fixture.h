/* live_fixture.h - runs of live mode on the driver double: each time somebody has been swapped in, every word on the GPUs is
 * checked. */
#ifndef GS_LIVE_FIXTURE_H
#define GS_LIVE_FIXTURE_H

#include "double_fixture.h"
#include "backend/live/node.h"
#include "sim/run/run.h"

/* Times are the same with sanitizers, and what is run for them touches no other memory than the tests of every word. */
static inline void without_sanitizers(void)
{
#ifdef __SANITIZE_ADDRESS__
    skip();
#endif
}

static struct {
    uint64_t swap_ins, swap_outs, wrong, failed;
    uint64_t commands[GS_COMMAND_KINDS], events[GS_EVENT_KINDS];
    bool check;
} seen;

static int live_submit(struct backend *be, const struct gs_command *command, struct error *err)
{
    seen.commands[command->kind]++;
    seen.swap_ins += command->kind == GS_SWAP_IN;
    seen.swap_outs += command->kind == GS_SWAP_OUT;
    return live_node.submit(be, command, err);
}

static int live_wait(struct backend *be, gs_ns until_ns, const struct backend_event **event, struct error *err)
{
    int rc = live_node.wait(be, until_ns, event, err);
    uint64_t wrong = 0;

    if (rc != GS_OK || (*event)->kind != BACKEND_EVENT)
        return rc;
    seen.events[(*event)->event.kind]++;
    seen.failed += (*event)->event.kind == GS_FAILED;
    if (seen.check && ((*event)->event.kind == GS_DONE || (*event)->event.kind == GS_FAILED) &&
        (*event)->event.command == GS_SWAP_IN)
        rc = live_verify(be, &wrong, err);
    seen.wrong += wrong;
    return rc;
}

enum { LIVE_GROUPS = 4 };

struct figures { /* of all replications together */
    uint64_t completed, rejected, swaps;
    double response_s, useful_s[8], switching_s[8]; /* of each GPU */
    uint32_t groups;
    struct {
        uint64_t completed;
        double mean_s, p95_s;
    } group[LIVE_GROUPS];
};

static inline void collect_group(const struct run_outcome *outcome, uint32_t g, struct figures *figures)
{
    struct sketch responses;
    double sum_ns = 0;

    sketch_init(&responses);
    for (uint32_t i = 0; i < outcome->completed; i++) {
        const struct group_tally *group = &outcome->tally[i]->group[g];

        assert_true(sketch_merge(&responses, &group->response));
        sum_ns += group->response_ns;
        figures->group[g].completed += group->completed;
        figures->rejected += group->rejected;
    }
    figures->completed += figures->group[g].completed;
    figures->response_s += sum_ns * 1e-9;
    figures->group[g].mean_s = sum_ns * 1e-9 / (double)figures->group[g].completed;
    figures->group[g].p95_s = (double)sketch_quantile(&responses, 0.95) * 1e-9;
    sketch_fini(&responses);
}

static inline void collect(const struct run_outcome *outcome, struct figures *figures)
{
    figures->groups = outcome->tally[0]->groups;
    assert_true(figures->groups <= LIVE_GROUPS);
    for (uint32_t g = 0; g < figures->groups; g++)
        collect_group(outcome, g, figures);
    for (uint32_t r = 0; r < outcome->completed; r++)
        for (uint32_t i = 0; i < outcome->tally[r]->gpus && i < 8; i++) {
            const struct gpu_tally *gpu = &outcome->tally[r]->gpu[i];

            figures->swaps += gpu->swaps;
            figures->useful_s[i] += (double)gpu->useful_ns * 1e-9;
            figures->switching_s[i] += (double)gpu->switching_ns * 1e-9;
        }
}

/* `replications`: 0: as many as the text says. */
static inline int attempt(const char *text, unsigned replications, const struct backend_ops *ops,
                          struct figures *figures, struct error *err)
{
    char more[48];
    const char *const set[] = {more};
    struct overrides overrides = {set, replications > 0};
    struct arena arena = {0};
    struct scenario scenario;
    struct run_options options = {.backend = ops};
    struct load_traces *traces = NULL;
    struct run_outcome outcome = {0};
    int rc;

    snprintf(more, sizeof more, "scenario.replications=%u", replications);
    *figures = (struct figures){0};
    rc = scenario_parse(&scenario, text, strlen(text), "live.ini", NULL, &overrides, &arena, err);
    scenario.threads = 1;
    if (rc == GS_OK && (rc = load_read_traces(&traces, &scenario, &arena, err)) == GS_OK)
        rc = run_scenario(&scenario, &options, traces, &outcome, &arena, err);
    if (rc == GS_OK)
        collect(&outcome, figures);
    run_fini(&outcome);
    load_close_traces(traces);
    arena_fini(&arena);
    return rc;
}

static inline struct figures run_often(const char *text, unsigned replications, const struct backend_ops *ops)
{
    static struct error err;
    struct figures figures;

    memset(&err, 0, sizeof err);
    if (attempt(text, replications, ops, &figures, &err) != GS_OK)
        fail_msg("%s", err.text);
    return figures;
}

static inline struct figures run(const char *text, const struct backend_ops *ops)
{
    return run_often(text, 0, ops);
}

/* How many of the groups' means and 95th percentiles differ by more than `share`. */
static inline unsigned responses_off(const struct figures *live, const struct figures *simulated, double share)
{
    unsigned off = 0;

    for (uint32_t g = 0; g < live->groups; g++) {
        const double ratio[] = {live->group[g].mean_s / simulated->group[g].mean_s,
                                live->group[g].p95_s / simulated->group[g].p95_s};

        print_message(
            "    group %u: %llu bursts live, mean %.4f s, p95 %.4f s; %llu simulated, mean %.4f s, p95 %.4f s\n"
            "        %.4f %.4f\n",
            g, (unsigned long long)live->group[g].completed, live->group[g].mean_s, live->group[g].p95_s,
            (unsigned long long)simulated->group[g].completed, simulated->group[g].mean_s, simulated->group[g].p95_s,
            ratio[0], ratio[1]);
        for (int i = 0; i < 2 && live->group[g].completed + simulated->group[g].completed > 0; i++)
            off += !(ratio[i] >= 1 - share && ratio[i] <= 1 + share);
    }
    return off;
}

static inline struct backend_ops live_begin(const char *options, bool check_words)
{
    struct backend_ops ops = live_node;

    memset(&seen, 0, sizeof seen);
    seen.check = check_words;
    ops.submit = live_submit;
    ops.wait = live_wait;
    double_reset(options);
    return ops;
}

static inline int run_with(const char *text, const char *options, struct error *err)
{
    struct backend_ops ops = live_begin(options, true);
    struct figures figures;

    memset(err, 0, sizeof *err);
    return attempt(text, 0, &ops, &figures, err);
}

static inline struct figures run_live(const char *text, const char *options, bool check_words)
{
    struct backend_ops ops = live_begin(options, check_words);
    struct figures figures = run(text, &ops);

    assert_int_equal(seen.wrong, 0);
    assert_int_equal(seen.failed, 0);
    assert_int_equal(dbl->leaks(), 0);
    assert_no_violation();
    return figures;
}

#endif
