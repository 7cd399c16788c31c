/* kernels.cu - what runs on a GPU in live mode: write a workload's memory, change it, check it, keep busy.
 *
 * All take words of 64 bits; `position` is that of data[0] in the workload.  Threads stride over the data, so that any
 * grid serves.  kernels.sh makes kernels.ptx of it, which is checked in. */
#include "mix.h"

#define EACH(i, words) \
    (mix_word i = blockIdx.x * (mix_word)blockDim.x + threadIdx.x; i < (words); i += gridDim.x * (mix_word)blockDim.x)

extern "C" __global__ void kernel_fill(mix_word *data, mix_word words, mix_word seed, mix_word position)
{
    for EACH(i, words)
        data[i] = mix_at(seed, position + i);
}

/* From one generation to the next, by what is there: a word that was wrong stays wrong. */
extern "C" __global__ void kernel_touch(mix_word *data, mix_word words, mix_word seed, mix_word next, mix_word position)
{
    for EACH(i, words)
        data[i] ^= mix_at(seed, position + i) ^ mix_at(next, position + i);
}

extern "C" __global__ void kernel_check(const mix_word *data, mix_word words, mix_word seed, mix_word position,
                                        struct mix_found *found)
{
    mix_word sum = 0;

    for EACH(i, words) {
        mix_word word = data[i];

        sum += word;
        if (word != mix_at(seed, position + i)) {
            atomicAdd(&found->bad, 1ull);
            atomicMin(&found->first, position + i);
        }
    }
    atomicAdd(&found->sum, sum);
}

/* Hold the GPU for `duration` ns of its own clock, without touching memory. */
extern "C" __global__ void kernel_busy(mix_word duration)
{
    mix_word start, now;

    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(start));
    do
        asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
    while (now - start < duration);
}
