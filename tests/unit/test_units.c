/* test_units.c - quantities are read exactly, refused with a reason, and written so that they read back. */
#include "sim/base/units.h"

#include "sim/base/error.h"
#include "sim/base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct whole {
    const char *text;
    int64_t value;
};
struct real {
    const char *text;
    double value;
};
struct refused {
    const char *text, *why;
};

static void times_are_exact(void **state)
{
    (void)state;
    static const struct whole row[] = {
        {"30s", 30000000000},
        {"0.1s", 100000000},
        {"150us", 150000},
        {"150\u00b5s", 150000},
        {"5ms", 5000000},
        {"10m", 600000000000},
        {"10min", 600000000000},
        {"8h", 28800000000000},
        {"14d", 1209600000000000},
        {"0", 0},
        {"0.0", 0},
        {"-0", 0},
        {"0s", 0},
        {" 1.5 ms ", 1500000},
        {"+2s", 2000000000},
        {".5s", 500000000},
        {"1e-3s", 1000000},
        {"2.5e3ms", 2500000000},
        {"0.4ns", 0},
        {"0.5ns", 1},
        {"1.4999999999ns", 1},
        {"7ns", 7},
        {"0.000000001s", 1},
        {"1e-300s", 0},
        {"36525d", 3155760000000000000},
        {"3155760000000000000ns", 3155760000000000000},
        {"0.10000000000000000555111512312578270211815834045410156s", 100000000},
        {"1e0000000000000000000000001s", 10000000000},
        {"0000000000000000000000000000000000030s", 30000000000},
        {"100000000000000000000000000000e-20s", 1000000000000000000},
    };
    char why[UNITS_WHY];
    for (size_t i = 0; i < COUNT(row); i++) {
        int64_t ns = -1;
        if (units_time(row[i].text, &ns, why) != GS_OK)
            fail_msg("'%s': %s", row[i].text, why);
        if (ns != row[i].value)
            fail_msg("'%s' gave %lld", row[i].text, (long long)ns);
        double real = -1;
        assert_int_equal(units_time_real(row[i].text, &real, why), GS_OK);
        assert_true(fabs(real - (double)row[i].value) <= 0.5 + 1e-15 * real);
    }
    double fraction;
    assert_int_equal(units_time_real("0.25ns", &fraction, why), GS_OK);
    assert_true(fraction == 0.25);
}

static void sizes_are_exact(void **state)
{
    (void)state;
    static const struct whole row[] = {
        {"1.5GiB", 1610612736},
        {"512MiB", 536870912},
        {"80GiB", 85899345920},
        {"30GB", 30000000000},
        {"100B", 100},
        {"1kB", 1000},
        {"1KB", 1000},
        {"1KiB", 1024},
        {"2TiB", 2199023255552},
        {"2TB", 2000000000000},
        {"0", 0},
        {"0.1GiB", 107374182},
        {"0.5B", 1},
        {"1048576TiB", INT64_C(1) << 60},
        {"1e9B", 1000000000},
        {"3 MB", 3000000},
        {"123456789.123456789GB", 123456789123456789},
    };
    char why[UNITS_WHY];
    for (size_t i = 0; i < COUNT(row); i++) {
        int64_t bytes = -1;
        if (units_size(row[i].text, &bytes, why) != GS_OK)
            fail_msg("'%s': %s", row[i].text, why);
        if (bytes != row[i].value)
            fail_msg("'%s' gave %lld", row[i].text, (long long)bytes);
    }
}

static void expect_reals(const struct real *row, size_t count, int (*parse)(const char *, double *, char *))
{
    char why[UNITS_WHY];
    for (size_t i = 0; i < count; i++) {
        double value = -1;
        if (parse(row[i].text, &value, why) != GS_OK)
            fail_msg("'%s': %s", row[i].text, why);
        if (value != row[i].value)
            fail_msg("'%s' gave %.17g", row[i].text, value);
    }
}

static void rates_shares_and_numbers_are_read(void **state)
{
    (void)state;
    static const struct real rate[] = {
        {"25GB/s", 25e9}, {"24GiB/s", 25769803776}, {"1.5MB/s", 1.5e6}, {"60MB/min", 1e6}, {"1MB/ms", 1e9},
        {"0", 0},         {"25 GB / s", 25e9},
    };
    static const struct real frequency[] = {
        {"0.5/s", 0.5}, {"30/min", 0.5}, {"36/h", 0.01}, {"2/ms", 2000}, {"0/s", 0}};
    static const struct real share[] = {{"0.25", 0.25}, {"25%", 0.25},  {"35%", 0.35},  {"1", 1},
                                        {"150 %", 1.5}, {"-0.5", -0.5}, {"0.1%", 0.001}};
    static const struct real number[] = {
        {"1.5", 1.5},
        {"1e-3", 1e-3},
        {"-2", -2},
        {"0.1", 0.1},
        {"123456789012345678", 123456789012345678.0},
        {"1e300", 1e300},
        {"2.2250738585072014e-308", 0x1p-1022},
        {"0.3333333333333333333333333", 0.3333333333333333333333333},
        {"1e-999", 0},
        {"179769313486231570", 179769313486231570.0},
        {" 7 ", 7},
    };
    expect_reals(rate, COUNT(rate), units_rate);
    expect_reals(frequency, COUNT(frequency), units_frequency);
    expect_reals(share, COUNT(share), units_share);
    expect_reals(number, COUNT(number), units_number);
}

static void integers_and_booleans_are_read(void **state)
{
    (void)state;
    static const struct whole row[] = {
        {"42", 42},
        {"-3", -3},
        {" +7 ", 7},
        {"0", 0},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
    };
    char why[UNITS_WHY];
    for (size_t i = 0; i < COUNT(row); i++) {
        int64_t value = -1;
        assert_int_equal(units_integer(row[i].text, &value, why), GS_OK);
        assert_true(value == row[i].value);
    }
    bool yes = false;
    assert_int_equal(units_boolean(" yes", &yes, why), GS_OK);
    assert_true(yes);
    assert_int_equal(units_boolean("no", &yes, why), GS_OK);
    assert_false(yes);
}

static int as_time(const char *text, char *why)
{
    int64_t ns;
    return units_time(text, &ns, why);
}

static int as_time_real(const char *text, char *why)
{
    double ns;
    return units_time_real(text, &ns, why);
}

static int as_size(const char *text, char *why)
{
    int64_t bytes;
    return units_size(text, &bytes, why);
}

static int as_rate(const char *text, char *why)
{
    double rate;
    return units_rate(text, &rate, why);
}

static int as_frequency(const char *text, char *why)
{
    double rate;
    return units_frequency(text, &rate, why);
}

static int as_share(const char *text, char *why)
{
    double share;
    return units_share(text, &share, why);
}

static int as_number(const char *text, char *why)
{
    double number;
    return units_number(text, &number, why);
}

static int as_integer(const char *text, char *why)
{
    int64_t integer;
    return units_integer(text, &integer, why);
}

static int as_boolean(const char *text, char *why)
{
    bool yes;
    return units_boolean(text, &yes, why);
}

static void refusals_say_why(void **state)
{
    (void)state;
    static const struct {
        int (*parse)(const char *text, char *why);
        struct refused row[14];
    } kind[] = {
        {as_time,
         {
             {"30", "a time needs a unit, such as '30s'"},
             {"-3s", "a time must not be negative"},
             {"", "a time is missing; write it like '30s'"},
             {"  ", "a time is missing; write it like '30s'"},
             {"soon", "'soon' is not a time; write it like '30s'"},
             {"inf", "'inf' is not a time; write it like '30s'"},
             {"0x10s", "'x10s' is not a unit of time; use ns, us, ms, s, m, h or d"},
             {"30S", "'S' is not a unit of time; did you mean 's'?"},
             {"30GiB", "'GiB' is a unit of size, but a time is due; use ns, us, ms, s, m, h or d"},
             {"1h30m", "'h30m' is not a unit of time; use ns, us, ms, s, m, h or d"},
             {"1,5s", "',5s' is not a unit of time; use ns, us, ms, s, m, h or d"},
             {"36526d", "a time must not exceed 100 years"},
             {"1e400s", "a time must not exceed 100 years"},
         }},
        {as_time_real,
         {
             {"30", "a time needs a unit, such as '30s'"},
             {"1e400s", "a time must not exceed 100 years"},
         }},
        {as_size,
         {
             {"80", "a size needs a unit, such as '80GiB'"},
             {"80gib", "'gib' is not a unit of size; did you mean 'GiB'?"},
             {"80G", "'G' is not a unit of size; did you mean 'GiB'?"},
             {"80Gb", "'Gb' is not a unit of size; did you mean 'GB'?"},
             {"8 parsecs", "'parsecs' is not a unit of size; use B, KB, MB, GB, TB, KiB, MiB, GiB or TiB"},
             {"3s", "'s' is a unit of time, but a size is due; use B, KB, MB, GB, TB, KiB, MiB, GiB or TiB"},
             {"1048577TiB", "a size must not exceed 1048576TiB"},
             {"-1B", "a size must not be negative"},
         }},
        {as_rate,
         {
             {"25", "a rate needs a unit, such as '25GB/s'"},
             {"25GB", "a rate is a size per time, such as '25GB/s'"},
             {"25GB/", "a unit of time is missing; use ns, us, ms, s, m, h or d"},
             {"25/s", "a unit of size is missing; use B, KB, MB, GB, TB, KiB, MiB, GiB or TiB"},
             {"25GB/B", "'B' is a unit of size, but a time is due; use ns, us, ms, s, m, h or d"},
             {"1e300GB/s", "a rate must not exceed 1e30 a second"},
         }},
        {as_frequency,
         {
             {"3", "a rate needs a unit, such as '0.5/s'"},
             {"3s", "a rate of events is a number per time, such as '0.5/s' or '30/min'"},
             {"3/x", "'x' is not a unit of time; use ns, us, ms, s, m, h or d"},
             {"-1/s", "a rate must not be negative"},
         }},
        {as_share,
         {
             {"half", "'half' is not a share; write it like '0.25' or '25%'"},
             {"25s", "'s' after a share; write it like '0.25' or '25%'"},
         }},
        {as_number,
         {
             {"nan", "'nan' is not a number; write it like '1.5'"},
             {"", "'' is not a number; write it like '1.5'"},
             {"3s", "'s' after a number that takes no unit"},
             {"1e301", "'1e301' is too large"},
         }},
        {as_integer,
         {
             {"1.5", "'1.5' is not a whole number; write it like '42'"},
             {"", "'' is not a whole number; write it like '42'"},
             {"-", "'-' is not a whole number; write it like '42'"},
             {"1e3", "'1e3' is not a whole number; write it like '42'"},
             {"9223372036854775808",
              "'9223372036854775808' is beyond the range of whole numbers, up to 9223372036854775807"},
             {"-99999999999999999999",
              "'-99999999999999999999' is beyond the range of whole numbers, down to -9223372036854775808"},
         }},
        {as_boolean, {{"true", "'true' is neither 'yes' nor 'no'"}, {"", "'' is neither 'yes' nor 'no'"}}},
    };
    for (size_t k = 0; k < COUNT(kind); k++) {
        for (size_t i = 0; i < COUNT(kind[k].row) && kind[k].row[i].text != NULL; i++) {
            char why[UNITS_WHY] = "";
            assert_int_equal(kind[k].parse(kind[k].row[i].text, why), GS_BAD_INPUT);
            assert_string_equal(why, kind[k].row[i].why);
        }
    }
}

static void long_rubbish_is_quoted_in_part(void **state)
{
    (void)state;
    char text[5000], why[UNITS_WHY];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    int (*const parse[])(const char *, char *) = {as_time,   as_size,    as_rate,   as_share,
                                                  as_number, as_integer, as_boolean};
    for (size_t i = 0; i < COUNT(parse); i++) {
        for (int digit_first = 0; digit_first < 2; digit_first++) {
            text[0] = digit_first ? '7' : 'x';
            assert_int_equal(parse[i](text, why), GS_BAD_INPUT);
            assert_true(strlen(why) < UNITS_WHY);
        }
    }
}

static void a_comma_locale_changes_nothing(void **state)
{
    (void)state;
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL && setlocale(LC_NUMERIC, "fr_FR.UTF-8") == NULL)
        skip();
    double value = 0;
    char why[UNITS_WHY];
    int rc = units_number("0.12345678901234567890", &value, why);
    setlocale(LC_NUMERIC, "C");
    assert_int_equal(rc, GS_OK);
    assert_true(value == 0.12345678901234567890);
}

static void shown_for_people(void **state)
{
    (void)state;
    static const struct {
        double ns;
        const char *text;
    } time[] = {
        {41.2e9, "41.2 s"},     {1.5e9, "1.50 s"},         {0, "0 s"},
        {12, "12.0 ns"},        {999.4, "999 ns"},         {999.6, "1.00 us"},
        {123456, "123 us"},     {9.994e6, "9.99 ms"},      {9.996e6, "10.0 ms"},
        {999.7e6, "1.00 s"},    {59.94e9, "59.9 s"},       {59.96e9, "1 min"},
        {125e9, "2 min 5 s"},   {3599.4e9, "59 min 59 s"}, {3599.6e9, "1 h"},
        {5400e9, "1 h 30 min"}, {28800e9, "8 h"},          {86399e9, "1 d"},
        {14 * 86400e9, "14 d"}, {100000e9, "1 d 4 h"},     {-1.5e9, "-1.50 s"},
        {1e300, "1e+300 ns"},
    };
    static const struct {
        double bytes;
        const char *text;
    } size[] = {
        {80 * 0x1p30, "80.0 GiB"},
        {84 * 0x1p30, "84.0 GiB"},
        {0, "0 B"},
        {512, "512 B"},
        {1023.6, "1.00 KiB"},
        {1536, "1.50 KiB"},
        {1023 * 1024, "1023 KiB"},
        {0x1p40, "1.00 TiB"},
        {0x1p60, "1.00 EiB"},
        {-2048, "-2.00 KiB"},
        {1e30, "1e+30 B"},
    };
    static const struct {
        double n;
        const char *text;
    } count[] = {
        {1892, "1,892"},     {0, "0"},
        {-0.0, "0"},         {999, "999"},
        {1000, "1,000"},     {1234567.6, "1,234,568"},
        {-12345, "-12,345"}, {999.7, "1,000"},
        {-0.2, "0"},         {1e18, "1,000,000,000,000,000,000"},
        {1e30, "1e+30"},
    };
    char out[UNITS_TEXT];
    for (size_t i = 0; i < COUNT(time); i++)
        assert_string_equal(units_show_time(out, time[i].ns), time[i].text);
    for (size_t i = 0; i < COUNT(size); i++)
        assert_string_equal(units_show_size(out, size[i].bytes), size[i].text);
    for (size_t i = 0; i < COUNT(count); i++)
        assert_string_equal(units_show_count(out, count[i].n), count[i].text);
    assert_string_equal(units_show_time(out, (double)NAN), "-");
    assert_string_equal(units_show_size(out, (double)INFINITY), "inf");
    assert_string_equal(units_show_count(out, -(double)INFINITY), "-inf");
}

static void written_text_reads_back(void **state)
{
    (void)state;
    static const struct whole time[] = {
        {"30s", 30000000000},      {"1m", 60000000000}, {"90s", 90000000000}, {"0s", 0},
        {"14d", 1209600000000000}, {"1500us", 1500000}, {"1ns", 1},           {"8h", 28800000000000},
    };
    static const struct whole size[] = {
        {"80GiB", 85899345920}, {"30GB", 30000000000},   {"0B", 0},
        {"1000001B", 1000001},  {"1536MiB", 1610612736}, {"1TB", 1000000000000},
    };
    char out[UNITS_TEXT], why[UNITS_WHY];
    for (size_t i = 0; i < COUNT(time); i++)
        assert_string_equal(units_write_time(out, time[i].value), time[i].text);
    for (size_t i = 0; i < COUNT(size); i++)
        assert_string_equal(units_write_size(out, size[i].value), size[i].text);

    struct stream s;
    stream_init(&s, 1, 0, 0, PURPOSE_TEST);
    for (int i = 0; i < 100000; i++) {
        int64_t value = (int64_t)(stream_bits(&s) >> (4 + stream_bits(&s) % 60)), back = -1;
        value -= value % (i % 3 == 0 ? 1000 : i % 3 == 1 ? 1024 : 1);
        if (value <= 3155760000000000000) {
            assert_int_equal(units_time(units_write_time(out, value), &back, why), GS_OK);
            assert_true(back == value);
        }
        assert_int_equal(units_size(units_write_size(out, value), &back, why), GS_OK);
        assert_true(back == value);
    }
}

static const char *const names[] = {"policy", "gpu_memory", "swap", "swap_file", "seed", "h2d", "id"};

static const char *name_at(size_t i, const void *context)
{
    return ((const char *const *)context)[i];
}

static void the_nearest_name_is_meant(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name;
    } row[] = {
        {"polcy", "policy"},
        {"plicoy", "policy"},
        {"POLICY", "policy"},
        {"gpumemory", "gpu_memory"},
        {"swpa", "swap"},
        {"swap_fiel", "swap_file"},
        {"swap", "swap"},
        {"entirely", NULL},
        {"", NULL},
        {"d2h", "h2d"},
        {"sede", "seed"},
        {"di", "id"},
        {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", NULL},
    };
    for (size_t i = 0; i < COUNT(row); i++) {
        const char *near = units_nearest(row[i].text, COUNT(names), name_at, names);
        if (row[i].name == NULL)
            assert_null(near);
        else if (near == NULL || strcmp(near, row[i].name) != 0)
            fail_msg("'%s' gave %s", row[i].text, near == NULL ? "nothing" : near);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_exact),
        cmocka_unit_test(sizes_are_exact),
        cmocka_unit_test(rates_shares_and_numbers_are_read),
        cmocka_unit_test(integers_and_booleans_are_read),
        cmocka_unit_test(refusals_say_why),
        cmocka_unit_test(long_rubbish_is_quoted_in_part),
        cmocka_unit_test(a_comma_locale_changes_nothing),
        cmocka_unit_test(shown_for_people),
        cmocka_unit_test(written_text_reads_back),
        cmocka_unit_test(the_nearest_name_is_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
