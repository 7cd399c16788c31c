/* storage.c - a process whose memory is copied by whoever saves it, and not by the driver: CUDA 13.4's custom storage.
 *
 * LOCKED -checkpoint-> CHECKPOINTING -complete-> CHECKPOINTED -restore-> RESTORING -complete-> LOCKED.  Between the two steps
 * the process' memory of a GPU is mapped, in one piece, where the one who asks may copy it: here through a file FOLDER/view.PID.GPU.
 * As NVIDIA's reference of CUDA 13.4 has it (CUDA Checkpointing, CUcheckpointCustomStorageInfo); no driver was at hand. */
#include "backend/double/ledger.h"
#include "backend/double/state.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { STATE_CHECKPOINTING = 4, STATE_RESTORING = 5, OPERATIONS = 8, JUNK = 0xC3 };

struct shown { /* CUcheckpointCustomStoragePerDeviceData */
    CUdeviceptr address;
    size_t bytes;
    CUstream stream;
};
struct info { /* CUcheckpointCustomStorageInfo */
    void *handle;
    struct shown *device;
    unsigned devices;
};
_Static_assert(sizeof(struct shown) == 24 && sizeof(struct info) == 24, "as the reference has them");

/* Between a first call and its completion, on the side of who asks. */
static struct operation {
    struct info info; /* first: told by its address */
    struct shown shown[GPUS];
    unsigned gpu[GPUS], chunk[GPUS], stream[GPUS];
    unsigned generation;
    int pid;
    bool live, fills;
} operation[OPERATIONS];

static unsigned char *view(int pid, unsigned gpu, uint64_t bytes, bool makes)
{
    char path[320];
    void *data = MAP_FAILED;
    int file;

    snprintf(path, sizeof path, "%s/view.%d.%u", the.options.folder, pid, gpu);
    if (makes)
        unlink(path);
    file = open(path, O_RDWR | O_CLOEXEC | (makes ? O_CREAT | O_EXCL : 0), 0600);
    if (file >= 0 && (!makes || ftruncate(file, (off_t)bytes) == 0))
        data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file >= 0)
        close(file);
    return data != MAP_FAILED ? data : NULL;
}

static void end_view(int pid, unsigned gpu)
{
    char path[320];

    snprintf(path, sizeof path, "%s/view.%d.%u", the.options.folder, pid, gpu);
    unlink(path);
}

/* --- in the process that is moved --- */

static uint64_t bytes_on(unsigned gpu)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < CHUNKS; i++)
        bytes += the.chunk[i].live && the.chunk[i].gpu == gpu ? the.chunk[i].bytes : 0;
    return bytes;
}

/* All chunks of a GPU, one behind the other. */
static bool pass_bytes(unsigned gpu, unsigned char *to, const unsigned char *from)
{
    for (unsigned i = 0; i < CHUNKS; i++) {
        struct chunk *chunk = &the.chunk[i];

        if (!chunk->live || chunk->gpu != gpu)
            continue;
        if (to != NULL) {
            memcpy(to, chunk->data, chunk->bytes);
            to += chunk->bytes;
            continue;
        }
        if ((chunk->data = chunk_pages(chunk->bytes)) == NULL)
            return false;
        memcpy(chunk->data, from, chunk->bytes);
        from += chunk->bytes;
    }
    return true;
}

static CUresult show(bool fills, uint64_t shown[GPUS])
{
    for (unsigned gpu = 0; gpu < GPUS; gpu++) {
        uint64_t bytes = shown[gpu] = bytes_on(gpu);
        unsigned char *data = bytes == 0 ? NULL : view(getpid(), gpu, bytes, true);

        if (bytes == 0)
            continue;
        if (data == NULL)
            return CUDA_ERROR_OPERATING_SYSTEM;
        if (fills)
            memset(data, JUNK, bytes);
        else
            pass_bytes(gpu, data, NULL);
        munmap(data, bytes);
    }
    return CUDA_SUCCESS;
}

/* What was not copied is gone. */
static void saved(void)
{
    for (unsigned gpu = 0; gpu < GPUS; gpu++)
        end_view(getpid(), gpu);
    for (unsigned i = 0; i < CHUNKS; i++)
        if (the.chunk[i].live) {
            munmap(the.chunk[i].data, the.chunk[i].bytes);
            the.chunk[i].data = NULL;
            ledger_give(the.chunk[i].gpu, the.chunk[i].bytes);
        }
    checkpoint_leave_gpus();
}

static bool filled(void)
{
    bool there = true;

    for (unsigned gpu = 0; gpu < GPUS; gpu++) {
        uint64_t bytes = bytes_on(gpu);
        unsigned char *data = bytes == 0 ? NULL : view(getpid(), gpu, bytes, false);

        there &= bytes == 0 || (data != NULL && pass_bytes(gpu, NULL, data));
        if (data != NULL)
            munmap(data, bytes);
        end_view(getpid(), gpu);
    }
    ledger_show(true, the.options.unseen);
    return there;
}

CUresult storage_obey(enum checkpoint_call call, uint64_t shown[GPUS])
{
    static const struct {
        CUprocessState from, to;
    } step[] = {[CHECKPOINT_SHOW] = {CU_PROCESS_STATE_LOCKED, (CUprocessState)STATE_CHECKPOINTING},
                [CHECKPOINT_SAVED] = {(CUprocessState)STATE_CHECKPOINTING, CU_PROCESS_STATE_CHECKPOINTED},
                [CHECKPOINT_FILL] = {CU_PROCESS_STATE_CHECKPOINTED, (CUprocessState)STATE_RESTORING},
                [CHECKPOINT_FILLED] = {(CUprocessState)STATE_RESTORING, CU_PROCESS_STATE_LOCKED}};
    CUresult result = CUDA_SUCCESS;

    if (the.process == CU_PROCESS_STATE_FAILED)
        return CUDA_ERROR_OPERATING_SYSTEM;
    if (the.process != step[call].from)
        return CUDA_ERROR_ILLEGAL_STATE;
    if (call == CHECKPOINT_SHOW && checkpoint_refuses())
        return CUDA_ERROR_NOT_SUPPORTED;
    if (call == CHECKPOINT_FILL && !the.stored) /* what a driver does then is not known */
        return CUDA_ERROR_INVALID_VALUE;
    if (call == CHECKPOINT_SHOW)
        checkpoint_finish_work();
    if (call == CHECKPOINT_SAVED)
        saved();
    else if (call == CHECKPOINT_FILL && !checkpoint_take_capacity())
        result = CUDA_ERROR_OUT_OF_MEMORY;
    else if (call == CHECKPOINT_SHOW || call == CHECKPOINT_FILL)
        result = show(call == CHECKPOINT_FILL, shown);
    else if (call == CHECKPOINT_FILLED && !filled())
        result = CUDA_ERROR_OUT_OF_MEMORY;
    the.process = result == CUDA_SUCCESS ? step[call].to : CU_PROCESS_STATE_FAILED;
    the.stored = call == CHECKPOINT_SAVED || (the.stored && call != CHECKPOINT_FILLED);
    return result;
}

/* --- in the process that asks --- */

static struct operation *unused(void)
{
    for (unsigned i = 0; i < OPERATIONS; i++)
        if (!operation[i].live)
            return &operation[i];
    return NULL;
}

/* That memory gets an address here, and counts as what the other process has on the GPU. */
static bool map_view(struct operation *op, unsigned gpu, uint64_t bytes)
{
    unsigned at = op->info.devices, index = 0;
    unsigned char *data = view(op->pid, gpu, bytes, false);
    void *start = address_take(bytes, the.options.granularity_bytes);

    while (index < CHUNKS && the.chunk[index].live)
        index++;
    if (data == NULL || start == NULL || index == CHUNKS || !stream_take(gpu, &op->stream[at]))
        return false;
    the.chunk[index] = (struct chunk){
        .generation = the.chunk[index].generation + 1, .live = true, .gpu = gpu, .bytes = bytes, .data = data};
    if (mapping_add((struct mapping){
            .address = (uintptr_t)start, .bytes = bytes, .chunk = index, .accessible = true, .plain = true}) !=
        CUDA_SUCCESS)
        return false;
    op->gpu[at] = gpu;
    op->chunk[at] = index;
    op->shown[at] = (struct shown){
        (uintptr_t)start, bytes,
        (CUstream)(uintptr_t)handle_make(HANDLE_STREAM, the.stream[op->stream[at]].generation, op->stream[at])};
    op->info.devices++;
    return true;
}

CUresult storage_begin(const char *call, int pid, bool fills, void *out)
{
    struct checkpoint_answer answer = {.result = CUDA_SUCCESS};
    struct checkpoint_order order = {.call = fills ? CHECKPOINT_FILL : CHECKPOINT_SHOW};
    bool retained = true, there = true;
    struct operation *op;
    CUresult result;

    if ((result = enter(call, ENTER_INIT, NULL)) != CUDA_SUCCESS)
        return result;
    for (unsigned gpu = 0; gpu < the.options.gpus; gpu++)
        retained &= the.gpu[gpu].retained > 0;
    op = unused();
    if (!retained || op == NULL)
        return leave(retained ? CUDA_ERROR_OUT_OF_MEMORY : CUDA_ERROR_INVALID_CONTEXT);
    *op = (struct operation){.generation = op->generation + 1, .live = true, .pid = pid, .fills = fills};
    leave(CUDA_SUCCESS);
    result = serve_ask(pid, order, &answer); /* without the lock while the other process is at work */
    result = result == CUDA_SUCCESS ? answer.result : result;
    enter_lock();
    for (unsigned gpu = 0; result == CUDA_SUCCESS && gpu < GPUS; gpu++)
        there &= answer.shown[gpu] == 0 || map_view(op, gpu, answer.shown[gpu]);
    op->live = result == CUDA_SUCCESS;
    op->info.handle = (void *)(uintptr_t)handle_make(HANDLE_OPERATION, op->generation, (unsigned)(op - operation));
    op->info.device = op->shown;
    *(struct info **)out = &op->info;
    return leave(there ? result : CUDA_ERROR_OPERATING_SYSTEM);
}

static CUresult end_views(struct operation *op)
{
    CUresult result = CUDA_SUCCESS;

    for (unsigned i = 0; i < op->info.devices && result == CUDA_SUCCESS; i++) {
        result = clock_wait(the.stream[op->stream[i]].last, op->gpu[i]);
        order_known(the.stream[op->stream[i]].last);
    }
    for (unsigned i = 0; i < op->info.devices && result == CUDA_SUCCESS; i++) {
        if (order_inflight(op->shown[i].address, op->shown[i].bytes))
            violation("in-flight", "cuCheckpointOperationComplete while other streams still touch the memory");
        mapping_end(op->shown[i].address);
        address_give(op->shown[i].address, op->shown[i].bytes);
        munmap(the.chunk[op->chunk[i]].data, op->shown[i].bytes);
        the.chunk[op->chunk[i]] = (struct chunk){.generation = the.chunk[op->chunk[i]].generation};
        the.stream[op->stream[i]].live = false;
    }
    return result;
}

#if CUDA_VERSION < 13040
typedef struct operation_handle *CUcheckpointOperationHandle;
__attribute__((visibility("default"))) CUresult cuCheckpointOperationComplete(CUcheckpointOperationHandle handle);
#endif

CUresult cuCheckpointOperationComplete(CUcheckpointOperationHandle handle)
{
    struct checkpoint_answer answer = {.result = CUDA_SUCCESS};
    struct checkpoint_order order = {.call = CHECKPOINT_SAVED};
    unsigned generation, index;
    CUresult result;

    if ((result = enter("cuCheckpointOperationComplete", ENTER_INIT, NULL)) != CUDA_SUCCESS)
        return result;
    if (!handle_split((uintptr_t)handle, HANDLE_OPERATION, OPERATIONS, &generation, &index) || !operation[index].live ||
        operation[index].generation != generation)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "stale", "cuCheckpointOperationComplete of no operation"));
    if ((result = end_views(&operation[index])) != CUDA_SUCCESS)
        return leave(result);
    order.call = operation[index].fills ? CHECKPOINT_FILLED : CHECKPOINT_SAVED;
    operation[index].live = false;
    leave(CUDA_SUCCESS);
    result = serve_ask(operation[index].pid, order, &answer);
    return result == CUDA_SUCCESS ? answer.result : result;
}

/* Only what the header of this build cannot name is asked for by this call; all else is found by its symbol. */
CUresult cuGetProcAddress(const char *symbol, void **pfn, int cudaVersion, cuuint64_t flags,
                          CUdriverProcAddressQueryResult *symbolStatus)
{
    static const char *const name = "cuCheckpointOperationComplete";
    CUresult (*function)(CUcheckpointOperationHandle) = cuCheckpointOperationComplete;
    bool known = strcmp(symbol, name) == 0 && cudaVersion >= STORAGE_SINCE;
    CUresult result;

    if ((result = enter("cuGetProcAddress", ENTER_ANYHOW, NULL)) != CUDA_SUCCESS)
        return result;
    *pfn = NULL;
    if (cudaVersion > the.options.driver_version || flags != CU_GET_PROC_ADDRESS_DEFAULT)
        return leave(CUDA_ERROR_INVALID_VALUE);
    if (known)
        memcpy(pfn, &function, sizeof *pfn);
    if (symbolStatus != NULL)
        *symbolStatus = known ? CU_GET_PROC_ADDRESS_SUCCESS : CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
    return leave(CUDA_SUCCESS);
}
