/* test_plugin.c - the descriptor of a plug-in: what is sound passes, and each fault is told by its name. */
#include "sim/scenario/plugin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

static double keep(const struct gs_self *self, uint32_t workload)
{
    (void)self;
    return (double)workload;
}

static const char long_text[] = "012345678901234567890123456789012"; /* a byte too long for a name */

#define PARAM(...)                                                                                                     \
    (const struct gs_param[])                                                                                          \
    {                                                                                                                  \
        {__VA_ARGS__}, GS_PARAM_END                                                                                    \
    }
#define CHOICES(...)                                                                                                   \
    (const char *const[])                                                                                              \
    {                                                                                                                  \
        __VA_ARGS__, NULL                                                                                              \
    }

/* A descriptor is good but for `head`; `fault` NULL: it is sound. */
static const struct {
    const char *fault;
    struct gs_policy_head head;
    bool no_keep;
} descriptors[] = {
    {NULL, {.name = "mine", .help = "h"}, false},
    {NULL, {.name = "m-1_Z+", .help = "h", .source = "s", .when = "w", .needs = GS_NEEDS_ORACLE}, false},
    {NULL, {.name = "mine", .help = "h", .state_size = 64 << 20, .workload_state_size = 64 << 10}, false},
    {NULL, {.name = "mine", .help = "h", .param = PARAM(NULL)}, false},
    {NULL, {.name = "mine", .help = "h", .param = PARAM("a", GS_TIME, "1s", 0, 9e18, NULL, "h")}, false},
    {NULL, {.name = "mine", .help = "h", .param = PARAM("a", GS_NUMBER, "1", -INFINITY, 1, NULL, "h")}, false},
    {NULL, {.name = "mine", .help = "h", .param = PARAM("a", GS_BOOLEAN, "no", 0, NAN, NULL, "h")}, false},
    {NULL, {.name = "mine", .help = "h", .param = PARAM("a", GS_CHOICE, "y", 0, 0, CHOICES("x", "y"), "h")}, false},
    {"version 2 of policy.h", {.abi = 2, .name = "mine", .help = "h"}, false},
    {"'name' must be", {.help = "h"}, false},
    {"'name' must be", {.name = "no name", .help = "h"}, false},
    {"'name' must be", {.name = long_text, .help = "h"}, false},
    {"'help' must be", {.name = "mine"}, false},
    {"'help' must be", {.name = "mine", .help = "\x1b[1m"}, false},
    {"'source' must be", {.name = "mine", .help = "h", .source = "\xc3"}, false},
    {"'when' must be", {.name = "mine", .help = "h", .when = "a\nb"}, false},
    {"'needs' asks", {.name = "mine", .help = "h", .needs = 8}, false},
    {"'state_size'", {.name = "mine", .help = "h", .state_size = (64 << 20) + 1}, false},
    {"'workload_state_size'", {.name = "mine", .help = "h", .workload_state_size = SIZE_MAX}, false},
    {"its slot needs, 'keep' or 'keep_all'", {.name = "mine", .help = "h"}, true},
    {"key of parameter 1", {.name = "mine", .help = "h", .param = PARAM("", GS_TIME, "1s", 0, 1, NULL, "h")}, false},
    {"'hash'", {.name = "mine", .help = "h", .param = PARAM("hash", GS_TIME, "1s", 0, 1, NULL, "h")}, false},
    {"'a' needs a kind", {.name = "mine", .help = "h", .param = PARAM("a", 6, "1", 0, 1, NULL, "h")}, false},
    {"'a' needs a kind", {.name = "mine", .help = "h", .param = PARAM("a", GS_TIME, NULL, 0, 1, NULL, "h")}, false},
    {"'a' needs a kind", {.name = "mine", .help = "h", .param = PARAM("a", GS_TIME, "1s", 0, 1, NULL, "")}, false},
    {"'min' of", {.name = "mine", .help = "h", .param = PARAM("a", GS_TIME, "1s", 0, 9.1e18, NULL, "h")}, false},
    {"'min' of", {.name = "mine", .help = "h", .param = PARAM("a", GS_SIZE, "1B", -1e19, 1, NULL, "h")}, false},
    {"'min' of", {.name = "mine", .help = "h", .param = PARAM("a", GS_NUMBER, "1", NAN, 1, NULL, "h")}, false},
    {"'min' of", {.name = "mine", .help = "h", .param = PARAM("a", GS_INTEGER, "1", 2, 1, NULL, "h")}, false},
    {"from 2 to 3", {.name = "mine", .help = "h", .param = PARAM("a", GS_INTEGER, "1", 2, 3, NULL, "h")}, false},
    {"default 'maybe'",
     {.name = "mine", .help = "h", .param = PARAM("a", GS_BOOLEAN, "maybe", 0, 0, NULL, "h")},
     false},
    {"the choices of", {.name = "mine", .help = "h", .param = PARAM("a", GS_CHOICE, "x", 0, 0, NULL, "h")}, false},
    {"choice 2 of",
     {.name = "mine", .help = "h", .param = PARAM("a", GS_CHOICE, "x", 0, 0, CHOICES("x", ""), "h")},
     false},
    {"one of x | y",
     {.name = "mine", .help = "h", .param = PARAM("a", GS_CHOICE, "z", 0, 0, CHOICES("x", "y"), "h")},
     false},
};

static void each_fault_is_told(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof descriptors / sizeof descriptors[0]; i++) {
        const struct gs_policy_head *head = &descriptors[i].head;
        struct gs_victim_policy policy = {.keep = descriptors[i].no_keep ? NULL : keep};
        char why[PLUGIN_WHY] = "nothing";
        memcpy(&policy, head, sizeof *head);
        policy.abi = head->abi ? head->abi : GS_POLICY_ABI;
        bool bad = plugin_fault(GS_SLOT_VICTIM, (const struct gs_policy_head *)(const void *)&policy, why);
        if (bad != (descriptors[i].fault != NULL) || (bad && !strstr(why, descriptors[i].fault)))
            fail_msg("row %zu: expected '%s', got '%s'", i, descriptors[i].fault ? descriptors[i].fault : "nothing",
                     why);
    }
}

/* 64 parameters are the most, whatever comes then; and no two of a name. */
static void tables_have_an_end(void **unused)
{
    static const char digit[] = "0123456789abcdef";
    char key[66][3], why[PLUGIN_WHY];
    struct gs_param param[67] = {{0}};
    struct gs_victim_policy policy = {.abi = GS_POLICY_ABI, .name = "mine", .help = "h", .param = param, .keep = keep};
    const struct gs_policy_head *head = (const struct gs_policy_head *)(const void *)&policy;

    (void)unused;
    for (unsigned i = 0; i < 66; i++) {
        memcpy(key[i], (char[]){digit[i / 16], digit[i % 16], 0}, 3);
        if (i < 64)
            param[i] = (struct gs_param){key[i], GS_TIME, "1s", 0, 1e18, NULL, "h"};
    }
    assert_false(plugin_fault(GS_SLOT_VICTIM, head, why));
    param[64] = (struct gs_param){key[64], (enum gs_param_kind)77, NULL, 0, 0, NULL, NULL};
    assert_true(plugin_fault(GS_SLOT_VICTIM, head, why));
    assert_non_null(strstr(why, "more than 64 parameters"));
    param[64].key = NULL;
    param[63].key = key[0];
    assert_true(plugin_fault(GS_SLOT_VICTIM, head, why));
    assert_non_null(strstr(why, "there are two parameters '00'"));
}

/* Every policy of the program would do as a plug-in. */
static void what_is_built_in_is_sound(void **unused)
{
    char why[PLUGIN_WHY];

    (void)unused;
    for (int slot = 0; slot < GS_SLOTS; slot++)
        for (size_t i = 0; gs_policy_at((enum gs_slot)slot, i); i++)
            if (plugin_fault((enum gs_slot)slot, gs_policy_at((enum gs_slot)slot, i), why))
                fail_msg("%s: %s", gs_policy_at((enum gs_slot)slot, i)->name, why);
}

static void paths_and_files(void **unused)
{
    struct plugin plugin;
    char why[PLUGIN_WHY], path[5000];

    (void)unused;
    assert_true(plugin_is_path("./mine"));
    assert_true(plugin_is_path("mine.so"));
    assert_false(plugin_is_path(".so"));
    assert_false(plugin_is_path("mine"));
    assert_int_equal(plugin_load(&plugin, "/nowhere/at/all.so", NULL, why), GS_NO_INPUT);
    assert_non_null(strstr(why, "cannot read '/nowhere/at/all.so'"));
    assert_int_equal(plugin_load(&plugin, "/dev/null", NULL, why), GS_BAD_INPUT);
    assert_non_null(strstr(why, "is no file"));
    memset(path, '/', sizeof path);
    path[sizeof path - 1] = '\0';
    assert_int_equal(plugin_load(&plugin, path, NULL, why), GS_BAD_INPUT);
    assert_non_null(strstr(why, "too long"));
    /* A program of this kind is no plug-in; its hash is asked for before anybody loads it. */
    assert_int_equal(plugin_load(&plugin, "/proc/self/exe", "0", why), GS_BAD_INPUT);
    assert_non_null(strstr(why, "and '0' is asked for"));
    assert_int_equal(strspn(plugin.hash, "0123456789abcdef"), 16);
    assert_int_equal(plugin_load(&plugin, "/proc/self/exe", plugin.hash, why), GS_BAD_INPUT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_is_told),
        cmocka_unit_test(tables_have_an_end),
        cmocka_unit_test(what_is_built_in_is_sound),
        cmocka_unit_test(paths_and_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
