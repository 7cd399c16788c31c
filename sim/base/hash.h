/* hash.h - FNV-1a, 64 bits: it tells versions of a content apart, not forgeries. */
#ifndef GS_HASH_H
#define GS_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)

/* `sum` goes on over `bytes` of `data`. */
static inline uint64_t hash_bytes(uint64_t sum, const void *data, size_t bytes)
{
    const unsigned char *byte = data;
    for (size_t i = 0; i < bytes; i++)
        sum = (sum ^ byte[i]) * UINT64_C(0x100000001b3);
    return sum;
}

/* A text and its end, so that "ab", "c" is not "a", "bc". */
static inline uint64_t hash_text(uint64_t sum, const char *text)
{
    return hash_bytes(sum, text, strlen(text) + 1);
}

#endif
