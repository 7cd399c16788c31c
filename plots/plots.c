/* plots.c - the pictures of a run, one after another: have each made, write its files, let gnuplot draw it. */
#include "plots/plots.h"

#include "plots/picture.h"
#include "plots/scripts.h"
#include "sim/results/schema.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static const char *script_text(const char *name)
{
    const struct script *script = plots_script;
    while (script->name && strcmp(script->name, name) != 0)
        script++;
    return script->name ? script->text : "";
}

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
    text_add(out, "subtitle = ");
    put_string(out, line);
    text_add(out, "\n");
}

static void put_script(struct text *out, const char *name, const struct picture *picture, const struct report *report)
{
    struct text title = {0};
    char scenario[NAME_BYTES];
    text_printf(&title, "%s: %s", short_title(scenario, report->scenario), picture->title.data);
    text_printf(out, "# Draws %s.svg and %s.png from %s.csv: gnuplot %s.gp\n", name, name, name, name);
    text_printf(out, "picture = '%s'\ndata = '%s.csv'\nwidth = %d\nheight = %d\ntitle = ", name, name, PICTURE_WIDTH,
                picture->height);
    put_string(out, title.data ? title.data : "");
    text_add(out, "\n");
    put_subtitle(out, report);
    text_printf(out, "time_is = '%s'\ntime_of = '%s'\n",
                strcmp(report->provenance, "sim") == 0 ? "simulated time" : "time",
                report->run.replications.value > 1 ? ", first replication" : "");
    text_add(out, picture->set.data);
    text_printf(out, "\n%s\ndo for [form in \"svg png\"] {\n%s%sunset output\n}\n", script_text("style"),
                script_text("page"), script_text(name));
    out->failed |= title.failed;
    text_fini(&title);
}

static int write_file(const char *folder, const char *name, const char *suffix, const struct text *text,
                      struct error *err)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.%s", folder, name, suffix);
    FILE *file = fopen(path, "we");
    if (!file)
        return error_set(err, GS_CANT_CREATE, "cannot create '%s': %s", path, strerror(errno));
    bool ok = fwrite(text->data, 1, text->length, file) == text->length;
    ok = fclose(file) == 0 && ok;
    return ok ? GS_OK : error_set(err, GS_IO, "cannot write '%s': %s", path, strerror(errno));
}

/* What an earlier run left under a name is not mistaken for this one's. */
static void remove_old(const char *folder, const char *name)
{
    static const char *const suffix[] = {"csv", "gp", "svg", "png"};
    for (size_t i = 0; i < sizeof suffix / sizeof suffix[0]; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s.%s", folder, name, suffix[i]);
        unlink(path);
    }
}

/* Write the data and the script of a picture; `*made`: there is something to draw. */
static int prepare(struct album *album, size_t i, const char *folder, FILE *talk, bool *made)
{
    struct picture picture = {.height = 560};
    struct text script = {0};
    const char *name = picture_at[i].name;
    remove_old(folder, name);
    int rc = picture_at[i].make(album, &picture);
    *made = rc == GS_OK && !picture.missing[0];
    if (*made) {
        put_script(&script, name, &picture, album->report);
        if (script.failed || picture.data.failed || picture.set.failed || picture.title.failed)
            rc = album_no_memory(album);
        if (rc == GS_OK)
            rc = write_file(folder, name, "csv", &picture.data, album->err);
        if (rc == GS_OK)
            rc = write_file(folder, name, "gp", &script, album->err);
    } else if (rc == GS_OK && talk) {
        fprintf(talk, "note: no picture '%s' (%s): %s\n", name, picture_at[i].shows, picture.missing);
    }
    text_fini(&picture.data);
    text_fini(&picture.set);
    text_fini(&picture.title);
    text_fini(&script);
    return rc;
}

static int draw(const char *folder, size_t i, FILE *talk, struct error *err)
{
    char script[64];
    snprintf(script, sizeof script, "%s.gp", picture_at[i].name);
    int rc = gnuplot_run(folder, script, err);
    if (rc == GS_OK && talk)
        fprintf(talk, "%s/%s.svg, .png: %s\n", folder, picture_at[i].name, picture_at[i].shows);
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

int plots_write(const char *path, const struct report *report, const char *folder, FILE *talk, struct error *err)
{
    struct album album = {.path = path, .report = report, .err = err};
    bool made[PICTURES] = {false};
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return error_set(err, GS_CANT_CREATE, "cannot create the folder '%s': %s", folder, strerror(errno));
    int rc = schema_open_read(&album.db, path, err);
    if (rc != GS_OK)
        return rc;
    rc = end_of_first(&album);
    for (size_t i = 0; i < PICTURES && rc == GS_OK; i++)
        rc = prepare(&album, i, folder, talk, &made[i]);
    sqlite3_close(album.db);
    arena_fini(&album.arena);
    for (size_t i = 0; i < PICTURES && rc == GS_OK; i++)
        if (made[i])
            rc = draw(folder, i, talk, err);
    return rc;
}
