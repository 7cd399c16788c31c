/* write.c - one page of one run or several: put together in memory, written beside its place, moved there when whole. */
#include "plots/html/finding.h"
#include "plots/page.h"
#include "plots/plots.h"
#include "version.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char page_name[] = "index.html";

/* --- a run --- */

enum {
    RUN_ID,
    RUN_HEADING,
    RUN_SLAS,
    RUN_GROUPS,
    RUN_GPUS,
    RUN_NODES,
    RUN_BOUND,
    RUN_NOTES,
    RUN_STALLS,
    RUN_POLICIES,
    RUN_RESOLVED,
    RUN_RESOLVED_FILE,
    RUN_TEXT,
    RUN_FACTS,
    RUN_COMMAND,
    RUN_LEFT_OUT,
    RUN_RESPONSE,
    RUN_WHERE,
    RUN_RESIDENCY,
    RUN_USAGE,
    RUN_PARTS
};

/* Where each picture stands. */
static int place_of(const char *picture)
{
    return strcmp(picture, "response") == 0    ? RUN_RESPONSE
           : strcmp(picture, "stalls") == 0    ? RUN_WHERE
           : strcmp(picture, "residency") == 0 ? RUN_RESIDENCY
                                               : RUN_USAGE;
}

static void put_command(struct text *out, const struct page_run *run, size_t runs)
{
    struct text command = {0};
    text_add(&command, "gpuswap-sim report ");
    text_shell_word(&command, run[0].album.path);
    for (size_t i = 0; i < runs; i++)
        text_printf(&command, " --run %lld", (long long)run[i].report->number);
    text_add(&command, " --html DIR");
    html_text(out, command.data);
    out->failed = out->failed || command.failed;
    text_fini(&command);
}

static void put_tables(struct html_part part[RUN_PARTS], struct page_run *run)
{
    struct text resolved = {0};
    section_slas(&part[RUN_SLAS].text, run->report);
    section_groups(&part[RUN_GROUPS].text, run->report);
    section_gpus(&part[RUN_GPUS].text, &run->album);
    section_nodes(&part[RUN_NODES].text, &run->album);
    section_bound(&part[RUN_BOUND].text, run->report);
    section_notes(&part[RUN_NOTES].text, run->report);
    section_stalls(&part[RUN_STALLS].text, run->report);
    section_policies(&part[RUN_POLICIES].text, run);
    section_facts(&part[RUN_FACTS].text, run);
    section_resolved(&resolved, run);
    html_text(&part[RUN_RESOLVED].text, resolved.data);
    html_data(&part[RUN_RESOLVED_FILE].text, "plain", resolved.data);
    html_text(&part[RUN_TEXT].text, run->scenario_text);
    part[RUN_RESOLVED].text.failed = part[RUN_RESOLVED].text.failed || resolved.failed;
    text_fini(&resolved);
}

static int put_run(struct text *out, struct page_run *run, size_t runs, size_t i, const char *work, struct error *err)
{
    struct html_part part[RUN_PARTS] = {
        [RUN_ID] = {.name = "id"},           [RUN_HEADING] = {.name = "heading"},
        [RUN_SLAS] = {.name = "slas"},       [RUN_GROUPS] = {.name = "groups"},
        [RUN_GPUS] = {.name = "gpus"},       [RUN_NODES] = {.name = "nodes"},
        [RUN_BOUND] = {.name = "bound"},     [RUN_NOTES] = {.name = "notes"},
        [RUN_STALLS] = {.name = "stalls"},   [RUN_POLICIES] = {.name = "policies"},
        [RUN_TEXT] = {.name = "text"},       [RUN_RESOLVED_FILE] = {.name = "resolvedfile"},
        [RUN_FACTS] = {.name = "facts"},     [RUN_RESOLVED] = {.name = "resolved"},
        [RUN_COMMAND] = {.name = "command"}, [RUN_LEFT_OUT] = {.name = "leftout"},
        [RUN_WHERE] = {.name = "where"},     [RUN_RESIDENCY] = {.name = "residency"},
        [RUN_USAGE] = {.name = "usage"},     [RUN_RESPONSE] = {.name = "response"},
    };
    int rc = GS_OK;
    text_add(&part[RUN_ID].text, run[i].id);
    if (runs > 1)
        html_printf(&part[RUN_HEADING].text, "Run %lld: %s, %s", (long long)run[i].report->number,
                    run[i].report->scenario, run[i].report->policy);
    put_tables(part, &run[i]);
    put_command(&part[RUN_COMMAND].text, run, runs);
    for (size_t k = 0; k < PLOT_KINDS && rc == GS_OK; k++)
        rc = section_figure(&part[place_of(plot_kind[k].name)].text, &run[i], &plot_kind[k], work,
                            &part[RUN_LEFT_OUT].text, err);
    html_fill(out, html_template_of("run"), part, RUN_PARTS);
    for (size_t k = 0; k < RUN_PARTS; k++)
        out->failed = out->failed || part[k].text.failed;
    html_parts_fini(part, RUN_PARTS);
    return rc;
}

static void put_answer(struct text *out, const struct page_run *run, size_t runs)
{
    enum { ID, OF, STATE, MARK, VERDICT, PROMISES, ALARMS, LIMITS, NEXT, TILES, PARTS };
    struct html_part part[PARTS] = {
        [ID] = {.name = "id"},         [OF] = {.name = "of"},           [STATE] = {.name = "state"},
        [MARK] = {.name = "mark"},     [VERDICT] = {.name = "verdict"}, [PROMISES] = {.name = "promises"},
        [ALARMS] = {.name = "alarms"}, [LIMITS] = {.name = "limits"},   [NEXT] = {.name = "next"},
        [TILES] = {.name = "tiles"}};
    const struct report *r = run->report;
    bool is_good = section_is_good(r), is_plain = is_good && r->slas == 0;
    text_add(&part[ID].text, run->id);
    if (runs > 1)
        html_printf(&part[OF].text, "Run %lld: %s, %s", (long long)r->number, r->scenario, r->policy);
    text_add(&part[STATE].text, is_plain ? "plain" : is_good ? "good" : "bad");
    text_add(&part[MARK].text, is_plain ? "" : is_good ? "✓" : "✗");
    section_verdict(&part[VERDICT].text, r);
    section_answer(&part[PROMISES].text, r);
    section_alarms(&part[ALARMS].text, r);
    html_text(&part[LIMITS].text, r->limits);
    section_next(&part[NEXT].text, r);
    if (runs == 1) /* several have them in the tables that follow */
        section_tiles(&part[TILES].text, r);
    html_fill(out, html_template_of("answer"), part, PARTS);
    html_parts_fini(part, PARTS);
}

/* --- the page --- */

enum {
    PAGE_TITLE,
    PAGE_STYLE,
    PAGE_PROVENANCE,
    PAGE_PROGRAM,
    PAGE_HEADING,
    PAGE_ANSWERS,
    PAGE_SEVERAL,
    PAGE_OVERLAY,
    PAGE_DIFFERENCES,
    PAGE_FINDINGS,
    PAGE_RUNS,
    PAGE_PARTS
};

/* "Simulated" in front of everything, for each kind of numbers that is on the page. */
static void put_provenance(struct text *out, const struct page_run *run, size_t runs)
{
    for (size_t i = 0; i < runs; i++) {
        bool seen = false;
        for (size_t k = 0; k < i; k++)
            seen = seen || strcmp(run[k].report->provenance, run[i].report->provenance) == 0;
        if (!seen)
            html_printf(out, "%s%s", out->length ? " and " : "", report_how(run[i].report));
    }
}

static void put_heading(struct text *out, const struct page_run *run, size_t runs)
{
    bool same = true;
    for (size_t i = 1; i < runs; i++)
        same = same && strcmp(run[i].report->scenario, run[0].report->scenario) == 0;
    if (same)
        html_text(out, run[0].report->scenario);
    if (runs > 1)
        text_printf(out, "%s%zu runs", same ? ": " : "", runs);
}

static int put_findings(struct text *out, struct page_run *run, const struct finding *finding, size_t findings,
                        const char *work, struct error *err)
{
    int rc = GS_OK;
    for (size_t i = 0; i < findings && rc == GS_OK; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s_%zu", finding_command(&finding[i]), i + 1);
        rc = finding_section(out, &finding[i], run, name, work, err);
    }
    return rc;
}

static int put_page(struct text *out, struct page_run *run, size_t runs, const struct finding *finding, size_t findings,
                    const char *work, struct error *err)
{
    struct html_part part[PAGE_PARTS] = {
        [PAGE_TITLE] = {.name = "title"},      [PAGE_STYLE] = {.name = "style"},
        [PAGE_HEADING] = {.name = "heading"},  [PAGE_PROVENANCE] = {.name = "provenance"},
        [PAGE_PROGRAM] = {.name = "program"},  [PAGE_ANSWERS] = {.name = "answers"},
        [PAGE_SEVERAL] = {.name = "several"},  [PAGE_OVERLAY] = {.name = "overlay"},
        [PAGE_RUNS] = {.name = "runs"},        [PAGE_DIFFERENCES] = {.name = "differences"},
        [PAGE_FINDINGS] = {.name = "findings"}};
    int rc = GS_OK;
    put_heading(&part[PAGE_HEADING].text, run, runs);
    text_add(&part[PAGE_TITLE].text, part[PAGE_HEADING].text.data ? part[PAGE_HEADING].text.data : "");
    text_add(&part[PAGE_TITLE].text, " - gpuswap-sim");
    text_add(&part[PAGE_STYLE].text, html_template_of("style"));
    put_provenance(&part[PAGE_PROVENANCE].text, run, runs);
    html_printf(&part[PAGE_PROGRAM].text, "gpuswap-sim %s", run[0].report->version);
    for (size_t i = 0; i < runs; i++)
        put_answer(&part[PAGE_ANSWERS].text, &run[i], runs);
    if (runs > 1) {
        section_side_by_side(&part[PAGE_SEVERAL].text, run, runs);
        section_differences(&part[PAGE_DIFFERENCES].text, run, runs);
        rc = section_overlay(&part[PAGE_OVERLAY].text, run, runs, work, err);
    }
    if (rc == GS_OK)
        rc = put_findings(&part[PAGE_FINDINGS].text, run, finding, findings, work, err);
    for (size_t i = 0; i < runs && rc == GS_OK; i++)
        rc = put_run(&part[PAGE_RUNS].text, run, runs, i, work, err);
    html_fill(out, html_template_of("page"), part, PAGE_PARTS);
    for (size_t i = 0; i < PAGE_PARTS; i++)
        out->failed = out->failed || part[i].text.failed;
    html_parts_fini(part, PAGE_PARTS);
    return rc;
}

/* --- files --- */

/* The folder that the pictures were drawn in, and what is in it. */
static void remove_work(const char *work)
{
    DIR *dir = opendir(work);
    struct dirent *entry;
    while (dir && (entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
    rmdir(work);
}

static int write_page(const char *folder, const char *work, const struct text *page, struct error *err)
{
    char made[4096 + sizeof page_name], path[4096 + sizeof page_name];
    snprintf(made, sizeof made, "%s/%s", work, page_name);
    snprintf(path, sizeof path, "%s/%s", folder, page_name);
    FILE *file = fopen(made, "we");
    if (!file)
        return error_set(err, GS_CANT_CREATE, "cannot create '%s': %s", made, strerror(errno));
    bool ok = fwrite(page->data, 1, page->length, file) == page->length;
    ok = fclose(file) == 0 && ok;
    if (!ok)
        return error_set(err, GS_IO, "cannot write '%s': %s", path, strerror(errno));
    if (rename(made, path) != 0)
        return error_set(err, GS_CANT_CREATE, "cannot create '%s': %s", path, strerror(errno));
    return GS_OK;
}

static int make_page(struct page_run *run, size_t runs, const struct finding *finding, size_t findings,
                     const char *folder, FILE *talk, struct error *err)
{
    char work[4096];
    struct text page = {0};
    snprintf(work, sizeof work, "%s/.page-XXXXXX", folder);
    if (!mkdtemp(work))
        return error_set(err, GS_CANT_CREATE, "cannot create a folder in '%s': %s", folder, strerror(errno));
    int rc = put_page(&page, run, runs, finding, findings, work, err);
    if (rc == GS_OK && page.failed)
        rc = error_set(err, GS_SYSTEM, "no memory for the page of '%s'", run[0].album.path);
    if (rc == GS_OK)
        rc = write_page(folder, work, &page, err);
    if (rc == GS_OK && talk)
        fprintf(talk, "%s/%s: %zu run%s%s\n", folder, page_name, runs, runs == 1 ? "" : "s",
                findings ? ", and what was found besides" : "");
    text_fini(&page);
    remove_work(work);
    for (size_t i = 0; i < runs && rc == GS_OK; i++)
        if (run[i].without)
            rc = error_set(err, GS_SYSTEM, "%s", run[i].without);
    return rc;
}

/* The page itself needs them all. */
static int read_all(struct page_run *run, size_t runs, const char *path, const struct report *report,
                    struct finding *finding, size_t findings, const char *const *file, struct error *err)
{
    int rc = GS_OK;
    for (size_t i = 0; i < findings && rc == GS_OK; i++)
        rc = finding_read(&finding[i], file[i], GPUSWAP_VERSION, err);
    for (size_t i = 0; i < runs && rc == GS_OK; i++) {
        rc = section_read(&run[i], path, &report[i], err);
        snprintf(run[i].id, sizeof run[i].id, "run-%lld", (long long)report[i].number);
    }
    return rc;
}

int plots_write_html(const char *path, const struct report *report, size_t reports, const char *const *file,
                     size_t files, const char *folder, FILE *talk, struct error *err)
{
    struct arena arena = {0};
    struct page_run *run = arena_array(&arena, reports, sizeof *run);
    struct finding *finding = arena_array(&arena, files + 1, sizeof *finding);
    int rc = run && finding ? GS_OK : error_set(err, GS_SYSTEM, "no memory for the page of '%s'", path);
    if (rc == GS_OK)
        rc = read_all(run, reports, path, report, finding, files, file, err);
    if (rc == GS_OK)
        rc = page_folder(folder, err);
    if (rc == GS_OK)
        rc = make_page(run, reports, finding, files, folder, talk, err);
    for (size_t i = 0; run && i < reports; i++)
        album_close(&run[i].album);
    for (size_t i = 0; finding && i < files; i++)
        finding_close(&finding[i]);
    arena_fini(&arena);
    return rc;
}
