/* swaps.c - whole swaps by live mode's own mover: what a simulated swap is to take.  Every word is checked. */
#include "backend/measure/meter.h"

enum { DEPTH = 3, LOOK_NS = 1000000, PATIENCE_NS = 1000000000 }; /* as in live mode */

struct swaps {
    struct mover mover;
    struct memory memory[2];
};

/* Until `transfers` are over, looking as live mode does. */
static int finish(struct meter *meter, struct swaps *swaps, unsigned transfers, double *ns, struct error *err)
{
    int64_t start_ns = meter_now(meter);
    int rc = GS_OK;

    while (transfers > 0 && rc == GS_OK) {
        struct memory *ended;
        bool failed;

        rc = mover_pump(&swaps->mover, meter_now(meter), &ended, &failed, err);
        if (rc == GS_OK && failed)
            return error_set(err, GS_BUSY, "the GPU's memory is taken by others while swaps are measured");
        transfers -= ended != NULL;
        if (rc == GS_OK && ended == NULL)
            live_clock_rest(&meter->clock, meter_now(meter) + LOOK_NS);
    }
    *ns = (double)(meter_now(meter) - start_ns);
    return rc;
}

static int move(struct meter *meter, struct swaps *swaps, unsigned which, enum move_kind kind, double *ns,
                struct error *err)
{
    int rc = mover_begin(&swaps->mover, &swaps->memory[which], kind, 0, err);

    return rc == GS_OK ? finish(meter, swaps, 1, ns, err) : rc;
}

static int check(struct swaps *swaps, unsigned which, struct error *err)
{
    struct mix_found found = {0};
    int rc = memory_check(&swaps->memory[which], &found, err);

    if (rc == GS_OK && found.bad > 0)
        rc = error_set(err, GS_IO, "%llu words came back changed from a swap; do not trust this GPU",
                       (unsigned long long)found.bad);
    return rc;
}

static int sample_swap(struct meter *meter, struct measure_row *row, void *context, struct error *err)
{
    struct measure_row *in = &meter->out->row[meter->out->rows - 1];
    struct swaps *swaps = context;
    double out_ns = 0, in_ns = 0;
    int rc = move(meter, swaps, 0, MOVE_OUT, &out_ns, err);

    if (rc == GS_OK)
        rc = move(meter, swaps, 0, MOVE_IN, &in_ns, err);
    rows_sample(row, out_ns);
    rows_sample(in, in_ns);
    return rc;
}

/* One leaves while the other comes. */
static int sample_both(struct meter *meter, struct measure_row *row, void *context, struct error *err)
{
    struct swaps *swaps = context;
    unsigned leaves = memory_is_resident(&swaps->memory[0]) ? 0 : 1;
    double ns = 0;
    int rc = mover_begin(&swaps->mover, &swaps->memory[leaves], MOVE_OUT, 0, err);

    if (rc == GS_OK)
        rc = mover_begin(&swaps->mover, &swaps->memory[1 - leaves], MOVE_IN, 0, err);
    if (rc == GS_OK)
        rc = finish(meter, swaps, 2, &ns, err);
    rows_sample(row, ns);
    return rc;
}

static int measure_alone(struct meter *meter, struct swaps *swaps, int64_t bytes, struct error *err)
{
    struct measure_row *out = rows_add(meter->out, "swap_out", bytes, "ns");
    struct measure_row *in = rows_add(meter->out, "swap_in", bytes, "ns");
    double ns;
    int rc = move(meter, swaps, 0, MOVE_IN, &ns, err); /* the first time it is filled */

    if (rc == GS_OK)
        rc = meter_row(meter, out, METER_TIMES, sample_swap, swaps, err);
    if (rc == GS_OK)
        rows_summarise(in);
    return rc == GS_OK ? check(swaps, 0, err) : rc;
}

static int measure_exchange(struct meter *meter, struct swaps *swaps, int64_t bytes, struct error *err)
{
    double ns;
    int rc = move(meter, swaps, 1, MOVE_IN, &ns, err);

    if (rc == GS_OK)
        rc = move(meter, swaps, 1, MOVE_OUT, &ns, err);
    if (rc == GS_OK)
        rc = meter_row(meter, rows_add(meter->out, "swap_both", bytes, "ns"), METER_TIMES + 1, sample_both, swaps, err);
    return rc == GS_OK ? check(swaps, memory_is_resident(&swaps->memory[0]) ? 0 : 1, err) : rc;
}

static int measure_bytes(struct meter *meter, int64_t bytes, struct error *err)
{
    struct swaps swaps = {0};
    int rc = GS_OK;

    mover_init(&swaps.mover, &meter->gpu, 1, &meter->slots, DEPTH, PATIENCE_NS);
    for (unsigned i = 0; i < 2 && rc == GS_OK; i++)
        rc = memory_open(&swaps.memory[i], &meter->gpu, &meter->slots, bytes, 1, i, err);
    if (rc == GS_OK)
        rc = measure_alone(meter, &swaps, bytes, err);
    if (rc == GS_OK)
        rc = measure_exchange(meter, &swaps, bytes, err);
    memory_close(&swaps.memory[0]);
    memory_close(&swaps.memory[1]);
    return rc;
}

/* By what the link does. */
static bool is_too_slow(const struct meter *meter, int64_t bytes)
{
    const struct measure_fit *in = measure_line(meter->out, "copy_in"), *out = measure_line(meter->out, "copy_out");

    return in != NULL && out != NULL && (double)bytes * (1 / in->per_s + 1 / out->per_s) * 1e9 > 8 * METER_LONGEST_NS;
}

int measure_swaps(struct meter *meter, struct error *err)
{
    int64_t chunks = meter->gpu.free_bytes / meter->gpu.chunk_bytes / 2, slots = meter->slots.count / 2;
    int rc = GS_OK;

    chunks = chunks < slots ? chunks : slots;
    for (int64_t k = 1; k <= METER_CHUNKS && k <= chunks && rc == GS_OK; k *= 2) {
        if (is_too_slow(meter, k * meter->gpu.chunk_bytes)) {
            rows_note(meter->out,
                      "swaps of %lld or more chunks of %lld KiB were not measured: they would take too long",
                      (long long)k, (long long)(meter->gpu.chunk_bytes >> 10));
            break;
        }
        rc = measure_bytes(meter, k * meter->gpu.chunk_bytes, err);
    }
    rows_fit(meter->out, "swap_out");
    rows_fit(meter->out, "swap_in");
    return rc;
}
