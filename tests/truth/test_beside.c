/* test_beside.c - a notebook before a training job: what share of its speed alone the job keeps, what the notebook pays.
 *
 * A cycle of the notebook is its think time Z, its wait, and its burst S, means.  Closed forms, whatever the laws of both:
 *   shared evenly, both fit:     a burst takes 2 S; the job loses S:             share 1 - S / (Z + 2 S)
 *   notebook first, both fit:    a burst takes S; the job loses S:               share 1 - S / (Z + S)
 *   notebook first, one fits:    a burst takes e + S; the job loses 2 e + d + S: share 1 - (2 e + d + S) / (Z + e + S)
 * with an exchange e and a delay d until the GPU is found idle, if no think time is shorter than d + e. */
#include "tests/truth/truth.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/results/report.h"

#define BESIDE(node, policy, laws)                                                                                     \
    "[scenario]\nduration = 400000s\nreplications = 40\n[node]\ngpu_memory = " node "[policy]\nslicer = " policy "\n"  \
    "[workload.T]\nclass = training\nmemory = 20GB\ngpu_work = 1000h\n"                                                \
    "[workload.N]\nclass = notebook\nmemory = 20GB\n" laws

static double response(struct tally *tally, uint32_t group)
{
    return truth_mean(tally, group);
}

static void expect(const char *text, const char *what, double share, double cell)
{
    char label[96];
    struct truth t;

    truth_run(&t, text, NULL);
    snprintf(label, sizeof label, "%s: share of the training", what);
    truth_expect(label, truth_interval(&t, truth_share, 0), share);
    snprintf(label, sizeof label, "%s: a cell", what);
    truth_expect(label, truth_interval(&t, response, 1), cell);
    for (uint32_t i = 0; i < 2; i++)
        assert_true(t.outcome.tally[0]->group[i].lost == 0);
    truth_end(&t);
}

#define ROOM "40GB\ngpu_reserved = 0\n"
#define TIGHT "20GB\ngpu_reserved = 0\nidle_detect = 5s\n"

static void test_shared_evenly(void **unused)
{
    (void)unused;
    expect(BESIDE(ROOM, "ps", "think = exp(120s)\nburst = exp(10s)\n"), "even, exponential", 1 - 10.0 / 140, 20);
    expect(BESIDE(ROOM, "ps", "think = uniform(60s, 180s)\nburst = gamma(2, 10s)\n"), "even, other laws",
           1 - 10.0 / 140, 20);
}

static void test_the_notebook_first(void **unused)
{
    (void)unused;
    expect(BESIDE(ROOM, "priority", "think = exp(120s)\nburst = exp(10s)\n"), "first, exponential", 1 - 10.0 / 130, 10);
}

/* 20 GB out and 20 GB in are 1.6 s; by turns with constant times the share is .861702 (test_turns.c). */
static void test_the_notebook_first_and_the_training_swapped_out(void **unused)
{
    (void)unused;
    expect(BESIDE(TIGHT, "priority", "think = uniform(60s, 180s)\nburst = exp(10s)\n"), "first, swapped",
           1 - (2 * 1.6 + 5 + 10) / 131.6, 11.6);
    expect(BESIDE(TIGHT, "priority", "think = uniform(7s, 233s)\nburst = gamma(2, 10s)\n"),
           "first, swapped, other laws", 1 - (2 * 1.6 + 5 + 10) / 131.6, 11.6);
    assert_true(fabs(1 - (2 * 1.6 + 5 + 10) / 131.6 - .861702) < 1e-6);
}

/* Constant times and whole cycles: 86.2 % and 1.6 s to the digit that is shown. */
static void test_the_report_says_both(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 1436s\nwarmup = 120s\n[node]\ngpu_memory = " TIGHT "[policy]\nslicer = priority\n"
        "[workload.N]\nclass = notebook\nstate = host\nmemory = 20GB\nthink = 120s\nburst = 10s\n"
        "[workload.T]\nclass = training\nmemory = 20GB\ngpu_work = 1000h\n";
    static const struct report_about about = {.version = "0.1.0", .provenance = "sim"};
    struct text out = {0};
    struct report report;
    struct error err = {0};
    struct truth t;

    (void)unused;
    truth_run(&t, text, NULL);
    if (report_build(&report, &t.scenario, t.outcome.tally, 1, &about, &t.arena, &err) != GS_OK)
        fail_msg("%s", err.text);
    report_text(&out, &report);
    if (strstr(out.data, "\nSide by side: T kept 86.2 % of its speed alone; a burst of N took 1.60 s longer than alone "
                         "(swaps: 1.60 s).\n") == NULL)
        fail_msg("%s", out.data);
    text_fini(&out);
    truth_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared_evenly),
        cmocka_unit_test(test_the_notebook_first),
        cmocka_unit_test(test_the_notebook_first_and_the_training_swapped_out),
        cmocka_unit_test(test_the_report_says_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
