/* cmd_policies.c - `gpuswap-sim policies [NAME]`: what there is for each slot, from the tables, and in a plug-in. */
#include "policies/table.h"
#include "sim/base/units.h"
#include "sim/cli/commands.h"
#include "sim/scenario/plugin.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

static void list_slot(enum gs_slot slot)
{
    printf("%s\n", gs_slot_name(slot));
    for (size_t i = 0; gs_policy_at(slot, i) != NULL; i++)
        printf("  %-12s %s\n", gs_policy_at(slot, i)->name, gs_policy_at(slot, i)->help);
}

/* Words in lines of at most LINE characters. */
static void wrap(const char *text)
{
    enum { LINE = 96 };
    int at = 0;

    while (*text != '\0') {
        int word = (int)strcspn(text, " ");
        bool fresh = at == 0 || at + 1 + word > LINE;
        printf("%s%.*s", !fresh ? " " : at == 0 ? "  " : "\n  ", word, text);
        at = fresh ? 2 + word : at + 1 + word;
        text += word + (int)strspn(text + word, " ");
    }
    printf("\n");
}

static void tell_promise(const struct gs_policy_head *policy)
{
    const struct gs_slicer_policy *slicer = (const struct gs_slicer_policy *)(const void *)policy;

    if (slicer->starves != NULL)
        printf("  starves: %s\n", slicer->starves);
    else
        printf("  starves: %s\n",
               slicer->overtakes == NULL ? "perhaps somebody: nothing is promised" : "not told in words");
}

static void describe(enum gs_slot slot, const char *name, const struct gs_policy_head *policy)
{
    printf("%s = %s\n  %s\n", gs_slot_name(slot), name, policy->help);
    if (policy->when != NULL)
        wrap(policy->when);
    if ((policy->needs & GS_NEEDS_ORACLE) != 0)
        printf("  needs to know the future: in simulations only\n");
    if (slot == GS_SLOT_SLICER)
        tell_promise(policy);
    if (policy->source != NULL)
        printf("  source: %s\n", policy->source);
    for (const struct gs_param *p = policy->param; p != NULL && p->key != NULL; p++) {
        printf("  %s.%s = %s", gs_slot_name(slot), p->key, p->fallback);
        for (size_t i = 0; p->choice != NULL && p->choice[i] != NULL; i++)
            printf("%s%s", i == 0 ? "   (" : " | ", p->choice[i]);
        printf("%s\n      %s\n", p->choice == NULL ? "" : ")", p->help);
    }
}

static bool is_slot(const char *wanted, enum gs_slot *slot)
{
    for (int s = 0; s < GS_SLOTS; s++)
        if (strcmp(gs_slot_name((enum gs_slot)s), wanted) == 0) {
            *slot = (enum gs_slot)s;
            return true;
        }
    return false;
}

/* The i-th name of all slots together, NULL past the end. */
static const char *name_at(size_t i, const void *context)
{
    (void)context;
    for (int slot = 0; slot < GS_SLOTS; slot++) {
        size_t k = 0;
        for (; gs_policy_at((enum gs_slot)slot, k) != NULL; k++)
            if (k == i)
                return gs_policy_at((enum gs_slot)slot, k)->name;
        i -= k;
    }
    return NULL;
}

static size_t count(void)
{
    size_t n = 0;

    while (name_at(n, NULL) != NULL)
        n++;
    return n;
}

static int tell_plugin(const char *file, struct error *err)
{
    struct plugin plugin;
    char why[PLUGIN_WHY];
    int code = plugin_load(&plugin, file, NULL, why);

    if (code != GS_OK)
        return error_set(err, code, "plug-in '%s': %s", file, why);
    for (int slot = 0; slot < GS_SLOTS; slot++) {
        if (plugin.policy[slot] == NULL)
            continue;
        describe((enum gs_slot)slot, file, plugin.policy[slot]);
        printf("  name: %s, hash: %s\n", plugin.policy[slot]->name, plugin.hash);
    }
    return GS_OK;
}

/* A name may stand in several slots: all are told. */
static int tell(const char *wanted, struct error *err)
{
    enum gs_slot whole;
    bool found = is_slot(wanted, &whole);

    if (plugin_is_path(wanted))
        return tell_plugin(wanted, err);
    if (found)
        list_slot(whole);
    for (int slot = 0; slot < GS_SLOTS; slot++) {
        const struct gs_policy_head *policy = gs_policy_find((enum gs_slot)slot, wanted);
        if (policy != NULL)
            describe((enum gs_slot)slot, policy->name, policy);
        found |= policy != NULL;
    }
    if (found)
        return GS_OK;
    if (strpbrk(wanted, ".=") != NULL)
        return error_set(err, GS_USAGE,
                         "no policy '%s'; policies go by name, as in 'gpuswap-sim policies lru', "
                         "their parameters as in 'gpuswap-sim keys slicer.quantum'",
                         wanted);
    const char *near = units_nearest(wanted, count(), name_at, NULL);
    if (near != NULL)
        return error_set(err, GS_USAGE, "no policy '%s'; did you mean '%s'?", wanted, near);
    return error_set(err, GS_USAGE, "no policy '%s'; 'gpuswap-sim policies' lists them", wanted);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    const char **wanted = state->input;

    if (key != ARGP_KEY_ARG)
        return ARGP_ERR_UNKNOWN;
    if (state->arg_num > 0)
        argp_error(state, "unexpected '%s'", arg);
    else
        *wanted = arg;
    return 0;
}

int cmd_policies(int argc, char **argv, struct error *err)
{
    static const struct argp argp = {NULL,
                                     parse,
                                     "[SLOT|NAME|FILE.so]",
                                     "List the policies of each slot, those of one slot, or tell a policy in full.",
                                     NULL,
                                     NULL,
                                     NULL};
    const char *wanted = NULL;

    if (argp_parse(&argp, argc, argv, 0, NULL, &wanted) != 0)
        return GS_USAGE;
    if (wanted != NULL)
        return tell(wanted, err);
    for (int slot = 0; slot < GS_SLOTS; slot++) {
        if (slot > 0)
            printf("\n");
        list_slot((enum gs_slot)slot);
    }
    return GS_OK;
}
