/* depot.c - a process is saved into the swap file, or loaded from it, or the driver does it with the process' own memory.
 *
 * A step that the driver has begun cannot be taken back: so room in the file is taken before, by what the driver says that the
 * process has on the GPU.  A copy that fails is tried once more; then the process is lost: the file says so before the driver
 * ends the step, so that neither this daemon nor the next one lets it go on with wrong data. */
#include "backend/serve/depot.h"

#include <stdio.h>
#include <string.h>

int depot_state(const struct depot *s, const struct stored *p, enum checkpoint_state *state, struct error *err)
{
    int rc = checkpoint_state(s->driver, p->pid, state, err);
    enum image_state image;

    if (rc != GS_OK || s->file == NULL || *state == CHECKPOINT_NONE)
        return rc;
    image = swapfile_state(s->file, p->pid, p->start);
    if (image == IMAGE_SPOILT || (image == IMAGE_BEGUN && *state == CHECKPOINT_AWAY))
        *state = CHECKPOINT_LOST;
    return rc;
}

/* A driver that never tells is another thing than one that did not answer: that may be asked again. */
static int untold(int pid, int result, struct error *err)
{
    if (result == NVML_SUCCESS || result == NVML_NOT_SUPPORTED || result == NVML_NO_PERMISSION)
        return error_set(err, GS_UNSATISFIABLE,
                         "the driver does not tell how much process %d has on the GPU, and a save for which there "
                         "is too little room in the swap file cannot be taken back",
                         pid);
    return error_set(err, GS_BUSY, "how much process %d has on the GPU cannot be told just now: %s (%d)", pid,
                     nvml_why(result), result);
}

static int room_for(const struct depot *s, const struct stored *p, uint64_t *bytes, struct error *err)
{
    unsigned count = 0, gpus = 0;
    int result = s->nvml->count(&count);

    *bytes = 0;
    for (unsigned gpu = 0; gpu < count && result == NVML_SUCCESS; gpu++) {
        nvml_device device;
        uint64_t used = 0; /* its context counts, too: it is the most that there is to be saved */

        if ((result = s->nvml->device(gpu, &device)) == NVML_SUCCESS)
            result = nvml_used(s->nvml, device, p->pid, &used);
        if (result == NVML_SUCCESS && used == UINT64_MAX)
            return untold(p->pid, NVML_SUCCESS, err);
        gpus += used > 0;
        *bytes += used;
    }
    if (result != NVML_SUCCESS)
        return untold(p->pid, result, err);
    if (gpus > 1)
        return error_set(err, GS_UNSATISFIABLE, "process %d has memory on %u GPUs: the swap file takes one's", p->pid,
                         gpus);
    if (gpus == 0)
        *bytes = p->bytes;
    return GS_OK;
}

/* --- copies --- */

static CUresult copy(const struct depot *s, const struct storage_device *from, const struct image *image, bool out)
{
    CUresult result = CUDA_SUCCESS, end;
    CUcontext context = NULL;

    if ((result = s->driver->stream_context(from->stream, &context)) != CUDA_SUCCESS ||
        (result = s->driver->context_set(context)) != CUDA_SUCCESS)
        return result;
    for (uint32_t part = 0; part < image->slots && result == CUDA_SUCCESS; part++) {
        uint64_t at = (uint64_t)part * SWAPFILE_SLOT;
        unsigned char *slot = swapfile_at(s->file, image, part);
        size_t bytes;

        if (at >= from->bytes)
            break;
        bytes = from->bytes - at < SWAPFILE_SLOT ? from->bytes - at : SWAPFILE_SLOT;
        result = out ? s->driver->copy_out(slot, from->at + at, bytes, from->stream)
                     : s->driver->copy_in(from->at + at, slot, bytes, from->stream);
    }
    end = s->driver->stream_wait(from->stream); /* of those that were begun, too */
    return result != CUDA_SUCCESS ? result : end;
}

static int copy_all(const struct depot *s, const struct storage_info *info, struct image *image, bool out, int pid,
                    struct error *err)
{
    enum { TRIES = 2 };
    uint64_t bytes = info->devices > 0 ? info->device[0].bytes : 0;
    CUresult result = CUDA_SUCCESS;
    char subject[80];

    if (info->devices > 1)
        return error_set(err, GS_IO, "process %d has memory on several GPUs", pid);
    if (out && !swapfile_grow(s->file, image, bytes))
        return error_set(err, GS_IO, "process %d has more on the GPU than the driver said, and the swap file is full",
                         pid);
    if (!out && bytes != image->bytes)
        return error_set(err, GS_IO, "process %d had %llu bytes on the GPU, and the driver takes back %llu", pid,
                         (unsigned long long)image->bytes, (unsigned long long)bytes);
    for (int i = 0; i < TRIES && bytes > 0; i++)
        if ((result = copy(s, &info->device[0], image, out)) == CUDA_SUCCESS)
            break;
    if (result == CUDA_SUCCESS)
        return GS_OK;
    snprintf(subject, sizeof subject, "copying process %d %s the swap file", pid, out ? "into" : "from");
    return driver_fail(s->driver, result, subject, err);
}

/* The driver ends the step.  What counts is the state that the process is in then. */
static int complete(const struct depot *s, const struct storage_info *info, int pid, enum checkpoint_state wanted,
                    struct error *err)
{
    enum { TRIES = 2 };
    struct error ignored = {0};
    enum checkpoint_state state;
    int rc = GS_OK;

    for (int i = 0; i < TRIES; i++) {
        if ((rc = storage_complete(s->driver, s->complete, info, pid, err)) == GS_OK)
            return GS_OK;
        if (checkpoint_state(s->driver, pid, &state, &ignored) == GS_OK && state == wanted)
            return GS_OK;
    }
    return rc;
}

/* The room is the others': on the GPU what was to be saved, in the file what was to be loaded. */
static void give_up(const struct depot *s, const struct storage_info *info, struct image *image)
{
    struct error ignored = {0};

    swapfile_spoil(s->file, image);
    storage_complete(s->driver, s->complete, info, image->pid, &ignored);
}

/* --- the steps --- */

int depot_save(const struct depot *s, const struct stored *p, struct error *err)
{
    struct storage_info *info;
    struct image image;
    uint64_t bytes;
    int rc;

    if (s->file == NULL)
        return checkpoint_save(s->driver, p->pid, err);
    if ((rc = room_for(s, p, &bytes, err)) != GS_OK ||
        (rc = swapfile_begin(s->file, p->pid, p->start, bytes, &image, err)) != GS_OK)
        return rc;
    if ((rc = storage_save(s->driver, p->pid, &info, err)) != GS_OK) {
        swapfile_end(s->file, &image, false);
        return rc;
    }
    if ((rc = copy_all(s, info, &image, true, p->pid, err)) == GS_OK) {
        swapfile_commit(s->file, &image, info->devices > 0 ? info->device[0].bytes : 0);
        rc = complete(s, info, p->pid, CHECKPOINT_AWAY, err);
    } else
        give_up(s, info, &image);
    swapfile_end(s->file, &image, true);
    return rc;
}

int depot_load(const struct depot *s, const struct stored *p, struct error *err)
{
    enum image_state state = IMAGE_NONE;
    struct storage_info *info;
    struct image image;
    int rc;

    if (s->file != NULL)
        state = swapfile_find(s->file, p->pid, p->start, &image, err);
    if (state == IMAGE_NONE)
        return checkpoint_load(s->driver, p->pid, err); /* the driver has it */
    if (state != IMAGE_WHOLE)
        return GS_IO;
    if ((rc = storage_load(s->driver, p->pid, &info, err)) != GS_OK) {
        swapfile_end(s->file, &image, true);
        return rc;
    }
    if ((rc = copy_all(s, info, &image, false, p->pid, err)) == GS_OK)
        rc = complete(s, info, p->pid, CHECKPOINT_QUIET, err);
    else
        give_up(s, info, &image);
    swapfile_end(s->file, &image, rc != GS_OK);
    return rc;
}
