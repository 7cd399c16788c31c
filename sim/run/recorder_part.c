/* recorder_part.c - a recorder that watches some nodes of a replication only: what it measures is a part of the whole tally, and
 * what has to see all nodes in the order of time is handed out. */
#include "sim/run/recorder_state.h"

void part_open(struct recorder *rec)
{
    const struct recorder_part *part = rec->setup.part;
    struct tally *t = &rec->tally;

    *t = *part->whole;
    t->gpus = rec->setup.gpus;
    t->nodes = rec->setup.setup->nodes;
    t->group = NULL;
    t->gpu += part->first_gpu;
    t->node += part->first_node;
    if (t->gpu_series != NULL) {
        t->gpu_series += (size_t)part->first_gpu * t->buckets;
        t->node_series += (size_t)part->first_node * t->buckets;
    }
}

void recorder_count(struct recorder *rec, struct group_tally *group)
{
    rec->tally.group = group;
}

uint64_t recorder_events(const struct recorder *rec)
{
    return rec->tally.events;
}

struct group_sums *recorder_sums(struct recorder *rec, uint32_t node)
{
    return &rec->sums[(size_t)node * (size_t)rec->setup.scenario->workloads];
}

void part_ended(struct recorder *rec, uint32_t group, gs_ns at_ns, gs_ns response_ns, bool counted)
{
    if (rec->ends == rec->ends_capacity) {
        size_t wanted = rec->ends_capacity == 0 ? 256 : 2 * rec->ends_capacity;
        struct ended *grown = heap_resize(rec->ended, wanted * sizeof *grown);
        if (grown == NULL) {
            rec->out_of_memory = true;
            return;
        }
        rec->ended = grown;
        rec->ends_capacity = wanted;
    }
    rec->ended[rec->ends++] = (struct ended){at_ns, response_ns, group, counted};
}

const struct ended *recorder_ends(struct recorder *rec, size_t *count)
{
    *count = rec->ends;
    rec->ends = 0;
    return rec->ended;
}

void recorder_fini(struct recorder *rec)
{
    heap_free(rec->ended);
    rec->ended = NULL;
}
