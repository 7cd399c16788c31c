/* plots.c - the pictures of a run, one after another: have each made, write its files, let gnuplot draw it. */
#include "plots/plots.h"

#include "plots/page.h"
#include "sim/results/schema.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *shows;
    int (*make)(struct album *album, struct picture *picture);
} picture_at[] = {
    {"response", "how long bursts took, by group", picture_response},
    {"stalls", "where their time went", picture_stalls},
    {"residency", "who was on each GPU, when", picture_residency},
    {"swap", "use of the swap files", picture_swap},
    {"gpu", "use of the GPUs", picture_gpu},
};
enum { PICTURES = sizeof picture_at / sizeof picture_at[0] };

/* What a picture is of, below its title: policy, length, seed, and that it is no measurement. */
static void put_subtitle(struct text *out, const struct report *r)
{
    enum { MOST = 130 };
    char line[512];
    const char *how = strcmp(r->provenance, "sim") == 0      ? "simulated"
                      : strcmp(r->provenance, "double") == 0 ? "on the driver double, no GPU"
                                                             : "on a GPU";
    int n = snprintf(line, sizeof line, "%s   %s, seed %llu   %s, gpuswap-sim %s", r->policy, r->length,
                     (unsigned long long)r->seed, how, r->version);
    if (n > MOST) /* parameters of policies are ASCII */
        snprintf(line + MOST - 2, sizeof line - MOST, "..");
    text_add(out, line);
}

/* Write the data and the script of a picture; `*made`: there is something to draw. */
static int prepare(struct album *album, size_t i, const struct page *page, const char *folder, FILE *talk, bool *made)
{
    struct picture picture = {.height = 560};
    const char *name = picture_at[i].name;
    page_remove_old(folder, name);
    int rc = GS_OK;
    if (album->is_brief && picture_at[i].make != picture_stalls)
        snprintf(picture.missing, sizeof picture.missing,
                 "this point of a sweep kept totals only; run it by itself, or the sweep with --set "
                 "scenario.record=bursts");
    else
        rc = picture_at[i].make(album, &picture);
    *made = rc == GS_OK && !picture.missing[0];
    if (*made)
        rc = page_write(page, folder, name, &picture, album->err);
    else if (rc == GS_OK && talk)
        fprintf(talk, "note: no picture '%s' (%s): %s\n", name, picture_at[i].shows, picture.missing);
    picture_fini(&picture);
    return rc;
}

static int find_brief(struct album *album)
{
    double brief;
    int rc = album_number(
        album, "SELECT count(*) FROM sweep_point JOIN run USING(run) WHERE run = ?1 AND record = 'summary'", &brief);
    album->is_brief = rc == GS_OK && brief > 0;
    return rc;
}

static int end_of_first(struct album *album)
{
    int rc = album_number(album, "SELECT to_ns / 1e9 FROM replication WHERE run = ?1 ORDER BY replication LIMIT 1",
                          &album->end_s);
    if (rc == GS_OK && !(album->end_s > 0))
        rc = error_set(album->err, GS_BAD_INPUT, "run %lld in '%s' has no replication to draw",
                       (long long)album->report->number, album->path);
    return rc;
}

/* All that is wanted of them; those that could be made. */
static int prepare_all(struct album *album, const char *folder, FILE *talk, bool made[PICTURES])
{
    const struct report *report = album->report;
    struct text subtitle = {0}, set = {0};
    put_subtitle(&subtitle, report);
    text_printf(&set, "time_is = '%s'\ntime_of = '%s'\n",
                strcmp(report->provenance, "sim") == 0 ? "simulated time" : "time",
                report->run.replications.value > 1 ? ", first replication" : "");
    int rc = subtitle.failed || set.failed ? album_no_memory(album) : end_of_first(album);
    if (rc == GS_OK)
        rc = find_brief(album);
    const struct page page = {.of = report->scenario, .subtitle = subtitle.data, .set = set.data};
    for (size_t i = 0; i < PICTURES && rc == GS_OK; i++)
        rc = prepare(album, i, &page, folder, talk, &made[i]);
    text_fini(&subtitle);
    text_fini(&set);
    return rc;
}

int plots_write(const char *path, const struct report *report, const char *folder, FILE *talk, struct error *err)
{
    struct album album = {.path = path, .report = report, .err = err};
    bool made[PICTURES] = {false};
    int rc = page_folder(folder, err);
    if (rc == GS_OK)
        rc = schema_open_read(&album.db, path, err);
    if (rc != GS_OK)
        return rc;
    rc = prepare_all(&album, folder, talk, made);
    sqlite3_close(album.db);
    arena_fini(&album.arena);
    for (size_t i = 0; i < PICTURES && rc == GS_OK; i++)
        if (made[i])
            rc = page_draw(folder, picture_at[i].name, picture_at[i].shows, talk, err);
    return rc;
}
