/* cmd_keys.c - `gpuswap-sim keys [NAME]`: the keys of a scenario, from the tables that read it. */
#include "policies/table.h"
#include "sim/base/units.h"
#include "sim/cli/commands.h"
#include "sim/scenario/keys.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

/* Where the columns of the list begin, and where its lines end. */
enum { NAME = 2, TYPE = 31, DEFAULT = 50, HELP = 65, WIDTH = 120 };

static size_t count(void)
{
    size_t n = 0;

    while (keys_at(n) != NULL)
        n++;
    return n;
}

/* What may be asked for: keys, then the sections they stand in. */
static const char *name_at(size_t i, const void *context)
{
    (void)context;
    return i < count() ? keys_at(i)->name : keys_at(i - count())->section;
}

/* What follows "SECTION." in `text`, else NULL. */
static const char *after(const char *text, const char *section)
{
    size_t length = strlen(section);

    return strncmp(text, section, length) == 0 && text[length] == '.' ? text + length + 1 : NULL;
}

static bool takes_name(const char *section)
{
    return strcmp(section, "scenario") != 0 && strcmp(section, "policy") != 0;
}

/* "node.h2d" and "node.A.h2d" name one key, "h2d" every key of that name. */
static bool matches(const struct key *key, const char *wanted)
{
    const char *rest = after(wanted, key->section), *dot = rest == NULL ? NULL : strrchr(rest, '.');

    if (dot != NULL && dot > rest && takes_name(key->section))
        rest = dot + 1;
    return strcmp(key->name, rest == NULL ? wanted : rest) == 0;
}

static const char *fallback(const struct key *key)
{
    return key->fallback == NULL ? "required" : key->fallback[0] == '\0' ? "-" : key->fallback;
}

/* Print a cell at `column`, on a line of its own if the one before it was too long; returns where it ends. */
static int cell(int at, int column, const char *text)
{
    if (at >= column) {
        printf("\n");
        at = 0;
    }
    printf("%*s%s", column - at, "", text);
    return column + (int)strlen(text);
}

/* The words of `text` in the last column, lines broken where they are full. */
static int words(int at, const char *text)
{
    while (*text != '\0') {
        int length = (int)strcspn(text, " ");
        if (at < HELP || at + 1 + length > WIDTH) {
            at = cell(at, HELP, "");
            printf("%.*s", length, text);
            at += length;
        } else {
            printf(" %.*s", length, text);
            at += 1 + length;
        }
        text += length;
        text += strspn(text, " ");
    }
    return at;
}

static void row(const struct key *key)
{
    int at = cell(0, NAME, key->name);

    at = cell(at, TYPE, key->type);
    at = cell(at, DEFAULT, fallback(key));
    at = words(at, key->help);
    if (strcmp(key->classes, "all") != 0) {
        at = words(at, "(class");
        at = words(at, key->classes);
        printf(")");
        at++;
    }
    printf("\n");
}

/* All sections, or the one of that name; false if there is none. */
static bool list(const char *wanted)
{
    const char *section = "";

    for (size_t i = 0; keys_at(i) != NULL; i++) {
        const struct key *key = keys_at(i);
        if (wanted != NULL && strcmp(key->section, wanted) != 0)
            continue;
        if (strcmp(key->section, section) != 0)
            printf("%s[%s]\n", section[0] == '\0' ? "" : "\n", key->section);
        section = key->section;
        row(key);
    }
    return section[0] != '\0';
}

/* The key in full, as `tests/lint/manual.sh` reads it. */
static void describe(const struct key *key)
{
    printf("[%s] %s = %s\n  default: %s\n  for:     %s\n  %s\n", key->section, key->name, key->type, fallback(key),
           key->classes, key->help);
}

static void describe_param(enum gs_slot slot, const struct gs_policy_head *policy, const struct gs_param *p)
{
    static const char *const type[] = {[GS_TIME] = "time",       [GS_SIZE] = "size",        [GS_NUMBER] = "number",
                                       [GS_INTEGER] = "integer", [GS_BOOLEAN] = "yes | no", [GS_CHOICE] = ""};

    printf("[policy] %s.%s = %s", gs_slot_name(slot), p->key, type[p->kind]);
    for (size_t i = 0; p->kind == GS_CHOICE && p->choice[i] != NULL; i++)
        printf("%s%s", i == 0 ? "" : " | ", p->choice[i]);
    printf("\n  default: %s\n  for:     %s = %s\n  %s\n", p->fallback, gs_slot_name(slot), policy->name, p->help);
}

/* A parameter of a policy is a key of [policy]: "slicer.quantum" or "quantum".  Each policy that has it is told. */
static bool describe_params(const char *wanted, bool found)
{
    const char *key = after(wanted, "policy");

    key = key == NULL ? wanted : key;
    for (int s = 0; s < GS_SLOTS; s++) {
        const char *name = after(key, gs_slot_name((enum gs_slot)s));
        const struct gs_policy_head *policy;
        for (size_t i = 0; (policy = gs_policy_at((enum gs_slot)s, i)) != NULL; i++)
            for (const struct gs_param *p = policy->param; p != NULL && p->key != NULL; p++) {
                if (strcmp(p->key, name == NULL ? key : name) != 0)
                    continue;
                printf("%s", found ? "\n" : "");
                describe_param((enum gs_slot)s, policy, p);
                found = true;
            }
    }
    return found;
}

static int tell(const char *wanted, struct error *err)
{
    bool found = list(wanted);
    const char *bare = wanted;

    for (size_t i = 0; keys_at(i) != NULL; i++) {
        const struct key *key = keys_at(i);
        if (after(wanted, key->section) != NULL)
            bare = strrchr(wanted, '.') + 1;
        if (!matches(key, wanted))
            continue;
        printf("%s", found ? "\n" : "");
        describe(key);
        found = true;
    }
    if (describe_params(wanted, found))
        return GS_OK;
    const char *near = units_nearest(bare, 2 * count(), name_at, NULL);
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
    static const struct argp argp = {
        NULL, parse, "[SECTION|KEY]", "List the keys of a scenario, those of a section, or tell a key in full.", NULL,
        NULL, NULL};
    const char *wanted = NULL;

    if (argp_parse(&argp, argc, argv, 0, NULL, &wanted) != 0)
        return GS_USAGE;
    if (wanted != NULL)
        return tell(wanted, err);
    list(NULL);
    return GS_OK;
}
