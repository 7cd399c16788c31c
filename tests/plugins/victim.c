/* victim.c - a victim policy to be spoiled from the compiler's command line: by a field of the descriptor (WITH), rows of
 * the table of parameters (ROWS), what it answers (KEEP), and what it does when it is loaded and unloaded. */
#include <gpuswap/policy.h>

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef KEEP
#define KEEP return (double)self->view->workload[workload].last_use_ns;
#endif

static const char *const choices[] = {"one", "two", NULL};

static const struct gs_param params[] = {
#ifdef ROWS
    ROWS,
#endif
    GS_PARAM_END,
};

static double keep(const struct gs_self *self, uint32_t workload)
{
    (void)self, (void)workload, (void)choices;
    KEEP
}

#ifdef AT_LOAD
__attribute__((constructor)) static void at_load(void)
{
    AT_LOAD
}
#endif

#ifdef AT_UNLOAD
__attribute__((destructor)) static void at_unload(void)
{
    AT_UNLOAD
}
#endif

const struct gs_victim_policy gs_victim = {
    .abi = GS_POLICY_ABI,
    .name = "spoilt",
    .help = "a policy to be spoilt",
    .param = params,
    .keep = keep,
#ifdef WITH
    WITH,
#endif
};
