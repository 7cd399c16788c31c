/* cmd_keys.c - `gpuswap-sim keys [NAME]`: the keys of a scenario, from the table that reads it. */
#include "sim/base/units.h"
#include "sim/cli/commands.h"
#include "sim/scenario/keys.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

static const char *name_at(size_t i, const void *context)
{
    (void)context;
    return keys_at(i)->name;
}

static size_t count(void)
{
    size_t n = 0;

    while (keys_at(n) != NULL)
        n++;
    return n;
}

/* "node.h2d" names one key, "h2d" every key of that name. */
static bool matches(const struct key *key, const char *wanted)
{
    size_t length = strlen(key->section);

    return strcmp(key->name, wanted) == 0 || (strncmp(wanted, key->section, length) == 0 && wanted[length] == '.' &&
                                              strcmp(wanted + length + 1, key->name) == 0);
}

static const char *fallback(const struct key *key)
{
    return key->fallback == NULL ? "required" : key->fallback[0] == '\0' ? "-" : key->fallback;
}

static void list(void)
{
    const char *section = "";

    for (size_t i = 0; keys_at(i) != NULL; i++) {
        const struct key *key = keys_at(i);
        if (strcmp(key->section, section) != 0)
            printf("%s[%s]\n", section[0] == '\0' ? "" : "\n", key->section);
        section = key->section;
        printf("  %-28s %-18s %-14s %s%s\n", key->name, key->type, fallback(key), key->help,
               key->unavailable == NULL ? "" : " (not yet: see `keys NAME`)");
    }
}

static int describe(const char *wanted, struct error *err)
{
    bool found = false;

    for (size_t i = 0; keys_at(i) != NULL; i++) {
        const struct key *key = keys_at(i);
        if (!matches(key, wanted))
            continue;
        printf("%s[%s] %s = %s\n  default: %s\n  for:     %s\n  %s\n", found ? "\n" : "", key->section, key->name,
               key->type, fallback(key), key->classes, key->help);
        if (key->unavailable != NULL)
            printf("  Not available in this version: %s.\n",
                   key->unavailable[0] == '\0' ? "any value" : key->unavailable);
        found = true;
    }
    if (found)
        return GS_OK;
    const char *near = units_nearest(wanted, count(), name_at, NULL);
    if (near != NULL)
        return error_set(err, GS_USAGE, "no key '%s'; did you mean '%s'?", wanted, near);
    return error_set(err, GS_USAGE, "no key '%s'; 'gpuswap-sim keys' lists them", wanted);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    const char **wanted = state->input;

    if (key != ARGP_KEY_ARG)
        return ARGP_ERR_UNKNOWN;
    if (state->arg_num > 0)
        argp_error(state, "one key at a time");
    *wanted = arg;
    return 0;
}

int cmd_keys(int argc, char **argv, struct error *err)
{
    static const struct argp argp = {NULL, parse, "[NAME]", "List the keys of a scenario, or tell one in full.",
                                     NULL, NULL,  NULL};
    const char *wanted = NULL;

    if (argp_parse(&argp, argc, argv, 0, NULL, &wanted) != 0)
        return GS_USAGE;
    if (wanted != NULL)
        return describe(wanted, err);
    list();
    return GS_OK;
}
