/* without.c - what stands in for the daemon in a program that was built without the CUDA headers. */
#include "backend/cuda/probe.h"
#include "backend/serve/serve.h"

void serve_set(const struct serve_options *options)
{
    (void)options;
}

int serve_check(const struct scenario *scenario, struct error *err)
{
    struct cuda_probe probe;

    (void)scenario;
    return cuda_probe(&probe, err); /* says so */
}

static int open_node(struct backend **be, const struct backend_setup *setup, struct error *err)
{
    *be = NULL;
    return serve_check(setup->scenario, err);
}

const struct backend_ops backend_serve = {.name = "serve", .help = "programs that run on this node", .open = open_node};
