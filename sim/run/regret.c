/* regret.c - put in policies that know the future, and split the mean response by what each of them wins. */
#include "sim/run/regret.h"

#include <math.h>
#include <string.h>

/* More than any load: everybody fits. */
static const int64_t ROOM_BYTES = (int64_t)1 << 50;

const char *regret_step_name(enum regret_step step)
{
    static const char *const name[REGRET_STEPS] = {
        [REGRET_AS_IS] = "as it is",    [REGRET_VICTIMS] = "best victims", [REGRET_TURNS] = "best turns",
        [REGRET_BOTH] = "best of both", [REGRET_ROOM] = "memory for all",  [REGRET_ROOM_TURNS] = "and best turns",
    };
    return name[step];
}

const char *regret_part_name(enum regret_part part)
{
    static const char *const name[PARTS] = {
        [PART_ALONE] = "alone", [PART_QUEUEING] = "queueing", [PART_REST] = "rest",
        [PART_TURNS] = "turns", [PART_MEMORY] = "memory",     [PART_VICTIMS] = "victims",
    };
    return name[part];
}

/* --- what is run --- */

/* Of policies without parameters. */
static void put_in(struct scenario *scenario, enum gs_slot slot, const char *name)
{
    scenario->policy[slot].policy = gs_policy_find(slot, name);
    scenario->policy[slot].param = NULL;
}

/* Nobody ever leaves or waits for memory, and models are there from the start. */
static bool make_room(struct scenario *scenario, struct arena *arena)
{
    struct node_group *node = arena_array(arena, scenario->nodes, sizeof *node);
    struct workload_group *workload = arena_array(arena, scenario->workloads, sizeof *workload);

    if (node == NULL || workload == NULL)
        return false;
    memcpy(node, scenario->node, scenario->nodes * sizeof *node);
    memcpy(workload, scenario->workload, scenario->workloads * sizeof *workload);
    for (size_t i = 0; i < scenario->nodes; i++)
        node[i].gpu_memory = ROOM_BYTES;
    for (size_t i = 0; i < scenario->workloads; i++)
        if (workload[i].state != INITIAL_NEW)
            workload[i].state = INITIAL_GPU;
    scenario->node = node;
    scenario->workload = workload;
    return true;
}

bool regret_replace(struct scenario *scenario, enum regret_step step, struct arena *arena)
{
    if (step == REGRET_VICTIMS || step == REGRET_BOTH)
        put_in(scenario, GS_SLOT_VICTIM, "belady_size");
    if (step == REGRET_TURNS || step == REGRET_BOTH || step == REGRET_ROOM_TURNS)
        put_in(scenario, GS_SLOT_SLICER, "srpt");
    return step < REGRET_ROOM || make_room(scenario, arena);
}

/* --- what came out --- */

enum level { LEVEL_ALONE = REGRET_STEPS, LEVEL_BOUND, LEVELS }; /* after the runs; both of the run as it is */

/* The work in hand: linearised means of all levels. */
struct splitting {
    struct regret *regret;
    double *value; /* [level][replication] */
    double *difference, *weight;
    size_t count;
};

/* Seconds that the bursts of a replication took together at a level; `bursts` gets their number. */
static double seconds_at(const struct regret *g, size_t level, size_t r, double *bursts)
{
    const struct tally *t = g->run[level < REGRET_STEPS ? level : REGRET_AS_IS].tally[r];
    double sum = 0;

    *bursts = 0;
    for (uint32_t i = 0; i < t->groups; i++) {
        sum += level == LEVEL_ALONE ? t->group[i].alone_ns : t->group[i].response_ns;
        *bursts += (double)t->group[i].completed;
    }
    return (level == LEVEL_BOUND ? t->bound_ns : sum) * 1e-9;
}

/* The mean is a ratio of sums; each replication stands with what it adds to it, so that differences can be paired. */
static void linearise(struct splitting *w, size_t level)
{
    double *value = &w->value[level * w->count], tops = 0, bottoms = 0;

    for (size_t r = 0; r < w->count; r++) {
        value[r] = seconds_at(w->regret, level, r, &w->weight[r]);
        tops += value[r];
        bottoms += w->weight[r];
    }
    for (size_t r = 0; r < w->count; r++) {
        double residual = value[r] - tops / bottoms * w->weight[r];
        value[r] = bottoms > 0 ? tops / bottoms + residual / (bottoms / (double)w->count) : NAN;
    }
}

static struct interval between(const struct splitting *w, size_t from, size_t to)
{
    for (size_t r = 0; r < w->count; r++)
        w->difference[r] = w->value[from * w->count + r] - w->value[to * w->count + r];
    return interval_mean(w->difference, w->count, INTERVAL_CONFIDENCE);
}

static struct interval level_of(const struct splitting *w, size_t level)
{
    return interval_mean(&w->value[level * w->count], w->count, INTERVAL_CONFIDENCE);
}

int regret_build(struct regret *regret, size_t replications, struct arena *arena, struct error *err)
{
    struct splitting w = {.regret = regret, .count = replications};

    w.value = arena_array(arena, LEVELS * replications, sizeof *w.value);
    w.difference = arena_array(arena, replications, sizeof *w.difference);
    w.weight = arena_array(arena, replications, sizeof *w.weight);
    if (w.value == NULL || w.difference == NULL || w.weight == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for the regret; use fewer replications");
    regret->replications = replications;
    regret->bounded = !isnan(regret->run[REGRET_AS_IS].report->run.regret.value);
    for (size_t level = 0; level < LEVELS; level++)
        linearise(&w, level);
    for (size_t s = 0; s < REGRET_STEPS; s++) {
        regret->run[s].response = level_of(&w, s);
        regret->run[s].gain = between(&w, s, REGRET_AS_IS);
    }
    size_t least = regret->bounded ? LEVEL_BOUND : REGRET_ROOM_TURNS;
    regret->part[PART_ALONE] = level_of(&w, LEVEL_ALONE);
    regret->part[PART_QUEUEING] = between(&w, least, LEVEL_ALONE);
    regret->part[PART_REST] =
        regret->bounded ? between(&w, REGRET_ROOM_TURNS, least) : (struct interval){NAN, NAN, NAN, 0};
    regret->part[PART_TURNS] = between(&w, REGRET_ROOM, REGRET_ROOM_TURNS);
    regret->part[PART_MEMORY] = between(&w, REGRET_VICTIMS, REGRET_ROOM);
    regret->part[PART_VICTIMS] = between(&w, REGRET_AS_IS, REGRET_VICTIMS);
    return GS_OK;
}
