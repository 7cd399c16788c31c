/* search.c - all states that can be reached, second by second, each with the least cost so far. */
#include "tests/truth/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

enum { AWAY, RESIDENT, MOVES }; /* then: leaving, with 1, 2, ... seconds to go; then coming */

struct one {
    int done, place; /* seconds of work; of the list above */
};

struct layer {
    int *cost; /* by state; -1: not reached */
    uint32_t *state;
    size_t count;
};

struct search {
    const struct tiny *t;
    uint32_t states;
    struct layer now, next;
    int second, best; /* -1: nothing complete yet */
};

static int places(const struct tiny *t, int i)
{
    return MOVES + 2 * t->bytes[i];
}

static int total(const struct tiny *t, int i)
{
    return t->bursts[i] * t->work[i];
}

static uint32_t pack(const struct tiny *t, const struct one *w)
{
    uint32_t state = 0;

    for (int i = 0; i < t->workloads; i++)
        state =
            (state * (uint32_t)(total(t, i) + 1) + (uint32_t)w[i].done) * (uint32_t)places(t, i) + (uint32_t)w[i].place;
    return state;
}

static void unpack(const struct tiny *t, uint32_t state, struct one *w)
{
    for (int i = t->workloads - 1; i >= 0; i--) {
        w[i].place = (int)(state % (uint32_t)places(t, i));
        state /= (uint32_t)places(t, i);
        w[i].done = (int)(state % (uint32_t)(total(t, i) + 1));
        state /= (uint32_t)(total(t, i) + 1);
    }
}

static int arrived(const struct search *s, int i)
{
    int n = 0;

    while (n < s->t->bursts[i] && s->t->at[i][n] <= s->second)
        n++;
    return n;
}

static bool leaves(const struct tiny *t, const struct one *w, int i)
{
    return w[i].place >= MOVES && w[i].place < MOVES + t->bytes[i];
}

static bool comes(const struct tiny *t, const struct one *w, int i)
{
    return w[i].place >= MOVES + t->bytes[i];
}

/* A second passes: `run` works, or nobody (-1). */
static void pass(struct search *s, const struct one *before, int run, int cost)
{
    const struct tiny *t = s->t;
    struct one w[TINY_MOST] = {0};
    bool complete = true;

    for (int i = 0; i < t->workloads; i++) {
        w[i] = before[i];
        w[i].done += i == run;
        if (w[i].place == MOVES)
            w[i].place = AWAY;
        else if (w[i].place == MOVES + t->bytes[i])
            w[i].place = RESIDENT;
        else if (w[i].place > MOVES)
            w[i].place--;
        complete = complete && w[i].done == total(t, i);
    }
    uint32_t state = pack(t, w);
    if (complete)
        s->best = s->best < 0 || cost < s->best ? cost : s->best;
    else if (s->next.cost[state] < 0)
        s->next.state[s->next.count++] = state;
    if (!complete && (s->next.cost[state] < 0 || cost < s->next.cost[state]))
        s->next.cost[state] = cost;
}

static void choose_run(struct search *s, const struct one *w, int cost)
{
    pass(s, w, -1, cost);
    for (int i = 0; i < s->t->workloads; i++)
        if (w[i].place == RESIDENT && w[i].done < arrived(s, i) * s->t->work[i])
            pass(s, w, i, cost);
}

static void choose_moves(struct search *s, struct one *w, int cost)
{
    const struct tiny *t = s->t;
    bool leaving = false, coming = false;

    for (int i = 0; i < t->workloads; i++) {
        leaving = leaving || leaves(t, w, i);
        coming = coming || comes(t, w, i);
    }
    for (int out = leaving ? t->workloads : 0; out <= t->workloads; out++) {
        if (out < t->workloads && w[out].place != RESIDENT)
            continue;
        if (out < t->workloads)
            w[out].place = MOVES + t->bytes[out] - 1;
        for (int in = coming ? t->workloads : 0; in <= t->workloads; in++) {
            int room = t->capacity;
            for (int i = 0; i < t->workloads; i++)
                room -= w[i].place == AWAY ? 0 : t->bytes[i];
            if (in < t->workloads && (w[in].place != AWAY || room < t->bytes[in]))
                continue;
            if (in < t->workloads)
                w[in].place = MOVES + 2 * t->bytes[in] - 1;
            choose_run(s, w, cost);
            if (in < t->workloads)
                w[in].place = AWAY;
        }
        if (out < t->workloads)
            w[out].place = RESIDENT;
    }
}

static void open_layer(struct layer *l, uint32_t states)
{
    l->cost = malloc(states * sizeof *l->cost);
    l->state = malloc(states * sizeof *l->state);
    l->count = 0;
    assert_true(l->cost != NULL && l->state != NULL);
    for (uint32_t i = 0; i < states; i++)
        l->cost[i] = -1;
}

int64_t tiny_best(const struct tiny *t)
{
    struct search s = {.t = t, .states = 1, .best = -1};
    struct one w[TINY_MOST] = {0};

    for (int i = 0; i < t->workloads; i++)
        s.states *= (uint32_t)((total(t, i) + 1) * places(t, i));
    open_layer(&s.now, s.states);
    open_layer(&s.next, s.states);
    s.next.state[s.next.count++] = pack(t, w);
    s.next.cost[pack(t, w)] = 0;
    for (; s.next.count > 0; s.second++) {
        struct layer done = s.now;
        s.now = s.next;
        s.next = done;
        s.next.count = 0;
        for (size_t k = 0; k < s.now.count; k++) {
            int cost = s.now.cost[s.now.state[k]];
            s.now.cost[s.now.state[k]] = -1;
            unpack(t, s.now.state[k], w);
            for (int i = 0; i < t->workloads; i++)
                cost += arrived(&s, i) - w[i].done / t->work[i];
            if (s.best < 0 || cost < s.best)
                choose_moves(&s, w, cost);
        }
    }
    free(s.now.cost);
    free(s.now.state);
    free(s.next.cost);
    free(s.next.state);
    return s.best;
}
