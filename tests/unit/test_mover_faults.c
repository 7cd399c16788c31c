/* test_mover_faults.c - the mover where memory, slots or the GPU itself are not there: it ends, and nothing is lost that need not be. */
#include "mover_fixture.h"

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
        cmocka_unit_test(test_no_memory),    cmocka_unit_test(test_no_memory_in_an_exchange),
        cmocka_unit_test(test_no_slot),      cmocka_unit_test(test_each_call_fails),
        cmocka_unit_test(test_lost_context), cmocka_unit_test(test_what_does_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
