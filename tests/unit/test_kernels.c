/* test_kernels.c - what workloads write is checked without gaps, and PTX, binary and C do the same. */
#include "double_fixture.h"

enum { WORDS = 3000 };

static CUstream stream;
static CUdeviceptr data, result;
static struct mix_found *found;

static void begin(const char *options)
{
    double_begin(options);
    OK(cu.stream_create(&stream, CU_STREAM_NON_BLOCKING, 0));
    OK(cu.memory_alloc(&data, WORDS * sizeof(uint64_t)));
    OK(cu.memory_alloc(&result, sizeof *found));
    found = arena_begin(4096);
}

static void end(void)
{
    OK(cu.memory_free(data));
    OK(cu.memory_free(result));
    OK(cu.stream_destroy(stream));
    arena_end(found, 4096);
    double_end();
}

static struct mix_found look(uint64_t seed, uint64_t position)
{
    *found = (struct mix_found){.first = UINT64_MAX};
    OK(cu.copy_in(result, found, sizeof *found, stream));
    OK(LAUNCH(check, stream, data, WORDS, seed, position, result));
    OK(cu.copy_out(found, result, sizeof *found, stream));
    OK(cu.stream_wait(stream));
    return *found;
}

static void fill_all(uint64_t seed, uint64_t position)
{
    OK(LAUNCH(fill, stream, data, WORDS, seed, position));
}

static uint64_t expected_sum(uint64_t seed, uint64_t position)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < WORDS; i++)
        sum += mix_at(seed, position + i);
    return sum;
}

/* Published values of splitmix64 with seed 1234567: its words are ours at positions 1, 2, ... */
static void test_mixing(void **state)
{
    (void)state;
    assert_int_equal(mix_at(1234567, 1), UINT64_C(6457827717110365317));
    assert_int_equal(mix_at(1234567, 2), UINT64_C(3203168211198807973));
    assert_int_equal(mix_at(1234567, 3), UINT64_C(9817491932198370423));
}

static void check_clean(const char *options)
{
    uint64_t seed = mix_seed(1, 2, 3);
    struct mix_found clean;

    begin(options);
    fill_all(seed, 500);
    clean = look(seed, 500);
    assert_int_equal(clean.bad, 0);
    assert_int_equal(clean.first, UINT64_MAX);
    assert_int_equal(clean.sum, expected_sum(seed, 500));
    end();
}

static void test_clean(void **state)
{
    (void)state;
    check_clean("");
    check_clean("no_binary=yes");
    check_clean("interpret=yes");
}

/* Any byte changed, anywhere: one word is bad, and it is told which. */
static void check_bytes(const char *options)
{
    uint64_t seed = mix_seed(7, 7, 7);

    begin(options);
    fill_all(seed, 0);
    OK(cu.stream_wait(stream));
    for (unsigned i = 0; i < WORDS * 8; i += 997) {
        unsigned char was, is;
        struct mix_found seen;

        assert_int_equal(dbl->peek(data + i, &was, 1), 0);
        is = was ^ (unsigned char)(1u << i % 8);
        assert_int_equal(dbl->poke(data + i, &is, 1), 0);
        seen = look(seed, 0);
        assert_int_equal(seen.bad, 1);
        assert_int_equal(seen.first, i / 8);
        assert_int_equal(dbl->poke(data + i, &was, 1), 0);
    }
    assert_int_equal(look(seed, 0).bad, 0);
    end();
}

static void test_every_byte(void **state)
{
    (void)state;
    check_bytes("");
    check_bytes("interpret=yes");
}

static void test_place_and_generation(void **state)
{
    uint64_t seed = mix_seed(1, 1, 1), next = mix_seed(1, 1, 2);

    (void)state;
    begin("");
    fill_all(seed, 0);
    assert_int_equal(look(seed, 1).bad, WORDS);              /* another place */
    assert_int_equal(look(mix_seed(1, 2, 1), 0).bad, WORDS); /* another workload's */
    assert_int_equal(look(mix_seed(2, 1, 1), 0).bad, WORDS); /* another run's */
    assert_int_equal(look(next, 0).bad, WORDS);              /* before its time */
    OK(LAUNCH(touch, stream, data, WORDS, seed, next, 0));
    assert_int_equal(look(next, 0).bad, 0);
    assert_int_equal(look(seed, 0).bad, WORDS); /* an earlier copy */
    end();
}

/* What was wrong stays wrong from one generation to the next. */
static void test_wrong_stays_wrong(void **state)
{
    uint64_t word = 5;
    struct mix_found seen;

    (void)state;
    begin("");
    fill_all(mix_seed(1, 1, 1), 0);
    OK(cu.stream_wait(stream));
    assert_int_equal(dbl->poke(data + 80, &word, sizeof word), 0);
    for (uint64_t g = 1; g < 20; g++)
        OK(LAUNCH(touch, stream, data, WORDS, mix_seed(1, 1, g), mix_seed(1, 1, g + 1), 0));
    seen = look(mix_seed(1, 1, 20), 0);
    assert_int_equal(seen.bad, 1);
    assert_int_equal(seen.first, 10);
    end();
}

/* The C twins against our PTX, instruction by instruction: sizes around the grid's 128 threads. */
static void test_twins_against_ptx(void **state)
{
    static const uint64_t sizes[] = {1, 31, 127, 128, 129, 777, WORDS};
    static uint64_t by_c[WORDS], by_ptx[WORDS];

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int interpret = 0; interpret < 2; interpret++) {
            begin(interpret ? "interpret=yes" : "");
            fill_all(99, 5);
            OK(LAUNCH(fill, stream, data, sizes[i], 1000 + i, i));
            OK(LAUNCH(touch, stream, data, sizes[i] / 2 + 1, 1000 + i, 2000 + i, i));
            OK(LAUNCH(busy, stream, 5000));
            OK(cu.stream_wait(stream));
            assert_int_equal(dbl->peek(data, interpret ? by_ptx : by_c, sizeof by_c), 0);
            end();
        }
        assert_memory_equal(by_c, by_ptx, sizeof by_c);
    }
}

/* kernel_busy takes the time that it is asked for. */
static void test_busy(void **state)
{
    uint64_t before;

    (void)state;
    begin("latency=0");
    before = dbl->now_ns();
    OK(LAUNCH(busy, stream, 7000000));
    OK(cu.stream_wait(stream));
    assert_in_range(dbl->now_ns() - before, 7000000, 7005000);
    end();
}

/* Images: text that is no PTX of ours, PTX newer than the driver, binaries that the driver refuses. */
static void test_images(void **state)
{
    char log[200] = "", text[200];
    CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
    void *values[] = {log, (void *)(uintptr_t)sizeof log};
    CUmodule other;

    (void)state;
    double_begin("no_binary=yes driver=12000");
    snprintf(text, sizeof text,
             "// x\n.version 6.3\n.target sm_75\n.address_size 64\n.visible .entry k(\n)\n{\n\tfrob;\n}\n");
    assert_int_equal(cu.module_load(&other, text, 2, options, values), CUDA_ERROR_INVALID_PTX);
    assert_string_not_equal(log, "");
    snprintf(text, sizeof text, "// x\n.version 9.0\n.target sm_75\n");
    assert_int_equal(cu.module_load(&other, text, 0, NULL, NULL), CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
    if (kernels_fatbin[0] != 0)
        assert_int_equal(cu.module_load(&other, kernels_fatbin, 0, NULL, NULL), CUDA_ERROR_NO_BINARY_FOR_GPU);
    assert_int_equal(cu.module_function(&busy, module, "kernel_none"), CUDA_ERROR_NOT_FOUND);
    double_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mixing),
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_place_and_generation),
        cmocka_unit_test(test_wrong_stays_wrong),
        cmocka_unit_test(test_twins_against_ptx),
        cmocka_unit_test(test_busy),
        cmocka_unit_test(test_images),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
