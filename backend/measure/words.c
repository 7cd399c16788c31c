/* words.c - write words, and look whether they are as they were. */
#include "backend/measure/words.h"

#include <string.h>

void words_fill(unsigned char *host, int64_t bytes, uint64_t seed, int64_t from)
{
    for (int64_t i = 0; i < bytes; i += (int64_t)sizeof(mix_word)) {
        mix_word word = mix_at(seed, (mix_word)((from + i) / (int64_t)sizeof word));
        memcpy(host + i, &word, sizeof word);
    }
}

static int complain(bool in, int64_t bytes, struct error *err)
{
    return error_set(
        err, GS_IO,
        "a copy of %lld bytes %s arrived changed; nothing measured on this GPU can be trusted, and nothing "
        "is kept",
        (long long)bytes, in ? "to the GPU" : "from the GPU");
}

int words_check(const unsigned char *host, int64_t bytes, uint64_t seed, int64_t from, struct error *err)
{
    for (int64_t i = 0; i < bytes; i += (int64_t)sizeof(mix_word)) {
        mix_word word;
        memcpy(&word, host + i, sizeof word);
        if (word != mix_at(seed, (mix_word)((from + i) / (int64_t)sizeof word)))
            return complain(false, bytes, err);
    }
    return GS_OK;
}

int words_check_device(struct gpu *gpu, CUdeviceptr device, int64_t bytes, uint64_t seed, struct error *err)
{
    uint64_t parameter[] = {device, (uint64_t)bytes / sizeof(mix_word), seed, 0, gpu->found};
    CUresult result;

    *gpu->found_host = (struct mix_found){.first = UINT64_MAX};
    result = gpu->cu->copy_in(gpu->found, gpu->found_host, sizeof *gpu->found_host, gpu->in);
    if (result == CUDA_SUCCESS)
        result = gpu_launch(gpu, gpu->check, gpu->in, parameter, 5);
    if (result == CUDA_SUCCESS)
        result = gpu->cu->copy_out(gpu->found_host, gpu->found, sizeof *gpu->found_host, gpu->in);
    if (result == CUDA_SUCCESS)
        result = gpu_wait(gpu, gpu->in);
    if (result == CUDA_ERROR_NOT_READY)
        return gpu_give_up(gpu, "a check of memory", err);
    if (result == CUDA_SUCCESS && gpu->found_host->bad != 0)
        return complain(true, bytes, err);
    return gpu_try(gpu, result, "kernel_check", err);
}
