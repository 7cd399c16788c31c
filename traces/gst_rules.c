/* gst_rules.c - the table of the native format's fields, its ids, and the rules that reach over several records. */
#include "traces/gst_rules.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
#define INTEGER(name, min, max, fallback) {name, GST_INTEGER, false, min, max, fallback, NULL}
#define NEEDED(name, min, max) {name, GST_INTEGER, true, min, max, 0, NULL}
#define CHOICE(name, fallback, choice) {name, GST_CHOICE, false, 0, 0, fallback, choice}
#define NEEDED_CHOICE(name, choice) {name, GST_CHOICE, true, 0, 0, 0, choice}
#define TEXT(name) {name, GST_TEXT, false, 0, 0, 0, NULL}

/* A second per token and 2^31 tokens: a request's work still fits into 64 bits of nanoseconds. */
#define TOKENS_MAX (INT64_C(1) << 31)
#define TOKEN_NS_MAX INT64_C(1000000000)

const struct gst_layout gst_layout[GST_KINDS] = {
    [GST_WORKLOAD] = {'W', 10, {
        NEEDED_CHOICE("class", "n t i x"),
        INTEGER("gpus", 1, 1024, 1),
        INTEGER("mem", 0, GST_BYTES_MAX, -1),
        INTEGER("floor", 0, GST_BYTES_MAX, 0),
        INTEGER("req", 0, GST_PPM, -1),
        INTEGER("lim", 1, GST_PPM, GST_PPM),
        INTEGER("prio", 0, 255, -1),
        INTEGER("swap", 0, 1, 1),
        CHOICE("loop", -1, "c o"),
        TEXT("group"),
    }},
    [GST_BURST] = {'B', 4, {
        NEEDED("work", 1, GST_TIME_MAX),
        INTEGER("think", 0, GST_TIME_MAX, 0),
        INTEGER("grow", 0, GST_BYTES_MAX, 0),
        INTEGER("keep", -GST_BYTES_MAX, GST_BYTES_MAX, 0),
    }},
    [GST_ITERATE] = {'T', 4, {
        NEEDED("iters", 1, GST_TIME_MAX),
        NEEDED("iter_work", 1, GST_TIME_MAX),
        INTEGER("gap", 0, GST_TIME_MAX, 0),
        INTEGER("jitter", 0, 10 * GST_PPM, 0),
    }},
    [GST_MEMORY] = {'M', 1, {NEEDED("bytes", 0, GST_BYTES_MAX)}},
    [GST_SERVICE] = {'S', 5, {
        INTEGER("fixed_us", 0, GST_TIME_MAX, 0),
        INTEGER("in_ns", 0, TOKEN_NS_MAX, 0),
        INTEGER("out_ns", 0, TOKEN_NS_MAX, 0),
        INTEGER("kv_bytes", 0, INT64_C(1) << 29, 0),
        INTEGER("slots", 1, 65536, 1),
    }},
    [GST_REQUEST] = {'R', 4, {
        INTEGER("in", 0, TOKENS_MAX, 0),
        INTEGER("out", 0, TOKENS_MAX, 0),
        INTEGER("work", 1, GST_TIME_MAX, 0),
        TEXT("tag"),
    }},
    [GST_UPDATE] = {'U', 2, {NEEDED_CHOICE("field", "prio swap req lim"), NEEDED("value", 0, GST_PPM)}},
    [GST_DEPART] = {'D', 1, {CHOICE("why", GST_WHY_END, "end kill trunc")}},
};

#define TEN(c) [c] = 1, [c + 1] = 1, [c + 2] = 1, [c + 3] = 1, [c + 4] = 1, [c + 5] = 1, [c + 6] = 1, [c + 7] = 1, \
    [c + 8] = 1, [c + 9] = 1
const bool gst_id_byte[256] = {
    TEN('0'), TEN('A'), TEN('K'), ['U'] = 1, ['V'] = 1, ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1,
    TEN('a'), TEN('k'), ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1, ['y'] = 1, ['z'] = 1, ['.'] = 1, ['_'] = 1, ['-'] = 1,
};
/* clang-format on */

const char *gst_choice_name(const char *choice, int64_t i, size_t *length)
{
    while (i-- > 0)
        choice = strchr(choice, ' ') + 1;
    *length = strcspn(choice, " ");
    return choice;
}

int64_t gst_choice_find(const char *choice, const char *text, size_t length)
{
    for (int64_t i = 0;; i++) {
        size_t n = strcspn(choice, " ");
        if (n == length && !memcmp(choice, text, n))
            return i;
        if (!choice[n])
            return -1;
        choice += n + 1;
    }
}

/* Eight bytes a step; only used for look-ups, so its value may differ between machines. */
static uint64_t hash(const char *text, size_t length)
{
    uint64_t h = 0x9e3779b97f4a7c15u ^ length;
    while (length) {
        uint64_t word = 0;
        size_t n = length < 8 ? length : 8;
        memcpy(&word, text, n);
        h = (h ^ word) * 0xd6e8feb86659fd93u;
        h ^= h >> 32;
        text += n;
        length -= n;
    }
    return h ^ (h >> 29);
}

uint32_t gst_rules_find(const struct gst_rules *rules, const char *name, size_t length)
{
    if (!rules->slots)
        return GST_NO_ID;
    uint64_t h = hash(name, length);
    for (size_t i = h & (rules->slots - 1);; i = (i + 1) & (rules->slots - 1)) {
        if (!rules->slot[i])
            return GST_NO_ID;
        const struct gst_id *id = &rules->id[rules->slot[i] - 1];
        if (id->hash == h && id->length == length && !memcmp(id->name, name, length))
            return rules->slot[i] - 1;
    }
}

static void place(struct gst_rules *rules, uint32_t id)
{
    size_t i = rules->id[id].hash & (rules->slots - 1);
    while (rules->slot[i])
        i = (i + 1) & (rules->slots - 1);
    rules->slot[i] = id + 1;
}

static int make_room(struct gst_rules *rules)
{
    if (rules->count == rules->capacity) {
        size_t capacity = rules->capacity ? 2 * rules->capacity : 64;
        struct gst_id *id = heap_resize(rules->id, capacity * sizeof *id);
        if (!id)
            return GS_SYSTEM;
        rules->id = id;
        rules->capacity = capacity;
    }
    if (2 * ((size_t)rules->count + 1) > rules->slots) {
        size_t slots = rules->slots ? 2 * rules->slots : 128;
        uint32_t *slot = heap_resize(NULL, slots * sizeof *slot);
        if (!slot)
            return GS_SYSTEM;
        memset(slot, 0, slots * sizeof *slot);
        heap_free(rules->slot);
        rules->slot = slot;
        rules->slots = slots;
        for (uint32_t i = 0; i < rules->count; i++)
            place(rules, i);
    }
    return GS_OK;
}

int gst_rules_declare(struct gst_rules *rules, const char *name, size_t length, uint32_t *id)
{
    char *copy = arena_alloc(&rules->names, length + 1);
    if (!copy || make_room(rules) || rules->count == GST_NO_ID - 1)
        return GS_SYSTEM;
    memcpy(copy, name, length);
    *id = rules->count++;
    rules->id[*id] = (struct gst_id){.name = copy, .hash = hash(name, length), .length = (uint8_t)length};
    place(rules, *id);
    return GS_OK;
}

static int breach_set(struct gst_breach *breach, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static int breach_set(struct gst_breach *breach, const char *field, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    breach->field = field;
    vsnprintf(breach->why, sizeof breach->why, format, args);
    va_end(args);
    return GS_BAD_INPUT;
}

static int check_request(const struct gst_id *id, const struct gst_record *record, struct gst_breach *breach)
{
    if (record->r.work)
        return GS_OK;
    if (!id->has_service)
        return breach_set(breach, "work",
                          "is empty and '%s' has no service model; give the work or put an S record before", id->name);
    int64_t us = id->fixed_us + (record->r.in * id->in_ns + record->r.out * id->out_ns) / 1000;
    if (us < 1)
        return breach_set(breach, "work", "comes to 0 by the service model of '%s'; a request needs at least 1 us",
                          id->name);
    if (us > GST_TIME_MAX)
        return breach_set(breach, "work", "comes to more than 100 years by the service model of '%s'", id->name);
    return GS_OK;
}

static int check_update(const struct gst_id *id, const struct gst_record *record, struct gst_breach *breach)
{
    int64_t value = record->u.value;
    switch (record->u.field) {
    case GST_UPDATE_PRIO:
        return value <= 255 ? GS_OK : breach_set(breach, "value", "must be 0 to 255 for 'prio'");
    case GST_UPDATE_SWAP:
        return value <= 1 ? GS_OK : breach_set(breach, "value", "must be 0 or 1 for 'swap'");
    case GST_UPDATE_REQ:
        return value <= id->lim ? GS_OK
                                : breach_set(breach, "value", "request %lld is above the limit %lld", (long long)value,
                                             (long long)id->lim);
    default:
        if (value < 1)
            return breach_set(breach, "value", "must be at least 1 for 'lim'");
        return value >= id->req ? GS_OK
                                : breach_set(breach, "value", "limit %lld is below the request %lld", (long long)value,
                                             (long long)id->req);
    }
}

int gst_rules_check(const struct gst_rules *rules, const struct gst_record *record, struct gst_breach *breach)
{
    long long t = record->t_us;
    if (t < rules->last_us)
        return breach_set(breach, "t", "%lld is before the previous record's %lld; sort with 'sort -s -t, -k1,1n'", t,
                          (long long)rules->last_us);
    if (rules->horizon_us >= 0 && t > rules->horizon_us)
        return breach_set(breach, "t", "%lld is after the horizon %lld", t, (long long)rules->horizon_us);
    const struct gst_id *id = record->id == GST_NO_ID ? NULL : &rules->id[record->id];
    if (record->kind == GST_WORKLOAD) {
        if (id)
            return breach_set(breach, "id",
                              id->live ? "'%s' is declared already" : "'%s' is used again after its D record",
                              id->name);
        if (record->w.req > record->w.lim)
            return breach_set(breach, "req", "request %lld is above the limit %lld", (long long)record->w.req,
                              (long long)record->w.lim);
        return GS_OK;
    }
    if (!id)
        return breach_set(breach, "id", "'%s' is not declared; put its W record before", record->name);
    if (!id->live)
        return breach_set(breach, "id", "'%s' is used after its D record", id->name);
    switch (record->kind) {
    case GST_BURST:
        if (id->kept + record->b.keep < 0 || id->kept + record->b.keep > GST_BYTES_MAX)
            return breach_set(breach, "keep", "brings the sum of keep of '%s' to %lld; it must stay from 0 to 2^60",
                              id->name, (long long)(id->kept + record->b.keep));
        return GS_OK;
    case GST_ITERATE:
        if (record->t.iters > GST_TIME_MAX / (record->t.iter_work + record->t.gap))
            return breach_set(breach, "iters", "the run of iterations takes more than 100 years");
        return GS_OK;
    case GST_REQUEST:
        return check_request(id, record, breach);
    case GST_UPDATE:
        return check_update(id, record, breach);
    default:
        return GS_OK;
    }
}

void gst_rules_enter(struct gst_rules *rules, const struct gst_record *record)
{
    struct gst_id *id = &rules->id[record->id];
    rules->last_us = record->t_us;
    switch (record->kind) {
    case GST_WORKLOAD:
        id->live = true;
        id->req = record->w.req;
        id->lim = record->w.lim;
        break;
    case GST_BURST:
        id->kept += record->b.keep;
        break;
    case GST_MEMORY:
        id->kept = 0;
        break;
    case GST_SERVICE:
        id->has_service = true;
        id->fixed_us = record->s.fixed_us;
        id->in_ns = record->s.in_ns;
        id->out_ns = record->s.out_ns;
        break;
    case GST_UPDATE:
        if (record->u.field == GST_UPDATE_REQ)
            id->req = record->u.value;
        else if (record->u.field == GST_UPDATE_LIM)
            id->lim = record->u.value;
        break;
    case GST_DEPART:
        id->live = false;
        break;
    default:
        break;
    }
}

void gst_rules_fini(struct gst_rules *rules)
{
    heap_free(rules->id);
    heap_free(rules->slot);
    arena_fini(&rules->names);
    *rules = (struct gst_rules){0};
}
