/* capacity_changes.c - what one might buy or do instead: the settings of a sensitivity. */
#include "sim/run/capacity.h"

#include "sim/base/units.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { DISTRIBUTION = 512 };

struct making {
    const struct vary *vary;
    const struct scenario *scenario;
    struct capacity_change *change;
    size_t changes;
    struct arena *arena;
    struct error *err;
};

static void add_setting(struct making *m, struct capacity_change *c, const char *setting)
{
    if (setting == NULL)
        error_set(m->err, GS_SYSTEM, "out of memory");
    else if (c->sets < CAPACITY_SETS && strncmp(setting, m->vary->key, strlen(m->vary->key)) != 0)
        c->set[c->sets++] = setting;
}

static struct capacity_change *begin(struct making *m, const char *name)
{
    struct capacity_change *c = &m->change[m->changes];

    *c = (struct capacity_change){.name = name};
    return c;
}

static void end(struct making *m)
{
    m->changes += m->change[m->changes].sets > 0;
}

/* A key of all nodes, times `factor`. */
static void scale_nodes(struct making *m, struct capacity_change *c, const char *key, double factor)
{
    for (size_t i = 0; i < m->scenario->nodes; i++) {
        const char *name = m->scenario->node[i].name;
        bool plain = strcmp(name, "node") == 0;
        const char *text = arena_printf(m->arena, "node%s%s.%s", plain ? "" : ".", plain ? "" : name, key);
        struct error unused = {0};
        struct vary vary;
        if (text == NULL)
            add_setting(m, c, NULL);
        else if (vary_read(&vary, text, NULL, false, m->scenario, m->arena, &unused) == GS_OK)
            add_setting(m, c, vary_setting(m->arena, &vary, vary_at(&vary, vary_place(&vary, vary.now * factor))));
    }
}

/* "mix(0.9:lognormal(1m, 1.2), 0.1:exp(1h))" with all that has a unit 10 % larger; false: it cannot be told. */
static bool longer(char out[DISTRIBUTION], const char *text)
{
    size_t used = 0;

    if (strstr(text, "empirical") != NULL)
        return false;
    while (*text != '\0' && used + 64 < DISTRIBUTION) {
        size_t digits = strspn(text, "0123456789.");
        char number[32], why[UNITS_WHY];
        double value;
        if (digits >= sizeof number)
            return false;
        if (digits == 0 || isalpha((unsigned char)text[digits]) == 0) {
            size_t length = digits > 0 ? digits : 1;
            memcpy(out + used, text, length);
            used += length;
            text += length;
            continue;
        }
        snprintf(number, sizeof number, "%.*s", (int)digits, text);
        if (text[digits] == 'e' || text[digits] == 'E' || units_number(number, &value, why) != GS_OK)
            return false;
        used += (size_t)snprintf(out + used, DISTRIBUTION - used, "%.10g", 1.1 * value);
        for (text += digits; isalpha((unsigned char)*text) != 0; text++)
            out[used++] = *text;
    }
    out[used] = '\0';
    return *text == '\0';
}

static void think_longer(struct making *m, struct capacity_change *c)
{
    char text[DISTRIBUTION];

    for (size_t i = 0; i < m->scenario->settings; i++) {
        const struct setting *s = &m->scenario->setting[i];
        if (strncmp(s->section, "workload.", 9) == 0 && strcmp(s->key, "think") == 0 && longer(text, s->value))
            add_setting(m, c, arena_printf(m->arena, "%s.think=%s", s->section, text));
    }
}

size_t capacity_changes(const struct vary *vary, const struct scenario *scenario,
                        struct capacity_change change[CAPACITY_CHANGES], struct arena *arena, struct error *err)
{
    struct making m = {.vary = vary, .scenario = scenario, .change = change, .arena = arena, .err = err};

    think_longer(&m, begin(&m, "think times 10 % longer"));
    end(&m);
    scale_nodes(&m, begin(&m, "GPUs 10 % faster"), "gpu_speed", 1.1);
    end(&m);
    scale_nodes(&m, begin(&m, "GPU memory +25 %"), "gpu_memory", 1.25);
    end(&m);
    scale_nodes(&m, begin(&m, "swap file +25 %"), "swap_file", 1.25);
    end(&m);
    struct capacity_change *links = begin(&m, "links twice as fast");
    scale_nodes(&m, links, "h2d", 2);
    scale_nodes(&m, links, "d2h", 2);
    end(&m);
    return err->code == GS_OK ? m.changes : 0;
}
