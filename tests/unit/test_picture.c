/* test_picture.c - what pictures are written with: names cut, strings quoted for gnuplot, axes of time. */
#include "plots/picture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void strings_are_quoted(void **unused)
{
    (void)unused;
    static const struct {
        const char *in, *string, *tick;
    } row[] = {
        {"NB", "'NB'", "'NB'"},
        {"", "''", "''"},
        {"it's", "'it''s'", "'it''s'"},
        {"50 %", "'50 %'", "'50 %%'"},
        {"`date` \"$x\" @y {z}^2\\n", "'`date` \"$x\" @y {z}^2\\n'", "'`date` \"$x\" @y {z}^2\\n'"},
        {"a\nb\x7f", "'a?b?'", "'a?b?'"},
        {"\xc3\x84\xe2\x89\xa4", "'\xc3\x84\xe2\x89\xa4'", "'\xc3\x84\xe2\x89\xa4'"},
        {"\xc3(\xff\xe2\x89", "'?(\?\?\?'", "'?(\?\?\?'"},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct text string = {0}, tick = {0};
        put_string(&string, row[i].in);
        put_tick(&tick, row[i].in);
        assert_string_equal(string.data, row[i].string);
        assert_string_equal(tick.data, row[i].tick);
        text_fini(&string);
        text_fini(&tick);
    }
}

static void long_names_are_cut(void **unused)
{
    (void)unused;
    static const struct {
        const char *in, *out;
    } row[] = {
        {"", ""},
        {"12345678901234567890", "12345678901234567890"},
        {"123456789012345678901", "123456789012345678.."},
        {"\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84 long name it is",
         "\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84\xc3\x84 long n.."},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        char out[NAME_BYTES];
        assert_string_equal(short_name(out, row[i].in), row[i].out);
    }
    char out[NAME_BYTES];
    assert_string_equal(short_title(out, "12345678901234567890123456789012"), "12345678901234567890123456789012");
    assert_string_equal(short_title(out, "123456789012345678901234567890123"), "123456789012345678901234567890..");
}

static void axes_of_time(void **unused)
{
    (void)unused;
    static const struct {
        double from, to;
        const char *name, *part;
    } row[] = {
        {0, 28800, "'h'", "\"('0' 0, '1' 3600, "},
        {0, 14400, "'h:min'", "('0:00' 0, '0:30' 1800, '1:00' 3600, "},
        {14400, 18000, "'h:min'", "('4:00' 14400, '4:10' 15000, "},
        {4800, 5100, "'min:s'", "('80:00' 4800, '80:30' 4830, "},
        {18000, 18060, "'h:min:s'", "('5:00:00' 18000, '5:00:10' 18010, "},
        {0, 90, "'s'", "('0' 0, '10' 10, "},
        {0, 0.3, "'ms'", "('0' 0, '50' 0.05, "},
        {0, 90 * 86400.0, "'d'", "('0' 0, '14' 1209600, "},
        {66 * 86400.0, 68 * 86400.0, "'d h:min'", "('66 d 0:00' 5702400, '66 d 6:00' 5724000, "},
        {0, 3e-4, "'us'", "('0' 0, '50' 5e-05, "},
        {0, 1, "'ms'", "'1000' 1)\""},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct text out = {0};
        put_time_axis(&out, row[i].from, row[i].to);
        if (!strstr(out.data, row[i].name) || !strstr(out.data, row[i].part))
            fail_msg("%g .. %g: %s", row[i].from, row[i].to, out.data);
        text_fini(&out);
    }
}

/* Whatever the span, an axis has ticks, and not so many that they touch. */
static void axes_have_some_ticks(void **unused)
{
    (void)unused;
    for (double to = 1e-6; to < 3e9; to *= 1.37) {
        struct text out = {0};
        int ticks = 1;
        put_time_axis(&out, 0, to);
        const char *few = strstr(out.data, "few_ticks");
        assert_non_null(few);
        int few_ticks = 1;
        for (const char *c = out.data; (c = strchr(c, ',')); c++)
            c < few ? ticks++ : few_ticks++;
        if (ticks < 4 || ticks > 12 || few_ticks < 2 || few_ticks > 5)
            fail_msg("%g s: %d and %d ticks: %s", to, ticks, few_ticks, out.data);
        text_fini(&out);
    }
}

static double weight(const struct report *r, size_t i)
{
    return r->group[i].completed.value;
}

static void the_greatest_are_picked_in_order(void **unused)
{
    (void)unused;
    static const double value[] = {5, -1, 3, 9, NAN, 3, 7, 0};
    enum { N = sizeof value / sizeof value[0] };
    struct report_group group[N];
    struct report report = {.group = group, .groups = N};
    struct album album = {.report = &report};
    for (size_t i = 0; i < N; i++)
        group[i].completed.value = value[i];
    static const struct {
        size_t most, shown, pick[N];
    } row[] = {{3, 3, {0, 3, 6}}, {4, 4, {0, 2, 3, 6}}, {9, 6, {0, 2, 3, 5, 6, 7}}, {1, 1, {3}}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        size_t shown, *pick = album_pick(&album, N, row[i].most, weight, &shown);
        assert_int_equal(shown, row[i].shown);
        assert_memory_equal(pick, row[i].pick, shown * sizeof *pick);
    }
    arena_fail_nth(1);
    size_t shown;
    assert_null(album_pick(&album, N, 1000, weight, &shown));
    arena_fail_nth(0);
    arena_fini(&album.arena);
}

static void steps_are_round(void **unused)
{
    (void)unused;
    static const double row[][3] = {{100, 10, 10}, {160, 8, 20}, {1, 5, 0.2}, {0.3, 10, 0.05}, {7e9, 3, 5e9}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
        if (fabs(nice_step(row[i][0], row[i][1]) / row[i][2] - 1) > 1e-9)
            fail_msg("%g in %g parts: %g", row[i][0], row[i][1], nice_step(row[i][0], row[i][1]));
    assert_true(fabs(nice_time_below(1799) - 1200) < 1e-9);
    assert_true(fabs(nice_time_below(1e9) - 2592000) < 1e-9);
    assert_true(fabs(nice_time_below(1e-4) - 1e-4) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_quoted), cmocka_unit_test(long_names_are_cut),
        cmocka_unit_test(axes_of_time),       cmocka_unit_test(axes_have_some_ticks),
        cmocka_unit_test(steps_are_round),    cmocka_unit_test(the_greatest_are_picked_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
