/* open.c - what the daemon needs before its first command, and what it gives back after its last. */
#include "backend/device.h"
#include "backend/serve/state.h"
#include "sim/base/machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { MAIL_OF_A_GUEST = 16, MAIL_BESIDE = 192 }; /* letters that may lie unread, besides those of connections */

static const struct serve_options *next_options;

void serve_set(const struct serve_options *options)
{
    next_options = options;
}

static int cannot(struct error *err, const char *what)
{
    return error_set(err, GS_UNSATISFIABLE, "serve: %s", what);
}

int serve_check(const struct scenario *s, struct error *err)
{
    const struct gs_victim_policy *victim = (const void *)s->policy[GS_SLOT_VICTIM].policy;
    const struct gs_slicer_policy *slicer = (const void *)s->policy[GS_SLOT_SLICER].policy;
    const struct gs_prefetch_policy *prefetch = (const void *)s->policy[GS_SLOT_PREFETCH].policy;

    if (s->nodes != 1 || s->node[0].count != 1)
        return cannot(err, "the scenario is to have one [node], this one");
    if (s->node[0].gpus > SERVE_GPUS)
        return cannot(err, "at most 16 GPUs");
    if (s->traces > 0)
        return cannot(err, "a [trace] is no program; leave it out");
    if (victim->chunk_bytes != NULL)
        return cannot(err, "the driver takes programs off the GPU whole: no victim that lets parts leave");
    if (slicer->at_boundary != NULL && s->node[0].sharing == SHARING_CONCURRENT)
        return cannot(err, "programs do not say where an iteration ends: no slicer that stops there");
    if (prefetch->clean_after != NULL || prefetch->streams != NULL)
        return cannot(err,
                      "the driver writes no copies ahead and runs nothing that is not all there: no such prefetch");
    for (size_t g = 0; g < s->workloads; g++)
        if (s->workload[g].keep_host_copy || s->workload[g].unload != 0)
            return cannot(err, "the driver keeps no copies of what is on the GPU: no 'keep_host_copy', no 'unload'");
    return GS_OK;
}

static int open_devices(struct backend *be, struct error *err)
{
    const struct node_group *node = &be->setup->scenario->node[0];
    struct error why = {0};
    unsigned count = 0;
    int rc;

    if ((rc = driver_open(&be->driver, err)) != GS_OK || (rc = nvml_open(&be->nvml, err)) != GS_OK)
        return rc;
    be->moves = checkpoint_probe(&be->driver, &why) == GS_OK;
    snprintf(be->moves_why, sizeof be->moves_why, "%.*s", (int)sizeof be->moves_why - 1, why.text);
    if (!be->moves)
        be->options->say(be->moves_why);
    be->nvml.count(&count);
    be->doubled = be->setup->device->is_double;
    be->gpus = (uint32_t)node->gpus;
    if (count < be->gpus)
        return error_set(err, GS_UNSATISFIABLE, "the scenario has %u GPUs, and this node has %u", be->gpus, count);
    for (uint32_t gpu = 0; gpu < be->gpus; gpu++) {
        struct nvml_memory memory = {.version = NVML_MEMORY_VERSION};
        unsigned now = 0, later = 0;

        if (be->nvml.device(gpu, &be->device[gpu]) != NVML_SUCCESS ||
            be->nvml.uuid(be->device[gpu], be->uuid[gpu], sizeof be->uuid[gpu]) != NVML_SUCCESS ||
            be->nvml.memory(be->device[gpu], &memory) != NVML_SUCCESS)
            return error_set(err, GS_NO_DEVICE, "the driver does not tell about GPU %u; see 'gpuswap-sim doctor'", gpu);
        if (be->nvml.mig(be->device[gpu], &now, &later) == NVML_SUCCESS && now != 0)
            return error_set(err, GS_UNSATISFIABLE, "GPU %u is cut into MIG instances, which the driver cannot swap",
                             gpu);
        if (memory.total < (uint64_t)node->gpu_memory)
            return error_set(err, GS_UNSATISFIABLE, "GPU %u has %llu MiB, and the scenario says %lld MiB", gpu,
                             (unsigned long long)(memory.total >> 20), (long long)(node->gpu_memory >> 20));
    }
    return GS_OK;
}

/* The file is as large as the swap file of the scenario, and for each place there is what its last slot leaves empty, and for
 * each GPU a context, which the driver counts as what a program has until it is seen to be less. */
static int open_depot(struct backend *be, struct error *err)
{
    const struct node_group *node = &be->setup->scenario->node[0];
    struct depot_options options = {
        .path = be->options->swap_file, .bytes = node->swap ? node->swap_file : 0, .uuid = be->uuid, .gpus = be->gpus};
    int64_t context = 0;

    be->depot = (struct depot){.driver = &be->driver, .nvml = &be->nvml};
    if (be->options->swap_file == NULL)
        return GS_OK;
    for (uint32_t i = 0; i < be->guests; i++)
        context = be->setup->setup->workload[i].context_bytes > context ? be->setup->setup->workload[i].context_bytes
                                                                        : context;
    options.bytes += (int64_t)be->guests * SWAPFILE_SLOT + be->gpus * context;
    return depot_open(&be->depot, &options, err);
}

static int open_workers(struct backend *be, struct error *err)
{
    int rc = GS_OK;

    for (uint32_t gpu = 0; gpu < be->gpus && rc == GS_OK; gpu++)
        rc = worker_open(&be->worker[gpu], &be->driver, &be->nvml, be->device[gpu], &be->depot, be->results, err);
    return rc;
}

static int open_arrays(struct backend *be, struct error *err)
{
    struct arena *arena = be->setup->arena;

    be->timers = be->gpus + be->guests;
    be->guest = arena_array(arena, be->guests, sizeof *be->guest);
    be->holding = arena_array(arena, (size_t)be->guests * SERVE_MEMBERS, sizeof *be->holding);
    be->timer_ns = arena_array(arena, be->timers, sizeof *be->timer_ns);
    if (be->guest == NULL || be->holding == NULL || be->timer_ns == NULL ||
        !mailbox_open(&be->mail, MAIL_OF_A_GUEST * be->guests + SERVE_MAIL_OF_PEERS + MAIL_BESIDE, arena))
        return error_set(err, GS_SYSTEM, "out of memory for the daemon; use fewer workloads");
    for (uint32_t i = 0; i < be->timers; i++)
        be->timer_ns[i] = GS_NEVER;
    return GS_OK;
}

static void close_guests(struct backend *be)
{
    for (uint32_t i = 0; i < be->guests && be->guest != NULL; i++) {
        for (int m = 0; m < be->guest[i].members; m++)
            close(be->guest[i].member[m].pidfd);
        if (be->guest[i].state != GUEST_FREE && be->guest[i].root_fd >= 0)
            close(be->guest[i].root_fd);
    }
}

void serve_close(struct backend *be)
{
    bool all = true;

    if (be == NULL)
        return;
    if (be->listens)
        journal_bring_home(be);
    peers_close(be);
    socket_close(be);
    for (uint32_t gpu = 0; gpu < be->gpus; gpu++)
        all &= worker_close(be->worker[gpu]);
    close_guests(be);
    free(be->poll);
    if (!all) {
        be->options->say("the driver has not returned from a call for a minute; it is left in it");
        return;
    }
    if (be->results >= 0)
        close(be->results);
    depot_close(&be->depot);
    nvml_close(&be->nvml);
    driver_close(&be->driver);
}

static void say_ready(const struct backend *be)
{
    char line[200];

    snprintf(line, sizeof line, "serving at '%.120s': %u places for programs", be->options->socket, be->guests);
    be->options->say(line);
}

int serve_open(struct backend **out, const struct backend_setup *setup, struct error *err)
{
    struct backend *be = arena_alloc(setup->arena, sizeof *be);
    int rc;

    *out = NULL;
    if (be == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for the daemon; use fewer workloads");
    be->setup = setup;
    be->options = next_options;
    be->listening = be->lock = -1;
    be->guests = setup->setup->workloads;
    be->gpus = (uint32_t)setup->scenario->node[0].gpus;
    be->results = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    be->start_ns = machine_ns();
    be->clock.next_ns = 0;
    if (be->results < 0)
        rc = error_set(err, GS_SYSTEM, "no eventfd: %s", strerror(errno));
    else if ((rc = open_arrays(be, err)) == GS_OK && (rc = open_devices(be, err)) == GS_OK &&
             (rc = open_depot(be, err)) == GS_OK && (rc = open_workers(be, err)) == GS_OK)
        rc = socket_open(be, err);
    if (rc == GS_OK)
        rc = journal_read(be, err);
    if (rc != GS_OK) {
        serve_close(be);
        return rc;
    }
    say_ready(be);
    *out = be;
    return GS_OK;
}
