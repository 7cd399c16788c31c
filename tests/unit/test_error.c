/* test_error.c - first error wins, further ones are kept up to twenty, long ones are cut cleanly. */
#include "sim/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void first_error_wins(void **state)
{
    (void)state;
    struct error err = {0};
    assert_int_equal(error_set(&err, GS_NO_INPUT, "cannot open '%s'", "a.ini"), GS_NO_INPUT);
    assert_int_equal(error_set(&err, GS_BUG, "later"), GS_NO_INPUT);
    assert_int_equal(err.code, GS_NO_INPUT);
    assert_int_equal(err.lines, 1);
    assert_string_equal(err.text, "cannot open 'a.ini'");
}

static void further_errors_are_lines(void **state)
{
    (void)state;
    struct error err = {0};
    assert_int_equal(error_add(&err, GS_BAD_INPUT, "one"), GS_BAD_INPUT);
    assert_int_equal(error_add(&err, GS_NO_INPUT, "two"), GS_BAD_INPUT);
    assert_string_equal(err.text, "one\ntwo");
    for (int i = 3; i <= 27; i++)
        error_add(&err, GS_BAD_INPUT, "number %d", i);
    assert_int_equal(err.lines, 27);
    const char *last = strrchr(err.text, '\n');
    assert_non_null(last);
    assert_string_equal(last + 1, "number 20");
}

static void long_messages_are_cut_between_characters(void **state)
{
    (void)state;
    char *text = test_malloc(20001);
    for (int shift = 0; shift < 2; shift++) { /* two-byte characters at either parity */
        memset(text, 'a', 2);
        for (int i = shift; i + 2 <= 20000; i += 2)
            memcpy(text + i, "\xC3\xA9", 2);
        text[20000 - shift] = '\0';
        struct error err = {0};
        for (int i = 0; i < ERROR_LINES_MAX; i++)
            error_add(&err, GS_BAD_INPUT, "%s", text);
        assert_true(strlen(err.text) < sizeof err.text);
        int lines = 0;
        for (char *line = strtok(err.text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
            size_t length = strlen(line);
            assert_true(length > 100); /* a giant does not leave its followers without room */
            assert_string_equal(line + length - 3, "...");
            assert_int_equal((unsigned char)line[length - 4], 0xA9);
            lines++;
        }
        assert_int_equal(lines, ERROR_LINES_MAX);
    }
    test_free(text);
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
    (void)state;
    struct error err = {0};
    error_set(&err, GS_BAD_INPUT, "key '%s'", "a\033[2J\nb\x7F");
    assert_string_equal(err.text, "key 'a?[2J?b?'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_error_wins),
        cmocka_unit_test(further_errors_are_lines),
        cmocka_unit_test(long_messages_are_cut_between_characters),
        cmocka_unit_test(control_characters_do_not_reach_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
