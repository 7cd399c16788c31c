/* test_random_scenarios.c - thousands of random scenarios under every policy: books balance, nobody is lost, nobody starves,
 * and the same seed gives the same bytes.  A scenario that fails is made as small as it still fails, and printed.
 *
 * Arguments: how many seeds (default 2000; 500 under sanitizers, which look at memory alone and take four times as long), the
 * first of them, and how many trials making a failure small may take. */
#include "sim/base/error.h"
#include "sim/base/units.h"
#include "tests/prop/draft.h"
#include "tests/prop/trial.h"
#include "tests/prop/waits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { AUDIT_EVERY = 25, FAILURES_SHOWN = 5 };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static int64_t seeds = 500;
#else
static int64_t seeds = 2000;
#endif
static int64_t first_seed = 1, trials_max = 1500;
static char folder[64];

static enum trial try(const struct draft *draft, struct trial_options *options, char why[TRIAL_WHY])
{
    static char text[DRAFT_LINES * DRAFT_WIDTH];
    size_t length = draft_text(draft, text);

    return trial_run(text, length, options, why);
}

static bool same(const struct draft *a, const struct draft *b)
{
    if (a->lines != b->lines)
        return false;
    for (size_t i = 0; i < a->lines; i++)
        if (strcmp(a->line[i], b->line[i]) != 0)
            return false;
    return true;
}

/* Take every simplification that still fails, until none does. */
static void shrink(struct draft *draft, struct trial_options *options, char why[TRIAL_WHY])
{
    static struct draft simpler;
    char new_why[TRIAL_WHY];
    int64_t trials = 0;
    bool progress;

    do {
        progress = false;
        for (size_t i = 0; trials < trials_max && draft_simpler(draft, i, &simpler); i++) {
            if (same(&simpler, draft))
                continue;
            trials++;
            while (try(&simpler, options, new_why) == TRIAL_BAD) {
                *draft = simpler;
                memcpy(why, new_why, TRIAL_WHY);
                progress = true;
                if (!draft_simpler(draft, i, &simpler) || same(&simpler, draft))
                    break;
                trials++;
            }
        }
    } while (progress && trials < trials_max);
}

static void show(const struct draft *draft, int64_t seed, const char *what, const char *why)
{
    fprintf(stderr, "\n--- seed %lld, %s: %s\n", (long long)seed, what, why);
    for (size_t i = 0; i < draft->lines; i++)
        fprintf(stderr, "%s\n", draft->line[i]);
    fprintf(stderr, "---\n");
}

static void every_scenario_is_sound(void **state)
{
    static struct draft draft;
    struct trial_options options = {.folder = folder};
    int64_t refused = 0, bad = 0;

    (void)state;
    for (int64_t seed = first_seed; seed < first_seed + seeds; seed++) {
        char why[TRIAL_WHY];
        draft_make(&draft, (uint64_t)seed);
        options.audited = seed % AUDIT_EVERY == 0;
        enum trial result = try(&draft, &options, why);
        refused += result == TRIAL_REFUSED;
        if (result != TRIAL_BAD)
            continue;
        show(&draft, seed, "as drawn", why);
        shrink(&draft, &options, why);
        show(&draft, seed, "the smallest that fails", why);
        if (++bad == FAILURES_SHOWN)
            break;
    }
    print_message("%lld scenarios, %lld of them refused, %llu bursts, %llu turns past somebody who waited\n",
                  (long long)seeds, (long long)refused, (unsigned long long)options.bursts,
                  (unsigned long long)waits_checked());
    assert_int_equal(bad, 0);
    assert_true(waits_checked() > 0 || seeds < 100); /* else nobody is watched */
    assert_true(refused <= seeds / 4);               /* else the drafts have lost touch with the keys */
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_scenario_is_sound)};
    const char *home = getenv("TMPDIR");
    char why[UNITS_WHY];

    if ((argc > 1 && units_integer(argv[1], &seeds, why) != GS_OK) ||
        (argc > 2 && units_integer(argv[2], &first_seed, why) != GS_OK) ||
        (argc > 3 && units_integer(argv[3], &trials_max, why) != GS_OK))
        return GS_USAGE;
    snprintf(folder, sizeof folder, "%s/gpuswap-prop-XXXXXX", home == NULL ? "/tmp" : home);
    if (mkdtemp(folder) == NULL)
        return GS_CANT_CREATE;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    trial_clean(folder);
    rmdir(folder);
    return failed;
}
