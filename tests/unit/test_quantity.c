/* test_quantity.c - quantities of Kubernetes, against values worked out by hand and against exact arithmetic. */
#include "sim/base/error.h"
#include "sim/cluster/quantity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void by_hand(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } row[] = {
        {"0", 0},
        {"0Gi", 0},
        {"-0", 0},
        {"100Gi", INT64_C(107374182400)},
        {"100G", INT64_C(100000000000)},
        {"2500M", INT64_C(2500000000)},
        {"500000000", 500000000},
        {"2113513524Ki", INT64_C(2164237848576)},
        {"1.5Gi", INT64_C(1610612736)},
        {".5Gi", 536870912},
        {"1.", 1},
        {"+7k", 7000},
        {"1500m", 2}, /* parts are rounded up */
        {"1000m", 1},
        {"1m", 1},
        {"1n", 1},
        {"1000000000n", 1},
        {"2000000u", 2},
        {"1e3", 1000},
        {"1E3", 1000},
        {"12e-1", 2},
        {"1.25e2", 125},
        {"1E", INT64_C(1000000000000000000)},
        {"1P", INT64_C(1000000000000000)},
        {"1Pi", INT64_C(1) << 50},
        {"1Ei", INT64_C(1) << 60},
        {"1024Pi", INT64_C(1) << 60},
        {"0.000000000000000000001Ei", 1},
        {"1152921504606846976", INT64_C(1) << 60},
        {"00000000000000000000000000000012Ki", 12288},
        {"0.00000000000000000000000000000000000000001", 1},
        {"0e1000000000000", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char why[QUANTITY_WHY];
        int64_t value = -1;
        if (quantity_read(row[i].text, &value, why) || value != row[i].value)
            fail_msg("'%s' gave %lld, not %lld", row[i].text, (long long)value, (long long)row[i].value);
    }
}

static void refused(void **state)
{
    static const struct {
        const char *text, *why;
    } row[] = {
        {"", "no quantity"},
        {"Gi", "no quantity"},
        {".", "no quantity"},
        {"-", "no quantity"},
        {"100Xi", "'Xi' after"},
        {"100gi", "'gi' after"},
        {"100GiB", "'GiB' after"},
        {"100 Gi", "' Gi' after"},
        {"1e", "'e' after"},
        {"1e+", "'e+' after"},
        {"1e5x", "after"},
        {"1.2.3", "after"},
        {"0x10", "after"},
        {"-1Gi", "negative"},
        {"2Ei", "more than"},
        {"1e19", "more than"},
        {"1e999999999", "more than"},
        {"1152921504606846977", "more than"},
        {"inf", "no quantity"},
        {"nan", "no quantity"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char why[QUANTITY_WHY] = "";
        int64_t value = -1;
        assert_int_equal(quantity_read(row[i].text, &value, why), GS_BAD_INPUT);
        if (!strstr(why, row[i].why))
            fail_msg("'%s' said: %s", row[i].text, why);
    }
}

/* Every suffix with many numbers of three decimals: by integers of 128 bits, rounded up. */
static void by_arithmetic(void **state)
{
    __extension__ typedef unsigned __int128 wide;
    static const struct {
        const char *suffix;
        uint64_t factor, divisor;
    } unit[] = {{"Ki", UINT64_C(1) << 10, 1},
                {"Mi", UINT64_C(1) << 20, 1},
                {"Gi", UINT64_C(1) << 30, 1},
                {"Ti", UINT64_C(1) << 40, 1},
                {"k", 1000, 1},
                {"M", 1000000, 1},
                {"G", 1000000000, 1},
                {"m", 1, 1000},
                {"", 1, 1},
                {"e6", 1000000, 1},
                {"e-6", 1, 1000000}};
    (void)state;
    uint64_t random = 12345;
    for (int i = 0; i < 20000; i++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint64_t thousandths = (random >> 20) % 1000000000;
        size_t u = (size_t)((random >> 11) % (sizeof unit / sizeof *unit));
        char text[64], why[QUANTITY_WHY];
        snprintf(text, sizeof text, "%llu.%03llu%s", (unsigned long long)(thousandths / 1000),
                 (unsigned long long)(thousandths % 1000), unit[u].suffix);
        wide below = (wide)1000 * unit[u].divisor;
        wide exact = ((wide)thousandths * unit[u].factor + below - 1) / below;
        int64_t value = -1;
        if (quantity_read(text, &value, why) || (wide)value != exact)
            fail_msg("'%s' gave %lld: %s", text, (long long)value, why);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(refused),
        cmocka_unit_test(by_arithmetic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
