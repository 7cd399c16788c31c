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

struct figures {
    uint64_t completed, rejected;
    double response_s, useful_s[8], switching_s[8]; /* of each GPU */
};

static inline int try(const char *text, const struct backend_ops *ops, struct figures *figures, struct error *err)
{
    struct arena arena = {0};
    struct overrides none = {0};
    struct scenario scenario;
    struct run_options options = {.backend = ops};
    struct load_traces *traces = NULL;
    struct run_outcome outcome = {0};
    int rc;

    *figures = (struct figures){0};
    rc = scenario_parse(&scenario, text, strlen(text), "live.ini", NULL, &none, &arena, err);
    scenario.threads = 1;
    if (rc == GS_OK && (rc = load_read_traces(&traces, &scenario, &arena, err)) == GS_OK)
        rc = run_scenario(&scenario, &options, traces, &outcome, &arena, err);
    if (rc == GS_OK) {
        const struct tally *tally = outcome.tally[0];

        for (uint32_t g = 0; g < tally->groups; g++) {
            figures->completed += tally->group[g].completed;
            figures->rejected += tally->group[g].rejected;
            figures->response_s += tally->group[g].response_ns * 1e-9;
        }
        for (uint32_t i = 0; i < tally->gpus && i < 8; i++) {
            figures->useful_s[i] = (double)tally->gpu[i].useful_ns * 1e-9;
            figures->switching_s[i] = (double)tally->gpu[i].switching_ns * 1e-9;
        }
    }
    run_fini(&outcome);
    load_close_traces(traces);
    arena_fini(&arena);
    return rc;
}

static inline struct figures run(const char *text, const struct backend_ops *ops)
{
    static struct error err;
    struct figures figures;

    memset(&err, 0, sizeof err);
    if (try(text, ops, &figures, &err) != GS_OK)
        fail_msg("%s", err.text);
    return figures;
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
    return try(text, &ops, &figures, err);
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
