/* finding.c - read what another command found, tell which one it was, and whether it is whole. */
#include "plots/html/finding.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* `sign` is a member that only this kind has.  Of members "s:" are words, "n:" numbers, "o:" lists and the like, "?:" anything;
 * those behind a list's name are of its elements. */
struct finding_kind {
    const char *command, *heading, *sign, *members;
    const char *list[2], *of_list[2];
    int (*section)(struct text *out, const struct finding *finding, struct page_run *run, const char *name,
                   const char *work, struct error *err);
};

static const char point[] = "n:value s:text s:state n:replications a:checks", one_case[] = "s:name s:says a:curve";
static const struct finding_kind kinds[] = {
    {"capacity",
     "How far it goes",
     "key",
     "s:key s:unit s:says ?:answer a:curve",
     {"curve"},
     {point},
     section_capacity},
    {"capacity", "How far it goes", "frontier", "s:key s:second", {"frontier"}, {one_case}, section_capacity},
    {"compare",
     "Alternatives compared",
     "comparison",
     "s:comparison n:replications",
     {"alternatives", "metrics"},
     {"s:name", "s:scope s:name s:metric a:values a:differences"},
     section_comparison},
    {"regret",
     "What is left to win",
     "parts",
     "n:replications",
     {"runs", "parts"},
     {"s:name s:victim s:slicer", "s:name n:mean_s n:share"},
     section_regret},
};

double finding_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

const char *finding_word(const json_t *object, const char *key)
{
    const char *word = json_string_value(json_object_get(object, key));
    return word ? word : "";
}

void finding_bounds(const json_t *object, const char *key, double bounds[2])
{
    const json_t *list = json_object_get(object, key);
    for (size_t i = 0; i < 2; i++) {
        const json_t *value = json_array_get(list, i);
        bounds[i] = json_is_number(value) ? json_number_value(value) : NAN;
    }
}

const char *finding_interval(char out[2 * CELL + 8], show_fn show, const double bounds[2])
{
    char low[CELL], high[CELL];
    out[0] = '\0';
    if (!isnan(bounds[0]) && !isnan(bounds[1]))
        snprintf(out, 2 * CELL + 8, "[%s, %s]", show(low, bounds[0]), show(high, bounds[1]));
    return out;
}

show_fn finding_show(const char *metric)
{
    return strncmp(metric, "response", 8) == 0 || strncmp(metric, "ttft", 4) == 0 || strcmp(metric, "makespan") == 0
               ? report_time
           : strstr(metric, "bytes")            ? show_size
           : strcmp(metric, "throughput_share") ? show_ratio
                                                : show_percent;
}

const char *finding_metric(char out[CELL], const char *metric)
{
    snprintf(out, CELL, "%s", metric);
    for (char *c = out; *c; c++)
        *c = *c == '_' ? ' ' : *c;
    return out;
}

/* The first of `members` that `object` lacks, cut out of them to `out`; NULL: it has all. */
static const char *lacks(char out[CELL], const json_t *object, const char *members)
{
    for (const char *c = members; *c; c += strcspn(c, " "), c += *c == ' ') {
        snprintf(out, CELL, "%.*s", (int)strcspn(c + 2, " "), c + 2);
        const json_t *value = json_object_get(object, out);
        bool fits = *c == 's'   ? json_is_string(value)
                    : *c == 'n' ? json_is_number(value)
                    : *c == 'a' ? json_is_array(value)
                                : value != NULL;
        if (!fits)
            return out;
    }
    return NULL;
}

static int damaged(const struct finding *f, const char *member, struct error *err)
{
    return error_set(err, GS_BAD_INPUT,
                     "'%s' is damaged: it looks like that of 'gpuswap-sim %s --json', but has no '%s'", f->path,
                     f->kind->command, member);
}

static int check(const struct finding *f, const char *version, struct error *err)
{
    char name[CELL];
    const char *from = finding_word(f->json, "version"), *missing = lacks(name, f->json, "s:version n:seed");
    if (missing)
        return damaged(f, missing, err);
    if (strcmp(from, version) != 0)
        return error_set(err, GS_BAD_INPUT,
                         "'%s' was written by gpuswap-sim %s, this is %s; make it again with 'gpuswap-sim %s'", f->path,
                         from, version, f->kind->command);
    if ((missing = lacks(name, f->json, f->kind->members)))
        return damaged(f, missing, err);
    for (size_t k = 0; k < 2 && f->kind->list[k]; k++) {
        const json_t *list = json_object_get(f->json, f->kind->list[k]);
        if (json_array_size(list) == 0)
            return damaged(f, f->kind->list[k], err);
        for (size_t i = 0; i < json_array_size(list); i++)
            if ((missing = lacks(name, json_array_get(list, i), f->kind->of_list[k])))
                return damaged(f, missing, err);
    }
    return GS_OK;
}

int finding_read(struct finding *f, const char *path, const char *version, struct error *err)
{
    json_error_t where;
    *f = (struct finding){.path = path};
    if (access(path, R_OK) != 0)
        return error_set(err, GS_NO_INPUT, "cannot read '%s': %s", path, strerror(errno));
    f->json = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    if (!f->json)
        return error_set(err, GS_BAD_INPUT, "'%s', line %d: it is damaged, or no JSON: %s", path,
                         where.line < 1 ? 1 : where.line, where.text);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (json_object_get(f->json, kinds[i].sign))
            f->kind = &kinds[i]; /* the frontier has a key, too, and comes later */
    if (!f->kind)
        return error_set(
            err, GS_BAD_INPUT,
            "'%s' is none of what 'capacity', 'compare' and 'regret' write with --json; runs of a database are "
            "added with --run",
            path);
    return check(f, version, err);
}

void finding_close(struct finding *f)
{
    json_decref(f->json);
    f->json = NULL;
}

const char *finding_command(const struct finding *f)
{
    return f->kind->command;
}

int finding_section(struct text *out, const struct finding *f, struct page_run *run, const char *name, const char *work,
                    struct error *err)
{
    const char *scenario = finding_word(f->json, "scenario");
    text_printf(out, "<section id=\"%s\">\n<h2>", name);
    html_text(out, f->kind->heading);
    text_add(out, "</h2>\n");
    int rc = f->kind->section(out, f, run, name, work, err);
    text_add(out, "<p class=\"hint\">");
    html_printf(out, "From %s, as gpuswap-sim %s wrote it: %s, seed %.0f, gpuswap-sim %s.", f->path, f->kind->command,
                *scenario ? scenario : finding_word(f->json, "comparison"), finding_number(f->json, "seed"),
                finding_word(f->json, "version"));
    text_add(out, "</p>\n</section>\n");
    return rc;
}
