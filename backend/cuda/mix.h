/* mix.h - what workloads write into their memory: the same words from the GPU, the host and the driver double.
 *
 * The word at a position hangs on a seed, which names run, workload and generation, and on the position itself, so that
 * a byte that changed, a chunk in the wrong place and a copy from an earlier generation are all seen.  For one seed the
 * words of all positions differ.  Mixing: the finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA 2014).
 * nvcc compiles this as CUDA, the C compiler as C.
 */
#ifndef GS_MIX_H
#define GS_MIX_H

#ifdef __CUDACC__
#define MIX_FUNCTION static __device__ __forceinline__
typedef unsigned long long mix_word;
#else
#include <stdint.h>
#define MIX_FUNCTION static inline
typedef uint64_t mix_word;
#endif

MIX_FUNCTION mix_word mix_bits(mix_word z)
{
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* The seed of everything that `workload` holds in its `generation`-th state. */
MIX_FUNCTION mix_word mix_seed(mix_word run, mix_word workload, mix_word generation)
{
    return mix_bits(mix_bits(mix_bits(run + 1) + workload) + generation);
}

MIX_FUNCTION mix_word mix_at(mix_word seed, mix_word position)
{
    return mix_bits(seed + position * 0x9E3779B97F4A7C15u);
}

/* What kernel_check finds; zero but for `first`, which begins as all ones. */
struct mix_found {
    mix_word bad;   /* words that are not what they should be */
    mix_word first; /* position of the first of them */
    mix_word sum;   /* of all words as they were read */
};

#endif
