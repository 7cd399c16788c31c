/* build.h - what the parts of the scenario reader share; nobody else includes it. */
#ifndef GS_SCENARIO_BUILD_H
#define GS_SCENARIO_BUILD_H

#include "sim/scenario/ini.h"
#include "sim/scenario/keys.h"
#include "sim/scenario/scenario.h"

/* A [sla.NAME] before it becomes one row for each metric. */
struct sla_keys {
    const char *group;
    int class;
    double target[SLA_METRICS]; /* NAN: not asked for */
};

/* A scenario in the making, with the sections that its parts came from (same index as in the scenario). */
struct build {
    struct scenario *scenario;
    struct ini *ini;
    struct arena *arena;
    struct error *err;
    struct ini_section **node_from, **workload_from, **trace_from; /* workload_from: [workload.*] or [trace.*] */
    struct ini_section *scenario_from, *policy_from;               /* never NULL once built */
};

/* Bounds from here on mean that there is none. */
#define NEVER_BOUND ((double)GS_NEVER)

enum { VALUE_WHY = 400 };

/* Parse `text` as a value of `key` into its field in `base` (which may be NULL for keys without a field); files are
 * looked up in `folder`.  On failure `why` says what is wrong.  GS_BAD_INPUT, GS_NO_INPUT, GS_SYSTEM. */
int value_parse(const struct key *key, const char *text, const char *folder, void *base, struct arena *arena,
                char why[VALUE_WHY]);

/* "poisson(0.5/s)", "gamma(cv,rate)", "onoff(on,off,rate)", "schedule(t1 t2 ...)"; as value_parse. */
int arrival_parse(struct arrival *arrival, const char *text, struct arena *arena, char why[VALUE_WHY]);

/* "round_robin", "zipf(1.1)"; as value_parse. */
int router_parse(struct router *router, const char *text, char why[VALUE_WHY]);

/* Tell what each section is, and refuse those that are none of a scenario; those that were looked at before stay. */
void build_heads(struct build *build);

/* Fill the scenario from the sections; then choose policies; then look for contradictions.  Errors go to build->err. */
int build_sections(struct build *build);
int build_slas(struct build *build);
int build_policies(struct build *build);
void check_contradictions(struct build *build);
void check_satisfiable(struct build *build);

/* What [sweep] varies, to the scenario; without a [sweep] nothing. */
int build_sweep(struct build *build);
/* "slicer.width" takes whole numbers only, in the first policy that has it. */
bool build_param_is_whole(const char *key);

/* Apply every entry of a section to `base` and its defaults for what is not given; class -1: unknown. */
int build_apply(struct build *build, struct ini_section *section, const char *kind, int class, void *base);

/* Where `key` was given, else the section's head. */
const struct spot *build_spot(const struct ini_section *section, const char *key);

/* The key was given and has a good value / was not given badly. */
bool build_given(const struct ini_section *section, const char *key);
bool build_sound(const struct ini_section *section, const char *key);

/* "; did you mean 'policy'?" or nothing, for a name that is none of `count`. */
enum { HINT_TEXT = 120 };
const char *build_hint(char out[HINT_TEXT], const char *text, size_t count,
                       const char *(*name_at)(size_t i, const void *context), const void *context);

/* "slicer.quantum", if `key` names a parameter of a policy, with its slot or without; false if there is none. */
bool build_param_find(char out[HINT_TEXT], const char *key);

/* Parse `text` as a value of `param`; on failure `why` says what is wrong. */
int build_param_parse(const struct gs_param *param, const char *text, union gs_value *value, char why[VALUE_WHY]);

/* `text` cut to what a message can hold. */
enum { SHOWN_TEXT = 72 };
const char *build_shown(char out[SHOWN_TEXT], const char *text);

const char *class_name(int class);

#endif
