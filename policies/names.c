/* names.c - what events, commands, reasons, states and classes are called in logs, tables and messages. */
#include "controller.h"

#define NAME_OF(table, i) ((i) < sizeof(table) / sizeof(table)[0] ? (table)[i] : "unknown")

const char *gs_event_name(uint8_t kind)
{
    static const char *const name[] = {"attach", "detach", "want",   "idle",   "done",
                                       "failed", "timer",  "resize", "update", "ready"};
    return NAME_OF(name, kind);
}

const char *gs_command_name(uint8_t kind)
{
    static const char *const name[] = {"place", "run",   "stop", "swap_in", "swap_out", "timer_set",
                                       "wait",  "clean", "drop", "hold",    "kill",     "reject"};
    return NAME_OF(name, kind);
}

const char *gs_field_name(uint8_t field)
{
    static const char *const name[] = {"priority", "swappable", "limit"};
    return NAME_OF(name, field);
}

const char *gs_reason_name(uint8_t reason)
{
    static const char *const name[] = {"",         "turn",  "victims", "cap",       "quantum",  "preempted",
                                       "pressure", "idle",  "cold",    "too_large", "no_place", "failure",
                                       "spill",    "ahead", "memory",  "moved"};
    return NAME_OF(name, reason);
}

const char *gs_state_name(uint8_t state)
{
    static const char *const name[] = {"absent", "new", "host", "disk", "swapping_in", "resident", "swapping_out"};
    return NAME_OF(name, state);
}

const char *gs_class_name(uint8_t class)
{
    static const char *const name[] = {"notebook", "training", "inference"};
    return NAME_OF(name, class);
}
