/* test_caps.c - the policies of caps, asked with a view made by hand. */
#include "tests/unit/view_made.h"

static const struct gs_cap_policy *cap(const char *name)
{
    const void *found = gs_policy_find(GS_SLOT_CAP, name);

    assert_non_null(found);
    return found;
}

static enum gs_room ask(const struct gs_cap_policy *policy, struct made *m, uint32_t workload)
{
    const struct gs_workload *w = &m->workload[workload];

    return policy->admit(&m->self, workload, w->bytes - w->host_bytes);
}

static void static_leaves_it_to_the_cap(void **unused)
{
    static const enum gs_room room[] = {GS_ROOM_YES, GS_ROOM_YES, GS_ROOM_OR_DISK,
                                        GS_ROOM_YES, GS_ROOM_YES, GS_ROOM_OR_DEMOTE};
    static const enum gs_when_full full[] = {GS_FULL_BLOCK, GS_FULL_REJECT, GS_FULL_BLOCK,
                                             GS_FULL_KILL,  GS_FULL_BLOCK,  GS_FULL_BLOCK};
    const struct gs_cap_policy *policy = cap("static");

    (void)unused;
    for (int64_t i = 0; i < 6; i++) {
        struct made m;
        make(&m);
        m.param[0].i = i;
        add(&m, 0, 0, GS_RESIDENT, 40 * GB);
        assert_int_equal(ask(policy, &m, 0), room[i]);
        assert_int_equal(policy->when_full(&m.self, 0), full[i]);
    }
}

/* 60 GB of 100 GB are used by a copy, and 90 GB of the other node. */
static void copies_of_residents_give_way(void **unused)
{
    struct made m;

    (void)unused;
    make(&m);
    struct gs_workload *copied = add(&m, 0, 0, GS_HOST, 60 * GB);
    add(&m, 1, 0, GS_RESIDENT, 50 * GB);
    add(&m, 2, 2, GS_HOST, 90 * GB);
    assert_true(gs_swap_room(&m.view, 1) == 40 * GB);
    copied->state = GS_RESIDENT; /* and keeps its copy */
    assert_true(gs_swap_room(&m.view, 1) == 100 * GB);
    assert_true(gs_swap_room(&m.view, 0) == 40 * GB); /* nobody makes room for himself by his own copy */
}

static void a_quota_counts_what_is_held_already(void **unused)
{
    static const struct {
        double share;
        int64_t bytes, over, copy_gb, gb;
        enum gs_room room;
    } row[] = {
        {.5, 0, 0, 0, 50, GS_ROOM_YES},      {.5, 0, 0, 0, 51, GS_ROOM_ON_DISK}, {.5, 0, 1, 0, 51, GS_ROOM_NO},
        {.5, 0, 0, 50, 51, GS_ROOM_ON_DISK}, {.5, 60, 0, 0, 60, GS_ROOM_YES},    {1, 60, 0, 50, 61, GS_ROOM_ON_DISK},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct made m;
        make(&m);
        m.param[0].d = row[i].share;
        m.param[1].i = row[i].bytes * GB;
        m.param[2].i = row[i].over;
        add(&m, 0, 0, GS_RESIDENT, row[i].gb * GB)->host_bytes = row[i].copy_gb * GB;
        assert_int_equal(ask(cap("quota"), &m, 0), row[i].room);
    }
}

/* Needs of 10, 20, 50 and 60 GB in a file of 100 GB: the level is 35 GB, so the first two have all and the others are
 * beyond their share.  With the weights 1, 1, 6, 2 the level is 40 / 3: the third has all, the second has not. */
static void maxmin_fills_like_water(void **unused)
{
    static const int64_t gb[] = {10, 20, 50, 60};
    static const struct {
        uint8_t weight[4];
        enum gs_room room[4]; /* while somebody's claim holds all that is free */
    } row[] = {
        {{1, 1, 1, 1}, {GS_ROOM_YES, GS_ROOM_YES, GS_ROOM_ON_DISK, GS_ROOM_ON_DISK}},
        {{1, 1, 6, 2}, {GS_ROOM_YES, GS_ROOM_ON_DISK, GS_ROOM_YES, GS_ROOM_ON_DISK}},
        {{0, 1, 1, 9}, {GS_ROOM_YES, GS_ROOM_ON_DISK, GS_ROOM_ON_DISK, GS_ROOM_YES}},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
        for (uint32_t who = 0; who < 4; who++) {
            struct made m;
            make(&m);
            m.param[0].i = 60 * SECOND;
            for (uint32_t w = 0; w < 4; w++)
                add(&m, w, w / 2, GS_RESIDENT, gb[w] * GB)->priority = row[i].weight[w];
            m.node[0].swap_used_bytes = 100 * GB; /* of a workload that has left the table */
            assert_int_equal(ask(cap("maxmin"), &m, who), row[i].room[who]);
        }
}

/* 40 GB are free.  The one of 60 GB borrows nothing, the one of 40 GB borrows; once the one of 20 GB was refused
 * within its share (20 GB were free), 20 of the next 50 GB are kept for it, until it runs again or a minute is over. */
static void maxmin_lends_what_nobody_claims(void **unused)
{
    const struct gs_cap_policy *maxmin = cap("maxmin");
    struct made m;

    (void)unused;
    make(&m);
    m.param[0].i = 60 * SECOND;
    add(&m, 0, 0, GS_HOST, 60 * GB);
    add(&m, 1, 0, GS_RESIDENT, 60 * GB);
    add(&m, 2, 1, GS_RESIDENT, 40 * GB);
    struct gs_workload *small = add(&m, 3, 1, GS_RESIDENT, 20 * GB);
    assert_int_equal(ask(maxmin, &m, 1), GS_ROOM_ON_DISK);
    assert_int_equal(ask(maxmin, &m, 2), GS_ROOM_OR_DISK);
    m.node[0].swap_used_bytes = 90 * GB;
    assert_int_equal(ask(maxmin, &m, 3), GS_ROOM_YES); /* the frame finds that there is no room */
    m.node[0].swap_used_bytes = 50 * GB;
    assert_int_equal(ask(maxmin, &m, 2), GS_ROOM_ON_DISK);
    small->granted = true;
    assert_int_equal(ask(maxmin, &m, 2), GS_ROOM_OR_DISK);
    small->granted = false;
    m.view.now_ns = 60 * SECOND;
    assert_int_equal(ask(maxmin, &m, 2), GS_ROOM_ON_DISK);
    m.view.now_ns++;
    assert_int_equal(ask(maxmin, &m, 2), GS_ROOM_OR_DISK);
}

static void watermarks_have_hysteresis(void **unused)
{
    static const struct {
        int64_t used_gb, gb;
        enum gs_room room;
    } row[] = {
        {0, 90, GS_ROOM_OR_DISK},  {80, 10, GS_ROOM_OR_DISK}, {81, 10, GS_ROOM_ON_DISK}, {81, 5, GS_ROOM_ON_DISK},
        {75, 5, GS_ROOM_ON_DISK},  {74, 5, GS_ROOM_OR_DISK},  {85, 5, GS_ROOM_OR_DISK},  {50, 41, GS_ROOM_ON_DISK},
        {80, 10, GS_ROOM_ON_DISK}, {20, 10, GS_ROOM_OR_DISK},
    };
    struct made m;

    (void)unused;
    make(&m);
    m.param[0].d = .9;
    m.param[1].d = .75;
    add(&m, 5, 2, GS_RESIDENT, 10 * GB); /* the other node has marks of its own */
    for (uint32_t i = 0; i < WORKLOADS - 1; i++)
        add(&m, i, 0, GS_RESIDENT, GB);
    for (uint32_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        uint32_t who = i % (WORKLOADS - 1);
        m.node[0].swap_used_bytes = row[i].used_gb * GB;
        m.workload[who].bytes = row[i].gb * GB;
        assert_int_equal(ask(cap("watermark"), &m, who), row[i].room);
        assert_int_equal(ask(cap("watermark"), &m, 5), GS_ROOM_OR_DISK);
    }
}

/* Two of 40 GB, one wanted 100 times in 1000 s, the other 10 times: while the first was refused lately, the second
 * leaves the room to it, unless there is enough for both. */
static void benefit_has_a_price(void **unused)
{
    const struct gs_cap_policy *benefit = cap("benefit");
    struct made m;

    (void)unused;
    make(&m);
    m.param[0].i = 600 * SECOND;
    m.param[1].i = 2 * GB;
    m.view.now_ns = 1000 * SECOND;
    add(&m, 0, 0, GS_RESIDENT, 40 * GB)->turns = 100;
    add(&m, 1, 0, GS_RESIDENT, 40 * GB)->turns = 10;
    add(&m, 2, 2, GS_RESIDENT, 40 * GB)->turns = 1; /* on the other node */
    assert_int_equal(ask(benefit, &m, 1), GS_ROOM_OR_DISK);
    m.node[0].swap_used_bytes = 61 * GB;
    assert_int_equal(ask(benefit, &m, 0), GS_ROOM_ON_DISK);
    m.node[0].swap_used_bytes = 20 * GB;
    assert_int_equal(ask(benefit, &m, 1), GS_ROOM_OR_DISK);
    m.node[0].swap_used_bytes++;
    m.node[1].swap_used_bytes = m.node[0].swap_used_bytes;
    assert_int_equal(ask(benefit, &m, 1), GS_ROOM_ON_DISK);
    assert_int_equal(ask(benefit, &m, 2), GS_ROOM_OR_DISK);
    assert_int_equal(ask(benefit, &m, 0), GS_ROOM_OR_DISK); /* has what it wanted: no price any more */
    assert_int_equal(ask(benefit, &m, 1), GS_ROOM_OR_DISK);
    m.node[0].swap_used_bytes = 61 * GB;
    assert_int_equal(ask(benefit, &m, 0), GS_ROOM_ON_DISK);
    m.node[0].swap_used_bytes = 21 * GB;
    m.view.now_ns += 601 * SECOND;
    assert_int_equal(ask(benefit, &m, 1), GS_ROOM_OR_DISK);
}

/* The same habits: a byte of 10 GB, which a cold start makes dearer than one of 40 GB, goes first. */
static void benefit_is_by_byte(void **unused)
{
    static const struct {
        gs_ns cold_start;
        enum gs_room large;
    } row[] = {{0, GS_ROOM_OR_DISK}, {10, GS_ROOM_ON_DISK}};

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct made m;
        make(&m);
        m.param[0].i = 600 * SECOND;
        m.param[1].i = 2 * GB;
        m.param[2].i = row[i].cold_start * SECOND;
        m.view.now_ns = 1000 * SECOND;
        add(&m, 0, 0, GS_RESIDENT, 10 * GB)->turns = 10;
        add(&m, 1, 0, GS_RESIDENT, 40 * GB)->turns = 10;
        m.node[0].swap_used_bytes = 100 * GB;
        assert_int_equal(ask(cap("benefit"), &m, 0), GS_ROOM_ON_DISK);
        m.node[0].swap_used_bytes = 55 * GB;
        assert_int_equal(ask(cap("benefit"), &m, 1), row[i].large);
    }
}

/* GPU 0 has `there` workloads of 40 GB; one more comes to it, or to GPU 1, which is empty. */
static void strict_refuses_the_one_too_many(void **unused)
{
    static const struct {
        uint32_t there, gpu;
        double ratio;
        int64_t exchange;
        bool may;
    } row[] = {
        {1, 0, 1, 1, true},  {2, 0, 1, 1, true},  {3, 0, 1, 1, false},  {3, 0, 1, 0, true},
        {4, 0, 1, 0, false}, {3, 0, 2, 1, true},  {2, 0, .5, 1, false}, {4, 1, 1, 0, true},
        {3, 1, 1, 1, true},  {4, 1, 1, 1, false}, {4, 2, .1, 1, true},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct made m;
        make(&m);
        m.param[0].d = row[i].ratio;
        m.param[1].i = row[i].exchange;
        for (uint32_t w = 0; w < row[i].there; w++)
            add(&m, w, 0, GS_RESIDENT, 40 * GB);
        m.workload[5].base_bytes = 40 * GB;
        if (cap("strict")->attach(&m.self, 5, row[i].gpu) != row[i].may)
            fail_msg("row %zu", i);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(static_leaves_it_to_the_cap),
        cmocka_unit_test(copies_of_residents_give_way),
        cmocka_unit_test(a_quota_counts_what_is_held_already),
        cmocka_unit_test(maxmin_fills_like_water),
        cmocka_unit_test(maxmin_lends_what_nobody_claims),
        cmocka_unit_test(watermarks_have_hysteresis),
        cmocka_unit_test(benefit_has_a_price),
        cmocka_unit_test(benefit_is_by_byte),
        cmocka_unit_test(strict_refuses_the_one_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
