/* plots.c - the pictures of a run, one after another: have each made, write its files, let gnuplot draw it. */
#include "plots/plots.h"

#include "plots/page.h"
#include "sim/results/schema.h"

#include <stdio.h>
#include <string.h>

const struct plot_kind plot_kind[PLOT_KINDS] = {
    {"response", "how long bursts took, by group", picture_response},
    {"stalls", "where their time went", picture_stalls},
    {"residency", "who was on each GPU, when", picture_residency},
    {"swap", "use of the swap files", picture_swap},
    {"link", "what swaps moved", picture_link},
    {"gpu", "use of the GPUs", picture_gpu},
};

/* What a picture is of, below its title: policy, length, seed, and that it is no measurement. */
static void put_subtitle(struct text *out, const struct report *r)
{
    enum { MOST = 130 };
    char line[512];
    const char *how = report_how(r);
    bool is_sim = strcmp(r->provenance, "sim") == 0; /* what is not comes first: the line may be cut */
    int n = is_sim ? snprintf(line, sizeof line, "%s   %s, seed %llu   %s, gpuswap-sim %s", r->policy, r->length,
                              (unsigned long long)r->seed, how, r->version)
                   : snprintf(line, sizeof line, "%s   %s   %s, seed %llu, gpuswap-sim %s", how, r->policy, r->length,
                              (unsigned long long)r->seed, r->version);
    if (n > MOST) /* parameters of policies are ASCII */
        snprintf(line + MOST - 2, sizeof line - MOST, "..");
    text_add(out, line);
}

/* Write the data and the script of a picture; `*made`: there is something to draw. */
static int prepare(struct album *album, size_t i, const struct page *page, const char *folder, FILE *talk, bool *made)
{
    struct picture picture = {.height = 560};
    const char *name = plot_kind[i].name;
    page_remove_old(folder, name);
    int rc = GS_OK;
    if (album->is_brief && plot_kind[i].make != picture_stalls)
        snprintf(picture.missing, sizeof picture.missing,
                 "this point of a sweep kept totals only; run it by itself, or the sweep with --set "
                 "scenario.record=bursts");
    else
        rc = plot_kind[i].make(album, &picture);
    *made = rc == GS_OK && !picture.missing[0];
    if (*made)
        rc = page_write(page, folder, name, &picture, album->err);
    else if (rc == GS_OK && talk)
        fprintf(talk, "note: no picture '%s' (%s): %s\n", name, plot_kind[i].shows, picture.missing);
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

int album_open(struct album *album, const char *path, const struct report *report, struct error *err)
{
    *album = (struct album){.path = path, .report = report, .err = err};
    int rc = schema_open_read(&album->db, path, err);
    if (rc == GS_OK)
        rc = end_of_first(album);
    return rc == GS_OK ? find_brief(album) : rc;
}

void album_close(struct album *album)
{
    sqlite3_close(album->db);
    arena_fini(&album->arena);
    *album = (struct album){0};
}

void album_captions(const struct album *album, struct text *subtitle, struct text *set)
{
    const struct report *report = album->report;
    put_subtitle(subtitle, report);
    text_printf(set, "time_is = '%s'\ntime_of = '%s'\n",
                strcmp(report->provenance, "sim") == 0 ? "simulated time" : "time",
                report->run.replications.value > 1 ? ", first replication" : "");
}

/* All that is wanted of them; those that could be made. */
static int prepare_all(struct album *album, const char *folder, FILE *talk, bool made[PLOT_KINDS])
{
    struct text subtitle = {0}, set = {0};
    album_captions(album, &subtitle, &set);
    int rc = subtitle.failed || set.failed ? album_no_memory(album) : GS_OK;
    const struct page page = {
        .of = album->report->scenario, .subtitle = subtitle.data, .set = set.data, .forms = "svg png"};
    for (size_t i = 0; i < PLOT_KINDS && rc == GS_OK; i++)
        rc = prepare(album, i, &page, folder, talk, &made[i]);
    text_fini(&subtitle);
    text_fini(&set);
    return rc;
}

int plots_write(const char *path, const struct report *report, const char *folder, FILE *talk, struct error *err)
{
    struct album album;
    bool made[PLOT_KINDS] = {false};
    int rc = page_folder(folder, err);
    if (rc != GS_OK)
        return rc;
    rc = album_open(&album, path, report, err);
    if (rc == GS_OK)
        rc = prepare_all(&album, folder, talk, made);
    album_close(&album);
    for (size_t i = 0; i < PLOT_KINDS && rc == GS_OK; i++)
        if (made[i])
            rc = page_draw(folder, plot_kind[i].name, plot_kind[i].shows, talk, err);
    return rc;
}
