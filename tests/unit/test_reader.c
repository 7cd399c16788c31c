/* test_reader.c - objects one at a time out of YAML and JSON, and what is refused, with its line and in little memory. */
#include "sim/cluster/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names of all objects with the kinds of their lists, "name/kind name/kind "; returns the code. */
static int names(const char *text, size_t length, char out[400], struct error *err)
{
    struct reader *reader;
    struct tree *object;
    int code = reader_open_memory(&reader, text, length, "f", err);
    out[0] = '\0';
    do {
        struct arena arena = {0};
        char kind[READER_KIND];
        code = code ? code : reader_next(reader, &object, kind, &arena, err);
        if (!code && object) {
            const char *name = tree_text(object, "metadata/name");
            size_t used = strlen(out);
            snprintf(out + used, 400 - used, "%s/%s ", name ? name : "-", kind);
        }
        arena_fini(&arena);
    } while (!code && object);
    reader_close(reader);
    return code;
}

static void expect(const char *text, const char *wanted)
{
    struct error err = {0};
    char out[400];
    if (names(text, strlen(text), out, &err) || strcmp(out, wanted) != 0)
        fail_msg("'%.60s' gave '%s': %s", text, out, err.text);
}

static void expect_error(const char *text, size_t length, const char *wanted)
{
    struct error err = {0};
    char out[400];
    if (names(text, length, out, &err) != GS_BAD_INPUT || !strstr(err.text, wanted))
        fail_msg("'%.60s' said: %s", text, err.text);
}

static void forms(void **state)
{
    (void)state;
    expect("", "");
    expect("---\n---\n# nothing\n", "");
    expect("metadata: {name: a}\n", "a/ ");
    expect("metadata: {name: a}\n---\nmetadata:\n  name: b\n...\n", "a/ b/ ");
    expect("{\"metadata\": {\"name\": \"a\"}}", "a/ ");
    expect("[{\"metadata\": {\"name\": \"a\"}}, {\"metadata\": {\"name\": \"b\"}}]", "a/ b/ ");
    expect("items:\n- metadata: {name: a}\n- metadata: {name: b}\nkind: List\nmetadata: {}\n---\nmetadata: {name: c}\n",
           "a/ b/ c/ ");
    expect("{\"kind\": \"PodList\", \"items\": [{\"metadata\": {\"name\": \"a\"}}]}", "a/Pod ");
    expect("{\"kind\": \"List\", \"items\": []}", "");
    expect("{\"nodepools\": [{\"name\": \"x\"}]}", "-/NodePool ");
    expect("metadata: &anchor\n  name: !!str a\n", "a/ ");
    expect("items: null\nmetadata: {name: a}\n", "a/ "); /* no list at all */
}

static void refused(void **state)
{
    static const struct {
        const char *text, *wanted;
    } row[] = {
        {"metadata: {name: a}\nkind: [\n", "f:3: neither YAML nor JSON"},
        {"{\"kind\": \"Pod\", \"metadata\": {\"na", "f:1: neither YAML nor JSON"},
        {"a: &x 1\nb: *x\n", "f:2: aliases"},
        {"items:\n- &x {a: 1}\n- *x\n", "f:3: aliases"},
        {"a: 1\n<<: {b: 2}\n", "f:2: merge keys"},
        {"a: !!python/object:os.system x\n", "f:1: tags"},
        {"a: !custom x\n", "f:1: tags"},
        {"a: 1\nb: 2\na: 3\n", "f:3: the key 'a' stands in line 1 already"},
        {"x: {a: 1,\n a: 2}\n", "f:2: the key 'a' stands in line 1"},
        {"- a\n", "f:1: an object of a list must be a map"},
        {"items: [[1]]\n", "f:1: an object of a list must be a map"},
        {"hello\n", "f:1: a document must be a map"},
        {"? [a]\n: b\n", "f:1: a key must be a single value"},
        {"a: \"x\\0y\"\n", "f:1: a value holds a NUL character"},
        {"items: [{a: 1}]\nitems: [{a: 1}]\n", "f:2: a second list"},
        {"a: \"b\nc\"\n\nd: \"\xff\xfe\"\n", "f:4: no text"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        expect_error(row[i].text, strlen(row[i].text), row[i].wanted);
    expect_error("a: b\nc: x\0y\nd: e\n", 17, "f:2: no text");
}

/* What would fill the memory ends early: deep nesting, a value without end, a bomb of aliases, a map of all the same. */
static void hostile(void **state)
{
    const size_t size = 8 << 20;
    static const char bomb[] =
        "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b]\n";
    char *text = malloc(size);
    (void)state;
    assert_non_null(text);
    expect_error(bomb, sizeof bomb - 1, "f:2: aliases");
    memset(text, '[', size);
    expect_error(text, size, "f:1: ");
    memcpy(text, "a: ", 3); /* as a value of an object */
    expect_error(text, size, "f:1: nested deeper than 64 levels");
    memset(text, '{', size);
    expect_error(text, size, "f:1: ");
    for (size_t i = 0; i + 3 <= size; i += 3)
        memcpy(text + i, "a: ", 3);
    expect_error(text, size, "f:1: ");
    for (size_t i = 0; i + 2 <= size; i += 2)
        memcpy(text + i, "- ", 2);
    expect_error(text, size, "f:1: ");
    memset(text, 'x', size);
    memcpy(text, "a: \"", 4);
    expect_error(text, size, "more than 512 KiB");
    memset(text, '#', size);
    expect_error(text, size, "more than 512 KiB");
    memset(text, ' ', size);
    expect_error(text, size, "more than 512 KiB");
    memset(text, '\n', size);
    expect_error(text, size, "more than 512 KiB");
    memset(text, 0, size);
    expect_error(text, size, "no text");
    free(text);
}

/* An object larger than the bound is refused, a list far larger than it is not. */
static void large(void **state)
{
    enum { ITEMS = 40000 };
    static const char item[] = "- metadata: {name: a, labels: {a: b, c: d, e: f, g: h, i: j, k: l, m: n}}\n";
    const size_t length = ITEMS * (sizeof item - 1) + 7, wide = 3 << 20;
    char *text = malloc(length > 12 * wide ? length : 12 * wide);
    struct error err = {0};
    struct reader *reader;
    struct tree *object;
    size_t objects = 0, most = 0;
    (void)state;
    assert_non_null(text);
    memcpy(text, "items:\n", 7);
    for (size_t i = 0; i < ITEMS; i++)
        memcpy(text + 7 + i * (sizeof item - 1), item, sizeof item - 1);
    assert_int_equal(reader_open_memory(&reader, text, length, "f", &err), GS_OK);
    do {
        struct arena arena = {0};
        char kind[READER_KIND];
        assert_int_equal(reader_next(reader, &object, kind, &arena, &err), GS_OK);
        objects += object != NULL;
        most = arena.used_bytes > most ? arena.used_bytes : most;
        arena_fini(&arena);
    } while (object);
    assert_int_equal(objects, ITEMS);
    assert_true(most < 10000);
    reader_close(reader);
    size_t n = 0;
    for (size_t i = 0; n + 12 < 12 * wide && i < 1000000; i++)
        n += (size_t)snprintf(text + n, 13, "%06zu: 1\n", i);
    expect_error(text, n, "an object of more than 64 MiB");
    free(text);
}

static void memory_fails(void **state)
{
    static const char text[] = "items:\n- metadata: {name: a, list: [1, 2, {b: c}]}\n- metadata: {name: b}\n";
    (void)state;
    for (uint64_t n = 1; n < 200; n++) {
        struct error err = {0};
        char out[400];
        struct reader *reader = NULL;
        arena_fail_nth(n);
        int code = reader_open_memory(&reader, text, sizeof text - 1, "f", &err);
        reader_close(reader);
        if (!code)
            code = names(text, sizeof text - 1, out, &err);
        arena_fail_nth(0);
        if (!code)
            return;
        assert_int_equal(code, GS_SYSTEM);
    }
    fail_msg("it never came through");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms), cmocka_unit_test(refused),      cmocka_unit_test(hostile),
        cmocka_unit_test(large), cmocka_unit_test(memory_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
