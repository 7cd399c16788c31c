/* plugin_check.c - is a descriptor sound: texts that are texts, a table of parameters that ends, sizes that can be. */
#include "sim/scenario/build.h"
#include "sim/scenario/plugin.h"
#include "sim/scenario/source.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    NAME_MOST = 32,
    LINE_MOST = 400,
    PAGE_MOST = 4000,
    PARAMS_MOST = 64,
    CHOICES_MOST = 64,
    STATE_MOST = 64 << 20,
    WORKLOAD_STATE_MOST = 64 << 10
};

/* Whole numbers that a real one tells exactly enough, and that fit 64 bits. */
static const double WHOLE_MOST = 9e18;

static bool is_name(const char *text)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+";
    size_t length = text ? strnlen(text, NAME_MOST + 1) : 0;

    return length > 0 && length <= NAME_MOST && strspn(text, good) == length;
}

static bool is_text(const char *text, size_t most)
{
    char fault[FAULT_TEXT];
    size_t length = text ? strnlen(text, most + 1) : 0;

    return length > 0 && length <= most && source_line_is_text(text, length, fault);
}

static bool says(char why[PLUGIN_WHY], const char *what)
{
    snprintf(why, PLUGIN_WHY, "%s", what);
    return true;
}

static bool head_fault(const struct gs_policy_head *p, char why[PLUGIN_WHY])
{
    if (!is_name(p->name))
        return says(why, "'name' must be 1 to 32 letters, digits and _ - +");
    if (!is_text(p->help, LINE_MOST))
        return says(why, "'help' must be a line of text, of 400 bytes at most");
    if (p->source && !is_text(p->source, LINE_MOST))
        return says(why, "'source' must be a line of text, of 400 bytes at most, or NULL");
    if (p->when && !is_text(p->when, PAGE_MOST))
        return says(why, "'when' must be text without line breaks, of 4,000 bytes at most, or NULL");
    if ((p->needs & ~(uint32_t)(GS_NEEDS_ORACLE | GS_NEEDS_NODE_ONLY | GS_NEEDS_GPU_ONLY)) != 0)
        return says(why, "'needs' asks for what is not there");
    if (p->state_size > STATE_MOST)
        return says(why, "'state_size' must be 64 MiB at most");
    if (p->workload_state_size > WORKLOAD_STATE_MOST)
        return says(why, "'workload_state_size' must be 64 KiB at most");
    return false;
}

static bool choice_fault(const struct gs_param *param, char why[PLUGIN_WHY])
{
    size_t count = 0;

    while (param->choice && count <= CHOICES_MOST && param->choice[count])
        if (!is_name(param->choice[count++])) {
            snprintf(why, PLUGIN_WHY, "choice %zu of parameter '%s' must be 1 to 32 letters, digits and _ - +", count,
                     param->key);
            return true;
        }
    if (count > 0 && count <= CHOICES_MOST)
        return false;
    snprintf(why, PLUGIN_WHY, "the choices of parameter '%s' must be 1 to %d names, and NULL after them", param->key,
             CHOICES_MOST);
    return true;
}

static bool range_fault(const struct gs_param *param, char why[PLUGIN_WHY])
{
    bool whole = param->kind != GS_NUMBER;

    if (param->min <= param->max && (!whole || (param->min >= -WHOLE_MOST && param->max <= WHOLE_MOST)))
        return false;
    snprintf(why, PLUGIN_WHY, "'min' of parameter '%s' must be at most its 'max'%s", param->key,
             whole ? ", and both within 9e18" : "");
    return true;
}

static bool param_fault(const struct gs_param *table, size_t i, char why[PLUGIN_WHY])
{
    const struct gs_param *param = &table[i];
    char wrong[VALUE_WHY];
    union gs_value value;

    if (!is_name(param->key)) {
        snprintf(why, PLUGIN_WHY,
                 "the key of parameter %zu must be 1 to 32 letters, digits and _ - +; does the table end "
                 "with GS_PARAM_END?",
                 i + 1);
        return true;
    }
    for (size_t k = 0; k < i; k++)
        if (strcmp(table[k].key, param->key) == 0) {
            snprintf(why, PLUGIN_WHY, "there are two parameters '%s'", param->key);
            return true;
        }
    if (strcmp(param->key, "hash") == 0)
        return says(why, "no parameter may be called 'hash': that is the hash of the plug-in's file");
    if ((unsigned)param->kind > GS_CHOICE || !is_text(param->help, LINE_MOST) || !is_text(param->fallback, LINE_MOST)) {
        snprintf(why, PLUGIN_WHY, "parameter '%s' needs a kind of enum gs_param_kind, a default and a line of help",
                 param->key);
        return true;
    }
    if (param->kind == GS_CHOICE ? choice_fault(param, why) : param->kind != GS_BOOLEAN && range_fault(param, why))
        return true;
    if (build_param_parse(param, param->fallback, &value, wrong) == GS_OK)
        return false;
    snprintf(why, PLUGIN_WHY, "default '%.72s' of parameter '%s': %.200s", param->fallback, param->key, wrong);
    return true;
}

bool plugin_fault(enum gs_slot slot, const struct gs_policy_head *policy, char why[PLUGIN_WHY])
{
    if (policy->abi != GS_POLICY_ABI) {
        snprintf(why, PLUGIN_WHY,
                 "it was made for version %u of policy.h, and this program has version %u; build it "
                 "with the header that came with the program",
                 policy->abi, GS_POLICY_ABI);
        return true;
    }
    if (head_fault(policy, why))
        return true;
    const char *fault = gs_policy_fault(slot, policy);
    if (fault)
        return says(why, fault);
    const char *starves =
        slot == GS_SLOT_SLICER ? ((const struct gs_slicer_policy *)(const void *)policy)->starves : NULL;
    if (starves && !is_text(starves, LINE_MOST))
        return says(why, "'starves' must be a line of text, of 400 bytes at most, or NULL");
    for (size_t i = 0; policy->param && policy->param[i].key; i++) {
        if (i == PARAMS_MOST)
            return says(why, "it has more than 64 parameters; does the table end with GS_PARAM_END?");
        if (param_fault(policy->param, i, why))
            return true;
    }
    return false;
}
