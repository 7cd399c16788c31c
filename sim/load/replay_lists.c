/* replay_lists.c - what comes next of a recorded workload: out of memory, or of lists on disk, a block of each at a time. */
#include "sim/load/sources.h"

#include <string.h>

const struct trace_burst *replay_burst(const struct source *s)
{
    const struct trace_workload *r = s->replay;

    if (s->course != NULL)
        return s->course->burst.ready_ns < GS_NEVER ? &s->course->burst : NULL;
    return r->closed && r->burst != NULL && s->cursor < r->bursts ? &r->burst[s->cursor] : NULL;
}

const struct trace_run *replay_run(const struct source *s)
{
    const struct trace_workload *r = s->replay;

    if (s->course != NULL)
        return s->course->run.ready_ns < GS_NEVER ? &s->course->run : NULL;
    return r->run != NULL && s->run < r->runs ? &r->run[s->run] : NULL;
}

const struct trace_resize *replay_resize(const struct source *s)
{
    const struct trace_workload *r = s->replay;

    if (s->course != NULL)
        return s->course->resize.at_ns < GS_NEVER ? &s->course->resize : NULL;
    return r->resize != NULL && s->resize < r->resizes ? &r->resize[s->resize] : NULL;
}

const struct trace_update *replay_update(const struct source *s)
{
    const struct trace_workload *r = s->replay;

    if (s->course != NULL)
        return s->course->update.at_ns < GS_NEVER ? &s->course->update : NULL;
    return r->update != NULL && s->update < r->updates ? &r->update[s->update] : NULL;
}

/* From disk; after an error nothing comes any more. */
static void read_next(struct load *load, struct course *c, enum stored_list list)
{
    struct spool_reader *reader = &c->reader[list];
    bool more = false;
    int rc = GS_OK;

    if (reader->block == NULL) {
        /* an empty list */
    } else if (list == STORED_BURSTS) {
        rc = stored_burst(c->stored, reader, &c->burst, &more, &load->failed);
    } else if (list == STORED_RUNS) {
        rc = stored_run(c->stored, reader, &c->run, &more, &load->failed);
    } else if (list == STORED_RESIZES) {
        rc = stored_resize(c->stored, reader, &c->resize, &more, &load->failed);
    } else {
        rc = stored_update(c->stored, reader, &c->update, &more, &load->failed);
    }
    if (rc == GS_OK && more)
        return;
    if (list == STORED_BURSTS)
        c->burst.ready_ns = GS_NEVER;
    else if (list == STORED_RUNS)
        c->run.ready_ns = GS_NEVER;
    else if (list == STORED_RESIZES)
        c->resize.at_ns = GS_NEVER;
    else
        c->update.at_ns = GS_NEVER;
}

void replay_pass(struct load *load, struct source *s, enum stored_list list)
{
    if (s->course != NULL)
        read_next(load, s->course, list);
    else if (list == STORED_BURSTS)
        s->cursor++;
    else if (list == STORED_RUNS)
        s->run++;
    else if (list == STORED_RESIZES)
        s->resize++;
    else
        s->update++;
}

unsigned char *replay_block(struct load *load, uint64_t first)
{
    unsigned char *block = load->spare_block;

    if (first == 0)
        return NULL;
    if (block != NULL)
        memcpy(&load->spare_block, block, sizeof load->spare_block);
    else if ((block = arena_alloc(load->arena, SPOOL_BLOCK)) == NULL)
        load->out_of_memory = true;
    return block;
}

static const struct trace_stored *trace_of(const struct load *load, uint32_t workload)
{
    size_t i = load->cursors - 1;

    while (load->cursor[i].first_workload > workload)
        i--;
    return load->cursor[i].replay->stored;
}

void replay_come(struct load *load, uint32_t workload)
{
    struct source *s = &load->source[workload];
    struct course *c = load->spare_course;

    if (s->stored == NULL)
        return;
    if (c != NULL)
        load->spare_course = c->next;
    else if ((c = arena_alloc(load->arena, sizeof *c)) == NULL) {
        load->out_of_memory = true;
        return;
    }
    c->stored = trace_of(load, workload);
    for (int list = 0; list < STORED_LISTS; list++) {
        uint64_t first = s->stored->first[list];
        c->reader[list] = (struct spool_reader){.next = first, .block = replay_block(load, first)};
        read_next(load, c, (enum stored_list)list);
    }
    s->course = c;
}

void replay_gone(struct load *load, struct source *s)
{
    for (int list = 0; list < STORED_LISTS; list++) {
        unsigned char *block = s->course->reader[list].block;
        if (block == NULL)
            continue;
        memcpy(block, &load->spare_block, sizeof load->spare_block);
        load->spare_block = block;
    }
    s->course->next = load->spare_course;
    load->spare_course = s->course;
    s->course = NULL;
}
