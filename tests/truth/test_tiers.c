/* test_tiers.c - models on the GPU, in the swap file and on disk: how many are active, and where requests find them.
 *
 * Activity: a model is on the GPU if it had a request within the last T, so of M models with Poisson requests of rate r each
 * M (1 - exp(-r T)) are (Aegaeon, SOSP 2025, counts active models so).
 * Tiers: independent requests, as many places on the GPU and in the file as there are; lru on the GPU; a victim takes the
 * place of the one that came out of the file.  Where there was none it goes to disk (when_full = spill): the stationary state
 * of the whole chain.  Or who was used longest ago goes there instead (when_full = demote): GPU and file are the upper and
 * the lower part of one LRU stack, in which a model lies at depth d if d others were wanted since it was, so that the shares
 * are integrals (Flajolet, Gardy, Thimonier, 1992); they are compared to Che's approximation (Che, Tung, Wang, 2002), too.
 *
 * 7 checks of 1 % each; fixed seed. */
#include "tests/truth/truth.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Moves and work take next to nothing. */
#define QUICK "h2d = 1000000GB/s\nd2h = 1000000GB/s\ndisk = 1000000GB/s\nsharing = exclusive\n"

static double resident(struct tally *tally, uint32_t gpu)
{
    return tally->gpu[gpu].resident_byte_ns / (double)(tally->to_ns - tally->from_ns) / 1e9;
}

/* 100 models, a request in 27 s each, 16.79 s kept: the paper has 46.55 for rounded numbers. */
static void test_active_models(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 20000s\nwarmup = 100s\nreplications = 5\n"
        "[node]\ngpu_memory = 200GB\ngpu_reserved = 0GB\nswap_file = 200GB\n" QUICK
        "[policy]\nprefetch = eager\nprefetch.after = 16790ms\n"
        "[workload.M]\nclass = inference\ncount = 100\nmemory = 1GB\narrival = poisson(0.037/s)\nservice = 1us\n";
    double closed = 100 * (1 - exp(-.037 * 16.79));
    struct truth t;

    (void)unused;
    assert_true(fabs(closed - 46.27) < .01 && fabs(closed / 46.55 - 1) < .01);
    truth_run(&t, text, NULL);
    truth_expect("active models of 100", truth_interval(&t, resident, 0), closed);
    truth_end(&t);
}

/* --- tiers --- */

enum { ALL = 5, HOT = 2, WARM = 2, STATES = 128 };

struct places {
    uint8_t hot[HOT], warm; /* latest first; a bit each */
};

/* What a request for `page` makes of it, and where it was found. */
static struct places served(struct places p, uint8_t page, enum served *found)
{
    struct places then = p;
    uint8_t out = p.hot[HOT - 1];

    if (p.hot[0] == page || p.hot[1] == page) {
        *found = SERVED_HOT;
        then.hot[0] = page;
        then.hot[1] = p.hot[0] == page ? p.hot[1] : p.hot[0];
        return then;
    }
    then.hot[0] = page;
    then.hot[1] = p.hot[0];
    *found = (p.warm >> page & 1) != 0 ? SERVED_WARM : SERVED_COLD;
    if (*found == SERVED_WARM)
        then.warm = (uint8_t)((p.warm & ~(1u << page)) | 1u << out);
    return then; /* from disk: the file is full, and its victim goes to disk */
}

static size_t number(struct places *state, size_t *states, struct places p)
{
    size_t i = 0;

    while (i < *states && memcmp(&state[i], &p, sizeof p) != 0)
        i++;
    if (i == *states) {
        assert_true(i < STATES);
        state[(*states)++] = p;
    }
    return i;
}

/* Shares of requests that find their model hot, warm, cold. */
static void solve(const double *share, double found[SERVEDS])
{
    static struct places state[STATES];
    static double now[STATES], then[STATES];
    static size_t next[STATES][ALL];
    static enum served where[STATES][ALL];
    size_t states = 0;

    number(state, &states, (struct places){{0, 1}, 1 << 2 | 1 << 3});
    for (size_t s = 0; s < states; s++)
        for (uint8_t page = 0; page < ALL; page++) {
            struct places after = served(state[s], page, &where[s][page]);
            next[s][page] = number(state, &states, after);
        }
    now[0] = 1;
    for (int step = 0; step < 4000; step++) {
        memset(then, 0, sizeof then);
        for (size_t s = 0; s < states; s++)
            for (size_t page = 0; page < ALL; page++)
                then[next[s][page]] += now[s] * share[page];
        memcpy(now, then, sizeof now);
    }
    memset(found, 0, SERVEDS * sizeof *found);
    for (size_t s = 0; s < states; s++)
        for (size_t page = 0; page < ALL; page++)
            found[where[s][page]] += now[s] * share[page];
}

static double found_share(struct tally *tally, enum served where)
{
    const struct group_tally *g = &tally->group[0];

    return (double)g->served[where] / (double)(g->served[SERVED_HOT] + g->served[SERVED_WARM] + g->served[SERVED_COLD]);
}

static double hot(struct tally *tally, uint32_t unused)
{
    (void)unused;
    return found_share(tally, SERVED_HOT);
}

static double warm(struct tally *tally, uint32_t unused)
{
    (void)unused;
    return found_share(tally, SERVED_WARM);
}

static double cold(struct tally *tally, uint32_t unused)
{
    (void)unused;
    return found_share(tally, SERVED_COLD);
}

static void test_hot_warm_and_cold(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 80000s\nwarmup = 500s\nreplications = 32\n"
        "[node]\ngpu_memory = 2GB\ngpu_reserved = 0GB\nswap_file = 2GB\n" QUICK
        "[policy]\nslicer = fcfs\nvictim = lru\ncap.when_full = spill\n"
        "[workload.M]\nclass = inference\ncount = 5\nmemory = 1GB\nstate = disk\nrouter = zipf(0.8)\n"
        "arrival = poisson(0.2/s)\nservice = 1us\n";
    double share[ALL], sum = 0, found[SERVEDS];
    struct truth t;

    (void)unused;
    for (int i = 0; i < ALL; i++)
        sum += share[i] = pow(i + 1, -.8);
    for (int i = 0; i < ALL; i++)
        share[i] /= sum;
    solve(share, found);
    truth_run(&t, text, NULL);
    truth_expect("5 models, 2 places, 2 in the file: hot", truth_interval(&t, hot, 0), found[SERVED_HOT]);
    truth_expect("5 models, 2 places, 2 in the file: warm", truth_interval(&t, warm, 0), found[SERVED_WARM]);
    truth_expect("5 models, 2 places, 2 in the file: cold", truth_interval(&t, cold, 0), found[SERVED_COLD]);
    truth_end(&t);
}

/* --- one stack: 20 models, 5 places, 7 in the file --- */

enum { MODELS = 20, PLACES = 5, FILED = 7 };

static void zipf(double share[MODELS])
{
    double sum = 0;

    for (int i = 0; i < MODELS; i++)
        sum += share[i] = pow(i + 1, -.9);
    for (int i = 0; i < MODELS; i++)
        share[i] /= sum;
}

/* The chance that fewer than `places` of the models but `but` were wanted within t, at one request a unit of time. */
static double few(const double *share, int but, int places, double t)
{
    double chance[MODELS + 1] = {1}, sum = 0;

    for (int j = 0; j < MODELS; j++) {
        double wanted = j == but ? 0 : 1 - exp(-share[j] * t);
        for (int k = MODELS; k > 0; k--)
            chance[k] += wanted * (chance[k - 1] - chance[k]);
        chance[0] *= 1 - wanted;
    }
    for (int k = 0; k < places; k++)
        sum += chance[k];
    return sum;
}

/* Share of requests for one of the `places` models wanted last: sum of p_i times the integral of few() over the law of the
 * time since i was wanted, by the midpoint rule over its quantiles. */
static double stack_hits(const double *share, int places)
{
    enum { STEPS = 4000 };
    double hits = 0;

    for (int i = 0; i < MODELS; i++)
        for (int step = 0; step < STEPS; step++)
            hits += share[i] * few(share, i, places, -log(1 - (step + .5) / STEPS) / share[i]) / STEPS;
    return hits;
}

static double che(const double *share, int places)
{
    double low = 0, high = 1e6, hits = 0;

    for (int step = 0; step < 200; step++) {
        double t = (low + high) / 2, held = 0;
        for (int i = 0; i < MODELS; i++)
            held += 1 - exp(-share[i] * t);
        *(held < places ? &low : &high) = t;
    }
    for (int i = 0; i < MODELS; i++)
        hits += share[i] * (1 - exp(-share[i] * low));
    return hits;
}

static void test_demotion(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 40000s\nwarmup = 500s\nreplications = 32\n"
        "[node]\ngpu_memory = 5GB\ngpu_reserved = 0GB\nswap_file = 7GB\n" QUICK
        "[policy]\nslicer = fcfs\nvictim = lru\ncap.when_full = demote\n"
        "[workload.M]\nclass = inference\ncount = 20\nmemory = 1GB\ndirty = 0\nstate = disk\nrouter = zipf(0.9)\n"
        "arrival = poisson(0.5/s)\nservice = 1us\n";
    double share[MODELS];
    struct truth t;

    (void)unused;
    zipf(share);
    double top = stack_hits(share, PLACES), both = stack_hits(share, PLACES + FILED);
    double che_top = che(share, PLACES), che_both = che(share, PLACES + FILED);
    print_message("hot, warm, cold: %.6f %.6f %.6f; by Che %.6f %.6f %.6f\n", top, both - top, 1 - both, che_top,
                  che_both - che_top, 1 - che_both);
    assert_true(fabs(top - .434793) < 1e-6); /* as King's sum, in test_hit_ratios.c */
    assert_true(fabs(che_top - .4327) < 5e-5 && fabs(che_both - che_top - .3437) < 5e-5 &&
                fabs(1 - che_both - .2236) < 5e-5);
    assert_true(fabs(top - che_top) < .003 && fabs(both - che_both) < .003);
    truth_run(&t, text, NULL);
    truth_expect("20 models, 5 places, 7 in the file: hot", truth_interval(&t, hot, 0), top);
    truth_expect("20 models, 5 places, 7 in the file: warm", truth_interval(&t, warm, 0), both - top);
    truth_expect("20 models, 5 places, 7 in the file: cold", truth_interval(&t, cold, 0), 1 - both);
    truth_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_active_models),
        cmocka_unit_test(test_hot_warm_and_cold),
        cmocka_unit_test(test_demotion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
