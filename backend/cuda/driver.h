/* driver.h - the CUDA driver, as far as this program calls it: one table of entry points, filled when it is opened.
 *
 * The library is not linked, so that one program starts everywhere: it is looked for as `libcuda.so.1`, or where the
 * environment's GPUSWAP_LIBCUDA says.  Each row names the symbol with the version of its ABI, since the header renames
 * functions by macros and newer drivers keep the old symbols; that row, header and typedef agree is checked when this
 * is compiled.  Needs the CUDA headers, 12.8 or newer; without them the program is built without this.
 */
#ifndef GS_DRIVER_H
#define GS_DRIVER_H

#include "sim/base/error.h"

#include <cuda.h>
#include <cudaTypedefs.h>

enum driver_feature {
    DRIVER_ALWAYS = 0,     /* no driver does without */
    DRIVER_CHECKPOINT = 1, /* other processes can be taken off the GPU whole: driver 570 */
};

/* X(field, function of the header, symbol, ABI version as in the typedef, feature) */
#define DRIVER_ENTRIES(X)                                                                                              \
    X(init, cuInit, cuInit, 2000, ALWAYS)                                                                              \
    X(driver_version, cuDriverGetVersion, cuDriverGetVersion, 2020, ALWAYS)                                            \
    X(error_name, cuGetErrorName, cuGetErrorName, 6000, ALWAYS)                                                        \
    X(error_string, cuGetErrorString, cuGetErrorString, 6000, ALWAYS)                                                  \
    X(device_count, cuDeviceGetCount, cuDeviceGetCount, 2000, ALWAYS)                                                  \
    X(device_get, cuDeviceGet, cuDeviceGet, 2000, ALWAYS)                                                              \
    X(device_name, cuDeviceGetName, cuDeviceGetName, 2000, ALWAYS)                                                     \
    X(device_attribute, cuDeviceGetAttribute, cuDeviceGetAttribute, 2000, ALWAYS)                                      \
    X(device_total, cuDeviceTotalMem, cuDeviceTotalMem_v2, 3020, ALWAYS)                                               \
    X(device_uuid, cuDeviceGetUuid, cuDeviceGetUuid_v2, 11040, ALWAYS)                                                 \
    X(device_pci, cuDeviceGetPCIBusId, cuDeviceGetPCIBusId, 4010, ALWAYS)                                              \
    X(primary_retain, cuDevicePrimaryCtxRetain, cuDevicePrimaryCtxRetain, 7000, ALWAYS)                                \
    X(primary_release, cuDevicePrimaryCtxRelease, cuDevicePrimaryCtxRelease_v2, 11000, ALWAYS)                         \
    X(primary_flags, cuDevicePrimaryCtxSetFlags, cuDevicePrimaryCtxSetFlags_v2, 11000, ALWAYS)                         \
    X(context_set, cuCtxSetCurrent, cuCtxSetCurrent, 4000, ALWAYS)                                                     \
    X(context_get, cuCtxGetCurrent, cuCtxGetCurrent, 4000, ALWAYS)                                                     \
    X(context_wait, cuCtxSynchronize, cuCtxSynchronize, 2000, ALWAYS)                                                  \
    X(priority_range, cuCtxGetStreamPriorityRange, cuCtxGetStreamPriorityRange, 5050, ALWAYS)                          \
    X(stream_create, cuStreamCreateWithPriority, cuStreamCreateWithPriority, 5050, ALWAYS)                             \
    X(stream_destroy, cuStreamDestroy, cuStreamDestroy_v2, 4000, ALWAYS)                                               \
    X(stream_wait, cuStreamSynchronize, cuStreamSynchronize, 2000, ALWAYS)                                             \
    X(stream_query, cuStreamQuery, cuStreamQuery, 2000, ALWAYS)                                                        \
    X(stream_after, cuStreamWaitEvent, cuStreamWaitEvent, 3020, ALWAYS)                                                \
    X(stream_context, cuStreamGetCtx, cuStreamGetCtx, 9020, ALWAYS)                                                    \
    X(event_create, cuEventCreate, cuEventCreate, 2000, ALWAYS)                                                        \
    X(event_destroy, cuEventDestroy, cuEventDestroy_v2, 4000, ALWAYS)                                                  \
    X(event_record, cuEventRecord, cuEventRecord, 2000, ALWAYS)                                                        \
    X(event_query, cuEventQuery, cuEventQuery, 2000, ALWAYS)                                                           \
    X(event_wait, cuEventSynchronize, cuEventSynchronize, 2000, ALWAYS)                                                \
    X(event_elapsed, cuEventElapsedTime, cuEventElapsedTime, 2000, ALWAYS)                                             \
    X(memory_info, cuMemGetInfo, cuMemGetInfo_v2, 3020, ALWAYS)                                                        \
    X(memory_alloc, cuMemAlloc, cuMemAlloc_v2, 3020, ALWAYS)                                                           \
    X(memory_free, cuMemFree, cuMemFree_v2, 3020, ALWAYS)                                                              \
    X(host_register, cuMemHostRegister, cuMemHostRegister_v2, 6050, ALWAYS)                                            \
    X(host_unregister, cuMemHostUnregister, cuMemHostUnregister, 4000, ALWAYS)                                         \
    X(copy_in, cuMemcpyHtoDAsync, cuMemcpyHtoDAsync_v2, 3020, ALWAYS)                                                  \
    X(copy_out, cuMemcpyDtoHAsync, cuMemcpyDtoHAsync_v2, 3020, ALWAYS)                                                 \
    X(copy_in_now, cuMemcpyHtoD, cuMemcpyHtoD_v2, 3020, ALWAYS)                                                        \
    X(copy_out_now, cuMemcpyDtoH, cuMemcpyDtoH_v2, 3020, ALWAYS)                                                       \
    X(address_reserve, cuMemAddressReserve, cuMemAddressReserve, 10020, ALWAYS)                                        \
    X(address_free, cuMemAddressFree, cuMemAddressFree, 10020, ALWAYS)                                                 \
    X(chunk_create, cuMemCreate, cuMemCreate, 10020, ALWAYS)                                                           \
    X(chunk_release, cuMemRelease, cuMemRelease, 10020, ALWAYS)                                                        \
    X(chunk_map, cuMemMap, cuMemMap, 10020, ALWAYS)                                                                    \
    X(chunk_unmap, cuMemUnmap, cuMemUnmap, 10020, ALWAYS)                                                              \
    X(chunk_access, cuMemSetAccess, cuMemSetAccess, 10020, ALWAYS)                                                     \
    X(chunk_granularity, cuMemGetAllocationGranularity, cuMemGetAllocationGranularity, 10020, ALWAYS)                  \
    X(module_load, cuModuleLoadDataEx, cuModuleLoadDataEx, 2010, ALWAYS)                                               \
    X(module_unload, cuModuleUnload, cuModuleUnload, 2000, ALWAYS)                                                     \
    X(module_function, cuModuleGetFunction, cuModuleGetFunction, 2000, ALWAYS)                                         \
    X(launch, cuLaunchKernel, cuLaunchKernel, 4000, ALWAYS)                                                            \
    X(checkpoint_state, cuCheckpointProcessGetState, cuCheckpointProcessGetState, 12080, CHECKPOINT)                   \
    X(checkpoint_lock, cuCheckpointProcessLock, cuCheckpointProcessLock, 12080, CHECKPOINT)                            \
    X(checkpoint_save, cuCheckpointProcessCheckpoint, cuCheckpointProcessCheckpoint, 12080, CHECKPOINT)                \
    X(checkpoint_restore, cuCheckpointProcessRestore, cuCheckpointProcessRestore, 12080, CHECKPOINT)                   \
    X(checkpoint_unlock, cuCheckpointProcessUnlock, cuCheckpointProcessUnlock, 12080, CHECKPOINT)

enum { DRIVER_OLDEST = 11040 }; /* driver 470: the newest ABI of the rows that are always needed */

struct driver {
    void *library;
    const char *path;  /* what was opened */
    int version;       /* CUDA that the driver knows, as 13000 for 13.0 */
    unsigned features; /* enum driver_feature */
#define FIELD(field, function, symbol, abi, feature) PFN_##function##_v##abi field;
    DRIVER_ENTRIES(FIELD)
#undef FIELD
};

/* A row as data. */
struct driver_entry {
    const char *symbol;
    int abi;
    unsigned feature;
    unsigned long offset; /* of the field in struct driver */
};
const struct driver_entry *driver_entry_at(unsigned i); /* NULL past the end */

/* Load the driver, fill the table and initialise it: GS_NO_DEVICE with what is missing and what to do about it.  The
 * driver must know at least one GPU. */
int driver_open(struct driver *driver, struct error *err);

/* Without cuInit and without asking for GPUs: what a driver's library has in it. */
int driver_load(struct driver *driver, struct error *err);

void driver_close(struct driver *driver);

/* What a result means for the one who called. */
enum driver_verdict {
    DRIVER_FINE,
    DRIVER_LATER,  /* no memory now, or not ready: try again */
    DRIVER_BROKEN, /* the context is lost with all that was in it */
    DRIVER_GONE,   /* the GPU is lost */
    DRIVER_OURS,   /* a call that should not have been made so */
};
enum driver_verdict driver_judge(CUresult result);

/* Put "'subject': text of the result (name, number)" into err, with the code that fits; returns it. */
int driver_fail(const struct driver *driver, CUresult result, const char *subject, struct error *err);

#endif
