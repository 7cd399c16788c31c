/* storage.c - the driver's calls for memory that this program copies itself. */
#include "backend/cuda/storage.h"
#include "backend/cuda/checkpoint.h"

#include <dlfcn.h>
#include <string.h>

int storage_probe(const struct driver *driver, storage_complete_function **complete, struct error *err)
{
    CUresult (*find)(const char *, void **, int, cuuint64_t, CUdriverProcAddressQueryResult *) = NULL;
    CUdriverProcAddressQueryResult seen = CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
    void *address = dlsym(driver->library, "cuGetProcAddress_v2");

    memcpy(&find, &address, sizeof find);
    address = NULL;
    if (find != NULL && driver->version >= STORAGE_VERSION && (driver->features & DRIVER_CHECKPOINT) != 0 &&
        find("cuCheckpointOperationComplete", &address, STORAGE_VERSION, CU_GET_PROC_ADDRESS_DEFAULT, &seen) ==
            CUDA_SUCCESS &&
        seen == CU_GET_PROC_ADDRESS_SUCCESS && address != NULL) {
        memcpy(complete, &address, sizeof *complete);
        return GS_OK;
    }
    return error_set(err, GS_UNSATISFIABLE,
                     "the driver knows CUDA %d.%d and does not let programs be kept in a swap file of ours: that needs "
                     "driver 615 (CUDA 13.4) or newer; leave --swap-file out",
                     driver->version / 1000, driver->version % 1000 / 10);
}

/* What the driver has told is to be sound before it is built on. */
static int told(int pid, const struct storage_info *info, struct error *err)
{
    if (info != NULL && info->handle != NULL && (info->devices == 0 || info->device != NULL))
        return GS_OK;
    return error_set(err, GS_IO, "the driver does not tell where the memory of process %d is", pid);
}

int storage_save(const struct driver *driver, int pid, struct storage_info **info, struct error *err)
{
    union {
        struct storage_save_args ours;
        CUcheckpointCheckpointArgs theirs;
    } args;
    int rc;

    memset(&args, 0, sizeof args);
    *info = NULL;
    args.ours.info = info;
    rc =
        checkpoint_judge(driver, driver->checkpoint_save(pid, &args.theirs), "cuCheckpointProcessCheckpoint", pid, err);
    return rc == GS_OK ? told(pid, *info, err) : rc;
}

int storage_load(const struct driver *driver, int pid, struct storage_info **info, struct error *err)
{
    union {
        struct storage_load_args ours;
        CUcheckpointRestoreArgs theirs;
    } args;
    int rc;

    memset(&args, 0, sizeof args);
    *info = NULL;
    args.ours.info = info;
    rc =
        checkpoint_judge(driver, driver->checkpoint_restore(pid, &args.theirs), "cuCheckpointProcessRestore", pid, err);
    return rc == GS_OK ? told(pid, *info, err) : rc;
}

int storage_complete(const struct driver *driver, storage_complete_function *complete, const struct storage_info *info,
                     int pid, struct error *err)
{
    return checkpoint_judge(driver, complete(info->handle), "cuCheckpointOperationComplete", pid, err);
}
