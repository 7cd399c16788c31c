/* residency.c - who was on each GPU, and did what there: a strip for each workload, over as much time as can be read. */
#include "plots/picture.h"

#include "sim/base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 56, SPELLS = 60, ROW_HEIGHT = 20 };

/* The "GPU" of those that wanted one and never got it: after all others. */
enum { NO_GPU = 1 << 30 };

/* A strip: a workload on a GPU. */
struct strip {
    int64_t gpu, workload;
    size_t row; /* from 1, at the top */
};

struct chart {
    struct album *album;
    struct picture *picture;
    int64_t replication;
    double from_s, to_s;
    struct strip *strip;
    size_t strips, all; /* shown; in the run */
    size_t rows;        /* strips and the headings of GPUs */
    size_t gpus, all_gpus;
    size_t swaps, runs, waits; /* pieces drawn */
};

static int query(struct chart *c, sqlite3_stmt **s, const char *sql)
{
    int rc = album_query(c->album, s, sql);
    if (rc == GS_OK) {
        sqlite3_bind_int64(*s, 2, c->replication);
        sqlite3_bind_int64(*s, 3, (sqlite3_int64)(c->from_s * 1e9));
        sqlite3_bind_int64(*s, 4, (sqlite3_int64)(c->to_s * 1e9));
    }
    return rc;
}

/* One number of the window; 0 if there is none. */
static int number(struct chart *c, const char *sql, double *value)
{
    sqlite3_stmt *s;
    int rc = query(c, &s, sql);
    *value = 0;
    if (rc == GS_OK && album_next(c->album, s, &rc))
        *value = sqlite3_column_double(s, 0);
    sqlite3_finalize(s);
    return rc;
}

/* The number of spells of the workload that has most of them in the window: what makes a strip unreadable. */
static int crowd(struct chart *c, double *spells)
{
    return number(
        c,
        "SELECT max(n) FROM (SELECT count(*) AS n FROM residency WHERE run = ?1 AND replication = ?2 AND from_ns < ?4"
        " AND to_ns > ?3 GROUP BY workload)",
        spells);
}

/* The window: all of the run if that can be read, else the stretch of a nice length in which most swaps begin. */
static int window(struct chart *c)
{
    double end_s = c->album->end_s, spells, k;
    int rc;
    c->from_s = 0;
    c->to_s = end_s;
    if ((rc = crowd(c, &spells)) != GS_OK || spells <= SPELLS)
        return rc;
    double length_s = nice_time_below(end_s * SPELLS / spells);
    for (int tries = 0; tries < 8; tries++) {
        c->from_s = 0;
        c->to_s = length_s; /* ?4 is the length here */
        rc = number(c,
                    "SELECT from_ns / ?4 FROM residency WHERE run = ?1 AND replication = ?2 AND state = 'swapping_in'"
                    " GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
                    &k);
        c->from_s = k * length_s;
        c->to_s = fmin(end_s, c->from_s + length_s);
        if (rc != GS_OK || (rc = crowd(c, &spells)) != GS_OK || spells <= 2 * SPELLS)
            break;
        length_s = nice_time_below(length_s / 2);
    }
    return rc;
}

/* The strips: GPU by GPU, those first on which most happens in the window, until the picture is full; then those who only
 * waited. */
static int choose(struct chart *c)
{
    sqlite3_stmt *s;
    int64_t gpu = -1;
    int rc = query(c, &s,
                   "WITH pair AS (SELECT gpu, workload, sum(from_ns < ?4 AND to_ns > ?3) AS n FROM residency"
                   " WHERE run = ?1 AND replication = ?2 AND gpu IS NOT NULL GROUP BY gpu, workload),"
                   " gpu AS (SELECT gpu, sum(n) AS n FROM pair GROUP BY gpu)"
                   " SELECT gpu, workload FROM (SELECT gpu, workload, gpu.n FROM pair JOIN gpu USING(gpu) UNION ALL"
                   " SELECT 1 << 30, workload, -1 FROM burst WHERE run = ?1 AND replication = ?2"
                   " AND workload NOT IN (SELECT workload FROM pair) GROUP BY workload)"
                   " ORDER BY n DESC, gpu, workload");
    c->strip = arena_array(&c->album->arena, ROWS, sizeof *c->strip);
    if (!c->strip)
        rc = rc == GS_OK ? album_no_memory(c->album) : rc;
    bool full = false;
    while (rc == GS_OK && album_next(c->album, s, &rc)) {
        bool other = sqlite3_column_int64(s, 0) != gpu;
        gpu = sqlite3_column_int64(s, 0);
        c->all++;
        c->all_gpus += other && gpu != NO_GPU;
        full |= c->rows + 1 + other > ROWS;
        if (full)
            continue;
        c->gpus += other && gpu != NO_GPU;
        c->rows += 1 + other;
        c->strip[c->strips++] = (struct strip){gpu, sqlite3_column_int64(s, 1), 0};
    }
    sqlite3_finalize(s);
    return rc;
}

static int by_gpu(const struct strip *a, const struct strip *b)
{
    return a->gpu != b->gpu ? (a->gpu > b->gpu) - (a->gpu < b->gpu)
                            : (a->workload > b->workload) - (a->workload < b->workload);
}

/* In the order of the report, with a row for the heading of each GPU. */
static void arrange(struct chart *c)
{
    size_t row = 0;
    for (size_t i = 1; i < c->strips; i++)
        for (size_t k = i; k > 0 && by_gpu(&c->strip[k], &c->strip[k - 1]) < 0; k--) {
            struct strip swap = c->strip[k];
            c->strip[k] = c->strip[k - 1];
            c->strip[k - 1] = swap;
        }
    for (size_t i = 0; i < c->strips; i++) {
        row += i == 0 || c->strip[i].gpu != c->strip[i - 1].gpu ? 2 : 1;
        c->strip[i].row = row;
    }
}

/* The strip of a workload; of any GPU if `gpu` is -1. */
static const struct strip *strip_of(const struct chart *c, int64_t gpu, int64_t workload)
{
    for (size_t i = 0; i < c->strips; i++)
        if (c->strip[i].workload == workload && (gpu < 0 || c->strip[i].gpu == gpu))
            return &c->strip[i];
    return NULL;
}

/* "NB-3": the group and the number within it, as nodes and GPUs are counted. */
static int names(struct chart *c)
{
    sqlite3_stmt *s;
    struct text *set = &c->picture->set;
    int rc = query(c, &s,
                   "SELECT w.workload, g.name, row_number() OVER (PARTITION BY w.grp ORDER BY w.workload) - 1,"
                   " count(*) OVER (PARTITION BY w.grp) FROM workload AS w JOIN workload_group AS g USING(run, grp)"
                   " WHERE w.run = ?1");
    while (rc == GS_OK && album_next(c->album, s, &rc))
        for (size_t i = 0; i < c->strips; i++) {
            char name[NAME_BYTES], label[NAME_BYTES + 24];
            if (c->strip[i].workload != sqlite3_column_int64(s, 0))
                continue;
            short_name(name, (const char *)sqlite3_column_text(s, 1));
            if (sqlite3_column_int64(s, 3) > 1)
                snprintf(label, sizeof label, "%s-%lld", name, (long long)sqlite3_column_int64(s, 2));
            else
                snprintf(label, sizeof label, "%s", name);
            text_add(set, "set ytics add (");
            put_tick(set, label);
            text_printf(set, " %zu)\n", c->strip[i].row);
        }
    sqlite3_finalize(s);
    return rc;
}

static void headings(struct chart *c)
{
    const struct report *r = c->album->report;
    struct text *set = &c->picture->set;
    size_t n = 0;
    text_printf(set, "array heading_row[%zu]\narray heading[%zu]\n", c->gpus + 1, c->gpus + 1);
    for (size_t i = 0; i < c->strips; i++) {
        char label[NAME_BYTES + UNITS_TEXT + 32], memory[UNITS_TEXT], name[NAME_BYTES];
        size_t gpu = (size_t)c->strip[i].gpu;
        if (i > 0 && c->strip[i].gpu == c->strip[i - 1].gpu)
            continue;
        if (gpu < r->gpus)
            snprintf(label, sizeof label, "%s (%s for workloads)", short_name(name, r->gpu[gpu].id),
                     units_show_size(memory, r->gpu[gpu].memory.value));
        else
            snprintf(label, sizeof label, "on no GPU in the whole run");
        n++;
        text_printf(set, "heading_row[%zu] = %zu\nheading[%zu] = ", n, c->strip[i].row - 1, n);
        put_string(set, label);
        text_add(set, "\n");
    }
    text_printf(set, "headings = %zu\n", n);
}

/* A piece of a strip, cut to the window. */
static void piece(struct chart *c, const struct strip *strip, sqlite3_stmt *s, const char *what)
{
    struct text *data = &c->picture->data;
    if (!strip)
        return;
    c->swaps += strcmp(what, "swapping_in") == 0;
    c->runs += strcmp(what, "running") == 0;
    c->waits += strcmp(what, "burst") == 0;
    text_number(data, fmax(c->from_s, sqlite3_column_double(s, 2) / 1e9));
    text_add(data, ",");
    text_number(data, fmin(c->to_s, sqlite3_column_double(s, 3) / 1e9));
    text_printf(data, ",%zu,%s,", strip->row, what);
    if (strip->gpu != NO_GPU)
        text_printf(data, "%lld", (long long)strip->gpu);
    text_printf(data, ",%lld\n", (long long)strip->workload);
}

static int pieces(struct chart *c)
{
    sqlite3_stmt *s;
    text_add(&c->picture->data, "from_s,to_s,row,what,gpu,workload\n");
    int rc = query(c, &s,
                   "SELECT gpu, workload, from_ns, to_ns, state FROM residency"
                   " WHERE run = ?1 AND replication = ?2 AND gpu IS NOT NULL AND from_ns < ?4 AND to_ns > ?3"
                   " ORDER BY gpu, workload, from_ns");
    while (rc == GS_OK && album_next(c->album, s, &rc))
        piece(c, strip_of(c, sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1)), s,
              (const char *)sqlite3_column_text(s, 4));
    sqlite3_finalize(s);
    if (rc == GS_OK)
        rc = query(
            c, &s,
            "SELECT NULL, workload, ready_ns, end_ns FROM burst WHERE run = ?1 AND replication = ?2 AND ready_ns < ?4"
            " AND end_ns > ?3 ORDER BY workload, ready_ns");
    else
        s = NULL;
    while (rc == GS_OK && album_next(c->album, s, &rc))
        piece(c, strip_of(c, -1, sqlite3_column_int64(s, 1)), s, "burst");
    sqlite3_finalize(s);
    return rc;
}

static void title(struct chart *c)
{
    struct text *title = &c->picture->title;
    char length[32], from[32], end[32];
    text_add(title, c->all_gpus > 1 ? "who was on the GPUs" : "who was on the GPU");
    if (c->to_s - c->from_s < c->album->end_s) {
        text_printf(title, ", busiest %s of %s, ", show_span(length, c->to_s - c->from_s),
                    show_span(end, c->album->end_s));
        text_printf(title, c->from_s > 0 ? "from %s on" : "from the start", show_span(from, c->from_s));
    }
    if (c->gpus < c->all_gpus)
        text_printf(title, " (%zu of %zu GPUs)", c->gpus, c->all_gpus);
    else if (c->strips < c->all)
        text_printf(title, " (%zu of %zu workloads)", c->strips, c->all);
}

static void sentence(struct chart *c)
{
    char length[32], from[32] = "the start";
    if (c->from_s > 0)
        show_span(from, c->from_s);
    text_printf(
        &c->picture->says,
        "Of %s, from %s on: %zu workload%s on %zu GPU%s, %zu burst%s, %zu swap%s to a GPU, %zu spell%s of running.",
        show_span(length, c->to_s - c->from_s), from, c->strips, c->strips == 1 ? "" : "s", c->gpus,
        c->gpus == 1 ? "" : "s", c->waits, c->waits == 1 ? "" : "s", c->swaps, c->swaps == 1 ? "" : "s", c->runs,
        c->runs == 1 ? "" : "s");
}

/* Is there anything to be seen, and where? */
static int find(struct chart *c)
{
    double first, summary;
    int rc = album_number(c->album, "SELECT record = 'summary' FROM run WHERE run = ?1", &summary);
    if (rc == GS_OK)
        rc = album_number(c->album, "SELECT min(replication) FROM residency WHERE run = ?1", &first);
    if (rc != GS_OK)
        return rc;
    if (isnan(first)) {
        snprintf(c->picture->missing, sizeof c->picture->missing, "%s",
                 summary > 0 ? "the run kept totals only; run it again with --set scenario.record=bursts"
                             : "no workload was ever on a GPU in this run");
        return GS_OK;
    }
    c->replication = (int64_t)first;
    return GS_OK;
}

int picture_residency(struct album *album, struct picture *picture)
{
    struct chart c = {.album = album, .picture = picture};
    int rc = find(&c);
    if (rc != GS_OK || picture->missing[0])
        return rc;
    if ((rc = window(&c)) != GS_OK || (rc = choose(&c)) != GS_OK)
        return rc;
    if (c.strips == 0) {
        snprintf(picture->missing, sizeof picture->missing, "no workload was ever on a GPU in this run");
        return GS_OK;
    }
    arrange(&c);
    text_printf(&picture->set, "rows = %zu\nset ytics ()\n", c.rows);
    headings(&c);
    if ((rc = names(&c)) != GS_OK || (rc = pieces(&c)) != GS_OK)
        return rc;
    put_time_axis(&picture->set, c.from_s, c.to_s);
    title(&c);
    sentence(&c);
    picture->narrow_more = 24; /* the legend takes two lines */
    picture->height = 168 + ROW_HEIGHT * (int)(c.rows < 8 ? 8 : c.rows);
    return GS_OK;
}
