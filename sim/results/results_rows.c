/* results_rows.c - bind the rows of a replication: bursts, events, commands, time series, sums. */
#include "sim/results/results_parts.h"

#include "policies/controller.h"

/* The columns that all rows of a replication begin with. */
static struct row row_of(struct results *r, enum insert table, uint32_t replication, uint64_t number)
{
    struct row row = row_begin(r, table);
    put_integer(&row, r->run);
    put_integer(&row, replication);
    put_integer(&row, (int64_t)number);
    return row;
}

static int bursts(struct results *r, const struct chunk *chunk, struct error *err)
{
    for (size_t i = 0; i < chunk->bursts; i++) {
        const struct burst_row *b = &chunk->burst[i];
        struct row row = row_of(r, INSERT_BURST, chunk->replication, chunk->first_burst + i);
        put_integer(&row, b->workload);
        put_integer(&row, b->index);
        put_integer(&row, b->ready_ns);
        put_past(&row, b->start_ns);
        put_past(&row, b->first_ns);
        put_integer(&row, b->end_ns);
        put_integer(&row, b->alone_ns);
        for (int s = 0; s < STALLS; s++)
            put_integer(&row, b->stall_ns[s]);
        put_text(&row, served_name[b->served]);
        put_text(&row, outcome_name[b->outcome]);
        int rc = row_end(r, &row, err);
        if (rc != GS_OK)
            return rc;
    }
    return GS_OK;
}

static int residencies(struct results *r, const struct chunk *chunk, struct error *err)
{
    for (size_t i = 0; i < chunk->residencies; i++) {
        const struct residency_row *s = &chunk->residency[i];
        struct row row = row_of(r, INSERT_RESIDENCY, chunk->replication, chunk->first_residency + i);
        put_integer(&row, s->workload);
        put_id(&row, s->gpu);
        put_text(&row, s->state == ROW_RUNNING ? "running" : gs_state_name(s->state));
        put_integer(&row, s->from_ns);
        put_time(&row, s->to_ns);
        int rc = row_end(r, &row, err);
        if (rc != GS_OK)
            return rc;
    }
    return GS_OK;
}

static int command(struct results *r, const struct chunk *chunk, size_t i, uint64_t event, struct error *err)
{
    const struct gs_command *c = &chunk->command[i].command;
    struct row row = row_of(r, INSERT_COMMAND, chunk->replication, chunk->first_command + i);
    put_integer(&row, (int64_t)event);
    put_text(&row, gs_command_name(c->kind));
    put_id(&row, c->workload);
    put_id(&row, c->gpu);
    put_id(&row, c->requester);
    put_integer(&row, c->bytes);
    put_integer(&row, c->moved_bytes);
    put_time(&row, c->at_ns);
    put_integer(&row, c->delay_ns);
    put_integer(&row, c->linger_ns);
    put_id(&row, c->timer);
    put_text(&row, gs_reason_name(c->reason));
    put_integer(&row, c->yield);
    int rc = row_end(r, &row, err);
    for (uint32_t k = 0; k < c->candidates && rc == GS_OK; k++) {
        const struct gs_candidate *candidate = &chunk->candidate[c->first_candidate + k];
        row = row_of(r, INSERT_CANDIDATE, chunk->replication, chunk->first_command + i);
        put_integer(&row, candidate->workload);
        put_integer(&row, candidate->chosen);
        put_real(&row, candidate->keep);
        rc = row_end(r, &row, err);
    }
    return rc;
}

static int events(struct results *r, const struct chunk *chunk, struct error *err)
{
    for (size_t i = 0; i < chunk->events; i++) {
        const struct gs_event *e = &chunk->event[i].event;
        bool answers = e->kind == GS_DONE || e->kind == GS_FAILED;
        struct row row = row_of(r, INSERT_EVENT, chunk->replication, chunk->first_event + i);
        put_integer(&row, e->at_ns);
        put_text(&row, gs_event_name(e->kind));
        put_id(&row, e->workload);
        put_text(&row, answers ? gs_command_name(e->command) : e->kind == GS_UPDATE ? gs_field_name(e->command) : NULL);
        put_time(&row, e->since_ns);
        put_integer(&row, e->bytes);
        put_id(&row, e->timer);
        int rc = row_end(r, &row, err);
        for (size_t c = 0; c < chunk->event[i].commands && rc == GS_OK; c++)
            rc = command(r, chunk, chunk->event[i].first_command + c, chunk->first_event + i, err);
        if (rc != GS_OK)
            return rc;
    }
    return GS_OK;
}

int rows_operations(struct results *r, const struct operation_row *row, size_t rows, struct error *err)
{
    int rc = GS_OK;
    for (size_t i = 0; i < rows && rc == GS_OK; i++) {
        struct row out = row_begin(r, INSERT_OPERATION);
        put_integer(&out, r->run);
        put_integer(&out, (int64_t)r->operations++);
        put_integer(&out, row[i].at_ns);
        put_text(&out, row[i].kind);
        put_integer(&out, row[i].gpu);
        put_integer(&out, row[i].bytes);
        put_integer(&out, row[i].pieces);
        put_integer(&out, row[i].took_ns);
        rc = row_end(r, &out, err);
    }
    return rc;
}

int rows_chunk(struct results *r, const struct chunk *chunk, struct error *err)
{
    int rc;
    if ((rc = bursts(r, chunk, err)) != GS_OK || (rc = residencies(r, chunk, err)) != GS_OK)
        return rc;
    return events(r, chunk, err);
}

static int gpu_series(struct results *r, const struct tally *t, uint32_t gpu, struct error *err)
{
    for (uint32_t i = 0; i < t->buckets; i++) {
        const struct gpu_bucket *b = &t->gpu_series[(size_t)gpu * t->buckets + i];
        struct row row = row_of(r, INSERT_GPU_USAGE, t->replication, gpu);
        put_integer(&row, i * t->bucket_ns);
        put_integer(&row, (i + 1) * t->bucket_ns);
        put_real(&row, b->useful_ns);
        put_real(&row, b->switching_ns);
        put_real(&row, b->resident_byte_ns / (double)t->bucket_ns);
        put_real(&row, b->swap_in_bytes);
        put_real(&row, b->swap_out_bytes);
        int rc = row_end(r, &row, err);
        if (rc != GS_OK)
            return rc;
    }
    return GS_OK;
}

static int node_series(struct results *r, const struct tally *t, uint32_t node, struct error *err)
{
    for (uint32_t i = 0; i < t->buckets; i++) {
        const struct node_bucket *b = &t->node_series[(size_t)node * t->buckets + i];
        struct row row = row_of(r, INSERT_SWAP_USAGE, t->replication, node);
        put_integer(&row, i * t->bucket_ns);
        put_integer(&row, (i + 1) * t->bucket_ns);
        put_real(&row, b->used_byte_ns / (double)t->bucket_ns);
        put_integer(&row, b->peak_bytes);
        int rc = row_end(r, &row, err);
        if (rc != GS_OK)
            return rc;
    }
    return GS_OK;
}

static void put_quantiles(struct row *row, struct sketch *s, double unit)
{
    static const double q[] = {0.50, 0.95, 0.99};
    for (size_t i = 0; i < sizeof q / sizeof q[0]; i++)
        put_real(row, s->count ? sketch_quantile(s, q[i]) / unit : NAN);
    put_real(row, s->count ? (double)s->max / unit : NAN);
}

static int group_sums(struct results *r, struct tally *t, uint32_t group, struct error *err)
{
    struct group_tally *g = &t->group[group];
    struct row row = row_of(r, INSERT_REPLICATION_GROUP, t->replication, group);
    const uint64_t count[] = {g->arrived,
                              g->completed,
                              g->censored,
                              g->rejected,
                              g->oom_kills,
                              g->lost,
                              g->migrations,
                              g->served[SERVED_HOT],
                              g->served[SERVED_WARM],
                              g->served[SERVED_COLD]};
    for (size_t i = 0; i < sizeof count / sizeof count[0]; i++)
        put_integer(&row, (int64_t)count[i]);
    put_real(&row, g->response_ns);
    put_real(&row, g->alone_ns);
    for (int s = 0; s < STALLS; s++)
        put_real(&row, g->stall_ns[s]);
    put_quantiles(&row, &g->response, 1);
    put_quantiles(&row, &g->slowdown, SLOWDOWN_ONE);
    put_real(&row, g->progress_ns);
    put_real(&row, g->present_ns);
    put_past(&row, g->makespan_ns);
    put_real(&row, g->unended.count ? sketch_quantile(&g->unended, 0.50) : NAN);
    put_real(&row, g->unended.count ? (double)g->unended.max : NAN);
    for (int s = 0; s < STALLS; s++)
        put_real(&row, g->unended_stall_ns[s]);
    put_integer(&row, (int64_t)g->waiting.count);
    put_real(&row, g->waiting.count ? (double)g->waiting.max : NAN);
    for (int s = 0; s < STALLS; s++)
        put_real(&row, g->waiting_ns[s]);
    put_real(&row, g->waiting_memory_ns);
    put_integer(&row, (int64_t)tally_refused(g));
    put_integer(&row, (int64_t)g->recorded);
    put_integer(&row, (int64_t)g->unreached);
    for (int s = 0; s < SERVEDS; s++)
        put_real(&row, g->served_bytes[s]);
    put_integer(&row, (int64_t)g->evicted_idle);
    put_integer(&row, (int64_t)g->evicted_premature);
    put_integer(&row, (int64_t)g->evicted_waiting);
    put_real(&row, tally_jain(g));
    put_integer(&row, (int64_t)g->shares);
    put_real(&row, g->shares ? g->share_least : NAN);
    put_real(&row, g->shares ? g->share_most : NAN);
    return row_end(r, &row, err);
}

static int gpu_sums(struct results *r, const struct tally *t, uint32_t gpu, struct error *err)
{
    const struct gpu_tally *g = &t->gpu[gpu];
    struct row row = row_of(r, INSERT_REPLICATION_GPU, t->replication, gpu);
    put_integer(&row, g->useful_ns);
    put_integer(&row, g->switching_ns);
    put_integer(&row, g->idle_ns);
    put_integer(&row, g->swap_in_bytes);
    put_integer(&row, g->swap_out_bytes);
    put_integer(&row, (int64_t)g->swaps);
    put_real(&row, g->resident_byte_ns);
    return row_end(r, &row, err);
}

static int node_sums(struct results *r, const struct tally *t, uint32_t node, struct error *err)
{
    const struct node_tally *n = &t->node[node];
    struct row row = row_of(r, INSERT_REPLICATION_NODE, t->replication, node);
    put_integer(&row, n->peak_bytes);
    put_integer(&row, n->refused_bytes);
    put_real(&row, n->used_byte_ns);
    put_integer(&row, n->enough_bytes);
    return row_end(r, &row, err);
}

int rows_tally(struct results *r, struct tally *t, struct error *err)
{
    int rc = GS_OK;
    for (uint32_t i = 0; i < t->groups && rc == GS_OK; i++)
        rc = group_sums(r, t, i, err);
    for (uint32_t i = 0; i < t->gpus && rc == GS_OK; i++)
        if ((rc = gpu_sums(r, t, i, err)) == GS_OK && t->gpu_series && !r->is_brief)
            rc = gpu_series(r, t, i, err);
    for (uint32_t i = 0; i < t->nodes && rc == GS_OK; i++)
        if ((rc = node_sums(r, t, i, err)) == GS_OK && t->node_series && !r->is_brief)
            rc = node_series(r, t, i, err);
    if (rc != GS_OK)
        return rc;
    uint64_t faults = 0;
    for (int slot = 0; slot < GS_SLOTS; slot++)
        faults += t->faults[slot];
    struct row row = row_begin(r, INSERT_REPLICATION);
    put_integer(&row, r->run);
    put_integer(&row, t->replication);
    put_integer(&row, t->from_ns);
    put_integer(&row, t->to_ns);
    put_past(&row, t->makespan_ns);
    put_integer(&row, (int64_t)t->events);
    put_integer(&row, (int64_t)faults);
    return row_end(r, &row, err);
}

void chunk_free(struct chunk *chunk)
{
    heap_free(chunk->burst);
    heap_free(chunk->residency);
    heap_free(chunk->event);
    heap_free(chunk->command);
    heap_free(chunk->candidate);
    *chunk = (struct chunk){0};
}
