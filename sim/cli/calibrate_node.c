/* calibrate_node.c - the [node] that a calibration makes. */
#include "sim/base/units.h"
#include "sim/cli/calibrate.h"
#include "version.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double shared_least = 0.95; /* of their sum alone: less, and GPUs share something */

/* Bytes a second of whole swaps, or else of copies; 0: not measured. */
static double swap_rate(const struct measured *m, bool in)
{
    const struct measure_fit *fit = measure_line(m, in ? "swap_in" : "swap_out");

    if (fit == NULL)
        fit = measure_line(m, in ? "copy_in" : "copy_out");
    return fit != NULL ? fit->per_s : 0;
}

/* The mean of both directions, not below 0. */
static double swap_fixed_ns(const struct measured *m)
{
    const struct measure_fit *in = measure_line(m, "swap_in"), *out = measure_line(m, "swap_out");
    double fixed_ns = in != NULL && out != NULL ? (in->fixed_ns + out->fixed_ns) / 2 : 0;

    return fixed_ns > 0 ? fixed_ns : 0;
}

static void head(struct text *out, const struct calibrated *c)
{
    const struct measured *m = c->measured;

    text_printf(out, "; A node as measured: gpuswap-sim %s calibrate --device %s\n", GPUSWAP_VERSION, c->device);
    text_printf(out, "; %s, on %s\n", c->made, c->host);
    text_printf(out, "; %s, %s, %s\n", m->name, m->uuid, m->pci);
    text_printf(out, "; driver %s, CUDA %d.%d\n", m->driver[0] != '\0' ? m->driver : "of unknown version",
                m->cuda / 1000, m->cuda % 1000 / 10);
    text_printf(out, "; provenance: %s\n", c->provenance);
    if (strcmp(c->provenance, "double") == 0)
        text_add(out,
                 "; THE DRIVER DOUBLE, WHICH IS NO GPU: figures of a model, for tests.  Scenarios that include this\n"
                 "; are refused without --allow-synthetic.\n");
    for (unsigned i = 0; i < m->notes; i++)
        text_printf(out, "; note: %s\n", m->note[i]);
}

static void rate(struct text *out, const char *key, double per_s, const char *comment)
{
    if (per_s > 0)
        text_printf(out, "%s = %.5gGB/s  ; %s\n", key, per_s / 1e9, comment);
}

static void link(struct text *out, const struct measured *m, const char *key, bool in)
{
    const struct measure_fit *alone = measure_line(m, in ? "copy_in" : "copy_out");
    char comment[160], latency[UNITS_TEXT];

    if (alone == NULL)
        return;
    snprintf(comment, sizeof comment, "swaps chunk by chunk; the link alone has %.5gGB/s, and %s a copy",
             alone->per_s / 1e9, units_show_time(latency, fmax(alone->fixed_ns, 0)));
    rate(out, key, swap_rate(m, in), comment);
}

/* What copies with memory that is not registered get in the slower direction. */
static void pageable(struct text *out, const struct measured *m)
{
    const struct measure_fit *in = measure_line(m, "copy_in_pageable"), *back = measure_line(m, "copy_out_pageable");

    if (in != NULL && back != NULL)
        rate(out, "pageable", fmin(in->per_s, back->per_s), "of the slower direction");
}

static void pin_cost(struct text *out, const struct measured *m)
{
    const struct measure_row *pin = measure_find(m, "pin", -1);
    char time[UNITS_TEXT];

    if (pin != NULL)
        text_printf(out, "pin_cost = %s  ; for each GiB\n",
                    units_write_time(time, (int64_t)ceil(pin->p50 / (double)pin->size * (1 << 30) / 1e3) * 1000));
}

/* The key has one number for both directions; half a link is the least that it takes. */
static void duplex(struct text *out, const struct measured *m)
{
    double share = fmin(fmax(m->duplex, 0.5), 1);

    text_printf(out, "duplex = %.4g", share);
    if (m->duplex < 0.495)
        text_printf(out, "  ; measured: %.4g", m->duplex);
    text_add(out, "\n");
}

void calibrate_node(struct text *out, const struct calibrated *c)
{
    const struct measured *m = c->measured;
    char size[UNITS_TEXT], time[UNITS_TEXT];

    head(out, c);
    text_printf(out, "[node]\ncalibrated = %s\n", c->provenance);
    text_printf(out, "gpu_memory = %s\n", units_write_size(size, m->total_bytes));
    link(out, m, "h2d", true);
    link(out, m, "d2h", false);
    duplex(out, m);
    text_printf(out, "chunk = %s\n", units_write_size(size, m->chunk_bytes));
    text_printf(out, "swap_overhead = %s\n", units_write_time(time, (int64_t)llround(swap_fixed_ns(m) / 1e3) * 1000));
    pageable(out, m);
    pin_cost(out, m);
    if (m->all_in_per_s > 0 && m->all_share < shared_least)
        rate(out, "host_bandwidth", fmin(m->all_in_per_s, m->all_out_per_s), "all GPUs at once, the slower direction");
}
