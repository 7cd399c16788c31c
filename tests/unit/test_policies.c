/* test_policies.c - every policy of the table can be used, and one that cannot is told why. */
#include "policies/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void each_has_what_its_slot_needs(void **unused)
{
    size_t policies = 0;

    (void)unused;
    for (int slot = 0; slot < GS_SLOTS; slot++)
        for (size_t i = 0; gs_policy_at((enum gs_slot)slot, i) != NULL; i++, policies++) {
            const struct gs_policy_head *policy = gs_policy_at((enum gs_slot)slot, i);
            const char *fault = gs_policy_fault((enum gs_slot)slot, policy);
            if (fault != NULL)
                fail_msg("%s '%s': %s", gs_slot_name((enum gs_slot)slot), policy->name, fault);
            assert_ptr_equal(gs_policy_find((enum gs_slot)slot, policy->name), policy);
            assert_non_null(policy->source);
        }
    assert_true(policies >= GS_SLOTS);
    assert_null(gs_policy_find(GS_SLOT_VICTIM, "ps"));
}

static double keep(const struct gs_self *self, uint32_t workload)
{
    (void)self;
    return (double)workload;
}

static const char *fault_of(struct gs_victim_policy policy)
{
    return gs_policy_fault(GS_SLOT_VICTIM, (const struct gs_policy_head *)(const void *)&policy);
}

static void what_cannot_be_used_is_told(void **unused)
{
    const struct gs_victim_policy good = {.abi = GS_POLICY_ABI, .name = "mine", .help = "h", .keep = keep};
    struct gs_victim_policy bad;

    (void)unused;
    assert_null(fault_of(good));
    bad = good;
    bad.abi++;
    assert_non_null(strstr(fault_of(bad), "another version"));
    bad = good;
    bad.name = NULL;
    assert_non_null(strstr(fault_of(bad), "no name"));
    bad = good;
    bad.keep = NULL;
    assert_non_null(strstr(fault_of(bad), "lacks a function"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_what_its_slot_needs),
        cmocka_unit_test(what_cannot_be_used_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
