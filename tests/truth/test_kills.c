/* test_kills.c - memory above the request is on loan: who gets it back, who is killed for it, what is lost, and what a
 * node-level scheduler moves instead.  Timelines by hand, exact to the nanosecond. */
#include "tests/truth/truth.h"

#define GPU "gpu_memory = 62GiB\nh2d = 10GiB/s\nd2h = 10GiB/s\ndisk = 10GiB/s\n" /* 60 GiB for workloads */
#define OOM "[policy]\ncap.when_full = oom\n"

/* A uses 40 GiB and was promised 15.5.  B needs 30 of his 31 when A is idle: A's process ends, and nothing that A notices
 * before 12, when it is A that must wait. */
static void test_an_idle_borrower_is_killed_when_the_file_is_full(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 22s\n"
        "[node]\n" GPU "swap_file = 10GiB\n" OOM
        "[workload.A]\nclass = notebook\nmemory = 40GiB\nrequest = 0.25\nthink = 5s\nburst = 2s\n"
        "[workload.B]\nclass = training\nmemory = 30GiB\nrequest = 0.5\nstart = 8s\ngpu_work = 10s\n";
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 7},
        {.workload = 1, .ready = 8, .start = 8, .end = 18},
        {.workload = 0, .ready = 12, .start = 18, .end = 20, .queue = 6},
    };
    struct truth t;

    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
    truth_run(&t, text, NULL);
    assert_int_equal(t.outcome.tally[0]->group[0].oom_kills, 1);
    assert_int_equal(t.outcome.tally[0]->group[0].lost, 0);
    truth_end(&t);
}

/* The same where the file has room: A is swapped out, and comes back. */
static void test_who_can_be_swapped_is_not_killed(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 25s\n"
        "[node]\n" GPU "swap_file = 40GiB\n" OOM
        "[workload.A]\nclass = notebook\nmemory = 40GiB\nrequest = 0.25\nthink = 5s\nburst = 2s\n"
        "[workload.B]\nclass = training\nmemory = 30GiB\nrequest = 0.5\nstart = 8s\ngpu_work = 6s\n";
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 7},
        {.workload = 1, .ready = 8, .start = 12, .end = 18, .swap_out = 4},
        {.workload = 0, .ready = 12, .start = 22, .end = 24, .queue = 6, .swap_in = 4},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* The burst of a notebook is lost with its process, its pod is not: it thinks again.  A job begins again at once. */
static void test_what_is_lost(void **unused)
{
    static const char notebook[] =
        "[scenario]\nduration = 30s\n"
        "[node]\n" GPU "swap = no\n" OOM
        "[workload.A]\nclass = notebook\nmemory = 40GiB\nrequest = 0.25\nthink = 5s\nburst = 10s\n"
        "[workload.B]\nclass = training\nmemory = 30GiB\nrequest = 0.5\nstart = 8s\ngpu_work = 10s\n";
    static const struct truth_burst of_notebook[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 8, .outcome = "killed"},
        {.workload = 1, .ready = 8, .start = 8, .end = 18},
        {.workload = 0, .ready = 13, .start = 18, .end = 28, .queue = 5},
    };
    static const char job[] =
        "[scenario]\n"
        "[node]\n" GPU "swap = no\n" OOM
        "[workload.A]\nclass = training\nmemory = 40GiB\nrequest = 0.25\ngpu_work = 10s\n"
        "[workload.B]\nclass = training\nmemory = 30GiB\nrequest = 0.5\nstart = 8s\ngpu_work = 10s\n";
    static const struct truth_burst of_job[] = {
        {.workload = 0, .end = 8, .outcome = "killed"},
        {.workload = 1, .ready = 8, .start = 8, .end = 18},
        {.workload = 0, .ready = 8, .start = 18, .end = 28, .queue = 10},
    };
    static const char iterations[] =
        "[scenario]\n"
        "[node]\n" GPU "swap = no\n" OOM
        "[workload.A]\nclass = training\nmemory = 40GiB\nrequest = 0.25\niterations = 3\n"
        "iteration = 3s\ngap = 1s\n"
        "[workload.B]\nclass = training\nmemory = 30GiB\nrequest = 0.5\nstart = 5s\ngpu_work = 3s\n";
    static const struct truth_burst of_iterations[] = {
        {.workload = 0, .ready = 0, .start = 0, .end = 3},
        {.workload = 0, .ready = 4, .start = 4, .end = 5, .outcome = "killed"},
        {.workload = 1, .ready = 5, .start = 5, .end = 8},
        {.workload = 0, .ready = 6, .start = 8, .end = 11, .queue = 2},
        {.workload = 0, .ready = 12, .start = 12, .end = 15},
        {.workload = 0, .ready = 16, .start = 16, .end = 19},
    };
    static const char model[] =
        "[scenario]\nduration = 30s\n"
        "[node]\n" GPU "swap = no\n" OOM
        "[workload.I]\nclass = inference\nmemory = 40GiB\nrequest = 0.25\nstate = gpu\n"
        "arrival = schedule(1s 20s)\nservice = 2s\ncold_start = 3s\n"
        "[workload.B]\nclass = training\nmemory = 30GiB\nrequest = 0.5\nstart = 8s\ngpu_work = 4s\n";
    static const struct truth_burst of_model[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 3},
        {.workload = 1, .ready = 8, .start = 8, .end = 12},
        {.workload = 0, .ready = 20, .start = 27, .end = 29, .cold = 7},
    };
    (void)unused;
    TRUTH_TIMELINE(notebook, NULL, of_notebook);
    TRUTH_TIMELINE(job, NULL, of_job);
    TRUTH_TIMELINE(iterations, NULL, of_iterations);
    TRUTH_TIMELINE(model, NULL, of_model);
}

/* Both borrow; B needs 40 of his 43.4 when 20 are free.  The lesser priority dies; where they are equal, who has borrowed
 * most.  The one that lives shares the GPU with B, 8-14, and ends alone. */
static void test_who_dies(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 30s\n"
        "[node]\n" GPU "swap = no\n" OOM
        "[workload.A]\nclass = notebook\nmemory = 20GiB\nrequest = 0.1\nthink = 5s\nburst = 10s\n"
        "[workload.C]\nclass = notebook\nmemory = 20GiB\nrequest = 0.25\nthink = 5s\nburst = 10s\n"
        "[workload.B]\nclass = training\nmemory = 40GiB\nrequest = 0.7\nstart = 8s\ngpu_work = 3s\n";
    static const char *const lesser[] = {"workload.C.priority=127", "scenario.duration=12s", NULL};
    static const char *const equal[] = {"scenario.duration=12s", NULL};
    static const struct truth_burst c_dies[] = {
        {.workload = 1, .ready = 5, .start = 5, .end = 8, .queue = 1.5, .outcome = "killed"},
        {.workload = 0, .ready = 5, .start = 5, .end = 12, .queue = 3.5, .outcome = "censored"},
        {.workload = 2, .ready = 8, .start = 8, .end = 12, .queue = 2, .outcome = "censored"},
    };
    static const struct truth_burst a_dies[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 8, .queue = 1.5, .outcome = "killed"},
        {.workload = 1, .ready = 5, .start = 5, .end = 12, .queue = 3.5, .outcome = "censored"},
        {.workload = 2, .ready = 8, .start = 8, .end = 12, .queue = 2, .outcome = "censored"},
    };
    (void)unused;
    TRUTH_TIMELINE(text, lesser, c_dies);
    TRUTH_TIMELINE(text, equal, a_dies);
}

/* B wants more than his request himself: nobody owes him anything, and he waits for the end of A's burst. */
static void test_who_borrows_himself_waits(void **unused)
{
    static const char text[] =
        "[scenario]\n"
        "[node]\n" GPU "swap = no\n" OOM
        "[workload.A]\nclass = training\nmemory = 40GiB\nrequest = 0.25\ngpu_work = 10s\n"
        "[workload.B]\nclass = training\nmemory = 30GiB\nrequest = 0.4\nstart = 8s\ngpu_work = 10s\n";
    static const struct truth_burst due[] = {
        {.workload = 0, .end = 10},
        {.workload = 1, .ready = 8, .start = 10, .end = 20, .queue = 2},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* Both are packed onto the first GPU.  B's burst grows to 40 GiB while A is idle there and the file cannot take its 25: A's
 * process ends and begins anew on the second GPU, where it runs at 12 beside B. */
static void test_a_notebook_moves_to_another_gpu(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 18s\n"
        "[node]\ngpus = 2\nnode_level_scheduler = yes\n" GPU "swap_file = 10GiB\n"
        "[policy]\nplace = pack\n"
        "[workload.A]\nclass = notebook\nmemory = 25GiB\nrequest = 0.25\nthink = 5s\nburst = 2s\n"
        "[workload.B]\nclass = notebook\nmemory = 30GiB\ngrow = 10GiB\nthink = 8s\nburst = 8s\n";
    static const char *const limited[] = {"workload.A.request=0.5", "workload.A.limit=0.5", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 7},
        {.workload = 0, .ready = 12, .start = 12, .end = 14},
        {.workload = 1, .ready = 8, .start = 8, .end = 16},
    };
    static const struct truth_burst stays[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 7},
        {.workload = 0, .ready = 12, .start = 12, .end = 14},
        {.workload = 1, .ready = 8, .start = -1, .end = 18, .cap = 10, .outcome = "censored"},
    };
    struct truth t;

    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
    TRUTH_TIMELINE(text, limited, stays); /* what it may use is what it was promised: it is not moved */
    truth_run(&t, text, NULL);
    assert_int_equal(t.outcome.tally[0]->group[0].migrations, 1);
    assert_int_equal(t.outcome.tally[0]->group[0].oom_kills, 0);
    truth_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_idle_borrower_is_killed_when_the_file_is_full),
        cmocka_unit_test(test_who_can_be_swapped_is_not_killed),
        cmocka_unit_test(test_what_is_lost),
        cmocka_unit_test(test_who_dies),
        cmocka_unit_test(test_who_borrows_himself_waits),
        cmocka_unit_test(test_a_notebook_moves_to_another_gpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
