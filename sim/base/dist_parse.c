/* dist_parse.c - read a distribution out of a scenario's text and check its parameters. */
#include "sim/base/dist.h"

#include "sim/base/units.h"

#include <stdio.h>
#include <string.h>

enum { DEPTH_MOST = 8, NUMBER_LONGEST = 100 };
static const double least_kept = 0.005; /* of a trunc's draws; see dist.h */

/* What a parameter is, beyond its range. */
enum parameter_type { QUANTITY, PLAIN, SHARE, WHOLE };

static const struct call {
    const char *name;
    enum dist_kind kind;
    const char *usage;
    int count; /* numeric parameters; 0: read by a function of its own */
    struct {
        const char *name;
        enum parameter_type type;
        double low, high; /* of a quantity: low > 0 stands for "more than zero" */
    } parameter[3];
} calls[] = {
    {"exp", DIST_EXP, "(mean)", 1, {{"mean", QUANTITY, 1, 0}}},
    {"uniform", DIST_UNIFORM, "(a, b)", 2, {{"a", QUANTITY, 0, 0}, {"b", QUANTITY, 0, 0}}},
    {"lognormal", DIST_LOGNORMAL, "(median, sigma)", 2, {{"median", QUANTITY, 1, 0}, {"sigma", PLAIN, 0, 20}}},
    {"gamma", DIST_GAMMA, "(shape, mean)", 2, {{"shape", PLAIN, 0.001, 1e6}, {"mean", QUANTITY, 1, 0}}},
    {"erlang", DIST_ERLANG, "(k, mean)", 2, {{"k", WHOLE, 1, 1e6}, {"mean", QUANTITY, 1, 0}}},
    {"hyperexp",
     DIST_HYPEREXP,
     "(p1, mean1, mean2)",
     3,
     {{"p1", SHARE, 0, 1}, {"mean1", QUANTITY, 1, 0}, {"mean2", QUANTITY, 1, 0}}},
    {"weibull", DIST_WEIBULL, "(shape, scale)", 2, {{"shape", PLAIN, 0.05, 1000}, {"scale", QUANTITY, 1, 0}}},
    {"pareto", DIST_PARETO, "(xm, alpha)", 2, {{"xm", QUANTITY, 1, 0}, {"alpha", PLAIN, 0.1, 1e6}}},
    {"empirical", DIST_EMPIRICAL, "(FILE)", 0, {{0}}},
    {"mix", DIST_MIX, "(weight:DIST, weight:DIST, ...)", 0, {{0}}},
    {"trunc", DIST_TRUNC, "(DIST, lo, hi)", 0, {{0}}},
};
enum { CALLS = sizeof calls / sizeof calls[0] };

struct parser {
    enum dist_unit unit;
    const char *folder;
    struct arena *arena;
    struct error *err;
};

struct span {
    const char *start;
    int length;
};

static int parse(const struct parser *parser, struct span text, int depth, struct dist *dist);

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span trim(const char *start, const char *end)
{
    while (start < end && blank(*start))
        start++;
    while (end > start && blank(end[-1]))
        end--;
    return (struct span){start, (int)(end - start)};
}

/* How much of a span an error quotes. */
static int quoted(struct span span)
{
    return span.length < 60 ? span.length : 60;
}

static int no_memory(struct error *err)
{
    return error_set(err, GS_SYSTEM, "out of memory while reading a distribution");
}

/* Cut the part before the next comma outside of parentheses off `rest`; false when nothing is left. */
static bool next_argument(struct span *rest, struct span *argument)
{
    if (rest->start == NULL)
        return false;
    const char *p = rest->start, *end = p + rest->length;
    for (int depth = 0; p < end && (*p != ',' || depth > 0); p++)
        depth += (*p == '(') - (*p == ')');
    *argument = trim(rest->start, p);
    *rest = p < end ? (struct span){p + 1, (int)(end - p - 1)} : (struct span){NULL, 0};
    return true;
}

static int count_arguments(struct span rest)
{
    struct span argument;
    int n = 0;
    if (trim(rest.start, rest.start + rest.length).length == 0)
        return 0;
    while (next_argument(&rest, &argument))
        n++;
    return n;
}

static int read_number(enum parameter_type type, enum dist_unit unit, struct span text, double *value,
                       char why[UNITS_WHY])
{
    char copy[NUMBER_LONGEST + 1];
    int64_t whole;
    if (text.length > NUMBER_LONGEST) {
        snprintf(why, UNITS_WHY, "too long for a number");
        return GS_BAD_INPUT;
    }
    memcpy(copy, text.start, (size_t)text.length);
    copy[text.length] = '\0';
    switch (type) {
    case QUANTITY:
        return dist_quantity(unit, copy, value, why);
    case WHOLE:
        if (units_integer(copy, &whole, why) != GS_OK)
            return GS_BAD_INPUT;
        *value = (double)whole;
        return GS_OK;
    case SHARE:
        return units_share(copy, value, why);
    case PLAIN:
        break;
    }
    return units_number(copy, value, why);
}

/* Parameter `i` of `call`, checked against its range. */
static int read_parameter(const struct parser *parser, const struct call *call, int i, struct span text, double *value)
{
    char why[UNITS_WHY];
    const char *name = call->parameter[i].name;
    enum parameter_type type = call->parameter[i].type;
    double low = call->parameter[i].low, high = call->parameter[i].high;
    if (read_number(type, parser->unit, text, value, why) != GS_OK)
        return error_set(parser->err, GS_BAD_INPUT, "%s of %s: %s", name, call->name, why);
    if (type == QUANTITY && low > 0 && *value <= 0)
        return error_set(parser->err, GS_BAD_INPUT, "%s of %s must be greater than 0, not '%.*s'", name, call->name,
                         quoted(text), text.start);
    if (type != QUANTITY && !(*value >= low && *value <= high))
        return error_set(parser->err, GS_BAD_INPUT, "%s of %s must lie between %g and %g, not at '%.*s'", name,
                         call->name, low, high, quoted(text), text.start);
    return GS_OK;
}

static int wrong_count(const struct parser *parser, const struct call *call, int count)
{
    return error_set(parser->err, GS_BAD_INPUT, "%s takes %s, not %d parameter%s", call->name, call->usage, count,
                     count == 1 ? "" : "s");
}

static int parse_numbers(const struct parser *parser, const struct call *call, struct span rest, struct dist *dist)
{
    double value[3] = {0};
    struct span argument;
    int n = count_arguments(rest);
    if (n != call->count)
        return wrong_count(parser, call, n);
    for (int i = 0; next_argument(&rest, &argument); i++) {
        int rc = read_parameter(parser, call, i, argument, &value[i]);
        if (rc != GS_OK)
            return rc;
    }
    if (call->kind == DIST_UNIFORM && value[0] > value[1])
        return error_set(parser->err, GS_BAD_INPUT, "a of uniform(a, b) is greater than b; swap them");
    *dist = (struct dist){.kind = call->kind, .a = value[0], .b = value[1], .c = value[2]};
    return GS_OK;
}

static int parse_empirical(const struct parser *parser, const struct call *call, struct span rest, struct dist *dist)
{
    struct span name = trim(rest.start, rest.start + rest.length);
    if (name.length == 0)
        return wrong_count(parser, call, 0);
    bool relative = parser->folder != NULL && parser->folder[0] != '\0' && name.start[0] != '/';
    char *path = arena_printf(parser->arena, "%s%s%.*s", relative ? parser->folder : "", relative ? "/" : "",
                              name.length, name.start);
    if (path == NULL)
        return no_memory(parser->err);
    return dist_read_empirical(dist, path, parser->unit, parser->arena, parser->err);
}

/* `weight:DIST` */
static int parse_part(const struct parser *parser, struct span text, int depth, double *weight, struct dist *part)
{
    char why[UNITS_WHY];
    const char *colon = memchr(text.start, ':', (size_t)text.length), *end = text.start + text.length;
    if (colon == NULL)
        return error_set(parser->err, GS_BAD_INPUT, "'%.*s' in mix has no weight; write it like '0.5:%.*s'",
                         quoted(text), text.start, quoted(text), text.start);
    struct span number = trim(text.start, colon);
    if (read_number(SHARE, parser->unit, number, weight, why) != GS_OK)
        return error_set(parser->err, GS_BAD_INPUT, "weight of mix: %s", why);
    if (!(*weight > 0 && *weight <= 1e9))
        return error_set(parser->err, GS_BAD_INPUT, "weight of mix must lie above 0 and up to 1e9, not at '%.*s'",
                         quoted(number), number.start);
    return parse(parser, trim(colon + 1, end), depth + 1, part);
}

static int parse_mix(const struct parser *parser, const struct call *call, struct span rest, int depth,
                     struct dist *dist)
{
    int count = count_arguments(rest);
    if (count == 0)
        return wrong_count(parser, call, 0);
    double *share = arena_array(parser->arena, (size_t)count, sizeof *share);
    struct dist *part = arena_array(parser->arena, (size_t)count, sizeof *part);
    if (share == NULL || part == NULL)
        return no_memory(parser->err);
    struct span argument;
    double sum = 0;
    for (int i = 0; next_argument(&rest, &argument); i++) {
        double weight;
        int rc = parse_part(parser, argument, depth, &weight, &part[i]);
        if (rc != GS_OK)
            return rc;
        sum += weight;
        share[i] = sum;
    }
    for (int i = 0; i < count; i++)
        share[i] /= sum; /* the last becomes exactly 1, which no draw reaches */
    *dist = (struct dist){.kind = DIST_MIX, .count = (uint32_t)count, .value = share, .part = part};
    return GS_OK;
}

static int parse_trunc(const struct parser *parser, const struct call *call, struct span rest, int depth,
                       struct dist *dist)
{
    static const char *const limit_name[2] = {"lo", "hi"};
    char why[UNITS_WHY];
    struct span argument, text = rest;
    int count = count_arguments(rest);
    if (count != 3)
        return wrong_count(parser, call, count);
    struct dist *part = arena_alloc(parser->arena, sizeof *part);
    if (part == NULL)
        return no_memory(parser->err);
    next_argument(&rest, &argument);
    int rc = parse(parser, argument, depth + 1, part);
    if (rc != GS_OK)
        return rc;
    double limit[2], moment;
    for (int i = 0; i < 2; i++) {
        next_argument(&rest, &argument);
        if (read_number(QUANTITY, parser->unit, argument, &limit[i], why) != GS_OK)
            return error_set(parser->err, GS_BAD_INPUT, "%s of trunc: %s", limit_name[i], why);
    }
    if (!(limit[0] < limit[1]))
        return error_set(parser->err, GS_BAD_INPUT, "lo of trunc(DIST, lo, hi) must be less than hi");
    double kept = dist_mass(part, limit[0], limit[1], &moment);
    if (!(kept >= least_kept))
        return error_set(parser->err, GS_BAD_INPUT,
                         "trunc(%.*s) would keep %.2g %% of its draws; widen lo and hi until it keeps %g %%",
                         quoted(text), text.start, kept > 0 ? 100 * kept : 0.0, 100 * least_kept);
    *dist = (struct dist){.kind = DIST_TRUNC, .a = limit[0], .b = limit[1], .count = 1, .part = part};
    return GS_OK;
}

static const char *call_name(size_t i, const void *context)
{
    (void)context;
    return calls[i].name;
}

static int unknown(const struct parser *parser, struct span name)
{
    char text[64];
    snprintf(text, sizeof text, "%.*s", name.length, name.start);
    const char *near = units_nearest(text, CALLS, call_name, NULL);
    if (near != NULL)
        return error_set(parser->err, GS_BAD_INPUT, "unknown distribution '%.*s'; did you mean '%s'?", quoted(name),
                         name.start, near);
    return error_set(parser->err, GS_BAD_INPUT,
                     "unknown distribution '%.*s'; use exp, uniform, lognormal, gamma, "
                     "erlang, hyperexp, weibull, pareto, empirical, mix or trunc",
                     quoted(name), name.start);
}

static int parse_constant(const struct parser *parser, struct span text, struct dist *dist)
{
    char why[UNITS_WHY];
    double value;
    if (read_number(QUANTITY, parser->unit, text, &value, why) != GS_OK)
        return error_set(parser->err, GS_BAD_INPUT, "%s", why);
    *dist = (struct dist){.kind = DIST_CONSTANT, .a = value};
    return GS_OK;
}

static const struct call *find_call(struct span name)
{
    for (size_t i = 0; i < CALLS; i++)
        if ((size_t)name.length == strlen(calls[i].name) && memcmp(name.start, calls[i].name, (size_t)name.length) == 0)
            return &calls[i];
    return NULL;
}

/* Where the parenthesis at `open` is closed, or NULL. */
static const char *closing(const char *open, const char *end)
{
    int depth = 0;
    for (const char *p = open; p < end; p++) {
        depth += (*p == '(') - (*p == ')');
        if (depth == 0)
            return p;
    }
    return NULL;
}

static int parse(const struct parser *parser, struct span text, int depth, struct dist *dist)
{
    const char *end = text.start + text.length;
    const char *open = memchr(text.start, '(', (size_t)text.length);
    struct span name = trim(text.start, open == NULL ? end : open);
    const struct call *call = find_call(name);
    if (call == NULL && open == NULL)
        return parse_constant(parser, text, dist);
    if (call == NULL)
        return unknown(parser, name);
    if (open == NULL)
        return error_set(parser->err, GS_BAD_INPUT, "%s takes %s", call->name, call->usage);
    if (depth > DEPTH_MOST)
        return error_set(parser->err, GS_BAD_INPUT, "'%.*s' is nested more than %d deep", quoted(text), text.start,
                         DEPTH_MOST);
    const char *close = closing(open, end);
    if (close == NULL)
        return error_set(parser->err, GS_BAD_INPUT, "')' is missing at the end of '%.*s'", quoted(text), text.start);
    struct span after = trim(close + 1, end), inside = {open + 1, (int)(close - open - 1)};
    if (after.length > 0)
        return error_set(parser->err, GS_BAD_INPUT, "'%.*s' follows the end of %s%s; take it out", quoted(after),
                         after.start, call->name, call->usage);
    switch (call->kind) {
    case DIST_EMPIRICAL:
        return parse_empirical(parser, call, inside, dist);
    case DIST_MIX:
        return parse_mix(parser, call, inside, depth, dist);
    case DIST_TRUNC:
        return parse_trunc(parser, call, inside, depth, dist);
    default:
        return parse_numbers(parser, call, inside, dist);
    }
}

int dist_parse(struct dist *dist, const char *text, enum dist_unit unit, const char *folder, struct arena *arena,
               struct error *err)
{
    const struct parser parser = {unit, folder, arena, err};
    return parse(&parser, trim(text, text + strlen(text)), 1, dist);
}
