/* clean.c - write the copy of an idle workload while nobody waits for it, so that it can leave in no time.  Its next
 * burst makes the copy stale. */
#include "policies/policy.h"

enum { AFTER, AHEAD };

static const struct gs_param params[] = {
    {"after", GS_TIME, "2s", 0, 1e18, NULL, "idle time after which the copy of a workload is written"},
    {"ahead", GS_BOOLEAN, "no", 0, 0, NULL, "bring in who has the next turn while another has his"},
    GS_PARAM_END,
};

static gs_ns clean_after(const struct gs_self *self, uint32_t workload)
{
    (void)workload;
    return self->param[AFTER].i;
}

static bool ahead(const struct gs_self *self)
{
    return self->param[AHEAD].i != 0;
}

const struct gs_prefetch_policy prefetch_clean = {
    .abi = GS_POLICY_ABI,
    .needs = GS_NEEDS_NODE_ONLY,
    .name = "clean",
    .help = "write the copy of an idle workload ahead of its swap-out, which then takes no time",
    .source = "pre-cleaning of dirty pages; WSClock: Carr and Hennessy, SOSP 1981",
    .when =
        "Where the swap file has room to spare and links are idle while users think: half of each exchange vanishes. "
        "A copy takes its room in the file for as long as the workload stays idle, and each burst costs one "
        "more write. Costs nothing to decide.",
    .param = params,
    .clean_after = clean_after,
    .ahead = ahead,
};
