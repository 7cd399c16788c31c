/* test_html.c - what pages are put together from: text that stays text, files within the page, tables, templates. */
#include "plots/html/html.h"

#include "sim/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void text_stays_text(void **unused)
{
    (void)unused;
    static const struct {
        const char *in, *out;
    } row[] = {
        {"NB", "NB"},
        {"<script>alert('x')</script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"},
        {"\" onload=\"x&lt;", "&quot; onload=&quot;x&amp;lt;"},
        {"a\nb\tc", "a\nb\tc"},
        {"a\x01\x7f\r", "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xc3\x84\xe2\x89\xa4", "\xc3\x84\xe2\x89\xa4"},
        {"\xff\xc3(", "\xef\xbf\xbd\xef\xbf\xbd("},
        {"\xe2\x89<", "\xef\xbf\xbd\xef\xbf\xbd&lt;"},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct text out = {0};
        html_text(&out, row[i].in);
        assert_string_equal(out.data, row[i].out);
        text_fini(&out);
    }
    struct text none = {0};
    html_text(&none, NULL);
    html_text(&none, "");
    assert_int_equal(none.length, 0);
}

static void files_within_the_page(void **unused)
{
    (void)unused;
    struct text out = {0};
    html_data(&out, "csv", "a,b\n1,\"x\" <%>&#+\xc3\x84\n");
    assert_string_equal(out.data, "data:text/csv;charset=utf-8,a,b%0A1,%22x%22%20%3C%25%3E%26%23%2B%C3%84%0A");
    text_fini(&out);
}

static void cells_know_their_column(void **unused)
{
    (void)unused;
    static const char *const column[] = {"group", "<class", "p95 & more", NULL};
    struct text out = {0};
    struct html_table t = html_table_open(&out, "A < B", column);
    html_cell(&t, "NB");
    html_cell(&t, "<b>");
    html_cell_more(&t, "5 s", "\xc2\xb1 1 s");
    html_table_close(&t);
    assert_string_equal(out.data, "<table>\n<caption>A &lt; B</caption>\n<thead><tr><th scope=\"col\">group</th><th "
                                  "scope=\"col\" class=\"words\">"
                                  "class</th><th scope=\"col\">p95 &amp; more</th></tr></thead>\n<tbody>\n"
                                  "<tr><th scope=\"row\">NB</th><td class=\"words\" data-label=\"class\">&lt;b&gt;</td>"
                                  "<td data-label=\"p95 &amp; more\">5 s <small>\xc2\xb1 1 s</small></td></tr>\n"
                                  "</tbody>\n</table>\n");
    text_fini(&out);
}

static void templates_are_filled(void **unused)
{
    (void)unused;
    static const struct {
        const char *in, *out;
    } row[] = {
        {"plain", "plain"},
        {"a {{one}} b", "a 1 b"},
        {"{{empty}}{{unknown}}.", "."},
        {"{{#one}}<{{one}}>{{/one}}!", "<1>!"},
        {"{{#empty}}gone {{one}}{{/empty}}!", "!"},
        {"{{#unknown}}gone{{/unknown}}!", "!"},
        {"{{#one}}a{{#empty}}b{{/empty}}c{{/one}}", "ac"},
        {"{{#empty}}a{{#one}}b{{/one}}c{{/empty}}d", "d"},
        {"{{#one}}\nline\n{{/one}}\n", "line\n\n"},
        {"{{braces}}", "{{one}} & {{#empty}}"}, /* a piece is no template */
        {"{{one", ""},
    };
    struct html_part part[] = {{.name = "one"}, {.name = "empty"}, {.name = "braces"}};
    text_add(&part[0].text, "1");
    text_add(&part[2].text, "{{one}} & {{#empty}}");
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct text out = {0};
        html_fill(&out, row[i].in, part, 3);
        assert_string_equal(out.data ? out.data : "", row[i].out);
        text_fini(&out);
    }
    html_parts_fini(part, 3);
}

/* Whoever fills in a piece that is not whole has a page that is not whole. */
static void lost_memory_is_not_lost_sight_of(void **unused)
{
    (void)unused;
    struct html_part part = {.name = "one"};
    struct text out = {0};
    arena_fail_nth(1);
    text_add(&part.text, "1");
    arena_fail_nth(0);
    html_fill(&out, "{{one}}", &part, 1);
    assert_true(out.failed);
    text_fini(&out);
}

/* Each name that a template asks for ends where it begins. */
static void templates_are_well_formed(void **unused)
{
    (void)unused;
    for (const struct template *t = html_template; t->name; t++)
        for (const char *c = t->text; (c = strstr(c, "{{#")); c += 3) {
            char end[64];
            size_t length = strcspn(c + 3, "}");
            assert_in_range(length, 1, 32);
            snprintf(end, sizeof end, "{{/%.*s}}", (int)length, c + 3);
            if (!strstr(c, end))
                fail_msg("%s: no %s", t->name, end);
        }
    assert_string_equal(html_template_of("nothing"), "");
    assert_true(strlen(html_template_of("page")) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_stays_text),
        cmocka_unit_test(files_within_the_page),
        cmocka_unit_test(cells_know_their_column),
        cmocka_unit_test(templates_are_filled),
        cmocka_unit_test(lost_memory_is_not_lost_sight_of),
        cmocka_unit_test(templates_are_well_formed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
