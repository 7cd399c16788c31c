/* test_mover.c - swaps of live mode on the driver double: every word survives, nothing is unmapped too early, nothing
 * leaks, whatever is asked for in whatever order, and whichever call fails. */
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

static int64_t now_ns(void)
{
    return (int64_t)dbl->now_ns();
}

/* GPU memory of 16 chunks of 256 KiB above the context and the page for what kernel_check finds. */
#define SMALL "granularity=256KiB context=1MiB memory=5MiB "

/* Workloads of `chunks[i]` chunks, and a swap file of so many slots.  False: something failed, and all is closed. */
static bool open_all(const char *options, const unsigned *chunks, unsigned count, unsigned slot_count, unsigned depth)
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

static void close_all(void)
{
    for (unsigned i = 0; i < workloads; i++)
        memory_close(&memory[i]);
    slots_close(&slots);
    gpu_close(&gpu);
    driver_close(&cu);
}

/* Everything is given back, and nothing was done wrong. */
static void end_well(void)
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
static int finish(unsigned *failed)
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

static void must_finish(void)
{
    unsigned failed = 0;

    if (finish(&failed) != GS_OK)
        fail_msg("%s", err.text);
    assert_int_equal(failed, 0);
}

static void begin(unsigned i, enum move_kind kind)
{
    assert_int_equal(mover_begin(&mover, &memory[i], kind, 0, &err), GS_OK);
}

static bool is_resident(unsigned i)
{
    return memory[i].chunk[0].state == CHUNK_RESIDENT;
}

/* All its words are what its generations say, on the GPU; the host comes to the same sum. */
static void assert_intact(unsigned i)
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

static void burst(unsigned i, uint32_t written)
{
    assert_int_equal(memory_burst(&memory[i], 10000, 0, written, &err), GS_OK);
}

static void test_there_and_back(void **state)
{
    (void)state;
    assert_true(open_all(SMALL, (const unsigned[]){6}, 1, 6, 2));
    begin(0, MOVE_IN);
    must_finish();
    assert_intact(0);
    for (int i = 0; i < 3; i++) {
        burst(0, 6);
        begin(0, MOVE_OUT);
        must_finish();
        assert_int_equal(gpu.free_bytes, 16 * 256 * KIB - 4096);
        assert_int_equal(slots.free_count, 0);
        /* the copy in the swap file, read by the host: right without trusting the way back */
        for (uint32_t k = 0; k < 6; k++) {
            const uint64_t *copy = (const uint64_t *)(const void *)slots_at(&slots, memory[0].chunk[k].slot);
            assert_int_equal(copy[77], mix_at(mix_seed(42, 0, 2 + (uint64_t)i), k * (256 * KIB / 8) + 77));
        }
        begin(0, MOVE_IN);
        must_finish();
        assert_int_equal(slots.free_count, 6);
        assert_intact(0);
    }
    end_well();
}

/* Two that fill the GPU, each, change places: with one spare slot, and at any depth. */
static void test_exchange_with_a_full_swap_file(void **state)
{
    (void)state;
    for (unsigned depth = 1; depth <= 5; depth++) {
        assert_true(open_all(SMALL, (const unsigned[]){15, 15}, 2, 16, depth));
        begin(0, MOVE_IN);
        must_finish();
        burst(0, 15);
        begin(0, MOVE_OUT);
        begin(1, MOVE_IN);
        must_finish();
        for (unsigned turn = 0; turn < 4; turn++) {
            burst(1 - turn % 2, 15);
            begin(1 - turn % 2, MOVE_OUT);
            begin(turn % 2, MOVE_IN);
            must_finish();
            assert_true(is_resident(turn % 2) && !is_resident(1 - turn % 2));
            assert_intact(turn % 2);
        }
        end_well();
    }
}

/* Out and in overlap: where both directions keep their rate, an exchange takes little longer than one of them. */
static void test_overlap(void **state)
{
    int64_t start, alone_ns, exchange_ns;

    (void)state;
    assert_true(open_all(SMALL "in=1GB/s out=1GB/s duplex=1 latency=1us", (const unsigned[]){15, 15}, 2, 31, 3));
    begin(0, MOVE_IN);
    must_finish();
    begin(0, MOVE_OUT);
    must_finish();
    begin(1, MOVE_IN);
    must_finish();
    start = now_ns();
    begin(1, MOVE_OUT);
    must_finish();
    alone_ns = now_ns() - start;
    begin(1, MOVE_IN);
    must_finish();
    start = now_ns();
    begin(1, MOVE_OUT);
    begin(0, MOVE_IN);
    must_finish();
    exchange_ns = now_ns() - start;
    assert_true(alone_ns > 3800000 && alone_ns < 4500000); /* 15 chunks of 256 KiB at 1 GB/s: 3.9 ms */
    if (exchange_ns > alone_ns * 13 / 10)
        fail_msg("an exchange takes %lld us, one way %lld us", (long long)exchange_ns / 1000,
                 (long long)alone_ns / 1000);
    end_well();
}

/* Sizes that are no whole chunks: the account counts them to the byte, and no more is moved; what grows or shrinks within
 * the last chunk, on the GPU or off it, keeps its words. */
static void test_odd_sizes(void **state)
{
    static const int64_t sizes[] = {700003, 700001, 786432, 540000, 900000, 1000001, 8, 1500000, 1500003};
    struct mix_found found;

    (void)state;
    assert_true(open_all(SMALL, (const unsigned[]){6}, 1, 6, 2));
    assert_int_equal(memory_hold(&memory[0], 640001, &err), GS_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        begin(0, MOVE_IN);
        must_finish();
        assert_int_equal(gpu.free_bytes, 16 * 256 * KIB - 4096 - memory[0].bytes);
        burst(0, 6);
        assert_int_equal(memory_hold(&memory[0], sizes[i], &err), GS_OK);
        assert_int_equal(memory[0].bytes, sizes[i]);
        assert_int_equal(gpu.free_bytes, 16 * 256 * KIB - 4096 - sizes[i]);
        assert_int_equal(memory_check(&memory[0], &found, &err), GS_OK);
        assert_int_equal(found.bad, 0);
        begin(0, MOVE_OUT);
        must_finish();
        assert_int_equal(memory_hold(&memory[0], sizes[i] + (i % 2 == 0 ? 30011 : -7), &err), GS_OK);
    }
    begin(0, MOVE_IN);
    must_finish();
    assert_int_equal(memory_check(&memory[0], &found, &err), GS_OK);
    assert_int_equal(found.bad, 0);
    close_all();
    assert_int_equal(dbl->leaks(), 0);
    assert_no_violation();
}

/* Who has a clean copy leaves without copying; cleaning makes one while it runs on. */
static void test_clean(void **state)
{
    struct memory *ended;
    uint64_t copies;
    bool failed;

    (void)state;
    assert_true(open_all(SMALL, (const unsigned[]){8}, 1, 8, 2));
    memory[0].keeps_copy = true;
    begin(0, MOVE_IN);
    must_finish();
    burst(0, 8);
    begin(0, MOVE_CLEAN);
    OK(cu.stream_wait(memory[0].work));
    assert_int_equal(mover_pump(&mover, now_ns(), &ended, &failed, &err), GS_OK); /* one copy begins */
    burst(0, 3); /* it runs on: one chunk is dirty again, and the next two are not copied before they are */
    must_finish();
    assert_true(is_resident(0));
    copies = dbl->calls("cuMemcpyDtoHAsync");
    begin(0, MOVE_OUT);
    must_finish();
    assert_int_equal(dbl->calls("cuMemcpyDtoHAsync") - copies, 1);
    begin(0, MOVE_IN);
    must_finish();
    assert_intact(0);
    begin(0, MOVE_OUT); /* its copy was kept, and nothing was written */
    must_finish();
    assert_int_equal(dbl->calls("cuMemcpyDtoHAsync") - copies, 2); /* and one for what the check found */
    end_well();
}

/* Who ends first when one that is large and one that is small come in, or leave, together: side by side they take turns on
 * the link, else the first goes first. */
static void test_discipline(void **state)
{
    (void)state;
    for (int fcfs = 0; fcfs < 2; fcfs++) {
        assert_true(open_all(SMALL "in=1GB/s out=1GB/s ", (const unsigned[]){10, 4}, 2, 14, 2));
        mover.fcfs = fcfs != 0;
        begin(0, MOVE_IN);
        begin(1, MOVE_IN);
        must_finish();
        for (int k = 0; k < 2; k++) {
            struct memory *ended = NULL;
            unsigned first = 0;
            bool failed;

            begin(0, k == 0 ? MOVE_OUT : MOVE_IN);
            begin(1, k == 0 ? MOVE_OUT : MOVE_IN);
            for (; ended == NULL; mover_wait(&mover))
                assert_int_equal(mover_pump(&mover, now_ns(), &ended, &failed, &err), GS_OK);
            first = ended == &memory[0] ? 0 : 1;
            assert_int_equal(first, fcfs != 0 ? 0 : 1);
            must_finish();
        }
        end_well();
    }
}

/* Two that come in for the same memory, by some mistake: nobody leaves, so one gives way, and the other gets it. */
static void test_both_want_all(void **state)
{
    unsigned failed = 0;

    (void)state;
    assert_true(open_all(SMALL, (const unsigned[]){10, 10}, 2, 20, 2));
    begin(0, MOVE_IN);
    begin(1, MOVE_IN);
    assert_int_equal(finish(&failed), GS_OK);
    assert_int_equal(failed, 1);
    assert_true(is_resident(0) != is_resident(1));
    end_well();
}

/* Any order of swaps, bursts and cleaning, under random delays. */
static void wander(unsigned seed)
{
    static const unsigned chunks[WORKLOADS] = {3, 7, 5, 12, 1};
    char options[200];
    struct stream stream;
    int64_t need;

    snprintf(options, sizeof options, SMALL "chaos=%u duplex=0.6", seed);
    assert_true(open_all(options, chunks, WORKLOADS, 29, 1 + seed % 4));
    stream_init(&stream, seed, 0, 0, PURPOSE_TEST);
    for (int step = 0; step < 40; step++) {
        unsigned i = (unsigned)(stream_bits(&stream) % WORKLOADS);

        memory[i].keeps_copy = stream_bits(&stream) % 2;
        if (is_resident(i)) {
            if (stream_bits(&stream) % 3 == 0)
                begin(i, MOVE_CLEAN);
            burst(i, (uint32_t)(stream_bits(&stream) % (chunks[i] + 1)));
            must_finish();
            continue;
        }
        need = chunks[i] * gpu.chunk_bytes - gpu.free_bytes;
        for (unsigned v = 0; v < WORKLOADS && need > 0; v++)
            if (v != i && is_resident(v)) {
                need -= chunks[v] * gpu.chunk_bytes;
                begin(v, MOVE_OUT);
            }
        begin(i, MOVE_IN);
        must_finish();
        assert_intact(i);
    }
    end_well();
}

static void test_any_order(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 12; seed++)
        wander(seed);
}

/* Memory that is late is waited for; memory that does not come fails the swap-in, which leaves nothing behind. */
static void test_no_memory(void **state)
{
    unsigned failed = 0;
    CUdeviceptr stranger;

    (void)state;
    assert_true(open_all(SMALL "fault=cuMemCreate#3=2 fault=cuMemCreate#4=2", (const unsigned[]){8, 7}, 2, 16, 2));
    begin(0, MOVE_IN);
    must_finish();
    assert_intact(0);
    OK(cu.memory_alloc(&stranger, 2 * MIB - 256 * KIB)); /* somebody else takes what the account says is free */
    begin(1, MOVE_IN);
    assert_int_equal(finish(&failed), GS_OK);
    assert_int_equal(failed, 1);
    assert_false(is_resident(1));
    assert_int_equal(gpu.free_bytes, 8 * 256 * KIB - 4096);
    OK(cu.memory_free(stranger));
    begin(1, MOVE_IN);
    must_finish();
    assert_intact(1);
    assert_intact(0);
    end_well();
}

/* In an exchange only what is needed beyond the other's memory can be refused.  Then both stay what they were, though each
 * has lent the other something already. */
static void test_no_memory_in_an_exchange(void **state)
{
    unsigned failed;

    (void)state;
    for (unsigned nth = 26; nth <= 31; nth++) {
        char options[200];

        /* Of 15 chunks, workload 1 holds all, then workload 0 ten; the swap file is full but for one slot. */
        snprintf(options, sizeof options, SMALL "fault=cuMemCreate#%u+=2", nth);
        assert_true(open_all(options, (const unsigned[]){10, 15}, 2, 16, 3));
        begin(1, MOVE_IN);
        must_finish();
        burst(1, 15);
        begin(1, MOVE_OUT);
        must_finish();
        begin(0, MOVE_IN);
        must_finish();
        assert_int_equal(dbl->calls("cuMemCreate"), 25);
        burst(0, 10);
        begin(0, MOVE_OUT);
        begin(1, MOVE_IN);
        failed = 0;
        assert_int_equal(finish(&failed), GS_OK);
        assert_int_equal(failed, nth <= 30 ? 2 : 0); /* five are needed */
        assert_true(is_resident(nth <= 30 ? 0 : 1));
        assert_intact(nth <= 30 ? 0 : 1);
        for (uint32_t k = 0; k < 15 && nth <= 30; k++) {
            const struct gpu_chunk *chunk = &memory[1].chunk[k];
            const uint64_t *copy = (const uint64_t *)(const void *)slots_at(&slots, chunk->slot);

            assert_int_equal(chunk->state, CHUNK_ABSENT);
            assert_int_equal(copy[5], mix_at(mix_seed(42, 1, 2), k * (256 * KIB / 8) + 5));
        }
        end_well();
    }
}

/* A swap file that is too small: who should leave stays, and nothing is lost. */
static void test_no_slot(void **state)
{
    unsigned failed = 0;

    (void)state;
    assert_true(open_all(SMALL, (const unsigned[]){9}, 1, 5, 2));
    begin(0, MOVE_IN);
    must_finish();
    burst(0, 9);
    begin(0, MOVE_OUT);
    assert_int_equal(finish(&failed), GS_OK);
    assert_int_equal(failed, 1);
    assert_true(is_resident(0));
    assert_intact(0);
    assert_int_equal(slots.free_count, 5);
    end_well();
}

/* What every kind of call does in a short run. */
static int short_run(const char *options)
{
    unsigned failed = 0;
    int rc = GS_OK;

    if (!open_all(options, (const unsigned[]){9, 9}, 2, 10, 2))
        return err.code;
    for (unsigned turn = 0; turn < 3 && rc == GS_OK; turn++) {
        struct mix_found found = {0};

        if (turn > 0)
            rc = mover_begin(&mover, &memory[1 - turn % 2], MOVE_OUT, 0, &err);
        if (rc == GS_OK)
            rc = mover_begin(&mover, &memory[turn % 2], MOVE_IN, 0, &err);
        if (rc == GS_OK)
            rc = finish(&failed);
        if (rc == GS_OK && failed == 0 && (rc = memory_burst(&memory[turn % 2], 1000, 0, 9, &err)) == GS_OK &&
            (rc = memory_check(&memory[turn % 2], &found, &err)) == GS_OK)
            assert_int_equal(found.bad, 0);
    }
    return failed > 0 ? GS_BUSY : rc;
}

/* The Nth call of every kind fails: a message that names it, nothing left behind, nothing done wrong on the way.  Those that
 * make room are tried again. */
static void test_each_call_fails(void **state)
{
    static const char *const calls[] = {"cuInit",
                                        "cuDeviceGetCount",
                                        "cuDevicePrimaryCtxRetain",
                                        "cuDevicePrimaryCtxSetFlags",
                                        "cuCtxSetCurrent",
                                        "cuDeviceGetAttribute",
                                        "cuDeviceGetPCIBusId",
                                        "cuStreamCreateWithPriority",
                                        "cuModuleLoadDataEx",
                                        "cuModuleGetFunction",
                                        "cuMemHostRegister",
                                        "cuMemAlloc",
                                        "cuMemGetAllocationGranularity",
                                        "cuMemGetInfo",
                                        "cuMemAddressReserve",
                                        "cuEventCreate",
                                        "cuMemCreate",
                                        "cuMemMap",
                                        "cuMemSetAccess",
                                        "cuMemcpyHtoDAsync",
                                        "cuMemcpyDtoHAsync",
                                        "cuEventRecord",
                                        "cuStreamWaitEvent",
                                        "cuEventQuery",
                                        "cuLaunchKernel",
                                        "cuMemUnmap",
                                        "cuMemRelease",
                                        "cuStreamQuery"};
    static const char *const retried[] = {"cuMemCreate", "cuMemMap", "cuMemSetAccess"};

    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        uint64_t made;
        bool retry = false;

        for (size_t k = 0; k < sizeof retried / sizeof *retried; k++)
            retry |= strcmp(calls[i], retried[k]) == 0;
        assert_int_equal(short_run(SMALL), GS_OK);
        made = dbl->calls(calls[i]);
        close_all();
        assert_true(made > 0);
        for (uint64_t nth = 1; nth <= made; nth += 1 + made / 8) {
            char options[200];
            int rc;

            snprintf(options, sizeof options, SMALL "fault=%s#%u=999", calls[i], (unsigned)nth);
            rc = short_run(options);
            if (rc == GS_OK && !retry)
                fail_msg("'%s' fails, call %u, and nobody says so", calls[i], (unsigned)nth);
            if (rc != GS_OK && retry)
                fail_msg("'%s' fails, call %u, and is not tried again: %s", calls[i], (unsigned)nth, err.text);
            if (!retry)
                assert_string_not_equal(err.text, "");
            close_all();
            if (strcmp(calls[i], "cuMemUnmap") != 0 && strcmp(calls[i], "cuMemRelease") != 0)
                if (dbl->leaks() != 0) { /* what cannot be given back leaks */
                    dbl->log(options, sizeof options);
                    fail_msg("'%s' fails, call %u: %s", calls[i], (unsigned)nth, options);
                }
        }
    }
}

/* Work that fails on the GPU: the context is lost, and that is said, not hung upon. */
static void test_lost_context(void **state)
{
    static const char *const faults[] = {"fault=cuMemcpyDtoHAsync#4=op700", "fault=cuMemcpyHtoDAsync#2=op214",
                                         "fault=cuLaunchKernel#12=op719",   "fault=cuLaunchKernel#11=hang",
                                         "fault=cuMemUnmap#3=lost46",       "fault=cuMemcpyDtoHAsync#5=hang"};

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        char options[200];

        snprintf(options, sizeof options, SMALL "%s", faults[i]);
        assert_int_not_equal(short_run(options), GS_OK);
        assert_string_not_equal(err.text, "");
        close_all();
        assert_no_violation();
    }
}

static unsigned on_the_gpu(unsigned i)
{
    unsigned count = 0;

    for (uint32_t k = 0; k < memory[i].count; k++)
        count += memory[i].chunk[k].state == CHUNK_RESIDENT;
    return count;
}

/* Only the last chunks leave, and come back; more of them leave later; what stays is let alone when there is no slot. */
static void test_in_part(void **state)
{
    unsigned failed = 0;

    (void)state;
    assert_true(open_all(SMALL, (const unsigned[]){9}, 1, 7, 2));
    begin(0, MOVE_IN);
    must_finish();
    burst(0, 9);
    for (unsigned stay = 6; stay >= 2; stay -= 2) {
        assert_int_equal(mover_begin(&mover, &memory[0], MOVE_OUT, stay, &err), GS_OK);
        must_finish();
        assert_int_equal(on_the_gpu(0), stay);
        assert_int_equal(slots.free_count, 7 - (9 - stay));
    }
    assert_int_equal(mover_begin(&mover, &memory[0], MOVE_OUT, 0, &err), GS_OK);
    assert_int_equal(finish(&failed), GS_OK);
    assert_int_equal(failed, 1);
    assert_int_equal(on_the_gpu(0), 2);
    begin(0, MOVE_IN);
    must_finish();
    assert_int_equal(slots.free_count, 7);
    assert_intact(0);
    end_well();
}

/* What waits for the chunks may be queued as soon as their copies are. */
static void test_use_while_it_comes(void **state)
{
    struct memory *ended;
    bool failed;

    (void)state;
    assert_true(open_all(SMALL, (const unsigned[]){9}, 1, 9, 9));
    begin(0, MOVE_IN);
    must_finish();
    burst(0, 9);
    begin(0, MOVE_OUT);
    must_finish();
    assert_int_equal(mover_reached(&memory[0]), 9);
    begin(0, MOVE_IN);
    assert_int_equal(mover_reached(&memory[0]), 0);
    assert_int_equal(mover_pump(&mover, now_ns(), &ended, &failed, &err), GS_OK);
    assert_null(ended);
    assert_int_equal(mover_reached(&memory[0]), 9);
    assert_int_equal(memory_await(&memory[0], 8, &err), GS_OK);
    assert_intact(0);
    must_finish();
    end_well();
}

static void test_what_does_not_fit(void **state)
{
    struct gpu_options wanted = {.chunk_bytes = 256 * KIB, .reserve_bytes = INT64_C(1) << 30};

    (void)state;
    double_reset(SMALL);
    memset(&err, 0, sizeof err);
    assert_int_equal(driver_open(&cu, &err), GS_OK);
    assert_int_equal(gpu_open(&gpu, &cu, &wanted, &err), GS_UNSATISFIABLE);
    assert_non_null(strstr(err.text, "not even one chunk above the reserve"));
    memset(&err, 0, sizeof err);
    wanted.reserve_bytes = 0;
    wanted.chunk_bytes = 1; /* at least what the GPU maps */
    assert_int_equal(gpu_open(&gpu, &cu, &wanted, &err), GS_OK);
    assert_int_equal(gpu.chunk_bytes, 256 * KIB);
    assert_int_equal(slots_open(&slots, &gpu, &(struct slots_options){.count = 1u << 30}, &err), GS_UNSATISFIABLE);
    assert_non_null(strstr(err.text, "a swap file of 268435456 MiB does not fit"));
    gpu_close(&gpu);
    driver_close(&cu);
    assert_int_equal(dbl->leaks(), 0);
    assert_no_violation();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_exchange_with_a_full_swap_file),
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_odd_sizes),
        cmocka_unit_test(test_discipline),
        cmocka_unit_test(test_both_want_all),
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_no_memory_in_an_exchange),
        cmocka_unit_test(test_no_slot),
        cmocka_unit_test(test_each_call_fails),
        cmocka_unit_test(test_lost_context),
        cmocka_unit_test(test_in_part),
        cmocka_unit_test(test_use_while_it_comes),
        cmocka_unit_test(test_what_does_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
