/* recorder_series.c - time series of the first replication: integrals over equal buckets of time, in fixed memory.
 *
 * A run whose end is known has so many buckets over it.  Else the width starts at a second, and whenever time runs
 * over the last bucket, pairs of buckets are joined. */
#include "sim/run/recorder_state.h"

static gs_ns end_of_series(const struct tally *t)
{
    return t->bucket_ns * t->buckets;
}

bool series_open(struct tally *t, const struct recorder_setup *setup)
{
    gs_ns horizon = setup->horizon_ns;

    if (setup->replication != 0)
        return true;
    t->buckets = series_buckets(t->gpus);
    t->bucket_ns = horizon < GS_NEVER ? (horizon + t->buckets - 1) / t->buckets : 1000000000;
    t->gpu_series = arena_array(setup->arena, (size_t)t->gpus * t->buckets, sizeof *t->gpu_series);
    t->node_series = arena_array(setup->arena, (size_t)t->nodes * t->buckets, sizeof *t->node_series);
    return t->gpu_series != NULL && t->node_series != NULL;
}

static void join_gpu(struct gpu_bucket *b, uint32_t buckets)
{
    for (uint32_t i = 0; i < buckets; i++) {
        struct gpu_bucket sum = {0};
        for (uint32_t k = 2 * i; k < 2 * i + 2 && k < buckets; k++) {
            sum.useful_ns += b[k].useful_ns;
            sum.switching_ns += b[k].switching_ns;
            sum.resident_byte_ns += b[k].resident_byte_ns;
            sum.swap_in_bytes += b[k].swap_in_bytes;
            sum.swap_out_bytes += b[k].swap_out_bytes;
        }
        b[i] = sum;
    }
}

static void join_node(struct node_bucket *b, uint32_t buckets)
{
    for (uint32_t i = 0; i < buckets; i++) {
        struct node_bucket sum = {0};
        for (uint32_t k = 2 * i; k < 2 * i + 2 && k < buckets; k++) {
            sum.used_byte_ns += b[k].used_byte_ns;
            if (b[k].peak_bytes > sum.peak_bytes)
                sum.peak_bytes = b[k].peak_bytes;
        }
        b[i] = sum;
    }
}

static void reach(struct tally *t, gs_ns at_ns)
{
    while (at_ns > end_of_series(t)) {
        for (uint32_t g = 0; g < t->gpus; g++)
            join_gpu(&t->gpu_series[(size_t)g * t->buckets], t->buckets);
        for (uint32_t n = 0; n < t->nodes; n++)
            join_node(&t->node_series[(size_t)n * t->buckets], t->buckets);
        t->bucket_ns *= 2;
    }
}

static int bucket_of(const struct tally *t, gs_ns at_ns)
{
    gs_ns i = at_ns / t->bucket_ns;

    return i < t->buckets ? (int)i : (int)t->buckets - 1;
}

/* Almost every spell lies within the bucket of the time reached: no division for those. */
static bool in_present_bucket(struct recorder *rec, gs_ns from_ns, gs_ns to_ns)
{
    const struct tally *t = &rec->tally;

    if (to_ns >= rec->bucket_end_ns || to_ns < rec->bucket_end_ns - t->bucket_ns) {
        rec->bucket = bucket_of(t, to_ns);
        rec->bucket_end_ns = (rec->bucket + 1) * t->bucket_ns;
    }
    return from_ns >= rec->bucket_end_ns - t->bucket_ns && to_ns <= rec->bucket_end_ns;
}

/* The part of [from, to) that lies in bucket `i`. */
static double overlap(const struct tally *t, int i, gs_ns from_ns, gs_ns to_ns)
{
    gs_ns start = i * t->bucket_ns, end = start + t->bucket_ns;

    return (double)((to_ns < end ? to_ns : end) - (from_ns > start ? from_ns : start));
}

void series_gpu(struct recorder *rec, uint32_t gpu, gs_ns from_ns, gs_ns to_ns, double resident_bytes)
{
    struct tally *t = &rec->tally;

    if (t->gpu_series == NULL || to_ns <= from_ns)
        return;
    struct gpu_bucket *b = &t->gpu_series[(size_t)gpu * t->buckets];
    if (in_present_bucket(rec, from_ns, to_ns)) {
        b[rec->bucket].resident_byte_ns += resident_bytes * (double)(to_ns - from_ns);
        return;
    }
    reach(t, to_ns);
    for (int i = bucket_of(t, from_ns); i <= bucket_of(t, to_ns - 1); i++)
        b[i].resident_byte_ns += resident_bytes * overlap(t, i, from_ns, to_ns);
}

void series_node(struct recorder *rec, uint32_t node, gs_ns from_ns, gs_ns to_ns, int64_t used_bytes)
{
    struct tally *t = &rec->tally;

    if (t->node_series == NULL || to_ns <= from_ns)
        return;
    struct node_bucket *b = &t->node_series[(size_t)node * t->buckets];
    if (in_present_bucket(rec, from_ns, to_ns)) {
        b[rec->bucket].used_byte_ns += (double)used_bytes * (double)(to_ns - from_ns);
        if (used_bytes > b[rec->bucket].peak_bytes)
            b[rec->bucket].peak_bytes = used_bytes;
        return;
    }
    reach(t, to_ns);
    for (int i = bucket_of(t, from_ns); i <= bucket_of(t, to_ns - 1); i++) {
        b[i].used_byte_ns += (double)used_bytes * overlap(t, i, from_ns, to_ns);
        if (used_bytes > b[i].peak_bytes)
            b[i].peak_bytes = used_bytes;
    }
}

void series_swap(struct recorder *rec, uint32_t gpu, gs_ns at_ns, bool out, int64_t bytes)
{
    struct tally *t = &rec->tally;

    if (t->gpu_series == NULL)
        return;
    if (!in_present_bucket(rec, at_ns, at_ns))
        reach(t, at_ns);
    struct gpu_bucket *b = &t->gpu_series[(size_t)gpu * t->buckets + (size_t)rec->bucket];
    *(out ? &b->swap_out_bytes : &b->swap_in_bytes) += (double)bytes;
}

gs_ns series_next_sample_ns(const struct recorder *rec)
{
    return rec->tally.gpu_series == NULL ? GS_NEVER
                                         : (rec->sampled_ns / rec->tally.bucket_ns + 1) * rec->tally.bucket_ns;
}

/* GPU time comes from the backend's clocks, read at the end of each bucket. */
void series_sample(struct recorder *rec, gs_ns at_ns)
{
    struct tally *t = &rec->tally;

    if (t->gpu_series == NULL || at_ns <= rec->sampled_ns)
        return;
    reach(t, at_ns);
    for (uint32_t g = 0; g < t->gpus; g++) {
        struct gpu_bucket *b = &t->gpu_series[(size_t)g * t->buckets + (size_t)bucket_of(t, at_ns - 1)];
        struct gpu_usage now;
        rec->setup.ops->usage(rec->setup.backend, g, &now);
        b->useful_ns += (double)(now.useful_ns - rec->gpu[g].sampled.useful_ns);
        b->switching_ns += (double)(now.switching_ns - rec->gpu[g].sampled.switching_ns);
        rec->gpu[g].sampled = now;
    }
    rec->sampled_ns = at_ns;
}
