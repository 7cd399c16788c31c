/* cmd_policies.c - `gpuswap-sim policies [NAME]` and `backends`: what there is, from the tables. */
#include "backend/backend.h"
#include "policies/table.h"
#include "sim/base/units.h"
#include "sim/cli/commands.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

static void list(void)
{
    for (int slot = 0; slot < GS_SLOTS; slot++) {
        printf("%s%s\n", slot == 0 ? "" : "\n", gs_slot_name((enum gs_slot)slot));
        for (size_t i = 0; gs_policy_at((enum gs_slot)slot, i) != NULL; i++)
            printf("  %-12s %s\n", gs_policy_at((enum gs_slot)slot, i)->name,
                   gs_policy_at((enum gs_slot)slot, i)->help);
    }
}

static void describe(enum gs_slot slot, const struct gs_policy_head *policy)
{
    printf("%s = %s\n  %s\n  source: %s\n", gs_slot_name(slot), policy->name, policy->help, policy->source);
    for (const struct gs_param *p = policy->param; p != NULL && p->key != NULL; p++) {
        printf("  %s.%s = %s", gs_slot_name(slot), p->key, p->fallback);
        for (size_t i = 0; p->choice != NULL && p->choice[i] != NULL; i++)
            printf("%s%s", i == 0 ? "   (" : " | ", p->choice[i]);
        printf("%s\n      %s\n", p->choice == NULL ? "" : ")", p->help);
    }
}

struct names {
    const char *name[64];
    size_t count;
};

static const char *name_at(size_t i, const void *context)
{
    return ((const struct names *)context)->name[i];
}

/* A name may stand in several slots: all are told. */
static int tell(const char *wanted, struct error *err)
{
    struct names names = {.count = 0};
    bool found = false;

    for (int slot = 0; slot < GS_SLOTS; slot++) {
        for (size_t i = 0; gs_policy_at((enum gs_slot)slot, i) != NULL; i++)
            if (names.count < sizeof names.name / sizeof *names.name)
                names.name[names.count++] = gs_policy_at((enum gs_slot)slot, i)->name;
        const struct gs_policy_head *policy = gs_policy_find((enum gs_slot)slot, wanted);
        if (policy != NULL)
            describe((enum gs_slot)slot, policy);
        found |= policy != NULL;
    }
    if (found)
        return GS_OK;
    const char *near = units_nearest(wanted, names.count, name_at, &names);
    if (near != NULL)
        return error_set(err, GS_USAGE, "no policy '%s'; did you mean '%s'?", wanted, near);
    return error_set(err, GS_USAGE, "no policy '%s'; 'gpuswap-sim policies' lists them", wanted);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    const char **wanted = state->input;

    if (key != ARGP_KEY_ARG)
        return ARGP_ERR_UNKNOWN;
    if (wanted == NULL || state->arg_num > 0)
        argp_error(state, "unexpected '%s'", arg);
    else
        *wanted = arg;
    return 0;
}

int cmd_policies(int argc, char **argv, struct error *err)
{
    static const struct argp argp = {NULL, parse, "[NAME]", "List the policies of each slot, or tell one in full.",
                                     NULL, NULL,  NULL};
    const char *wanted = NULL;

    if (argp_parse(&argp, argc, argv, 0, NULL, &wanted) != 0)
        return GS_USAGE;
    if (wanted != NULL)
        return tell(wanted, err);
    list();
    return GS_OK;
}

int cmd_backends(int argc, char **argv, struct error *err)
{
    static const struct argp argp = {NULL, parse, NULL, "List the backends and whether they work here.",
                                     NULL, NULL,  NULL};
    char why[160];

    (void)err;
    if (argp_parse(&argp, argc, argv, 0, NULL, NULL) != 0)
        return GS_USAGE;
    for (size_t i = 0; backend_at(i) != NULL; i++)
        printf("%-8s %-14s %s\n", backend_at(i)->name, backend_at(i)->probe(why) ? "works here" : why,
               backend_at(i)->help);
    return GS_OK;
}
