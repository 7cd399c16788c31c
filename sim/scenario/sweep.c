/* sweep.c - reads [sweep]: lists and ranges of values for keys of other sections. */
#include "sim/scenario/sweep.h"

#include "sim/base/hash.h"
#include "sim/base/units.h"
#include "sim/scenario/build.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER_TEXT = 40, UNIT_TEXT = 16 };

/* "80GiB": a number and what follows it. */
struct quantity {
    double number;
    char unit[UNIT_TEXT];
};

/* "20GiB..80GiB step 20GiB" */
struct range {
    struct quantity low, high, step;
    bool has_step;
};

struct sweeping {
    struct build *build;
    const struct ini_entry *entry;
    struct sweep_axis *axis;
    size_t capacity;
};

static bool refuse(struct sweeping *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(struct sweeping *w, const char *format, ...)
{
    char message[400], shown[SHOWN_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    ini_error(w->build->err, &w->entry->spot, GS_BAD_INPUT, "'%s = %s': %s", w->entry->key,
              build_shown(shown, w->entry->value), message);
    return false;
}

static bool begins_number(const char *text)
{
    return strchr("0123456789+-", *text) != NULL && *text != '\0' && text[strspn(text, "+-")] != '\0' &&
           strchr("0123456789", text[strspn(text, "+-")]) != NULL;
}

static bool quantity_read(struct quantity *q, const char *text, size_t length)
{
    char number[NUMBER_TEXT], why[UNITS_WHY];
    size_t digits = 0;
    while (digits < length && strchr("0123456789.+-", text[digits]))
        digits++;
    /* 1e-3, but not 10EiB */
    if (digits + 1 < length && text[digits] == 'e' && begins_number(text + digits + 1)) {
        digits += 2;
        while (digits < length && strchr("0123456789", text[digits]))
            digits++;
    }
    if (digits == 0 || digits >= NUMBER_TEXT || length - digits >= UNIT_TEXT)
        return false;
    snprintf(number, sizeof number, "%.*s", (int)digits, text);
    snprintf(q->unit, sizeof q->unit, "%.*s", (int)(length - digits), text + digits);
    return units_number(number, &q->number, why) == GS_OK;
}

/* Is it a range at all?  Paths hold two dots, too, but no number before them. */
static const char *range_dots(const char *item)
{
    const char *dots = strstr(item, "..");
    return dots && begins_number(item) ? dots : NULL;
}

static bool range_read(struct sweeping *w, struct range *range, const char *item)
{
    static const char word[] = " step ";
    const char *dots = range_dots(item), *high = dots + 2, *step = strstr(high, word);
    size_t length = step ? (size_t)(step - high) : strlen(high);
    *range = (struct range){.has_step = step != NULL};
    step = step ? step + strlen(word) : NULL;
    while (length > 0 && high[length - 1] == ' ')
        length--;
    if (!quantity_read(&range->low, item, (size_t)(dots - item)) || !quantity_read(&range->high, high, length) ||
        (step && !quantity_read(&range->step, step + strspn(step, " "), strlen(step + strspn(step, " ")))))
        return refuse(w, "a range reads '1..12' or '20GiB..80GiB step 20GiB'");
    bool low_is_zero = !(range->low.number > 0 || range->low.number < 0) && range->low.unit[0] == '\0';
    if ((!low_is_zero && strcmp(range->low.unit, range->high.unit) != 0) ||
        (step && strcmp(range->step.unit, range->high.unit) != 0))
        return refuse(w, "all parts of a range have the same unit, as in '20GiB..80GiB step 20GiB'");
    if (range->high.number <= range->low.number)
        return refuse(w, "the end of a range is greater than its beginning");
    if (step && range->step.number <= 0)
        return refuse(w, "the step of a range is greater than 0");
    return true;
}

static bool is_whole(double number)
{
    return !(floor(number) < number) && fabs(number) < 0x1p53;
}

static bool value_add(struct sweeping *w, const char *value)
{
    struct sweep_axis *axis = w->axis;
    struct build *b = w->build;
    if (axis->values == SWEEP_POINTS_MAX)
        return refuse(w, "more than %d values", SWEEP_POINTS_MAX);
    void *grown = arena_grow(b->arena, axis->value, &w->capacity, axis->values + 1, sizeof *axis->value);
    if (!grown || !value)
        return ini_no_memory(b->ini), false;
    axis->value = grown;
    axis->value[axis->values++] = value;
    return true;
}

static bool range_add(struct sweeping *w, const char *item)
{
    struct range range;
    if (!range_read(w, &range, item))
        return false;
    if (!range.has_step && (range.high.unit[0] != '\0' || !is_whole(range.low.number) || !is_whole(range.high.number)))
        return refuse(w, "in a list this range needs a step, such as '%s step 10%s'", item, range.high.unit);
    double step = range.has_step ? range.step.number : 1;
    /* A step that ends a hair above the end is meant to reach it. */
    double count = floor((range.high.number - range.low.number) / step + 1e-9) + 1;
    if (count > SWEEP_POINTS_MAX)
        return refuse(w, "more than %d values", SWEEP_POINTS_MAX);
    for (double i = 0; i < count; i++)
        if (!value_add(w, arena_printf(w->build->arena, "%.15g%s", range.low.number + i * step, range.high.unit)))
            return false;
    return true;
}

/* The key takes whole numbers only. */
static bool key_is_whole(struct sweeping *w)
{
    char *title = arena_strdup(w->build->arena, w->axis->key), *name = title ? ini_key_split(title) : NULL;
    if (!name)
        return false;
    title[strcspn(title, ".")] = '\0';
    const struct key *key = keys_find(title, name);
    return key ? key->kind == KEY_INTEGER : strcmp(title, "policy") == 0 && build_param_is_whole(name);
}

/* A range that a Latin hypercube cuts up. */
static bool range_draw(struct sweeping *w, const char *item)
{
    struct sweep_axis *axis = w->axis;
    struct range range;
    if (!range_read(w, &range, item))
        return false;
    axis->low = range.low.number;
    axis->high = range.high.number;
    axis->whole = key_is_whole(w);
    axis->unit = arena_strdup(w->build->arena, range.high.unit);
    if (!axis->unit)
        return ini_no_memory(w->build->ini), false;
    if (axis->whole && (!is_whole(axis->low) || !is_whole(axis->high)))
        return refuse(w, "'%s' takes whole numbers", axis->key);
    return true;
}

/* The next item of a list, trimmed, cut at commas that no bracket encloses; NULL past the last. */
static char *next_item(char **rest)
{
    char *item = *rest, *at = item;
    if (!item)
        return NULL;
    for (int depth = 0; *at && (*at != ',' || depth > 0); at++)
        depth += *at == '(' ? 1 : *at == ')' ? -1 : 0;
    *rest = *at ? at + 1 : NULL;
    *at = '\0';
    item += strspn(item, " \t");
    for (size_t n = strlen(item); n > 0 && strchr(" \t", item[n - 1]); n--)
        item[n - 1] = '\0';
    return item;
}

static bool axis_read(struct sweeping *w, int design)
{
    char *rest = arena_strdup(w->build->arena, w->entry->value);
    const char *item = rest ? next_item(&rest) : NULL;
    if (!item)
        return ini_no_memory(w->build->ini), false;
    if (design == DESIGN_LATIN && !rest && range_dots(item) && !strstr(item, " step "))
        return range_draw(w, item);
    for (; item; item = next_item(&rest)) {
        if (*item == '\0')
            return refuse(w, "a value is missing beside a comma");
        if (range_dots(item) ? !range_add(w, item) : !value_add(w, item))
            return false;
    }
    return true;
}

/* The keys of [sweep] itself have no dot. */
static bool is_axis(const struct ini_entry *entry)
{
    return strchr(entry->key, '.') != NULL;
}

static int own_keys(struct build *b, const struct ini_section *section, struct sweep *sweep)
{
    struct ini_section own = *section;
    own.entry = arena_array(b->arena, section->entries, sizeof *own.entry);
    own.entries = own.capacity = 0;
    if (!own.entry)
        return ini_no_memory(b->ini);
    for (size_t i = 0; i < section->entries; i++)
        if (!is_axis(&section->entry[i]))
            own.entry[own.entries++] = section->entry[i];
    build_apply(b, &own, "sweep", -1, sweep);
    static const char *const latin[] = {"points", "seed"};
    for (size_t i = 0; i < sizeof latin / sizeof latin[0] && sweep->design == DESIGN_GRID; i++)
        if (ini_entry_find(&own, latin[i]) && build_sound(&own, "design"))
            ini_error(b->err, build_spot(&own, latin[i]), GS_BAD_INPUT,
                      "'%s' goes with 'design = latin'; a grid has every combination of its values", latin[i]);
    return b->err->code;
}

/* Every value of the scenario, as --set takes it. */
static uint64_t contents(const struct ini *ini)
{
    uint64_t sum = HASH_START;
    for (size_t i = 0; i < ini->sections; i++) {
        const struct ini_section *section = ini->section[i];
        for (size_t k = 0; k < section->entries; k++) {
            const struct ini_entry *entry = &section->entry[k];
            if (strcmp(section->title, "scenario") == 0 && strcmp(entry->key, "threads") == 0)
                continue;
            sum = hash_text(hash_text(hash_text(sum, section->title), entry->key), entry->value);
        }
    }
    return sum;
}

/* What the sweep varies cannot be set once for all. */
static void check_sets(struct build *b, const struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->axes; i++) {
        char *title = arena_strdup(b->arena, sweep->axis[i].key), *key = title ? ini_key_split(title) : NULL;
        const struct ini_section *section = key ? ini_section_find(b->ini, title) : NULL;
        const struct ini_entry *entry = section ? ini_entry_find(section, key) : NULL;
        if (entry && entry->spot.set)
            ini_error(b->err, &entry->spot, GS_BAD_INPUT, "[sweep] varies this key; use '--set sweep.%s=...'",
                      sweep->axis[i].key);
    }
}

int build_sweep(struct build *b)
{
    struct ini_section *section = ini_section_find(b->ini, "sweep");
    if (!section || section->refused)
        return b->err->code;
    struct sweep *sweep = arena_alloc(b->arena, sizeof *sweep);
    if (!sweep || !(sweep->axis = arena_array(b->arena, section->entries, sizeof *sweep->axis)))
        return ini_no_memory(b->ini);
    own_keys(b, section, sweep);
    for (size_t i = 0; i < section->entries && !b->ini->stop; i++) {
        const struct ini_entry *entry = &section->entry[i];
        struct sweeping w = {.build = b, .entry = entry, .axis = &sweep->axis[sweep->axes]};
        if (!is_axis(entry))
            continue;
        *w.axis = (struct sweep_axis){
            .key = entry->key, .text = entry->value, .place = entry->spot.place, .set = entry->spot.set};
        sweep->axes += axis_read(&w, sweep->design);
    }
    if (sweep->axes == 0 && b->err->code == GS_OK)
        ini_error(b->err, &section->spot, GS_BAD_INPUT,
                  "[sweep] varies no key; give it one, such as 'workload.NB.count = 1..12'");
    sweep->hash = contents(b->ini);
    if (b->err->code == GS_OK && sweep_lay_out(sweep, b->arena, b->err) == GS_OK && sweep->points > SWEEP_POINTS_MAX)
        ini_error(b->err, &section->spot, GS_BAD_INPUT, "[sweep] has more than %d points", SWEEP_POINTS_MAX);
    b->scenario->sweep = sweep;
    return b->err->code;
}

int sweep_read(const struct sweep **out, const char *file, const struct overrides *overrides, struct arena *arena,
               struct error *err)
{
    struct ini ini = {.arena = arena, .err = err};
    struct scenario scenario = {.arena = arena};
    struct build build = {.scenario = &scenario, .ini = &ini, .arena = arena, .err = err};
    ini_read(&ini, file);
    if (ini.stop || err->code == GS_NO_INPUT)
        return err->code;
    build_heads(&build);
    ini_override(&ini, overrides);
    build_sweep(&build);
    if (err->code == GS_OK && !scenario.sweep)
        error_set(err, GS_BAD_INPUT, "%s: there is no [sweep] section; it says which keys take which values", file);
    if (err->code == GS_OK)
        check_sets(&build, scenario.sweep);
    *out = scenario.sweep;
    return err->code;
}
