/* stalls.c - where the time of an average burst went, a bar for each group. */
#include "plots/picture.h"

#include <math.h>
#include <stdio.h>

enum { BARS = 30, BAR_HEIGHT = 34 };

enum { SAID = 4 };

static const char *const stall_says[STALLS] = {
    [STALL_QUEUE] = "waiting in the queue", [STALL_SWAP_OUT] = "others on their way out",
    [STALL_SWAP_IN] = "the own way in",     [STALL_CAP] = "waiting for room in the swap file",
    [STALL_PREEMPTED] = "turns of others",  [STALL_DETECT] = "a GPU kept by somebody who had finished",
    [STALL_COLD] = "a load from disk",
};

static double bursts(const struct report *r, size_t group)
{
    return r->group[group].completed.value;
}

static void bar(struct picture *picture, const struct report_group *g, size_t row)
{
    char name[NAME_BYTES], total[96], mean[REPORT_CELL];
    bool ended = g->completed.value > 0;
    text_printf(&picture->data, "%zu", row);
    const double alone = ended ? g->alone.value : 0;
    text_add(&picture->data, ",");
    text_number(&picture->data, alone);
    for (int s = 0; s < STALLS; s++) {
        text_add(&picture->data, ",");
        text_number(&picture->data, ended ? g->stall[s].value : 0);
    }
    text_add(&picture->data, ",");
    text_number(&picture->data, ended ? g->response[STAT_MEAN].value : 0);
    text_printf(&picture->data, ",%s\n", g->name);
    snprintf(total, sizeof total, "%s", ended ? report_time(mean, g->response[STAT_MEAN].value) : "no burst ended");
    text_printf(&picture->set, "label[%zu] = ", row);
    put_tick(&picture->set, short_name(name, g->name));
    text_printf(&picture->set, "\ntotal[%zu] = ", row);
    put_string(&picture->set, total);
    text_add(&picture->set, "\n");
}

/* "A burst of NB takes 18.2 s on average: 7.41 s alone; most of the rest is queue, 5.05 s." */
static void sentence(struct text *says, const struct report_group *g)
{
    char name[NAME_BYTES], mean[REPORT_CELL], alone[REPORT_CELL], time[REPORT_CELL];
    int most = 0;
    for (int s = 1; s < STALLS; s++)
        most = g->stall[s].value > g->stall[most].value ? s : most;
    text_printf(says, "%sA burst of %s takes %s on average, %s of it alone", says->length ? " " : "",
                short_name(name, g->name), report_time(mean, g->response[STAT_MEAN].value),
                report_time(alone, g->alone.value));
    if (g->stall[most].value > 0)
        text_printf(says, "; most of what is added is %s, %s", stall_says[most],
                    report_time(time, g->stall[most].value));
    text_add(says, ".");
}

int picture_stalls(struct album *album, struct picture *picture)
{
    const struct report *r = album->report;
    size_t groups = 0, ended = 0;
    size_t *group = album_pick(album, r->groups, BARS, bursts, &groups);
    if (!group)
        return album_no_memory(album);
    for (size_t i = 0; i < groups; i++)
        ended += r->group[group[i]].completed.value > 0;
    if (ended == 0) {
        snprintf(picture->missing, sizeof picture->missing, "no burst ended in this run");
        return GS_OK;
    }
    text_add(&picture->data, "bar,alone_s");
    for (int s = 0; s < STALLS; s++)
        text_printf(&picture->data, ",%s_s", stall_name[s]);
    text_add(&picture->data, ",response_mean_s,group\n");
    text_printf(&picture->set, "bars = %zu\narray label[%zu]\narray total[%zu]\n", groups, groups, groups);
    for (size_t i = 0; i < groups; i++)
        bar(picture, &r->group[group[i]], i + 1);
    for (size_t i = 0, said = 0; i < groups && said < SAID; i++)
        if (r->group[group[i]].completed.value > 0) {
            sentence(&picture->says, &r->group[group[i]]);
            said++;
        }
    /* A part that no group knows stays out of the legend. */
    text_add(&picture->set, "array seen[8] = [1");
    for (int s = 0; s < STALLS; s++) {
        bool seen = false;
        for (size_t i = 0; i < groups; i++)
            seen |= r->group[group[i]].stall[s].value > 0;
        text_printf(&picture->set, ", %d", seen);
    }
    text_add(&picture->set, "]\n");
    picture->narrow_more = 24; /* the legend takes three lines */
    picture->height = 240 + BAR_HEIGHT * (int)(groups < 4 ? 4 : groups);
    text_add(&picture->title, "where the time of a burst went, on average");
    if (r->groups > groups)
        text_printf(&picture->title, " (the %zu of %zu groups with most bursts)", groups, r->groups);
    return GS_OK;
}
