/* test_live_growth.c - bursts that hold more memory than their workload, where the driver has none for them, or for one of the
 * workload's GPUs only: who did not get all of it gives back what he got, so that no GPU has less than the books say. */
#include "tests/unit/live_fixture.h"
#include "backend/live/state.h"

#define DOUBLE "gpus=2 memory=4MiB context=1MiB granularity=64KiB in=31MB/s out=31MB/s "
#define NODE(gpus, policy, further)                                                                                    \
    "[scenario]\nduration = 20s\nwarmup = 0s\n[node]\ngpus = " gpus "\ngpu_memory = 2MiB\ngpu_reserved = 0B\n"         \
    "chunk = 64KiB\nh2d = 31MB/s\nd2h = 31MB/s\nswap_overhead = 0s\ntransfer = overlapped\nswap_file = 10MiB\n"        \
    "sharing = exclusive\n[policy]\n" policy "\n[workload.NB]\nclass = notebook\ncontext = 0B\nthink = exp(1s)\n"      \
    "burst = exp(500ms)\n" further "\n"

static const char alone[] =
    NODE("1", "slicer = rr\nslicer.quantum = 200ms", "count = 4\nmemory = 320KiB\ngrow = uniform(64KiB,640KiB)");
static const char sets[] = NODE("2", "slicer = rr\nslicer.quantum = 200ms",
                                "count = 4\ngpus_per_workload = 2\nmemory = 640KiB\ngrow = uniform(128KiB,1280KiB)");
static const char delayed[] = NODE("2", "slicer = rr\nslicer.quantum = 200ms\nslicer.switch_cost = 50ms",
                                   "count = 4\ngpus_per_workload = 2\nmemory = 640KiB\ngrow = uniform(128KiB,1280KiB)");

static struct {
    uint64_t lacked, stopped; /* looks at somebody who waits for memory, and at one who had waited and does no more */
    bool waits[8];
} growth;

/* Who has no grant holds what his books say, on each of his GPUs. */
static void check_books(const struct backend *be)
{
    for (uint32_t i = 0; i < be->workloads; i++) {
        const struct process *p = &be->process[i];

        growth.lacked += p->short_ns != GS_NEVER;
        growth.stopped += growth.waits[i] && !p->granted;
        growth.waits[i] = p->short_ns != GS_NEVER;
        for (uint32_t k = 0; k < p->parts && p->gpu != GS_NONE && !p->granted && !p->moving; k++)
            if (p->held_bytes > 0 && p->part[k].bytes != live_share(p, p->held_bytes))
                fail_msg("part %u of workload %u has %lld bytes, and by the books %lld", k, i,
                         (long long)p->part[k].bytes, (long long)live_share(p, p->held_bytes));
    }
}

static int wait_and_check(struct backend *be, gs_ns until_ns, const struct backend_event **event, struct error *err)
{
    int rc = live_wait(be, until_ns, event, err);

    if (rc == GS_OK)
        check_books(be);
    return rc;
}

static void test_no_room(void **state)
{
    static const struct {
        const char *name, *text;
    } cases[] = {{"alone", alone}, {"sets", sets}, {"after a delay", delayed}};
    static struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t lacked = 0, stopped = 0;

        for (unsigned nth = 10; nth < 60; nth += 7) {
            char options[200];
            struct figures figures;
            struct backend_ops ops;

            snprintf(options, sizeof options, DOUBLE "fault=cuMemCreate#%u+=2", nth);
            ops = live_begin(options, true);
            ops.wait = wait_and_check;
            memset(&growth, 0, sizeof growth);
            memset(&err, 0, sizeof err);
            if (attempt(cases[i].text, 0, &ops, &figures, &err) != GS_OK)
                fail_msg("%s: %s", options, err.text);
            assert_int_equal(seen.wrong, 0);
            assert_int_equal(dbl->leaks(), 0);
            assert_no_violation();
            lacked += growth.lacked;
            stopped += growth.stopped;
        }
        print_message("%s: memory lacked at %llu looks, and was waited for in vain %llu times\n", cases[i].name,
                      (unsigned long long)lacked, (unsigned long long)stopped);
        assert_true(stopped > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_room)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
