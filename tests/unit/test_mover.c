/* test_mover.c - swaps of live mode on the driver double: every word survives, nothing is unmapped too early, nothing
 * leaks, whatever is asked for in whatever order, and whichever call fails. */
#include "mover_fixture.h"

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

/* What it grows by is there, and the kernel that is to fill it cannot be launched: nothing that time will mend. */
static void test_growth_that_cannot_be_filled(void **state)
{
    (void)state;
    assert_true(open_all(SMALL "fault=cuLaunchKernel#8=2", (const unsigned[]){6}, 1, 6, 2));
    assert_int_equal(memory_hold(&memory[0], 540000, &err), GS_OK);
    begin(0, MOVE_IN);
    must_finish();
    burst(0, 3); /* three chunks were filled, and are touched: seven launches */
    assert_int_equal(memory_hold(&memory[0], 900000, &err), GS_UNSATISFIABLE);
    assert_non_null(strstr(err.text, "GPU 0 (FFFF:00:00.0): no memory to launch a kernel"));
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
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_exchange_with_a_full_swap_file),
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_odd_sizes),
        cmocka_unit_test(test_growth_that_cannot_be_filled),
        cmocka_unit_test(test_discipline),
        cmocka_unit_test(test_both_want_all),
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_in_part),
        cmocka_unit_test(test_use_while_it_comes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
