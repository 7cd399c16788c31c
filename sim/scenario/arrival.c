/* arrival.c - parses the arrivals of requests: poisson, gamma, onoff, schedule, users. */
#include "sim/base/units.h"
#include "sim/scenario/build.h"
#include <stdio.h>
#include <string.h>

enum { ARGUMENTS_MAX = 3, NAME_BYTES = 16, USERS_MAX = 1000000 };

static const struct form {
    const char *name, *shape;
    int arguments; /* 0: a list of times */
} form[] = {
    [ARRIVAL_POISSON] = {"poisson", "poisson(rate), such as poisson(0.5/s)", 1},
    [ARRIVAL_GAMMA] = {"gamma", "gamma(cv,rate), such as gamma(2,0.5/s)", 2},
    [ARRIVAL_ONOFF] = {"onoff", "onoff(on,off,rate), such as onoff(10m,1h,2/s)", 3},
    [ARRIVAL_SCHEDULE] = {"schedule", "schedule(t1 t2 ...), such as schedule(0s 30s 5m)", 0},
    [ARRIVAL_USERS] = {"users", "users(n,think), such as users(12,2m)", 2},
};
enum { FORMS = sizeof form / sizeof form[0] };

static const char *form_at(size_t i, const void *context)
{
    (void)context;
    return form[i].name;
}

static int unknown(const char *text, char why[VALUE_WHY])
{
    char hint[HINT_TEXT], name[NAME_BYTES];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(text, "( "), text);
    snprintf(
        why, VALUE_WHY,
        "it must be one of poisson(rate), gamma(cv,rate), onoff(on,off,rate), schedule(t1 t2 ...), users(n,think)%s",
        build_hint(hint, name, FORMS, form_at, NULL));
    return GS_BAD_INPUT;
}

/* Times of a schedule, blanks or commas between them; `list` is written to. */
static int schedule(struct arrival *arrival, char *list, struct arena *arena, char why[VALUE_WHY])
{
    size_t capacity = 0, count = 0;
    gs_ns *time = NULL;
    char *rest = NULL;
    for (char *word = strtok_r(list, ", \t", &rest); word; word = strtok_r(NULL, ", \t", &rest)) {
        gs_ns *grown = arena_grow(arena, time, &capacity, count + 1, sizeof *time);
        if (!grown) {
            snprintf(why, VALUE_WHY, "no memory");
            return GS_SYSTEM;
        }
        time = grown;
        if (units_time(word, &time[count], why) != GS_OK)
            return GS_BAD_INPUT;
        if (count > 0 && time[count] < time[count - 1]) {
            char shown[SHOWN_TEXT];
            snprintf(why, VALUE_WHY, "times of a schedule must ascend; '%s' comes too late in the list",
                     build_shown(shown, word));
            return GS_BAD_INPUT;
        }
        count++;
    }
    if (count == 0) {
        snprintf(why, VALUE_WHY, "it must have the form %s", form[ARRIVAL_SCHEDULE].shape);
        return GS_BAD_INPUT;
    }
    arrival->time = time;
    arrival->times = (uint32_t)count;
    return GS_OK;
}

/* Split at commas into exactly `want` parts. */
static bool split(char *list, int want, char *part[ARGUMENTS_MAX])
{
    int count = 0;
    for (char *p = list; p;) {
        char *comma = strchr(p, ',');
        if (comma)
            *comma++ = '\0';
        if (count == want)
            return false;
        part[count++] = p;
        p = comma;
    }
    return count == want;
}

static int positive(bool is_positive, const char *what, char why[VALUE_WHY])
{
    if (is_positive)
        return GS_OK;
    snprintf(why, VALUE_WHY, "%s must be greater than 0", what);
    return GS_BAD_INPUT;
}

static int users(struct arrival *arrival, char *const part[ARGUMENTS_MAX], char why[VALUE_WHY])
{
    int code = units_integer(part[0], &arrival->users, why);
    code = code ? code
                : positive(arrival->users > 0 && arrival->users <= USERS_MAX, "the number of users, at most a million,",
                           why);
    code = code ? code : units_time_real(part[1], &arrival->think_ns, why);
    return code ? code : positive(arrival->think_ns > 0, "the mean time that users think", why);
}

static int arguments(struct arrival *arrival, char *const part[ARGUMENTS_MAX], char why[VALUE_WHY])
{
    int code = GS_OK;
    if (arrival->kind == ARRIVAL_USERS)
        return users(arrival, part, why);
    if (arrival->kind == ARRIVAL_GAMMA) {
        code = units_number(part[0], &arrival->cv, why);
        code = code ? code : positive(arrival->cv > 0, "the coefficient of variation", why);
    } else if (arrival->kind == ARRIVAL_ONOFF) {
        code = units_time_real(part[0], &arrival->on_mean_ns, why);
        code = code ? code : units_time_real(part[1], &arrival->off_mean_ns, why);
        code = code ? code : positive(arrival->on_mean_ns > 0 && arrival->off_mean_ns > 0, "each spell", why);
    }
    code = code ? code : units_frequency(part[form[arrival->kind].arguments - 1], &arrival->rate_per_s, why);
    code = code ? code : positive(arrival->rate_per_s > 0, "the rate", why);
    if (code == GS_OK && arrival->kind == ARRIVAL_ONOFF && arrival->rate_per_s * arrival->on_mean_ns < 1e-6 * 1e9) {
        snprintf(why, VALUE_WHY, "a million spells would pass for each request; use longer spells, or poisson(rate)");
        code = GS_BAD_INPUT;
    }
    return code;
}

int arrival_parse(struct arrival *arrival, const char *text, struct arena *arena, char why[VALUE_WHY])
{
    const char *open = strchr(text, '(');
    size_t length = strlen(text), head = open ? (size_t)(open - text) : length;
    while (head > 0 && (text[head - 1] == ' ' || text[head - 1] == '\t'))
        head--;
    size_t kind = 0;
    while (kind < FORMS && (strlen(form[kind].name) != head || strncmp(form[kind].name, text, head) != 0))
        kind++;
    if (kind == FORMS)
        return unknown(text, why);
    if (!open || text[length - 1] != ')') {
        snprintf(why, VALUE_WHY, "it must have the form %s", form[kind].shape);
        return GS_BAD_INPUT;
    }
    char *list = arena_strdup(arena, open + 1), *part[ARGUMENTS_MAX];
    if (!list) {
        snprintf(why, VALUE_WHY, "no memory");
        return GS_SYSTEM;
    }
    list[strlen(list) - 1] = '\0';
    arrival->kind = (enum arrival_kind)kind;
    if (form[kind].arguments == 0)
        return schedule(arrival, list, arena, why);
    if (!split(list, form[kind].arguments, part)) {
        snprintf(why, VALUE_WHY, "it must have the form %s", form[kind].shape);
        return GS_BAD_INPUT;
    }
    return arguments(arrival, part, why);
}
