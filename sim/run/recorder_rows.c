/* recorder_rows.c - rows for the database, buffered and handed on in chunks. */
#include "sim/run/recorder_state.h"

#include <string.h>

enum { CHUNK_ROWS = 1 << 16 };

void rows_open(struct recorder *rec)
{
    rec->rows.bursts = rec->setup.results != NULL && rec->setup.scenario->record >= RECORD_BURSTS;
    rec->rows.events = rec->setup.results != NULL && rec->setup.scenario->record >= RECORD_EVENTS;
    rec->rows.chunk.replication = rec->setup.replication;
}

/* Room for one more item in a buffer, NULL if there is none. */
static void *one_more(struct recorder *rec, void **items, size_t *count, size_t *capacity, size_t size)
{
    if (*count == *capacity) {
        size_t wanted = *capacity == 0 ? 1024 : 2 * *capacity;
        void *grown = heap_resize(*items, wanted * size);
        if (grown == NULL) {
            rec->out_of_memory = true;
            return NULL;
        }
        *items = grown;
        *capacity = wanted;
    }
    return (char *)*items + (*count)++ * size;
}

void rows_burst(struct recorder *rec, const struct job *job, gs_ns end_ns, gs_ns alone_ns, const gs_ns *stall_ns,
                enum outcome outcome)
{
    struct chunk *c = &rec->rows.chunk;
    struct burst_row *row;

    row = one_more(rec, (void **)&c->burst, &c->bursts, &rec->rows.burst_capacity, sizeof *row);
    if (row == NULL)
        return;
    *row = (struct burst_row){.ready_ns = job->ready_ns,
                              .start_ns = job->started_ns,
                              .end_ns = end_ns,
                              .alone_ns = alone_ns,
                              .first_ns = job->first_ns,
                              .workload = job->workload,
                              .index = job->index,
                              .served = job->served,
                              .outcome = (uint8_t)outcome};
    memcpy(row->stall_ns, stall_ns, sizeof row->stall_ns);
}

static void spell(struct recorder *rec, uint32_t workload, uint8_t state, gs_ns from_ns, gs_ns to_ns)
{
    struct chunk *c = &rec->rows.chunk;
    struct residency_row *row;

    if (to_ns == from_ns)
        return;
    row = one_more(rec, (void **)&c->residency, &c->residencies, &rec->rows.residency_capacity, sizeof *row);
    if (row != NULL)
        *row = (struct residency_row){from_ns, to_ns, workload, rec->watch[workload].gpu, state};
}

void rows_state(struct recorder *rec, uint32_t workload, uint8_t state, gs_ns now_ns)
{
    struct watch *w = &rec->watch[workload];

    if (!rec->rows.bursts || w->state == state)
        return;
    if (w->state != GS_ABSENT)
        spell(rec, workload, w->state, w->state_ns, now_ns);
    w->state = state;
    w->state_ns = now_ns;
}

void rows_running(struct recorder *rec, uint32_t workload, bool running, gs_ns now_ns)
{
    struct watch *w = &rec->watch[workload];

    if (!rec->rows.bursts || w->running == running)
        return;
    if (w->running)
        spell(rec, workload, ROW_RUNNING, w->running_ns, now_ns);
    w->running = running;
    w->running_ns = now_ns;
}

void rows_event(struct recorder *rec, const struct gs_event *event, const struct gs_commands *commands)
{
    struct chunk *c = &rec->rows.chunk;
    size_t first_candidate = c->candidates;
    struct event_row *row = one_more(rec, (void **)&c->event, &c->events, &rec->rows.event_capacity, sizeof *row);

    if (row == NULL)
        return;
    *row = (struct event_row){*event, (uint32_t)c->commands, commands->count};
    for (uint32_t i = 0; i < commands->candidates; i++) {
        struct gs_candidate *candidate =
            one_more(rec, (void **)&c->candidate, &c->candidates, &rec->rows.candidate_capacity, sizeof *candidate);
        if (candidate != NULL)
            *candidate = commands->candidate[i];
    }
    for (uint32_t i = 0; i < commands->count; i++) {
        struct command_row *command =
            one_more(rec, (void **)&c->command, &c->commands, &rec->rows.command_capacity, sizeof *command);
        if (command == NULL)
            return;
        command->command = commands->item[i];
        command->command.first_candidate += (uint32_t)first_candidate;
    }
}

int rows_flush_if_full(struct recorder *rec, struct error *err)
{
    struct chunk *c = &rec->rows.chunk;
    int rc;

    if (rec->out_of_memory)
        return error_set(err, GS_SYSTEM, "out of memory for the measurements; use 'record = summary'");
    if (c->bursts < CHUNK_ROWS && c->residencies < CHUNK_ROWS && c->events < CHUNK_ROWS && c->commands < CHUNK_ROWS)
        return GS_OK;
    rc = results_chunk(rec->setup.results, c, err);
    c->first_burst += c->bursts;
    c->first_event += c->events;
    c->first_command += c->commands;
    c->first_residency += c->residencies;
    c->bursts = c->residencies = c->events = c->commands = c->candidates = 0;
    return rc;
}
