/* arrivals.c - when requests come: Poisson, gamma renewal, on/off spells, a schedule, users who wait for the answer. */
#include "sim/load/sources.h"

static gs_ns rounded(double ns)
{
    return ns < 0x1p60 ? (gs_ns)(ns + 0.5) : GS_NEVER;
}

/* Gamma gaps: shape 1/cv^2, mean 1/rate. */
static double gamma_gap(struct source *s)
{
    const struct arrival *a = &s->group->arrival;
    struct dist gap = {.kind = DIST_GAMMA, .a = 1.0 / (a->cv * a->cv), .b = 1e9 / a->rate_per_s};

    return dist_draw(&gap, &s->arrival);
}

/* A Poisson stream that only runs during on-spells; both kinds of spells are exponential. */
static double onoff_gap(struct source *s)
{
    const struct arrival *a = &s->group->arrival;
    double gap = 0.0, need = stream_exponential(&s->arrival) * 1e9 / a->rate_per_s;

    while (need > s->spell_left_ns) {
        need -= s->spell_left_ns;
        gap += s->spell_left_ns + stream_exponential(&s->arrival) * a->off_mean_ns;
        s->spell_left_ns = stream_exponential(&s->arrival) * a->on_mean_ns;
    }
    s->spell_left_ns -= need;
    return gap + need;
}

/* Until the first of those that think: exponential times have no memory, so it may be drawn anew whenever one more thinks
 * or one less. */
static gs_ns users_gap(struct source *s)
{
    const struct arrival *a = &s->group->arrival;

    if (s->pending >= (uint64_t)a->users)
        return GS_NEVER;
    return rounded(stream_exponential(&s->arrival) * a->think_ns / (double)((uint64_t)a->users - s->pending));
}

void arrival_answered(struct load *load, uint32_t workload, gs_ns now_ns)
{
    uint32_t door = load->source[workload].door, id = door != 0 ? door : workload;
    struct source *s = &load->source[id];

    if (s->group->arrival.kind != ARRIVAL_USERS)
        return;
    s->pending -= door != 0;
    if (s->status == STATUS_HERE)
        load_reschedule(load, load_later(now_ns, arrival_gap(s, now_ns)), id);
}

void arrival_start(struct source *s)
{
    const struct arrival *a = &s->group->arrival;

    if (a->kind == ARRIVAL_ONOFF && stream_uniform(&s->arrival) * (a->on_mean_ns + a->off_mean_ns) < a->on_mean_ns)
        s->spell_left_ns = stream_exponential(&s->arrival) * a->on_mean_ns;
}

gs_ns arrival_gap(struct source *s, gs_ns now_ns)
{
    const struct arrival *a = &s->group->arrival;

    switch (a->kind) {
    case ARRIVAL_POISSON:
        return rounded(stream_exponential(&s->arrival) * 1e9 / a->rate_per_s);
    case ARRIVAL_GAMMA:
        return rounded(gamma_gap(s));
    case ARRIVAL_ONOFF:
        return rounded(onoff_gap(s));
    case ARRIVAL_USERS:
        return users_gap(s);
    case ARRIVAL_SCHEDULE:
        break;
    }
    while (s->cursor < a->times && a->time[s->cursor] < now_ns)
        s->cursor++;
    return s->cursor < a->times ? a->time[s->cursor++] - now_ns : GS_NEVER;
}
