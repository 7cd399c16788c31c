/* copies.c - copies by direction, size and kind of host memory, and both directions at once.  What arrives is checked. */
#include "backend/measure/meter.h"
#include "backend/measure/words.h"

#include <string.h>

enum { SMALLEST = 4096, STEP = 4, WARM = 4, BATCH = 16 << 20, FEWEST = 4 };

struct copy {
    bool in, plain;
    int64_t bytes;
    unsigned copies;
};

static unsigned copies_of(int64_t bytes)
{
    int64_t copies = BATCH / bytes;

    return copies < FEWEST ? FEWEST : copies > METER_COPIES ? METER_COPIES : (unsigned)copies;
}

/* Memory that is not registered is copied while the host waits, so the host's clock tells. */
static int copy_plain(struct meter *meter, const struct copy *copy, double *ns, struct error *err)
{
    int64_t start_ns = meter_now(meter);
    CUresult result = CUDA_SUCCESS;

    for (unsigned i = 0; i < copy->copies && result == CUDA_SUCCESS; i++)
        result = copy->in ? meter->cu->copy_in_now(meter->device, meter->plain, (size_t)copy->bytes)
                          : meter->cu->copy_out_now(meter->plain, meter->device, (size_t)copy->bytes);
    *ns = (double)(meter_now(meter) - start_ns);
    return meter_try(meter, result, copy->in ? "cuMemcpyHtoD" : "cuMemcpyDtoH", err);
}

static int copy_once(struct meter *meter, const struct copy *copy, double *ns, struct error *err)
{
    struct meter_way in = {0}, out = {0}, *way = copy->in ? &in : &out;
    int rc;

    if (copy->plain)
        return copy_plain(meter, copy, ns, err);
    way->bytes = copy->bytes;
    way->copies = copy->copies;
    rc = meter_copies(meter, &in, &out, err);
    *ns = way->ns;
    return rc;
}

static int sample_copy(struct meter *meter, struct measure_row *row, void *context, struct error *err)
{
    const struct copy *copy = context;
    double ns = 0;
    int rc = copy_once(meter, copy, &ns, err);

    rows_sample(row, ns / copy->copies);
    return rc;
}

static int measure_copy(struct meter *meter, const char *kind, struct copy *copy, struct error *err)
{
    struct copy warm = *copy;
    double ns;
    int rc;

    warm.copies = WARM;
    if ((rc = copy_once(meter, &warm, &ns, err)) != GS_OK)
        return rc;
    return meter_row(meter, rows_add(meter->out, kind, copy->bytes, "ns"), METER_TIMES, sample_copy, copy, err);
}

/* In, and out again: words that hang on the size, so that those of the size before are not taken for them. */
static int measure_size(struct meter *meter, bool plain, int64_t bytes, struct error *err)
{
    struct copy copy = {.in = true, .plain = plain, .bytes = bytes, .copies = copies_of(bytes)};
    unsigned char *host = plain ? meter->plain : meter->slots.base;
    uint64_t seed = mix_seed((uint64_t)bytes, plain, 1);
    int rc;

    words_fill(host, bytes, seed, 0);
    if ((rc = measure_copy(meter, plain ? "copy_in_pageable" : "copy_in", &copy, err)) != GS_OK ||
        (rc = words_check_device(&meter->gpu, meter->device, bytes, seed, err)) != GS_OK)
        return rc;
    memset(host, 0, (size_t)bytes);
    copy.in = false;
    if ((rc = measure_copy(meter, plain ? "copy_out_pageable" : "copy_out", &copy, err)) != GS_OK)
        return rc;
    return words_check(host, bytes, seed, 0, err);
}

/* Would the next size take too long, by what the last one took?  Two there must be, for a line. */
static bool is_too_slow(const struct meter *meter, const char *kind, int64_t size)
{
    const struct measure_row *last = measure_find(meter->out, kind, size / STEP);

    return size > SMALLEST * STEP && (last == NULL || last->p50 * STEP > METER_LONGEST_NS);
}

static bool end_at(struct meter *meter, int64_t size)
{
    rows_note(meter->out, "copies of more than %lld KiB were not measured: they would take too long",
              (long long)(size >> 10));
    meter->out->largest_bytes = size;
    return true;
}

int measure_copies(struct meter *meter, struct error *err)
{
    size_t bytes = (size_t)meter->out->largest_bytes;
    int rc = meter_try(meter, meter->cu->memory_alloc(&meter->device, bytes), "cuMemAlloc", err);

    for (int64_t size = SMALLEST; size <= meter->out->largest_bytes && rc == GS_OK; size *= STEP) {
        if ((is_too_slow(meter, "copy_in", size) || is_too_slow(meter, "copy_out", size)) && end_at(meter, size / STEP))
            break;
        rc = measure_size(meter, false, size, err);
        if (rc == GS_OK && size <= meter->plain_bytes && !is_too_slow(meter, "copy_in_pageable", size) &&
            !is_too_slow(meter, "copy_out_pageable", size))
            rc = measure_size(meter, true, size, err);
    }
    rows_fit(meter->out, "copy_in");
    rows_fit(meter->out, "copy_out");
    rows_fit(meter->out, "copy_in_pageable");
    rows_fit(meter->out, "copy_out_pageable");
    return rc;
}

/* --- both ways at once --- */

struct both {
    bool in; /* the way that is timed; the other one goes on for longer */
    int64_t bytes;
    unsigned copies, cover;
};

static int sample_both(struct meter *meter, struct measure_row *row, void *context, struct error *err)
{
    struct both *both = context;

    for (;;) {
        struct meter_way in = {both->in ? both->copies : both->cover, both->bytes, 0};
        struct meter_way out = {both->in ? both->cover : both->copies, both->bytes, 0};
        const struct meter_way *timed = both->in ? &in : &out, *other = both->in ? &out : &in;
        int rc = meter_copies(meter, &in, &out, err);

        if (rc != GS_OK || other->ns >= timed->ns) {
            rows_sample(row, timed->ns / both->copies);
            return rc;
        }
        both->cover *= 2;
    }
}

static int measure_both(struct meter *meter, bool in, int64_t bytes, double alone_ns, double other_ns,
                        double *together_ns, struct error *err)
{
    struct both both = {.in = in, .bytes = bytes, .copies = copies_of(bytes)};
    struct measure_row *row = rows_add(meter->out, in ? "both_in" : "both_out", bytes, "ns");
    int rc;

    both.cover = (unsigned)(both.copies * 2.2 * alone_ns / other_ns) + 2;
    rc = meter_row(meter, row, METER_TIMES, sample_both, &both, err);
    *together_ns = row->p50;
    return rc;
}

/* Both directions read and write halves of the buffers, with the largest copies that fit there. */
int measure_duplex(struct meter *meter, struct error *err)
{
    int64_t bytes = meter->out->largest_bytes / STEP, apart = meter->out->largest_bytes / 2;
    const struct measure_row *in = measure_find(meter->out, "copy_in", bytes);
    const struct measure_row *out = measure_find(meter->out, "copy_out", bytes);
    double together_in = 0, together_out = 0;
    uint64_t seed = mix_seed((uint64_t)bytes, 2, 1);
    int rc;

    words_fill(meter->slots.base, meter->out->largest_bytes, seed, 0);
    rc = meter_try(meter, meter->cu->copy_in_now(meter->device, meter->slots.base, (size_t)meter->out->largest_bytes),
                   "cuMemcpyHtoD", err);
    memset(meter->slots.base + apart, 0, (size_t)bytes);
    if (rc == GS_OK)
        rc = measure_both(meter, true, bytes, in->p50, out->p50, &together_in, err);
    if (rc == GS_OK)
        rc = measure_both(meter, false, bytes, out->p50, in->p50, &together_out, err);
    if (rc == GS_OK)
        rc = words_check_device(&meter->gpu, meter->device, bytes, seed, err);
    if (rc == GS_OK)
        rc = words_check(meter->slots.base + apart, bytes, seed, apart, err);
    if (rc == GS_OK)
        meter->out->duplex = (1 / together_in + 1 / together_out) / (1 / in->p50 + 1 / out->p50);
    if (rc != GS_OK)
        return rc;
    meter->cu->memory_free(meter->device);
    meter->device = 0;
    return GS_OK;
}
