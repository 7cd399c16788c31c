/* test_tiers.c - models on the GPU, in the swap file and on disk: how many are active, and where requests find them.
 *
 * Activity: a model is on the GPU if it had a request within the last T, so of M models with Poisson requests of rate r each
 * M (1 - exp(-r T)) are (Aegaeon, SOSP 2025, counts active models so).
 * Tiers: independent requests, as many places on the GPU and in the file as there are; lru on the GPU; a victim takes the
 * place of the one that came out of the file, and goes to disk where there was none (when_full = spill).  The stationary state
 * of the whole chain.
 *
 * 4 checks of 1 % each; fixed seed. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_active_models),
        cmocka_unit_test(test_hot_warm_and_cold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
