/* options.c - what the double is like: words `key=value`, and the script of faults. */
#include "backend/double/state.h"
#include "sim/base/units.h"

#include <stdio.h>
#include <string.h>

enum kind { COUNT, SIZE, RATE, TIME, SHARE, YES, FAULT, PATH };

struct key {
    const char *name;
    enum kind kind;
    size_t offset;
};

static const struct key keys[] = {
    {"gpus", COUNT, offsetof(struct options, gpus)},
    {"memory", SIZE, offsetof(struct options, gpu_bytes)},
    {"granularity", SIZE, offsetof(struct options, granularity_bytes)},
    {"context", SIZE, offsetof(struct options, context_bytes)},
    {"in", RATE, offsetof(struct options, in_bytes_per_s)},
    {"out", RATE, offsetof(struct options, out_bytes_per_s)},
    {"pageable", RATE, offsetof(struct options, plain_bytes_per_s)},
    {"kernels", RATE, offsetof(struct options, memory_bytes_per_s)},
    {"duplex", SHARE, offsetof(struct options, duplex)},
    {"latency", TIME, offsetof(struct options, latency_ns)},
    {"free_lag", TIME, offsetof(struct options, free_lag_ns)},
    {"chaos", COUNT, offsetof(struct options, chaos)},
    {"driver", COUNT, offsetof(struct options, driver_version)},
    {"real_clock", YES, offsetof(struct options, real_clock)},
    {"interpret", YES, offsetof(struct options, interpret)},
    {"no_binary", YES, offsetof(struct options, no_binary)},
    {"unseen", YES, offsetof(struct options, unseen)},
    {"strict", YES, offsetof(struct options, strict)},
    {"fault", FAULT, 0},
    {"ledger", PATH, offsetof(struct options, ledger)},
    {"folder", PATH, offsetof(struct options, folder)},
    {"sample", TIME, offsetof(struct options, sample_ns)},
    {"stride", COUNT, offsetof(struct options, stride)},
    {"mig", YES, offsetof(struct options, mig)},
    {"persistence", YES, offsetof(struct options, persistence)},
    {"no_use", YES, offsetof(struct options, no_use)},
};

/* CALL#N=EFFECT or CALL#N+=EFFECT; an effect is a number, which the call returns, or op719: what the call issued fails
 * so when it is its turn, lost46: the GPUs are gone from here on, hang: what it issued never ends, skip: it ends, and has not happened, spoil: a copy
 * arrives with a bit changed. */
static int parse_fault(struct options *options, const char *text, char why[DOUBLE_WHY])
{
    struct fault fault = {0};
    const char *number = strchr(text, '#'), *effect = number != NULL ? strchr(number, '=') : NULL;
    char nth[24];
    int64_t value = 0;

    if (effect == NULL || (size_t)(number - text) >= sizeof fault.call || (size_t)(effect - number) >= sizeof nth ||
        options->faults == FAULTS) {
        snprintf(why, DOUBLE_WHY, "a fault is CALL#N=EFFECT, and there are at most %d, not '%.80s'", FAULTS, text);
        return -1;
    }
    memcpy(fault.call, text, (size_t)(number - text));
    fault.onwards = effect[-1] == '+';
    snprintf(nth, sizeof nth, "%.*s", (int)(effect - number - 1 - fault.onwards), number + 1);
    effect++;
    fault.effect = strncmp(effect, "op", 2) == 0     ? FAULT_LATER
                   : strncmp(effect, "lost", 4) == 0 ? FAULT_LOST
                   : strcmp(effect, "hang") == 0     ? FAULT_HANG
                   : strcmp(effect, "skip") == 0     ? FAULT_SKIP
                   : strcmp(effect, "spoil") == 0    ? FAULT_SPOIL
                                                     : FAULT_RETURN;
    effect += strcspn(effect, "0123456789");
    if (units_integer(nth, &value, why) != 0)
        return -1;
    if (value < 1) {
        snprintf(why, DOUBLE_WHY, "calls are counted from 1, in '%.80s'", text);
        return -1;
    }
    if (!call_exists(fault.call)) {
        snprintf(why, DOUBLE_WHY,
                 "the driver double has no call '%s' that could fail; docs/driver-double.md lists them", fault.call);
        return -1;
    }
    if (fault.effect == FAULT_SPOIL && strncmp(fault.call, "cuMemcpy", 8) != 0) {
        snprintf(why, DOUBLE_WHY, "only copies are spoilt, not '%s'", fault.call);
        return -1;
    }
    fault.nth = (uint64_t)value;
    if (fault.effect != FAULT_HANG && fault.effect != FAULT_SKIP && fault.effect != FAULT_SPOIL) {
        if (units_integer(effect, &value, why) != 0)
            return -1;
        fault.code = (CUresult)value;
    }
    options->fault[options->faults++] = fault;
    return 0;
}

static int parse_value(struct options *options, const struct key *key, const char *text, char why[DOUBLE_WHY])
{
    void *field = (char *)options + key->offset;
    int64_t integer = 0;
    double real = 0;
    bool yes = false;
    int rc = 0;

    switch (key->kind) {
    case COUNT:
        rc = units_integer(text, &integer, why);
        if (key->offset == offsetof(struct options, chaos))
            options->chaos = (uint64_t)integer;
        else
            *(unsigned *)field = (unsigned)integer;
        return rc;
    case SIZE:
    case TIME:
        rc = key->kind == SIZE ? units_size(text, &integer, why) : units_time(text, &integer, why);
        *(uint64_t *)field = (uint64_t)integer;
        return rc;
    case RATE:
    case SHARE:
        rc = key->kind == RATE ? units_rate(text, &real, why) : units_share(text, &real, why);
        *(double *)field = real;
        return rc;
    case YES:
        rc = units_boolean(text, &yes, why);
        *(bool *)field = yes;
        return rc;
    case FAULT:
        return parse_fault(options, text, why);
    case PATH:
        snprintf(field, sizeof options->ledger, "%s", text);
        return 0;
    }
    return -1;
}

static int parse_word(struct options *options, char *word, char why[DOUBLE_WHY])
{
    char *value = strchr(word, '=');

    if (value != NULL) {
        *value++ = '\0';
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            if (strcmp(keys[i].name, word) == 0)
                return parse_value(options, &keys[i], value, why);
    }
    snprintf(why, DOUBLE_WHY, "the driver double has no option '%.80s'", word);
    return -1;
}

static int check(const struct options *options, char why[DOUBLE_WHY])
{
    uint64_t grain = options->granularity_bytes;

    if (options->gpus < 1 || options->gpus > GPUS || grain < 65536 || (grain & (grain - 1)) != 0 ||
        !(options->in_bytes_per_s > 0) || !(options->out_bytes_per_s > 0) || !(options->memory_bytes_per_s > 0) ||
        !(options->plain_bytes_per_s > 0) || !(options->duplex > 0) || options->sample_ns < 1000000 ||
        (options->stride != 24 && options->stride != 32)) {
        snprintf(why, DOUBLE_WHY,
                 "the driver double has 1 to %d GPUs, a granularity that is a power of two from 64KiB on, rates "
                 "above 0, samples of 1ms or longer, and a stride of 24 or 32",
                 GPUS);
        return -1;
    }
    return 0;
}

int options_parse(struct options *options, const char *text, char why[DOUBLE_WHY])
{
    char words[4096], *rest = NULL;

    *options = (struct options){.gpus = 1,
                                .gpu_bytes = 64 << 20,
                                .granularity_bytes = 2 << 20,
                                .context_bytes = 2 << 20,
                                .in_bytes_per_s = 25e9,
                                .out_bytes_per_s = 25e9,
                                .plain_bytes_per_s = 6e9,
                                .memory_bytes_per_s = 1e12,
                                .duplex = 0.8,
                                .latency_ns = 8000,
                                .driver_version = 13000,
                                .sample_ns = 167000000,
                                .stride = 24,
                                .persistence = true};
    snprintf(words, sizeof words, "%s", text);
    for (char *word = strtok_r(words, " \t\n", &rest); word != NULL; word = strtok_r(NULL, " \t\n", &rest))
        if (parse_word(options, word, why) != 0)
            return -1;
    return check(options, why);
}
