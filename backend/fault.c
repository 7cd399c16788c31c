/* fault.c - a simulated node whose swaps fail as planned: what does the controller do when the device does not?
 *
 * A swap that fails has had no effect and is reported at once. */
#include "backend/fault.h"
#include "backend/sim_state.h"

static struct fault_plan plan;

void fault_set(struct fault_plan next)
{
    plan = next;
}

static bool fails(struct backend *be, uint8_t command)
{
    if (command != GS_SWAP_IN && command != GS_SWAP_OUT && command != GS_CLEAN)
        return false;
    if (plan.command != GS_COMMAND_KINDS && plan.command != command)
        return false;
    uint64_t number = ++be->swaps;
    return number == plan.first ||
           (plan.first > 0 && plan.every > 0 && number > plan.first && (number - plan.first) % plan.every == 0);
}

static int submit(struct backend *be, const struct gs_command *command, struct error *err)
{
    if (!fails(be, command->kind))
        return sim_submit(be, command, err);
    sim_post(be, GS_FAILED, command->workload)->event.command = command->kind;
    return GS_OK;
}

const struct backend_ops backend_fault = {
    .name = "fault",
    .help = "the simulated node with swaps that fail as planned: for tests of the tool itself",
    .open = sim_open,
    .submit = submit,
    SIM_OPS,
};
