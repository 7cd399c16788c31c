/* mover_fixture.h - workloads on a GPU of the driver double, and a mover for them. */
#ifndef GS_TEST_MOVER_FIXTURE_H
#define GS_TEST_MOVER_FIXTURE_H

#include "double_fixture.h"
#include "backend/cuda/mover.h"
#include "sim/base/random.h"

enum { WORKLOADS = 5, KIB = 1 << 10 };

static struct error err;
static struct gpu gpu;
static struct slots slots;
static struct mover mover;
static struct memory memory[WORKLOADS];
static unsigned workloads;

static inline int64_t now_ns(void)
{
    return (int64_t)dbl->now_ns();
}

/* GPU memory of 16 chunks of 256 KiB above the context and the page for what kernel_check finds. */
#define SMALL "granularity=256KiB context=1MiB memory=5MiB "

/* Workloads of `chunks[i]` chunks, and a swap file of so many slots.  False: something failed, and all is closed. */
static inline bool open_all(const char *options, const unsigned *chunks, unsigned count, unsigned slot_count,
                            unsigned depth)
{
    struct gpu_options wanted = {.chunk_bytes = 256 * KIB, .patience_ns = 100000000};
    int rc;

    memset(&err, 0, sizeof err);
    memset(&slots, 0, sizeof slots);
    memset(memory, 0, sizeof memory);
    workloads = count;
    double_reset(options);
    if ((rc = driver_open(&cu, &err)) != GS_OK)
        return false;
    if ((rc = gpu_open(&gpu, &cu, &wanted, &err)) == GS_OK)
        rc = slots_open(&slots, &gpu, &(struct slots_options){.count = slot_count}, &err);
    mover_init(&mover, &gpu, 1, &slots, depth, 1000000);
    for (unsigned i = 0; i < count && rc == GS_OK; i++)
        rc = memory_open(&memory[i], &gpu, &slots, (int64_t)chunks[i] * 256 * KIB, 42, i, &err);
    return rc == GS_OK;
}

static inline void close_all(void)
{
    for (unsigned i = 0; i < workloads; i++)
        memory_close(&memory[i]);
    slots_close(&slots);
    gpu_close(&gpu);
    driver_close(&cu);
}

/* Everything is given back, and nothing was done wrong. */
static inline void end_well(void)
{
    int64_t free_bytes = gpu.free_bytes, resident = 0;

    for (unsigned i = 0; i < workloads; i++)
        for (uint32_t k = 0; k < memory[i].count; k++)
            resident += memory[i].chunk[k].state != CHUNK_ABSENT ? gpu.chunk_bytes : 0;
    assert_int_equal(free_bytes + resident, 16 * 256 * KIB - 4096);
    close_all();
    assert_int_equal(dbl->leaks(), 0);
    assert_no_violation();
}

/* Until nothing is under way; GS_OK, or what went wrong.  `failed` counts swap-ins for which there was no memory. */
static inline int finish(unsigned *failed)
{
    struct memory *ended;
    unsigned stuck = 0;
    int rc = GS_OK;
    bool refused;

    while (!mover_is_idle(&mover) && rc == GS_OK) {
        rc = mover_pump(&mover, now_ns(), &ended, &refused, &err);
        *failed += refused;
        if (ended != NULL || rc != GS_OK || mover_wait(&mover))
            continue;
        cu.stream_query(gpu.in); /* time passes */
        if (++stuck > 100000)
            fail_msg("the mover is stuck");
    }
    return rc;
}

static inline void must_finish(void)
{
    unsigned failed = 0;

    if (finish(&failed) != GS_OK)
        fail_msg("%s", err.text);
    assert_int_equal(failed, 0);
}

static inline void begin(unsigned i, enum move_kind kind)
{
    assert_int_equal(mover_begin(&mover, &memory[i], kind, 0, &err), GS_OK);
}

static inline bool is_resident(unsigned i)
{
    return memory[i].chunk[0].state == CHUNK_RESIDENT;
}

/* All its words are what its generations say, on the GPU; the host comes to the same sum. */
static inline void assert_intact(unsigned i)
{
    uint64_t words = 256 * KIB / 8, sum = 0;
    struct mix_found found;

    assert_int_equal(memory_check(&memory[i], &found, &err), GS_OK);
    for (uint32_t k = 0; k < memory[i].count; k++)
        for (uint64_t w = 0; w < words; w++)
            sum += mix_at(mix_seed(42, i, memory[i].chunk[k].generation), k * words + w);
    assert_int_equal(found.bad, 0);
    assert_int_equal(found.sum, sum);
}

static inline void burst(unsigned i, uint32_t written)
{
    assert_int_equal(memory_burst(&memory[i], 10000, 0, written, &err), GS_OK);
}

#endif
