/* calibrate_text.c - a calibration for people: links, both ways, swaps, calls, contexts, and what to do with it. */
#include "sim/base/units.h"
#include "sim/cli/calibrate.h"

#include <stdio.h>
#include <string.h>

static void title(struct text *out, const struct calibrated *c)
{
    const struct measured *m = c->measured;
    char size[UNITS_TEXT];

    text_printf(out, "%s   %s, %s   %s   driver %s, CUDA %d.%d   %s\n", c->device, m->name,
                units_show_size(size, (double)m->total_bytes), m->uuid, m->driver[0] != '\0' ? m->driver : "?",
                m->cuda / 1000, m->cuda % 1000 / 10,
                strcmp(c->provenance, "double") == 0 ? "THE DRIVER DOUBLE, NO GPU: figures of a model" : "measured");
}

static void line(struct text *out, const struct measured *m, const char *kind, const char *label)
{
    const struct measure_fit *fit = measure_line(m, kind);
    char rate[UNITS_TEXT], fixed[UNITS_TEXT], from[UNITS_TEXT], to[UNITS_TEXT];

    if (fit == NULL)
        return;
    snprintf(rate, sizeof rate, "%.4g GB/s", fit->per_s / 1e9);
    text_printf(out, "%-26s %12s %11s   %s to %s, within %.2f %%\n", label, rate,
                units_show_time(fixed, fit->fixed_ns > 0 ? fit->fixed_ns : 0), units_show_size(from, (double)fit->from),
                units_show_size(to, (double)fit->to), fit->worst * 100);
}

static void links(struct text *out, const struct measured *m)
{
    text_printf(out, "\n%-26s %12s %11s   %s\n", "copies and swaps", "rate", "and each", "sizes");
    line(out, m, "copy_in", "to the GPU");
    line(out, m, "copy_out", "from the GPU");
    line(out, m, "copy_in_pageable", "to the GPU, not pinned");
    line(out, m, "copy_out_pageable", "from the GPU, not pinned");
    line(out, m, "swap_in", "swap in");
    line(out, m, "swap_out", "swap out");
    text_printf(out, "\nboth ways at once: %.3g of their rates alone\n", m->duplex);
    if (m->all_in_per_s > 0)
        text_printf(out, "%d GPUs at once: %.4g GB/s in, %.4g GB/s out, %.3g of their rates alone\n", m->gpus,
                    m->all_in_per_s / 1e9, m->all_out_per_s / 1e9, m->all_share);
}

static void call_cells(struct text *out, const struct measure_row *row)
{
    char p50[UNITS_TEXT], p95[UNITS_TEXT], max[UNITS_TEXT];

    text_printf(out, "%11s %11s %11s%s\n", units_show_time(p50, row->p50), units_show_time(p95, row->p95),
                units_show_time(max, row->max), row->unsteady ? "  unsteady" : "");
}

static void calls(struct text *out, const struct measured *m)
{
    static const char *const kind[] = {"create", "map", "access", "unmap", "release", "pin", "unpin"};
    char size[UNITS_TEXT];

    text_printf(out, "\n%-10s %12s %11s %11s %11s\n", "calls", "of", "p50", "p95", "max");
    for (size_t k = 0; k < sizeof kind / sizeof *kind; k++)
        for (unsigned i = 0; i < m->rows; i++) {
            if (strcmp(m->row[i].kind, kind[k]) != 0)
                continue;
            text_printf(out, "%-10s %12s ", kind[k], units_show_size(size, (double)m->row[i].size));
            call_cells(out, &m->row[i]);
        }
}

static void context(struct text *out, const struct measured *m)
{
    static const char *const kind[] = {"init", "context", "kernels"};
    static const char *const label[] = {"driver", "context", "its kernels"};
    const struct measure_row *bytes = measure_find(m, "context_bytes", -1);
    const struct measure_fit *busy = measure_line(m, "busy");
    char size[UNITS_TEXT], time[UNITS_TEXT];

    if (bytes != NULL) {
        text_printf(out, "\n%-10s %12s %11s %11s %11s\n", "a process", "", "p50", "p95", "max");
        for (size_t i = 0; i < sizeof kind / sizeof *kind; i++) {
            text_printf(out, "%-23s ", label[i]);
            call_cells(out, measure_find(m, kind[i], -1));
        }
        text_printf(out, "its context takes %s of the GPU: 'context' of workloads\n",
                    units_show_size(size, bytes->p50));
    }
    if (busy != NULL)
        text_printf(out, "a kernel takes %.4g times as long as it was asked to, and %s\n", 1e9 / busy->per_s,
                    units_show_time(time, busy->fixed_ns > 0 ? busy->fixed_ns : 0));
}

static void unsteady(struct text *out, const struct measured *m)
{
    unsigned count = 0;

    for (unsigned i = 0; i < m->rows; i++)
        count += m->row[i].unsteady;
    if (count > 0)
        text_printf(out,
                    "Note: %u of %u measurements spread by more than a fifth (p95 over p50), also when repeated.\n",
                    count, m->rows);
    for (unsigned i = 0; i < m->notes; i++)
        text_printf(out, "Note: %s.\n", m->note[i]);
}

void calibrate_text(struct text *out, const struct calibrated *c)
{
    title(out, c);
    links(out, c->measured);
    calls(out, c->measured);
    context(out, c->measured);
    text_add(out, "\n");
    unsteady(out, c->measured);
}
