/* check.c - contradictions between keys, each good by itself, and scenarios that no simulation can satisfy. */
#include "sim/base/units.h"
#include "sim/scenario/build.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Ids are 32 bits wide, and a workload costs some hundred bytes. */
static const double total_max = 10e6;

static void complain(struct build *b, const struct ini_section *section, const char *key, int code, const char *format,
                     ...) __attribute__((format(printf, 5, 6)));

static void complain(struct build *b, const struct ini_section *section, const char *key, int code, const char *format,
                     ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    ini_error(b->err, build_spot(section, key), code, "%s", message);
}

static void check_scenario(struct build *b)
{
    const struct scenario *s = b->scenario;
    const struct ini_section *from = b->scenario_from;
    for (size_t i = 0; i < s->workloads && !ini_entry_find(from, "duration") && !b->ini->broken; i++) {
        bool is_finite = s->workload[i].class == GS_TRAINING || s->workload[i].trace >= 0;
        if (is_finite || !build_given(b->workload_from[i], "class"))
            continue;
        complain(b, from, "duration", GS_BAD_INPUT,
                 "[scenario] needs the key 'duration', since workload '%s' of class %s never ends", s->workload[i].name,
                 class_name(s->workload[i].class));
        break;
    }
    if (s->precision > 0 && s->replications > s->max_replications)
        complain(b, from, "replications", GS_BAD_INPUT,
                 "'replications' is greater than 'max_replications', which 'precision' may add up to");
    if (build_sound(from, "warmup") && build_given(from, "duration") && s->warmup >= s->duration)
        complain(b, from, "warmup", GS_BAD_INPUT, "'warmup' leaves nothing of 'duration' to measure; shorten it");
}

static void check_node(struct build *b, size_t i)
{
    const struct node_group *node = &b->scenario->node[i];
    const struct ini_section *from = b->node_from[i];
    char reserve[UNITS_TEXT], memory[UNITS_TEXT];
    bool is_sized = build_given(from, "gpu_memory") && build_sound(from, "gpu_reserved") &&
                    build_sound(from, "gpu_reserved_per_workload");
    if (is_sized && node->gpu_reserved + node->gpu_reserved_per_workload >= node->gpu_memory)
        complain(b, from, "gpu_reserved", GS_BAD_INPUT,
                 "the reserve of %s leaves nothing of the GPU's %s to workloads; lower 'gpu_reserved'",
                 units_show_size(reserve, (double)(node->gpu_reserved + node->gpu_reserved_per_workload)),
                 units_show_size(memory, (double)node->gpu_memory));
    if (node->calibrated == CALIBRATED_DOUBLE && !b->scenario->allow_synthetic)
        complain(b, from, "calibrated", GS_BAD_INPUT,
                 "these figures are the driver double's and of no GPU; calibrate on a GPU, or say --allow-synthetic");
}

/* It is not there yet; with swap it is a contradiction besides, which the key table alone cannot tell. */
static void check_time_slicing(struct build *b, size_t i)
{
    const struct ini_section *from = b->node_from[i];
    const struct ini_entry *entry = ini_entry_find(from, "time_slicing");
    const struct node_group *node = &b->scenario->node[i];
    if (!entry || entry->bad || node->time_slicing == 0 || !build_sound(from, "swap"))
        return;
    complain(b, from, "time_slicing", GS_BAD_INPUT,
             "'time_slicing' other than 'timesharing' is not available in this version%s",
             node->swap ? "; besides, it is a configuration error: swap excludes strict and fair time slicing" : "");
}

static void check_training(struct build *b, size_t i)
{
    const struct ini_section *from = b->workload_from[i];
    const char *title = from->title;
    bool work = ini_entry_find(from, "gpu_work"), iterations = ini_entry_find(from, "iterations");
    bool iteration = ini_entry_find(from, "iteration");
    if (work && (iterations || iteration))
        complain(b, from, "gpu_work", GS_BAD_INPUT, "[%s] has both 'gpu_work' and 'iterations'; keep one of them",
                 title);
    else if (iterations != iteration)
        complain(b, from, iterations ? "iterations" : "iteration", GS_BAD_INPUT, "[%s] needs '%s' as well", title,
                 iterations ? "iteration" : "iterations");
    else if (!work && !iterations)
        complain(b, from, "class", GS_BAD_INPUT, "[%s] needs the key 'gpu_work', or 'iterations' and 'iteration'",
                 title);
    if (ini_entry_find(from, "cpu_work") && !work && iterations)
        complain(b, from, "cpu_work", GS_BAD_INPUT, "'cpu_work' goes with 'gpu_work'; with 'iterations' it is 'gap'");
    if (ini_entry_find(from, "gap") && !iterations && !iteration && work)
        complain(b, from, "gap", GS_BAD_INPUT, "'gap' goes with 'iterations'; with 'gpu_work' it is 'cpu_work'");
}

/* Either the work of a request is given, or it follows from its tokens. */
static void check_requests(struct build *b, size_t i)
{
    static const char *const with_tokens[] = {"output_tokens", "input_tokens", "prefill_per_token", "decode_per_token",
                                              "first_token_overhead"};
    enum { KEYS = sizeof with_tokens / sizeof with_tokens[0] };
    const struct workload_group *group = &b->scenario->workload[i];
    const struct ini_section *from = b->workload_from[i];
    bool service = ini_entry_find(from, "service"), tokens = ini_entry_find(from, "output_tokens");
    for (size_t k = 0; k < KEYS; k++) {
        const char *key = with_tokens[k];
        if (!build_given(from, key))
            continue;
        if (service)
            complain(b, from, key, GS_BAD_INPUT, "[%s] has both 'service' and '%s'; keep one of them", from->title,
                     key);
        else if (!tokens)
            complain(b, from, key, GS_BAD_INPUT, "'%s' needs 'output_tokens' as well", key);
        if (service || !tokens)
            return;
    }
    if (!service && !tokens)
        complain(b, from, "service", GS_BAD_INPUT,
                 "[%s] needs the key 'service', or 'output_tokens' with 'decode_per_token' and the like", from->title);
    if (group->has_tokens && build_sound(from, "decode_per_token") && build_sound(from, "first_token_overhead") &&
        group->decode_per_token == 0 && group->first_token_overhead == 0)
        complain(b, from, "output_tokens", GS_BAD_INPUT,
                 "tokens that take no time; give 'decode_per_token' or 'first_token_overhead'");
}

static bool may_be_swapped(const struct workload_group *group)
{
    return group->swappable && group->fraction == FRACTION_DYNAMIC;
}

static bool any_node_swaps(const struct scenario *s, const struct workload_group *group)
{
    for (size_t i = 0; i < s->nodes; i++)
        if (s->node[i].swap && scenario_may_use(group, i))
            return true;
    return false;
}

/* By class: inference starts warm where there is a swap file for it. */
static void resolve_state(struct build *b, struct workload_group *group)
{
    bool can_be_warm = may_be_swapped(group) && group->unload == UNLOAD_SWAP && any_node_swaps(b->scenario, group);
    if (group->state == INITIAL_BY_CLASS)
        group->state = group->class == GS_INFERENCE && group->trace < 0 && can_be_warm ? INITIAL_HOST
                       : group->unload == UNLOAD_STOP                                  ? INITIAL_DISK
                                                                                       : INITIAL_NEW;
}

/* What happens to it when it leaves the GPU. */
static void check_unload(struct build *b, size_t i)
{
    const struct workload_group *group = &b->scenario->workload[i];
    const struct ini_section *from = b->workload_from[i];
    char least[UNITS_TEXT];
    if (build_given(from, "kv_cache") && build_given(from, "memory") &&
        (double)group->kv_cache >= dist_lowest(&group->memory))
        complain(b, from, "kv_cache", GS_BAD_INPUT,
                 "'kv_cache' leaves nothing of 'memory', which may be as little as %s",
                 units_show_size(least, dist_lowest(&group->memory)));
    if (group->unload == UNLOAD_STOP && build_given(from, "state") && group->state == INITIAL_HOST)
        complain(b, from, "state", GS_BAD_INPUT,
                 "'state = host' contradicts 'unload = stop': it is never in a swap file");
    if (group->unload == UNLOAD_STOP && group->keep_host_copy)
        complain(b, from, "keep_host_copy", GS_BAD_INPUT,
                 "'keep_host_copy' contradicts 'unload = stop': it is never in a swap file");
}

static void check_workload(struct build *b, size_t i)
{
    struct workload_group *group = &b->scenario->workload[i];
    const struct ini_section *from = b->workload_from[i];
    if (group->class == GS_TRAINING && group->trace < 0 && build_given(from, "class"))
        check_training(b, i);
    if (group->class == GS_INFERENCE && group->trace < 0 && build_given(from, "class"))
        check_requests(b, i);
    if (build_given(from, "request") && build_sound(from, "limit") && group->request > group->limit)
        complain(b, from, "request", GS_BAD_INPUT, "'request' %g is greater than 'limit' %g", group->request,
                 group->limit);
    if (build_given(from, "state") && group->state == INITIAL_HOST && !may_be_swapped(group))
        complain(b, from, "state", GS_BAD_INPUT, "'state = host' contradicts '%s': it can never be in a swap file",
                 group->swappable ? "fraction = regular" : "swappable = no");
    check_unload(b, i);
    resolve_state(b, group);
}

static void check_trace(struct build *b, size_t i)
{
    const struct trace_source *trace = &b->scenario->trace[i];
    const struct ini_section *from = b->trace_from[i];
    if (build_sound(from, "from") && build_sound(from, "to") && trace->from >= trace->to)
        complain(b, from, "from", GS_BAD_INPUT, "'from' is not before 'to'; nothing of the trace is left");
}

static void check_totals(struct build *b)
{
    const struct scenario *s = b->scenario;
    double gpus = 0, workloads = 0;
    for (size_t i = 0; i < s->nodes; i++)
        gpus += (double)s->node[i].count * (double)s->node[i].gpus;
    for (size_t i = 0; i < s->workloads; i++)
        workloads += (double)s->workload[i].count;
    if (gpus > total_max)
        complain(b, b->node_from[s->nodes - 1], "count", GS_BAD_INPUT, "%.0f GPUs are too many; at most %.0f", gpus,
                 total_max);
    if (workloads > total_max)
        complain(b, b->workload_from[s->workloads - 1], "count", GS_BAD_INPUT,
                 "%.0f workloads are too many; at most %.0f", workloads, total_max);
}

/* `cap.when_full = migrate` where nothing may move. */
static void check_moves(struct build *b)
{
    const struct policy_choice *cap = &b->scenario->policy[GS_SLOT_CAP];
    const struct gs_param *p = cap->policy == NULL ? NULL : cap->policy->param;
    bool moves = false, asked = false;
    for (size_t i = 0; i < b->scenario->nodes; i++)
        moves |= b->scenario->node[i].node_level_scheduler;
    for (size_t i = 0; p != NULL && p[i].key != NULL; i++)
        asked |= p[i].kind == GS_CHOICE && strcmp(p[i].key, "when_full") == 0 &&
                 strcmp(p[i].choice[cap->param[i].i], "migrate") == 0;
    if (asked && !moves)
        complain(b, b->policy_from, "cap.when_full", GS_BAD_INPUT,
                 "'cap.when_full = migrate' needs a node with 'node_level_scheduler = yes'");
}

void check_contradictions(struct build *b)
{
    check_scenario(b);
    check_moves(b);
    for (size_t i = 0; i < b->scenario->nodes; i++) {
        check_node(b, i);
        check_time_slicing(b, i);
    }
    for (size_t i = 0; i < b->scenario->workloads; i++)
        check_workload(b, i);
    for (size_t i = 0; i < b->scenario->traces; i++)
        check_trace(b, i);
    check_totals(b);
}

static bool node_may_take(const struct build *b, size_t i, const struct workload_group *group)
{
    const struct node_group *node = &b->scenario->node[i];
    return (group->swappable || !node->swap) && node->gpus >= group->gpus_per_workload && scenario_may_use(group, i);
}

/* "no node", or those that its group may be placed on. */
static const char *no_node(const struct workload_group *group)
{
    return group->pools > 0 ? "none of its 'nodes'" : "no node";
}

/* Has some node as many GPUs as a workload of the group uses at once? */
static bool satisfy_gpus(struct build *b, size_t i)
{
    const struct workload_group *group = &b->scenario->workload[i];
    int64_t most = 0;
    for (size_t k = 0; k < b->scenario->nodes; k++)
        if (scenario_may_use(group, k) && b->scenario->node[k].gpus > most)
            most = b->scenario->node[k].gpus;
    if (most < group->gpus_per_workload)
        complain(b, b->workload_from[i], "gpus_per_workload", GS_UNSATISFIABLE,
                 "'%s' needs %lld GPUs of one node, but %s has more than %lld; raise 'gpus' of [node]", group->name,
                 (long long)group->gpus_per_workload, no_node(group), (long long)most);
    return most >= group->gpus_per_workload;
}

/* What a GPU of the node can give to a group's first workload: physical memory less the reserve, or its context if that
 * is more; and not more than the group's limit. */
static double visible_bytes(const struct node_group *node, const struct workload_group *group)
{
    double reserve = (double)node->gpu_reserved + (double)node->gpu_reserved_per_workload;
    double left = (double)node->gpu_memory - fmax(reserve, (double)group->context);
    return fmin(left, group->limit * (double)node->gpu_memory);
}

/* Why it is no more than that. */
enum { REASON = 160 };
static void visible_reason(char out[REASON], const struct node_group *node, const struct workload_group *group)
{
    char memory[UNITS_TEXT], less[UNITS_TEXT];
    double reserve = (double)node->gpu_reserved + (double)node->gpu_reserved_per_workload;
    double context = (double)group->context, all = (double)node->gpu_memory;
    units_show_size(memory, all);
    units_show_size(less, fmax(reserve, context));
    if (group->limit * all < all - fmax(reserve, context))
        snprintf(out, REASON, "'limit' %g of %s", group->limit, memory);
    else if (context > reserve)
        snprintf(out, REASON, "%s less its 'context' of %s", memory, less);
    else
        snprintf(out, REASON, "%s less 'gpu_reserved'%s of %s", memory,
                 node->gpu_reserved_per_workload > 0 ? " and 'gpu_reserved_per_workload'" : "", less);
}

/* Can some GPU, or so many of a node, take one workload of the group at all? */
static void satisfy_memory(struct build *b, size_t i)
{
    const struct workload_group *group = &b->scenario->workload[i];
    const struct ini_section *from = b->workload_from[i];
    char need[UNITS_TEXT], have[UNITS_TEXT], reason[REASON], of[48] = "one GPU";
    double most = -1, least = dist_lowest(&group->memory) / (double)group->gpus_per_workload;
    const struct node_group *best = NULL;
    for (size_t k = 0; k < b->scenario->nodes; k++) {
        const struct node_group *node = &b->scenario->node[k];
        double visible = fmax(0, visible_bytes(node, group));
        if (node_may_take(b, k, group) && visible > most) {
            most = visible;
            best = node;
        }
    }
    if (most < 0)
        complain(
            b, from, "swappable", GS_UNSATISFIABLE,
            "'%s' with 'swappable = no' must not run on nodes that swap, and all %sdo; add a node with 'swap = no'",
            group->name, group->pools > 0 ? "of its 'nodes' " : "");
    if (!best || least <= most)
        return;
    visible_reason(reason, best, group);
    if (group->gpus_per_workload > 1)
        snprintf(of, sizeof of, "each of its %lld GPUs", (long long)group->gpus_per_workload);
    complain(b, from, "memory", GS_UNSATISFIABLE, "'%s' needs %s of %s, but no GPU%s shows it more than %s: %s",
             group->name, units_show_size(need, least), of, group->pools > 0 ? " of its 'nodes'" : "",
             units_show_size(have, most), reason);
}

/* Bytes that the groups in `state` hold at the least when the run starts; `last` gets one of them. */
static double initial_bytes(const struct scenario *s, int state, size_t *last)
{
    double bytes = 0;
    for (size_t i = 0; i < s->workloads; i++)
        if (s->workload[i].state == state) {
            double each =
                dist_lowest(&s->workload[i].memory) - (state == INITIAL_HOST ? (double)s->workload[i].kv_cache : 0);
            bytes += (double)s->workload[i].count * each;
            *last = i;
        }
    return bytes;
}

static void satisfy_initial(struct build *b)
{
    const struct scenario *s = b->scenario;
    char need[UNITS_TEXT], have[UNITS_TEXT];
    double swap_bytes = 0, gpu_bytes = 0;
    size_t last = 0;
    for (size_t i = 0; i < s->nodes; i++) {
        const struct node_group *node = &s->node[i];
        double visible =
            (double)node->gpu_memory - (double)node->gpu_reserved - (double)node->gpu_reserved_per_workload;
        swap_bytes += node->swap ? (double)node->count * (double)node->swap_file : 0;
        gpu_bytes += (double)node->count * (double)node->gpus * visible;
    }
    double host = initial_bytes(s, INITIAL_HOST, &last);
    if (host > swap_bytes)
        complain(b, b->workload_from[last], "state", GS_UNSATISFIABLE,
                 "workloads with 'state = host' hold %s, but the swap files only %s; raise 'swap_file' or let them "
                 "start from disk",
                 units_show_size(need, host), units_show_size(have, swap_bytes));
    double hot = initial_bytes(s, INITIAL_GPU, &last);
    if (hot > gpu_bytes)
        complain(b, b->workload_from[last], "state", GS_UNSATISFIABLE,
                 "workloads with 'state = gpu' hold %s, but the GPUs only %s; let some start from host or disk",
                 units_show_size(need, hot), units_show_size(have, gpu_bytes));
}

void check_satisfiable(struct build *b)
{
    for (size_t i = 0; i < b->scenario->workloads; i++)
        if (satisfy_gpus(b, i))
            satisfy_memory(b, i);
    satisfy_initial(b);
}
