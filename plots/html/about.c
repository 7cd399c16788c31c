/* about.c - what was assumed, and all that is needed to have the same numbers again. */
#include "plots/html/sections.h"

#include <stdio.h>
#include <string.h>

static const char *column_text(struct page_run *run, sqlite3_stmt *s, int column)
{
    const char *text = (const char *)sqlite3_column_text(s, column);
    return text ? arena_strdup(&run->album.arena, text) : NULL;
}

int section_read(struct page_run *run, const char *path, const struct report *report, struct error *err)
{
    sqlite3_stmt *s = NULL;
    int rc = album_open(&run->album, path, report, err);
    run->report = report;
    if (rc == GS_OK)
        rc = album_query(&run->album, &s, "SELECT file, text, keys, started, record FROM run WHERE run = ?1");
    if (rc == GS_OK && album_next(&run->album, s, &rc)) {
        run->file = column_text(run, s, 0);
        run->scenario_text = column_text(run, s, 1);
        run->keys = column_text(run, s, 2);
        run->started = column_text(run, s, 3);
        run->record = column_text(run, s, 4);
    }
    sqlite3_finalize(s);
    return rc == GS_OK && !run->keys ? album_no_memory(&run->album) : rc;
}

static void fact(struct text *out, const char *what, const char *value)
{
    text_add(out, "<dt>");
    html_text(out, what);
    text_add(out, "</dt><dd>");
    html_text(out, value);
    text_add(out, "</dd>\n");
}

void section_facts(struct text *out, const struct page_run *run)
{
    const struct report *r = run->report;
    char text[CELL], line[4 * CELL];
    bool is_sim = strcmp(r->provenance, "sim") == 0;
    snprintf(line, sizeof line, "%s%s", report_how(r),
             is_sim ? ": no GPU was involved, these are no measurements" : "");
    fact(out, "numbers are", line);
    if (r->device)
        fact(out, "device", r->device);
    if (r->interrupted)
        fact(out, "ended", "by an interrupt: the numbers are up to there");
    fact(out, "scenario", r->scenario);
    fact(out, "its file", run->file);
    fact(out, "policy", r->policy);
    fact(out, "length", r->length);
    if (r->run.warmup.value > 0)
        fact(out, "warm-up, left out", report_time(text, r->run.warmup.value));
    snprintf(line, sizeof line, "%llu", (unsigned long long)r->seed);
    fact(out, "seed", line);
    fact(out, "events simulated", show_count(text, r->run.events.value));
    snprintf(line, sizeof line, "gpuswap-sim %s", r->version);
    fact(out, "program", line);
    fact(out, "started", run->started);
    snprintf(line, sizeof line, "run %lld of %.120s", (long long)r->number, run->album.path);
    fact(out, "kept as", line);
}

/* `"slicer.quantum":"30s","x":true` as "slicer.quantum = 30s", those of one slot. */
static void parameters(struct text *out, const char *json, const char *slot)
{
    size_t length = strlen(slot);
    for (const char *entry = json; entry && *entry;) {
        const char *next = strstr(entry, ",\""), *end = next ? next : entry + strlen(entry);
        bool is_ours = strncmp(entry + 1, slot, length) == 0 && entry[1 + length] == '.';
        text_add(out, is_ours && out->length ? ", " : "");
        for (const char *c = entry; is_ours && c < end; c++) {
            bool is_end = strncmp(c, "\":", 2) == 0;
            text_add(out, is_end ? " = " : "");
            text_printf(out, "%.*s", *c != '"', c);
            c += is_end;
        }
        entry = next ? next + 1 : NULL;
    }
}

void section_policies(struct text *out, const struct page_run *run)
{
    static const char *const column[] = {"decides", "<policy", "<parameters", NULL};
    const struct report *r = run->report;
    struct html_table t = html_table_open(out, "Policies", column);
    for (int slot = 0; slot < GS_SLOTS; slot++) {
        struct text text = {0};
        html_cell(&t, gs_slot_name((enum gs_slot)slot));
        html_cell(&t, report_policy(r, (enum gs_slot)slot));
        parameters(&text, r->parameters, gs_slot_name((enum gs_slot)slot));
        html_cell(&t, text.length ? text.data : "-");
        out->failed = out->failed || text.failed;
        text_fini(&text);
    }
    html_table_close(&t);
}

/* --- the scenario of all the keys that counted --- */

/* Of "workload.NB.think = 5s": how long the section is.  Keys of [policy] hold dots themselves, names of the others do. */
static size_t section_length(const char *line)
{
    const char *end = strstr(line, " = "), *dot = strchr(line, '.');
    bool is_first = strncmp(line, "policy.", 7) == 0 || strncmp(line, "scenario.", 9) == 0;
    if (!end || !dot || dot > end)
        return 0;
    for (const char *c = dot; !is_first && c < end; c++)
        dot = *c == '.' ? c : dot;
    return (size_t)(dot - line);
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return end ? end + 1 : line + strlen(line);
}

static bool same_section(const char *line, const char *other)
{
    size_t length = section_length(line);
    return length == section_length(other) && memcmp(line, other, length) == 0;
}

/* The keys of the section of `first`, without those that are written anyway. */
static void put_keys(struct text *out, const char *keys, const char *first)
{
    size_t length = section_length(first);
    for (const char *line = keys; *line; line = next_line(line)) {
        bool is_written = strncmp(line, "scenario.name ", 14) == 0 || strncmp(line, "scenario.seed ", 14) == 0 ||
                          strncmp(line, "scenario.replications ", 22) == 0;
        if (same_section(line, first) && !is_written)
            text_printf(out, "%.*s", (int)(next_line(line) - line) - (int)length - 1, line + length + 1);
    }
}

void section_resolved(struct text *out, const struct page_run *run)
{
    static const char ours[] = "scenario.name = ";
    const struct report *r = run->report;
    text_printf(out, "[scenario]\nname = %s\nseed = %llu\nreplications = %.0f\n", r->scenario,
                (unsigned long long)r->seed, r->run.replications.value);
    put_keys(out, run->keys, ours);
    for (const char *line = run->keys; *line; line = next_line(line)) {
        bool seen = section_length(line) == 0 || same_section(line, ours);
        for (const char *c = run->keys; c < line && !seen; c = next_line(c))
            seen = same_section(c, line);
        if (seen)
            continue;
        text_printf(out, "\n[%.*s]\n", (int)section_length(line), line);
        put_keys(out, run->keys, line);
    }
}
