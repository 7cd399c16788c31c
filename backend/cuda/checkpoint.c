/* checkpoint.c - the driver's calls for other processes, each with what it means. */
#include "backend/cuda/checkpoint.h"

#include <stdio.h>
#include <string.h>

int checkpoint_probe(const struct driver *driver, struct error *err)
{
    if ((driver->features & DRIVER_CHECKPOINT) != 0)
        return GS_OK;
    return error_set(err, GS_UNSATISFIABLE,
                     "the driver knows CUDA %d.%d and cannot take other processes off the GPU: that needs driver 570 "
                     "(CUDA 12.8) or newer",
                     driver->version / 1000, driver->version % 1000 / 10);
}

int checkpoint_judge(const struct driver *driver, CUresult result, const char *call, int pid, struct error *err)
{
    char subject[80];

    if (result == CUDA_SUCCESS)
        return GS_OK;
    if (result == CUDA_ERROR_NOT_SUPPORTED)
        return error_set(
            err, GS_UNSATISFIABLE,
            "the driver cannot take process %d off the GPU (%s): it may use managed memory, memory shared between "
            "processes (for drivers before 610), MPS or several GPUs that reach each other",
            pid, call);
    if (result == CUDA_ERROR_NOT_PERMITTED || result == CUDA_ERROR_OPERATING_SYSTEM)
        return error_set(err, GS_NOT_PERMITTED,
                         "the driver does not let this daemon move process %d (%s, %d): it needs that user's rights or "
                         "CAP_SYS_PTRACE, and persistence mode",
                         pid, call, (int)result);
    snprintf(subject, sizeof subject, "%s of process %d", call, pid);
    return driver_fail(driver, result, subject, err);
}

int checkpoint_state(const struct driver *driver, int pid, enum checkpoint_state *state, struct error *err)
{
    CUprocessState seen = CU_PROCESS_STATE_FAILED;
    CUresult result = driver->checkpoint_state(pid, &seen);
    int rc = GS_OK;

    if (result == CUDA_ERROR_NOT_INITIALIZED) {
        *state = CHECKPOINT_NONE;
        return GS_OK;
    }
    rc = checkpoint_judge(driver, result, "cuCheckpointProcessGetState", pid, err);

    *state = seen == CU_PROCESS_STATE_RUNNING        ? CHECKPOINT_RUNS
             : seen == CU_PROCESS_STATE_LOCKED       ? CHECKPOINT_QUIET
             : seen == CU_PROCESS_STATE_CHECKPOINTED ? CHECKPOINT_AWAY
                                                     : CHECKPOINT_LOST;
    return rc;
}

int checkpoint_quiesce(const struct driver *driver, int pid, unsigned timeout_ms, struct error *err)
{
    CUcheckpointLockArgs args;
    CUresult result;

    memset(&args, 0, sizeof args);
    args.timeoutMs = timeout_ms > 0 ? timeout_ms : 1; /* 0 would wait for ever */
    result = driver->checkpoint_lock(pid, &args);
    if (result == CUDA_ERROR_NOT_READY)
        return error_set(err, GS_BUSY, "process %d did not finish its work on the GPU within %u ms", pid, timeout_ms);
    return checkpoint_judge(driver, result, "cuCheckpointProcessLock", pid, err);
}

int checkpoint_save(const struct driver *driver, int pid, struct error *err)
{
    CUcheckpointCheckpointArgs args;

    memset(&args, 0, sizeof args);
    return checkpoint_judge(driver, driver->checkpoint_save(pid, &args), "cuCheckpointProcessCheckpoint", pid, err);
}

int checkpoint_load(const struct driver *driver, int pid, struct error *err)
{
    CUcheckpointRestoreArgs args;

    memset(&args, 0, sizeof args);
    return checkpoint_judge(driver, driver->checkpoint_restore(pid, &args), "cuCheckpointProcessRestore", pid, err);
}

int checkpoint_resume(const struct driver *driver, int pid, struct error *err)
{
    CUcheckpointUnlockArgs args;

    memset(&args, 0, sizeof args);
    return checkpoint_judge(driver, driver->checkpoint_unlock(pid, &args), "cuCheckpointProcessUnlock", pid, err);
}
