/* explain_json.c - a burst's time as JSON: integers of nanoseconds and bytes. */
#include "sim/explain/explain.h"
#include "sim/results/json.h"

static void key_name(struct text *t, const char *key, const struct explain_run *about, uint32_t workload)
{
    text_printf(t, "\"%s\":", key);
    text_json_string(t, workload < about->workloads ? about->workload[workload].name : NULL);
}

static void key_integer(struct text *t, const char *key, int64_t value)
{
    text_printf(t, ",\"%s\":%lld", key, (long long)value);
}

static void key_string(struct text *t, const char *key, const char *value)
{
    json_text(t, ",", key, value != NULL && *value == '\0' ? NULL : value);
}

static void choice(struct text *t, const struct explain_run *about, const struct explain_choice *c)
{
    text_add(t, "{");
    key_name(t, "for", about, c->requester);
    key_integer(t, "at_ns", c->at_ns);
    text_add(t, ",\"candidates\":[");
    for (uint32_t i = 0; i < c->candidates; i++) {
        text_add(t, i == 0 ? "{" : ",{");
        key_name(t, "workload", about, c->candidate[i].workload);
        if (c->candidate[i].idle_ns < 0)
            key_string(t, "idle_ns", NULL);
        else
            key_integer(t, "idle_ns", c->candidate[i].idle_ns);
        key_integer(t, "bytes", c->candidate[i].bytes);
        text_add(t, ",\"worth\":");
        text_number(t, c->candidate[i].keep);
        text_printf(t, ",\"chosen\":%s}", c->candidate[i].chosen ? "true" : "false");
    }
    text_add(t, "],\"not_asked\":[");
    for (uint32_t i = 0; i < c->barreds; i++) {
        text_add(t, i == 0 ? "{" : ",{");
        key_name(t, "workload", about, c->barred[i].workload);
        key_string(t, "why", explain_bar_name(c->barred[i].why));
        text_add(t, "}");
    }
    text_add(t, "]}");
}

static void part(struct text *t, const struct explain_run *about, const struct explain_part *p)
{
    bool moves = p->deed == EXPLAIN_CAME || p->deed == EXPLAIN_LEFT || p->deed == EXPLAIN_CLEANED;

    text_add(t, "{");
    key_name(t, "workload", about, p->workload);
    key_string(t, "did", explain_deed_name(p->deed));
    key_integer(t, "ns", p->ns);
    if (about->events && (moves || p->deed == EXPLAIN_HELD))
        key_integer(t, "bytes", p->bytes);
    if (about->events && moves) {
        text_add(t, ",");
        key_name(t, "for", about, p->deed == EXPLAIN_LEFT ? p->requester : GS_NONE);
        text_printf(t, ",\"same_link\":%s", p->same_link ? "true" : "false");
    }
    if (p->choice != NULL) {
        text_add(t, ",\"choice\":");
        choice(t, about, p->choice);
    }
    text_add(t, "}");
}

static void piece(struct text *t, const struct explain_run *about, const struct explain_piece *p)
{
    text_printf(t, "{\"kind\":\"%s\"", explain_kind_name(p->kind));
    key_string(t, "reason", gs_reason_name(p->reason));
    key_integer(t, "from_ns", p->from_ns);
    key_integer(t, "to_ns", p->to_ns);
    if (about->events && (p->kind == EXPLAIN_SWAP_IN || p->kind == EXPLAIN_COLD))
        key_integer(t, "bytes", p->bytes);
    if (p->kind == EXPLAIN_PREEMPTED) {
        text_add(t, ",");
        key_name(t, "next", about, p->next);
    }
    text_add(t, ",\"others\":[");
    for (size_t i = 0; i < p->parts; i++) {
        text_add(t, i == 0 ? "" : ",");
        part(t, about, &p->part[i]);
    }
    text_add(t, "]}");
}

void explain_json(struct text *t, const struct explain *explain, const struct explain_burst *b)
{
    const struct explain_run *about = explain_about(explain);
    const struct burst_row *row = &b->row;

    text_printf(t, "{\"run\":%lld", (long long)about->run);
    key_string(t, "scenario", about->scenario);
    key_string(t, "provenance", about->provenance);
    key_string(t, "recorded", about->events ? "events" : "bursts");
    key_integer(t, "replication", b->replication);
    key_integer(t, "burst", (int64_t)b->number);
    text_add(t, ",");
    key_name(t, "workload", about, row->workload);
    key_integer(t, "nth", row->index);
    key_string(t, "gpu", b->gpu < about->gpus ? about->gpu[b->gpu].name : NULL);
    key_string(t, "outcome", outcome_name[row->outcome]);
    key_string(t, "reason", gs_reason_name(b->reason));
    key_string(t, "untold", b->untold);
    key_string(t, "served", served_name[row->served]);
    key_integer(t, "ready_ns", row->ready_ns);
    if (row->start_ns < 0)
        key_string(t, "start_ns", NULL);
    else
        key_integer(t, "start_ns", row->start_ns);
    key_integer(t, "end_ns", row->end_ns);
    key_integer(t, "response_ns", row->end_ns - row->ready_ns);
    key_integer(t, "alone_ns", row->alone_ns);
    text_add(t, ",\"stall_ns\":{");
    for (int i = 0; i < STALLS; i++)
        text_printf(t, "%s\"%s\":%lld", i == 0 ? "" : ",", stall_name[i], (long long)row->stall_ns[i]);
    text_add(t, "},\"pieces\":[");
    for (size_t i = 0; i < b->pieces; i++) {
        text_add(t, i == 0 ? "" : ",");
        piece(t, about, &b->piece[i]);
    }
    text_add(t, "]}");
}
