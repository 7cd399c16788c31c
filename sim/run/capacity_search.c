/* capacity_search.c - bracket the edge of what is kept, bisect, try the neighbours. */
#include "sim/run/capacity.h"

#include <math.h>
#include <string.h>

/* The first step of a bracket, and how far away neighbours are: of steps the next one, of leading digits 20 % or so. */
static int64_t stride_of(const struct vary *vary)
{
    return vary->step > 0 ? 1 : vary->unit == VARY_SIZE ? 16 : 64;
}

struct search {
    struct capacity *c;
    capacity_probe *probe;
    void *context;
    int64_t low, high, stride; /* places */
    int64_t answer, beyond;
    bool found;
    struct arena *arena;
    struct error *err;
};

static const struct capacity_point *known(const struct capacity *c, int64_t place)
{
    for (size_t i = 0; i < c->points; i++)
        if (c->point[i].place == place)
            return &c->point[i];
    return NULL;
}

static bool inside(const struct search *s, int64_t place)
{
    return place >= s->low && place <= s->high;
}

/* Try a place unless that was done; `*kept`: it is sure that all is kept there. */
static int look(struct search *s, int64_t place, bool *kept)
{
    struct capacity *c = s->c;
    const struct capacity_point *point = known(c, place);
    size_t at = c->points;

    if (point == NULL) {
        struct capacity_point fresh = {.place = place, .value = vary_at(c->vary, place)};
        double k = (double)c->points + 1;
        struct capacity_point *grown = arena_grow(s->arena, c->point, &c->capacity, c->points + 1, sizeof *grown);
        if (grown == NULL)
            return error_set(s->err, GS_SYSTEM, "out of memory");
        c->point = grown;
        int rc = s->probe(s->context, &fresh, (1 - c->confidence) / (k * (k + 1)), s->err);
        if (rc != GS_OK)
            return rc;
        for (; at > 0 && grown[at - 1].place > place; at--)
            grown[at] = grown[at - 1];
        grown[at] = fresh;
        c->points++;
        point = &grown[at];
    }
    *kept = point->state == CAPACITY_KEPT;
    return GS_OK;
}

/* The hardest place of the range on the side `way`. */
static int64_t end_of(const struct search *s, int way)
{
    return way > 0 ? s->high : s->low;
}

/* `place`, or the end of the range on that side. */
static int64_t bring_in(const struct search *s, int64_t place)
{
    return place < s->low ? s->low : place > s->high ? s->high : place;
}

/* From `at` in growing steps towards `way`, until what is kept there is other than `kept`. */
static int bracket(struct search *s, int64_t at, bool kept, int way)
{
    int rc = GS_OK;
    bool now = kept;

    for (int64_t step = s->stride; rc == GS_OK && now == kept && at != end_of(s, way); step *= 2) {
        int64_t next = bring_in(s, at + way * step);
        rc = look(s, next, &now);
        if (kept)
            s->answer = now ? next : at;
        else
            s->answer = next;
        s->beyond = kept ? next : at;
        at = next;
    }
    s->found = kept || now;
    if (kept == now)
        s->beyond = s->answer; /* all of it is kept, or nothing */
    return rc;
}

static int bisect(struct search *s)
{
    int rc = GS_OK;
    bool kept;

    while (rc == GS_OK && s->found && (s->beyond - s->answer) * s->c->way > 1) {
        int64_t middle = s->answer + (s->beyond - s->answer) / 2;
        rc = look(s, middle, &kept);
        *(kept ? &s->answer : &s->beyond) = middle;
    }
    return rc;
}

/* One easier and two harder than the edge, where they are in the range. */
static int try_neighbours(struct search *s)
{
    static const int beside[] = {-1, 1, 2};
    int rc = GS_OK;
    bool unused;

    for (size_t i = 0; rc == GS_OK && s->found && i < sizeof beside / sizeof beside[0]; i++) {
        int64_t place = s->answer + beside[i] * s->c->way * s->stride;
        if (inside(s, place))
            rc = look(s, place, &unused);
    }
    return rc;
}

/* Which end is harder, where the key does not say.  If both are alike, look between them, too. */
static int find_way(struct search *s)
{
    bool low, high, unused;
    int rc;

    if ((rc = look(s, s->low, &low)) != GS_OK || (rc = look(s, s->high, &high)) != GS_OK)
        return rc;
    s->c->way = low == high ? 0 : low ? 1 : -1;
    for (int64_t i = 1; low == high && rc == GS_OK && i < 4; i++)
        rc = look(s, s->low + (s->high - s->low) * i / 4, &unused);
    return rc;
}

static void judge(struct search *s)
{
    struct capacity *c = s->c;
    int way = c->way == 0 ? 1 : c->way;

    for (size_t i = 0; i < c->points; i++)
        for (size_t k = 0; k < c->points; k++)
            if ((c->point[k].place - c->point[i].place) * way > 0 && c->point[i].state == CAPACITY_MISSED &&
                c->point[k].state == CAPACITY_KEPT)
                c->easier_missed = &c->point[i], c->harder_kept = &c->point[k];
    if (c->way == 0)
        return;
    c->answer = s->found ? known(c, s->answer) : NULL;
    c->beyond = s->found && s->beyond == s->answer ? NULL : known(c, s->beyond);
    for (size_t i = 0; c->beyond != NULL && i < c->beyond->checks; i++) {
        const struct capacity_check *check = &c->beyond->check[i];
        if (check->state == c->beyond->state && (c->binding == NULL || check->slack > c->binding->slack))
            c->binding = check;
    }
}

int capacity_search(struct capacity *c, const struct vary *vary, int64_t start, double confidence,
                    capacity_probe *probe, void *context, struct arena *arena, struct error *err)
{
    struct search s = {.c = c, .probe = probe, .context = context, .arena = arena, .err = err};
    int rc = GS_OK;
    bool kept = false;

    *c = (struct capacity){.vary = vary, .confidence = confidence};
    s.low = vary_place(vary, vary->low);
    s.low += vary_at(vary, s.low) < vary->low * (1 - 1e-12);
    s.high = vary_place(vary, vary->high);
    s.stride = stride_of(vary);
    if (s.low > s.high)
        return error_set(err, GS_USAGE, "--vary '%s': no value to try lies in the range; use a smaller --step",
                         vary->key);
    c->way = vary->way == VARY_HARDER ? 1 : vary->way == VARY_EASIER ? -1 : 0;
    if (c->way == 0)
        rc = find_way(&s);
    if (rc == GS_OK && c->way != 0) {
        start = bring_in(&s, start);
        s.answer = s.beyond = start;
        rc = look(&s, start, &kept);
        s.found = kept;
        if (rc == GS_OK)
            rc = bracket(&s, start, kept, kept ? c->way : -c->way);
        if (rc == GS_OK)
            rc = bisect(&s);
        if (rc == GS_OK)
            rc = try_neighbours(&s);
    }
    if (rc == GS_OK)
        judge(&s);
    return rc;
}
