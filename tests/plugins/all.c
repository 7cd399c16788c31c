/* all.c - a policy of each slot, none of which answers what it is asked. */
#include <gpuswap/policy.h>

#include <math.h>

static double worth(const struct gs_self *self, uint32_t workload)
{
    (void)self, (void)workload;
    return NAN;
}

static gs_ns before(const struct gs_self *self, uint32_t workload)
{
    (void)self, (void)workload;
    return -1;
}

static gs_ns late(const struct gs_self *self, uint32_t workload)
{
    (void)self, (void)workload;
    return GS_NEVER - 1;
}

static gs_ns cost(const struct gs_self *self)
{
    (void)self;
    return INT64_MIN;
}

static uint32_t width(const struct gs_self *self)
{
    (void)self;
    return 1000;
}

static enum gs_room admit(const struct gs_self *self, uint32_t workload, int64_t bytes)
{
    (void)self, (void)workload, (void)bytes;
    return (enum gs_room)99;
}

static enum gs_when_full when_full(const struct gs_self *self, uint32_t requester)
{
    (void)self, (void)requester;
    return (enum gs_when_full)77;
}

static double score(const struct gs_self *self, uint32_t gpu, uint32_t workload)
{
    (void)self, (void)gpu, (void)workload;
    return -NAN;
}

const struct gs_victim_policy gs_victim = {.abi = GS_POLICY_ABI,
                                           .name = "worthless",
                                           .help = "worths that are no numbers",
                                           .keep = worth,
                                           .pinned_until = late};

const struct gs_slicer_policy gs_slicer = {
    .abi = GS_POLICY_ABI,
    .name = "restless",
    .help = "turns that end before they begin, for a thousand at once",
    .width = width,
    .rank = worth,
    .quantum = before,
    .switch_cost = cost,
    .linger = late,
};

const struct gs_cap_policy gs_cap = {
    .abi = GS_POLICY_ABI, .name = "vague", .help = "neither yes nor no", .admit = admit, .when_full = when_full};

const struct gs_prefetch_policy gs_prefetch = {
    .abi = GS_POLICY_ABI,
    .name = "hasty",
    .help = "everything in the past",
    .leave_after = before,
    .clean_after = before,
    .return_after = before,
};

const struct gs_place_policy gs_place = {
    .abi = GS_POLICY_ABI, .name = "nowhere", .help = "scores that are no numbers", .score = score};
