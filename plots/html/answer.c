/* answer.c - what the reader came for: are the promises kept, what limits, what to do next, what to beware of. */
#include "plots/html/sections.h"

#include "sim/base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static size_t missed(const struct report *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->slas; i++)
        n += !r->sla[i].met;
    return n;
}

bool section_is_good(const struct report *r)
{
    bool partial = false;
    for (size_t i = 0; i < r->groups; i++)
        partial = partial || report_is_partial(&r->group[i]);
    return missed(r) == 0 && !partial;
}

void section_verdict(struct text *out, const struct report *r)
{
    size_t n = missed(r);
    if (r->slas == 0)
        text_add(out, section_is_good(r) ? "Nothing was promised in this scenario" : "Not everybody was served");
    else if (r->slas == 1)
        text_add(out, n ? "The promise is missed" : "The promise is kept");
    else if (n == 0 && r->slas == 2)
        text_add(out, "Both promises are kept");
    else if (n == 0)
        text_printf(out, "All %zu promises are kept", r->slas);
    else
        text_printf(out, "%zu of %zu promises %s missed", n, r->slas, n == 1 ? "is" : "are");
}

/* A promise in words: before whom it is about, before the target, after it. */
struct promise_words {
    const char *metric, *who, *target, *end;
};

static const struct promise_words *words_of(const char *metric)
{
    static const char at_most[] = " should take at most ", times[] = " times as long as alone";
    static const struct promise_words known[] = {
        {"response_mean", "on average, bursts of ", at_most, ""},
        {"response_p50", "half of the bursts of ", at_most, ""},
        {"response_p95", "95 of 100 bursts of ", at_most, ""},
        {"response_p99", "99 of 100 bursts of ", at_most, ""},
        {"slowdown_mean", "on average, bursts of ", at_most, times},
        {"slowdown_p50", "half of the bursts of ", at_most, times},
        {"slowdown_p95", "95 of 100 bursts of ", at_most, times},
        {"slowdown_p99", "99 of 100 bursts of ", at_most, times},
        {"throughput_share", "", " should keep at least ", " of the speed alone"},
        {"oom_kills", "bursts of ", " should be killed for want of memory at most ", " times"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].metric, metric) == 0)
            return &known[i];
    return NULL;
}

static void promise(struct text *out, const struct report *r, const struct report_sla *s)
{
    char target[CELL], value[CELL], demand[2 * CELL], interval[2 * CELL], why[2 * CELL];
    const struct promise_words *words = words_of(s->metric);
    const char *who = s->group ? s->group : s->class;
    report_missed_text(why, sizeof why, r, s);
    text_printf(out, "<li class=\"%s\">%s: ", s->met ? "met" : "missed", s->met ? "Kept" : "Missed");
    if (words)
        html_printf(out, "%s%s%s%s%s. ", words->who, who, words->target, sla_show(s)(target, s->target), words->end);
    else
        html_printf(out, "%s: %s. ", who, sla_demand(demand, s));
    if (isnan(s->value.value))
        text_add(out, "Nothing ended that could tell.");
    else
        html_printf(out, "Found: %s%s%s.", sla_show(s)(value, s->value.value),
                    isnan(s->value.low) ? "" : ", 95 % interval ", sla_bounds(interval, s));
    if (why[0])
        html_printf(out, " Missed all the same: %s.", why);
    text_add(out, "</li>\n");
}

void section_answer(struct text *out, const struct report *r)
{
    enum { TOLD = 6 };
    size_t told = 0;
    for (int met = 0; met <= 1; met++) /* what is missed first */
        for (size_t i = 0; i < r->slas && told < TOLD; i++)
            if (r->sla[i].met == (bool)met) {
                promise(out, r, &r->sla[i]);
                told++;
            }
    if (r->slas > told)
        text_printf(out, "<li>%zu more in the table below.</li>\n", r->slas - told);
}

/* "COMMAND  # question" */
void section_next(struct text *out, const struct report *r)
{
    const char *comment = strstr(r->next, "  # ");
    char question[256] = "";
    int length = comment ? (int)(comment - r->next) : (int)strlen(r->next);
    struct text command = {0};
    if (comment)
        snprintf(question, sizeof question, "%s", comment + strlen("  # "));
    if (question[0] >= 'a' && question[0] <= 'z')
        question[0] = (char)(question[0] - 'a' + 'A');
    html_text(out, question);
    text_add(out, question[0] ? " Try: " : "Try: ");
    text_add(out, "<code class=\"command\">");
    text_printf(&command, "%.*s", length, r->next);
    html_text(out, command.data);
    text_add(out, "</code>");
    out->failed = out->failed || command.failed;
    text_fini(&command);
}

/* What the text report lays out in columns: a paragraph each, whose lines go on where the next is indented. */
void section_alarms(struct text *out, const struct report *r)
{
    struct text alarms = {0};
    report_alarms(&alarms, r);
    const char *line = alarms.data ? alarms.data + strspn(alarms.data, "\n") : "";
    while (*line) {
        struct text paragraph = {0};
        do {
            size_t word = strcspn(line, " \n");
            text_printf(&paragraph, "%s%.*s", paragraph.length ? " " : "", (int)word, line);
            line += word;
            line += strspn(line, " ");
            line += *line == '\n' && line[1] == ' ' ? 1 + strspn(line + 1, " ") : 0;
        } while (*line && *line != '\n');
        line += strspn(line, "\n");
        text_add(out, "<p>");
        html_text(out, paragraph.data);
        text_add(out, "</p>\n");
        out->failed = out->failed || paragraph.failed;
        text_fini(&paragraph);
    }
    out->failed = out->failed || alarms.failed;
    text_fini(&alarms);
}

/* The lines of the notes, without "Note: ". */
void section_notes(struct text *out, const struct report *r)
{
    struct text notes = {0};
    report_notes(&notes, r);
    for (char *line = notes.data, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        text_add(out, "<li>");
        html_text(out, strncmp(line, "Note: ", 6) == 0 ? line + 6 : line);
        text_add(out, "</li>\n");
    }
    out->failed = out->failed || notes.failed;
    text_fini(&notes);
}

void section_bound(struct text *out, const struct report *r)
{
    char least[CELL], is[CELL], share[CELL];
    double lower = r->run.response_lower.value, regret = r->run.regret.value;
    if (!isnan(regret))
        html_printf(out,
                    "No policy, not even one that knows the future, has a mean response of these bursts below %s. Here "
                    "it is %s: %s more than that bound.",
                    report_time(least, lower), report_time(is, lower * (1 + regret)), show_percent(share, regret));
}

/* --- tiles: the few numbers to remember --- */

static void tile(struct text *out, const char *value, const char *of, const char *more)
{
    text_add(out, "<li><b>");
    html_text(out, value);
    text_add(out, "</b> <span>");
    html_text(out, of);
    text_add(out, "</span> <small>");
    html_text(out, more);
    text_add(out, "</small></li>\n");
}

/* The group that a missed promise is about, else the one with most bursts. */
static const struct report_group *subject(const struct report *r)
{
    const struct report_group *most = NULL;
    for (size_t i = 0; i < r->slas; i++)
        for (size_t g = 0; !r->sla[i].met && r->sla[i].group && g < r->groups; g++)
            if (strcmp(r->group[g].name, r->sla[i].group) == 0 && r->group[g].completed.value > 0)
                return &r->group[g];
    for (size_t g = 0; g < r->groups; g++)
        if (r->group[g].completed.value > 0 && (!most || r->group[g].completed.value > most->completed.value))
            most = &r->group[g];
    return most;
}

static void response_tiles(struct text *out, const struct report_group *g)
{
    char value[CELL], more[2 * CELL], other[CELL], of[NAME_BYTES + CELL], name[NAME_BYTES];
    snprintf(of, sizeof of, "mean response of %s", short_name(name, g->name));
    snprintf(more, sizeof more, "%s alone", report_time(other, g->alone.value));
    tile(out, report_time(value, g->response[STAT_MEAN].value), of, more);
    snprintf(of, sizeof of, "or less for 95 %% of the bursts of %s", name);
    snprintf(more, sizeof more, "the longest: %s", report_time(other, g->response[STAT_MAX].value));
    tile(out, report_time(value, g->response[STAT_P95].value), of, more);
}

void section_tiles(struct text *out, const struct report *r)
{
    char value[CELL], more[2 * CELL + NAME_BYTES], other[CELL];
    const struct report_group *g = subject(r);
    double useful = 0, switching = 0, swaps = 0;
    const struct report_node *fullest = NULL;
    for (size_t i = 0; i < r->gpus; i++) {
        useful += r->gpu[i].useful.value / (double)r->gpus;
        switching += r->gpu[i].switching.value / (double)r->gpus;
        swaps += r->gpu[i].swaps.value / (r->run.elapsed.value / 3600);
    }
    for (size_t i = 0; i < r->nodes; i++)
        if (r->node[i].cap_bytes.value > 0 && (!fullest || r->node[i].peak_bytes.value > fullest->peak_bytes.value))
            fullest = &r->node[i];
    if (g)
        response_tiles(out, g);
    if (r->gpus > 0) {
        snprintf(more, sizeof more, "%s swapping, the rest idle", show_percent(other, switching));
        tile(out, show_percent(value, useful),
             r->gpus == 1 ? "of the GPU's time is useful" : "of the GPUs' time is useful", more);
        tile(out, show_ratio(value, swaps), "swaps an hour", r->gpus == 1 ? "" : "all GPUs together");
    }
    if (!isnan(r->run.makespan.value))
        tile(out, report_time(value, r->run.makespan.value), "until the last job ended",
             section_half_width(more, r, &r->run.makespan));
    if (fullest) {
        snprintf(more, sizeof more, "of %s allowed", show_size(other, fullest->cap_bytes.value));
        tile(out, show_size(value, fullest->peak_bytes.value), "peak of the swap file", more);
    }
}
