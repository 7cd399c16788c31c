/* live_view.c - a live run as it goes: who is on each GPU, who waits, the swap files, the links. */
#include "sim/base/units.h"
#include "sim/cli/live.h"

#include <string.h>

enum { BAR = 20, NAMES = 60 };
static const double terminal_s = 0.2, plain_s = 10;

int live_view_open(struct live_view *view, const struct live_snapshot *s, struct arena *arena, struct error *err)
{
    view->gpu = arena_array(arena, s->gpus, sizeof *view->gpu);
    if (view->every_s <= 0)
        view->every_s = view->is_terminal ? terminal_s : plain_s;
    view->next_s = view->every_s;
    return view->gpu != NULL ? GS_OK : error_set(err, GS_SYSTEM, "out of memory");
}

static void put_time(const struct live_view *view, const struct live_snapshot *s)
{
    char now[UNITS_TEXT], end[UNITS_TEXT];

    fprintf(view->out, "%s", units_show_time(now, (double)s->now_ns));
    if (s->end_ns < GS_NEVER)
        fprintf(view->out, " of %s", units_show_time(end, (double)s->end_ns));
}

/* Bytes a second of the scenario's time since it was drawn last. */
static const char *rate(char out[UNITS_TEXT], const struct live_view *view, const struct live_snapshot *s,
                        int64_t bytes, int64_t before)
{
    double spent_s = (double)(s->now_ns - view->before.now_ns) * 1e-9;

    return units_show_size(out, spent_s > 0 ? (double)(bytes - before) / spent_s : 0);
}

/* The workloads on a GPU that are in that state. */
static void put_names(const struct live_view *view, const struct live_snapshot *s, uint32_t gpu, enum live_state state)
{
    char line[NAMES + 1];
    int n = 0, left_out = 0;

    for (uint32_t i = 0; i < s->workloads; i++) {
        const struct live_workload *w = &s->workload[i];
        char name[64];
        int length;

        if (w->gpu != gpu || w->state != state)
            continue;
        length = snprintf(name, sizeof name, " %.40s-%u", s->group[w->group].name, w->number);
        if (n + length > NAMES)
            left_out++;
        else
            n += snprintf(line + n, sizeof line - (size_t)n, "%s", name);
    }
    if (n == 0)
        return;
    fprintf(view->out, "  %s:%s", live_state_name[state], line);
    if (left_out > 0)
        fprintf(view->out, " and %d more", left_out);
}

static void put_gpu(struct live_view *view, const struct live_snapshot *s, uint32_t i)
{
    const struct live_gpu *gpu = &s->gpu[i], *before = &view->gpu[i];
    int full = gpu->capacity_bytes > 0 ? (int)(BAR * gpu->resident_bytes / gpu->capacity_bytes) : 0;
    double spent = (double)(s->now_ns - view->before.now_ns);
    char held[UNITS_TEXT], all[UNITS_TEXT], in[UNITS_TEXT], out[UNITS_TEXT];

    fprintf(view->out, "%s  [%.*s%*s] %s of %s  useful %.0f %%  in %s/s  out %s/s\033[K\n", gpu->id, full,
            "####################", BAR - full, "", units_show_size(held, (double)gpu->resident_bytes),
            units_show_size(all, (double)gpu->capacity_bytes),
            spent > 0 ? 100 * (double)(gpu->usage.useful_ns - before->usage.useful_ns) / spent : 0,
            rate(in, view, s, gpu->in_bytes, before->in_bytes), rate(out, view, s, gpu->out_bytes, before->out_bytes));
    fprintf(view->out, " ");
    for (int state = LIVE_RUNNING; state > LIVE_ABSENT; state--)
        put_names(view, s, i, (enum live_state)state);
    fprintf(view->out, "\033[K\n");
    view->lines += 2;
}

static void draw_terminal(struct live_view *view, const struct live_snapshot *s)
{
    char used[UNITS_TEXT], cap[UNITS_TEXT], mean[UNITS_TEXT], count[UNITS_TEXT];

    if (view->lines > 0)
        fprintf(view->out, "\033[%dA", view->lines);
    fprintf(view->out, "\r%s on %s   ", s->scenario->name,
            s->device->is_double ? "the driver double, no GPU" : "a GPU");
    put_time(view, s);
    fprintf(view->out, "   ^C ends it\033[K\n");
    view->lines = 1;
    for (uint32_t i = 0; i < s->gpus; i++)
        put_gpu(view, s, i);
    for (uint32_t i = 0; i < s->nodes; i++, view->lines++)
        fprintf(view->out, "%s  swap file %s of %s\033[K\n", s->node[i].id,
                units_show_size(used, (double)s->node[i].used_bytes),
                units_show_size(cap, (double)s->node[i].cap_bytes));
    for (uint32_t i = 0; i < s->groups; i++, view->lines++) {
        const struct live_group *g = &s->group[i];
        fprintf(view->out, "%s  %u running, %u waiting   %s bursts, mean response %s\033[K\n", g->name,
                g->in[LIVE_RUNNING], g->in[LIVE_WAITING], units_show_count(count, (double)g->completed),
                g->completed > 0 ? units_show_time(mean, g->response_ns / (double)g->completed) : "-");
    }
}

/* All of it in a line. */
static void draw_plain(struct live_view *view, const struct live_snapshot *s)
{
    char text[UNITS_TEXT], in[UNITS_TEXT], out[UNITS_TEXT];
    uint64_t completed = 0;
    uint32_t running = 0, waiting = 0;
    int64_t used = 0, moved[2] = {0, 0}, before[2] = {0, 0};

    for (uint32_t i = 0; i < s->groups; i++) {
        completed += s->group[i].completed;
        running += s->group[i].in[LIVE_RUNNING];
        waiting += s->group[i].in[LIVE_WAITING];
    }
    for (uint32_t i = 0; i < s->nodes; i++)
        used += s->node[i].used_bytes;
    for (uint32_t i = 0; i < s->gpus; i++) {
        moved[0] += s->gpu[i].in_bytes;
        moved[1] += s->gpu[i].out_bytes;
        before[0] += view->gpu[i].in_bytes;
        before[1] += view->gpu[i].out_bytes;
    }
    put_time(view, s);
    fprintf(view->out, ": %s bursts, %u running, %u waiting, swap file %s, in %s/s, out %s/s\n",
            units_show_count(text, (double)completed), running, waiting,
            units_show_size((char[UNITS_TEXT]){0}, (double)used), rate(in, view, s, moved[0], before[0]),
            rate(out, view, s, moved[1], before[1]));
}

void live_view_draw(struct live_view *view, const struct live_snapshot *s)
{
    if (view->out == NULL || s->wall_s < view->next_s)
        return;
    view->next_s = s->wall_s + view->every_s;
    if (view->is_terminal)
        draw_terminal(view, s);
    else
        draw_plain(view, s);
    fflush(view->out);
    view->before = *s;
    memcpy(view->gpu, s->gpu, s->gpus * sizeof *s->gpu);
}

/* The report takes its place. */
void live_view_close(struct live_view *view)
{
    if (view->out != NULL && view->lines > 0)
        fprintf(view->out, "\033[%dA\r\033[J", view->lines);
    view->lines = 0;
}
