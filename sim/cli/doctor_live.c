/* doctor_live.c - what live mode needs of this machine: a driver, GPUs that map memory piece by piece, host memory to
 * swap to. */
#include "backend/cuda/host.h"
#include "backend/cuda/probe.h"
#include "sim/base/units.h"
#include "sim/cli/doctor.h"

#include <stdio.h>
#include <sys/resource.h>

static void check_build(struct findings *findings)
{
    int cuda = cuda_built_with();

    if (cuda == 0)
        doctor_add(
            findings, DOCTOR_MISSING, "build",
            "this program was built without the CUDA headers; install the CUDA toolkit, 12.8 or newer, and build "
            "again");
    else
        doctor_add(findings, DOCTOR_OK, "build", "with the headers of CUDA %d.%d%s", cuda / 1000, cuda % 1000 / 10,
                   cuda_has_binaries()
                       ? " and kernels that its compiler made"
                       : "; without its compiler (nvcc), so that the driver compiles the kernels itself "
                         "at each start");
}

static void check_gpu(struct findings *findings, const struct probe_gpu *gpu, unsigned i, const char *root)
{
    char subject[16], size[UNITS_TEXT];
    int numa = host_numa_of(root, gpu->pci);

    snprintf(subject, sizeof subject, "GPU %u", i);
    if (!gpu->chunks || gpu->integrated) {
        doctor_add(findings, DOCTOR_MISSING, subject, "%s, %s: %s", gpu->name, gpu->pci,
                   gpu->integrated ? "it shares the host's memory, so there is nowhere to swap to"
                                   : "its memory cannot be mapped piece by piece (under WSL or a virtual GPU, say)");
        return;
    }
    doctor_add(findings, DOCTOR_OK, subject, "%s, %s, %s, %d multiprocessors", gpu->name, gpu->pci,
               units_show_size(size, (double)gpu->total_bytes), gpu->processors);
    if (gpu->copy_engines < 2)
        doctor_add(findings, DOCTOR_NOTE, subject, "copies one way at a time: set 'duplex' to 0.5 in its simulations");
    if (gpu->kernel_limit)
        doctor_add(findings, DOCTOR_NOTE, subject, "draws a display: kernels of more than seconds are killed");
    if (host_numa_nodes(root) > 1 && numa < 0)
        doctor_add(findings, DOCTOR_NOTE, subject,
                   "the machine has %d NUMA nodes and does not say which one it hangs on: swaps may be slower",
                   host_numa_nodes(root));
    else if (host_numa_nodes(root) > 1)
        doctor_add(findings, DOCTOR_OK, subject, "hangs on NUMA node %d of %d", numa, host_numa_nodes(root));
}

static void check_driver(struct findings *findings, const char *root)
{
    static struct cuda_probe probe;
    static struct error err;

    if (cuda_probe(&probe, &err) != GS_OK) {
        doctor_add(findings, DOCTOR_MISSING, "driver", "%s", err.text);
        return;
    }
    doctor_add(findings, DOCTOR_OK, "driver", "knows CUDA %d.%d", probe.cuda_version / 1000,
               probe.cuda_version % 1000 / 10);
    if (probe.checkpoint)
        doctor_add(findings, DOCTOR_OK, "checkpoint", "the driver can take other processes off a GPU");
    else
        doctor_add(findings, DOCTOR_NOTE, "checkpoint",
                   "the driver cannot take other processes off a GPU; driver 570 and newer can");
    for (unsigned i = 0; i < probe.gpus; i++)
        check_gpu(findings, &probe.gpu[i], i, root);
}

static void check_swap_memory(struct findings *findings, const char *root)
{
    struct host_memory memory = host_memory(root, 0);
    int64_t left = host_memory_left(&memory);
    char size[UNITS_TEXT], limit[UNITS_TEXT];
    struct rlimit locked;

    if (left < 0)
        doctor_add(findings, DOCTOR_NOTE, "swap file", "how much memory is free is not known");
    else if (memory.limit.bytes >= 0)
        doctor_add(findings, DOCTOR_OK, "swap file",
                   "room for at most %s; this group of processes (cgroup) is limited to %s, pinned memory included",
                   units_show_size(size, (double)left), units_show_size(limit, (double)memory.limit.bytes));
    else
        doctor_add(findings, DOCTOR_OK, "swap file", "room for at most %s of memory",
                   units_show_size(size, (double)left));
    if (getrlimit(RLIMIT_MEMLOCK, &locked) != 0)
        return;
    if (locked.rlim_cur == RLIM_INFINITY)
        doctor_add(findings, DOCTOR_OK, "pinning", "without limit");
    else
        doctor_add(findings, DOCTOR_NOTE, "pinning",
                   "a process may lock %s (ulimit -l); should registering the swap file fail, raise it",
                   units_show_size(size, (double)locked.rlim_cur));
}

void doctor_live(struct findings *findings, const char *root)
{
    check_build(findings);
    if (cuda_built_with() != 0)
        check_driver(findings, root);
    check_swap_memory(findings, root);
}
