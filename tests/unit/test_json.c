/* test_json.c - JSON of any length, from pieces of a file and from lines. */
#include "traces/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Read in pieces: the whole document comes out, beyond the length of a line; a line at a time, too. */
static void json_of_any_length(void **state)
{
    enum { COUNT = 300000 };
    struct arena arena = {0};
    struct error err = {0};
    json_t *root;
    size_t n = 0;
    char *text = arena_alloc(&arena, 8 * COUNT + 16);
    (void)state;
    assert_non_null(text);
    text[n++] = '[';
    for (int i = 0; i < COUNT; i++)
        n += (size_t)snprintf(text + n, 9, "%s%d", i ? "," : "", i);
    text[n++] = ']';
    struct import in = {.file = "t", .arena = &arena};
    assert_int_equal(lines_open_memory(&in.lines, text, n, "t", LINES_MAX, &err), GS_OK);
    assert_int_equal(json_document(&in, &root, &err), GS_OK);
    assert_int_equal(json_array_size(root), COUNT);
    assert_int_equal(json_integer_value(json_array_get(root, COUNT - 1)), COUNT - 1);
    json_decref(root);
    lines_close(in.lines);

    static const char rows[] = "\xef\xbb\xbf{\"a\": 1}\r\n\r\n\n7\n{\"a\":";
    assert_int_equal(lines_open_memory(&in.lines, rows, sizeof rows - 1, "t", LINES_MAX, &err), GS_OK);
    assert_int_equal(json_line(&in, &root, &err), GS_OK);
    assert_int_equal(json_integer_value(json_object_get(root, "a")), 1);
    json_decref(root);
    assert_int_equal(json_line(&in, &root, &err), GS_OK);
    assert_int_equal(json_integer_value(root), 7);
    json_decref(root);
    assert_int_equal(json_line(&in, &root, &err), GS_BAD_INPUT);
    assert_null(root);
    assert_non_null(strstr(err.text, "t:5: broken JSON"));
    lines_close(in.lines);
    arena_fini(&arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_of_any_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
