/* usage.c - the time series of the first replication: use of the swap files, of the links and of the GPUs, a strip for
 * each. */
#include "plots/picture.h"

#include "sim/base/units.h"

#include <math.h>
#include <stdio.h>

enum { NODES = 6, GPUS = 8, HEAD = 60, FOOT = 94 };

static double peak(const struct report *r, size_t node)
{
    return r->node[node].cap_bytes.value > 0 ? r->node[node].peak_bytes.value : -1;
}

static double switching(const struct report *r, size_t gpu)
{
    return r->gpu[gpu].switching.value;
}

/* The strips share the height; each of them keeps enough to be read. */
static void strips(struct picture *picture, size_t n)
{
    int strip = 300 / (int)n < 76 ? 76 : 300 / (int)n;
    picture->height = HEAD + FOOT + (strip + 26) * (int)n;
    text_printf(&picture->set, "strips = %zu\nfoot = %d\narray label[%zu]\n", n, FOOT, n);
}

/* What is told of the first strips; the others can be seen. */
static void say(struct picture *picture, size_t i, const char *text)
{
    enum { SAID = 4 };
    if (i < SAID)
        text_printf(&picture->says, "%s%s.", i ? " " : "", text);
}

static void label(struct picture *picture, size_t i, const char *text)
{
    text_printf(&picture->set, "label[%zu] = ", i + 1);
    put_string(&picture->set, text);
    text_add(&picture->set, "\n");
}

/* Close a block: steps end where the last bucket does, so its values stand once more at its end. */
static void close_block(struct text *out, double to_s, const double value[2], const char *name)
{
    text_number(out, to_s);
    for (int i = 0; i < 3; i++) {
        text_add(out, ",");
        text_number(out, i ? value[i - 1] : to_s);
    }
    text_printf(out, ",%s\n\n\n", name);
}

/* A block of two numbers over time.  Columns of the statement, in which ?2 is the node or the GPU: from_s, to_s, the two
 * numbers, and for each whether it is an integral over [from, to), to be divided by what of it lies before the run's end. */
static int series(struct album *album, struct picture *picture, sqlite3_stmt *s, size_t id, const char *name,
                  double greatest[2])
{
    double last[2] = {0, 0}, end_s = 0;
    int rc = GS_OK;
    greatest[0] = greatest[1] = 0;
    sqlite3_reset(s);
    sqlite3_bind_int64(s, 2, (sqlite3_int64)id);
    while (album_next(album, s, &rc)) {
        double from_s = sqlite3_column_double(s, 0), to_s = fmin(sqlite3_column_double(s, 1), album->end_s);
        if (!(to_s > from_s))
            break;
        text_number(&picture->data, from_s);
        text_add(&picture->data, ",");
        text_number(&picture->data, end_s = to_s);
        for (int i = 0; i < 2; i++) {
            last[i] = sqlite3_column_double(s, 2 + i) / (sqlite3_column_int(s, 4 + i) ? to_s - from_s : 1);
            greatest[i] = fmax(greatest[i], last[i]);
            text_add(&picture->data, ",");
            text_number(&picture->data, last[i]);
        }
        text_printf(&picture->data, ",%s\n", name);
    }
    close_block(&picture->data, end_s, last, name);
    return rc;
}

static void put_time(struct album *album, struct picture *picture)
{
    put_time_axis(&picture->set, 0, album->end_s);
    text_printf(&picture->set, "warmup = %.9g\n", album->report->run.warmup.value);
}

/* --- swap files --- */

/* The scale of a strip: up to the cap, unless that would flatten what was used. */
static double top_of(double cap, double used)
{
    return cap <= 8 * used || used <= 0 ? 1.08 * fmax(cap, used) : 1.3 * used;
}

static void swap_label(struct picture *picture, size_t i, const struct report_node *n, double used, double top)
{
    char text[256], cap[UNITS_TEXT], most[UNITS_TEXT], name[NAME_BYTES];
    bool above = n->cap_bytes.value > top;
    snprintf(text, sizeof text, "%s: peak %s of %s%s", short_name(name, n->id), units_show_size(most, used),
             units_show_size(cap, n->cap_bytes.value), above ? " (the cap lies above the picture)" : "");
    label(picture, i, text);
    snprintf(text, sizeof text, "The swap file of %s held %s at most, %.0f %% of its cap of %s", name, most,
             100 * used / n->cap_bytes.value, cap);
    say(picture, i, text);
}

/* One unit for all strips, a scale for each. */
static void swap_scales(struct picture *picture, const double *top, size_t nodes)
{
    static const char *const name[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double greatest = 0, unit = 1;
    size_t u = 0;
    for (size_t i = 0; i < nodes; i++)
        greatest = fmax(greatest, top[i]);
    for (; u < 5 && greatest >= 2 * 1024 * unit; u++)
        unit *= 1024;
    text_printf(&picture->set, "y_unit = %.9g\ny_name = '%s'\narray top[%zu]\narray step[%zu]\n", unit, name[u], nodes,
                nodes);
    for (size_t i = 0; i < nodes; i++)
        text_printf(&picture->set, "top[%zu] = %.9g\nstep[%zu] = %.9g\n", i + 1, top[i] / unit, i + 1,
                    nice_step(top[i] / unit, nodes > 2 ? 3 : 8));
}

int picture_swap(struct album *album, struct picture *picture)
{
    const struct report *r = album->report;
    size_t nodes = 0, swapping = 0;
    size_t *node = album_pick(album, r->nodes, NODES, peak, &nodes);
    double top[NODES], greatest[2];
    sqlite3_stmt *s;
    if (!node)
        return album_no_memory(album);
    for (size_t i = 0; i < r->nodes; i++)
        swapping += peak(r, i) >= 0;
    if (nodes == 0) {
        snprintf(picture->missing, sizeof picture->missing, "no node of this run swaps (node.swap, node.swap_file)");
        return GS_OK;
    }
    int rc = album_query(
        album, &s,
        "SELECT from_ns / 1e9, to_ns / 1e9, used_bytes * (to_ns - from_ns) / 1e9, peak_bytes, 1, 0 FROM swap_usage"
        " WHERE run = ?1 AND node = ?2 AND replication ="
        " (SELECT min(replication) FROM replication WHERE run = ?1) ORDER BY from_ns");
    text_add(&picture->data, "from_s,to_s,mean_bytes,peak_bytes,node\n");
    strips(picture, nodes);
    text_printf(&picture->set, "array cap[%zu]\n", nodes);
    for (size_t i = 0; i < nodes && rc == GS_OK; i++) {
        const struct report_node *n = &r->node[node[i]];
        rc = series(album, picture, s, node[i], n->id, greatest);
        top[i] = top_of(n->cap_bytes.value, greatest[1]);
        swap_label(picture, i, n, greatest[1], top[i]);
        text_printf(&picture->set, "cap[%zu] = %.9g\n", i + 1, n->cap_bytes.value);
    }
    sqlite3_finalize(s);
    if (rc != GS_OK)
        return rc;
    swap_scales(picture, top, nodes);
    text_add(&picture->title, nodes == 1 ? "use of the swap file" : "use of the swap files");
    put_time(album, picture);
    if (swapping > nodes)
        text_printf(&picture->title, " (the fullest %zu of %zu nodes)", nodes, swapping);
    return GS_OK;
}

/* --- links --- */

static double moved(const struct report *r, size_t gpu)
{
    double bytes = r->gpu[gpu].swap_in_bytes.value + r->gpu[gpu].swap_out_bytes.value;
    return bytes > 0 ? bytes : -1;
}

/* One scale for all strips, so that they can be compared. */
static void link_scale(struct picture *picture, double top, size_t gpus)
{
    double unit = top >= 1e9 ? 1e9 : 1e6;
    text_printf(&picture->set, "y_unit = %.9g\ny_name = '%s'\ntop = %.9g\nstep = %.9g\n", unit,
                top >= 1e9 ? "GB/s" : "MB/s", 1.08 * top / unit, nice_step(1.08 * top / unit, gpus > 2 ? 3 : 8));
}

static void link_label(struct picture *picture, size_t strip, const struct report *r, const struct report_gpu *g,
                       double in, double out)
{
    char text[2][UNITS_TEXT], label_text[256], says[384], name[NAME_BYTES];
    double hours = r->run.elapsed.value / 3600, unit = fmax(in, out) >= 1e9 ? 1e9 : 1e6;
    snprintf(label_text, sizeof label_text, "%s: on average %s/h in, %s/h out", short_name(name, g->id),
             units_show_size(text[0], g->swap_in_bytes.value / hours),
             units_show_size(text[1], g->swap_out_bytes.value / hours));
    label(picture, strip, label_text);
    snprintf(says, sizeof says, "%s; in its busiest steps %.3g %s in and %.3g %s out", label_text, in / unit,
             unit >= 1e9 ? "GB/s" : "MB/s", out / unit, unit >= 1e9 ? "GB/s" : "MB/s");
    say(picture, strip, says);
}

int picture_link(struct album *album, struct picture *picture)
{
    const struct report *r = album->report;
    size_t gpus = 0;
    size_t *gpu = album_pick(album, r->gpus, GPUS, moved, &gpus);
    double greatest[2], top = 0;
    sqlite3_stmt *s;
    if (!gpu)
        return album_no_memory(album);
    if (gpus == 0) {
        snprintf(picture->missing, sizeof picture->missing, "nothing was swapped in this run");
        return GS_OK;
    }
    int rc = album_query(album, &s,
                         "SELECT min(from_ns) / 1e9, max(to_ns) / 1e9, sum(swap_in_bytes), sum(swap_out_bytes), 1, 1"
                         " FROM gpu_usage WHERE run = ?1 AND gpu = ?2 AND replication ="
                         " (SELECT min(replication) FROM replication WHERE run = ?1)"
                         " GROUP BY from_ns / (5 * (to_ns - from_ns)) ORDER BY from_ns");
    text_add(&picture->data, "from_s,to_s,in_bytes_per_s,out_bytes_per_s,gpu\n");
    strips(picture, gpus);
    for (size_t i = 0; i < gpus && rc == GS_OK; i++) {
        rc = series(album, picture, s, gpu[i], r->gpu[gpu[i]].id, greatest);
        link_label(picture, i, r, &r->gpu[gpu[i]], greatest[0], greatest[1]);
        top = fmax(top, fmax(greatest[0], greatest[1]));
    }
    sqlite3_finalize(s);
    if (!(top > 0))
        snprintf(picture->missing, sizeof picture->missing, "nothing was swapped in the first replication");
    link_scale(picture, top, gpus);
    text_add(&picture->title, gpus == 1 ? "what swaps moved" : "what swaps moved, by GPU");
    put_time(album, picture);
    if (r->gpus > gpus)
        text_printf(&picture->title, " (the %zu of %zu GPUs that moved most)", gpus, r->gpus);
    return rc;
}

/* --- GPUs --- */

static void gpu_label(struct picture *picture, size_t i, const struct report_gpu *g)
{
    char text[256], name[NAME_BYTES];
    snprintf(text, sizeof text, "%s: on average useful %.1f %%, switching %.1f %%, idle %.1f %%",
             short_name(name, g->id), 100 * g->useful.value, 100 * g->switching.value, 100 * g->idle.value);
    label(picture, i, text);
    say(picture, i, text);
}

int picture_gpu(struct album *album, struct picture *picture)
{
    const struct report *r = album->report;
    size_t gpus = 0;
    size_t *gpu = album_pick(album, r->gpus, GPUS, switching, &gpus);
    double greatest[2];
    sqlite3_stmt *s;
    if (!gpu)
        return album_no_memory(album);
    if (gpus == 0) {
        snprintf(picture->missing, sizeof picture->missing, "this run has no GPU time");
        return GS_OK;
    }
    /* Five buckets of the table make a column here: narrower ones are hard to read. */
    int rc =
        album_query(album, &s,
                    "SELECT min(from_ns) / 1e9, max(to_ns) / 1e9, sum(useful_ns) / 1e9, sum(switching_ns) / 1e9, 1, 1"
                    " FROM gpu_usage WHERE run = ?1 AND gpu = ?2 AND replication ="
                    " (SELECT min(replication) FROM replication WHERE run = ?1)"
                    " GROUP BY from_ns / (5 * (to_ns - from_ns)) ORDER BY from_ns");
    text_add(&picture->data, "from_s,to_s,useful,switching,gpu\n");
    strips(picture, gpus);
    for (size_t i = 0; i < gpus && rc == GS_OK; i++) {
        rc = series(album, picture, s, gpu[i], r->gpu[gpu[i]].id, greatest);
        gpu_label(picture, i, &r->gpu[gpu[i]]);
    }
    sqlite3_finalize(s);
    text_add(&picture->title, gpus == 1 ? "use of the GPU" : "use of the GPUs");
    put_time(album, picture);
    if (r->gpus > gpus)
        text_printf(&picture->title, " (the %zu of %zu GPUs that switch most)", gpus, r->gpus);
    return rc;
}
