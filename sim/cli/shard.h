/* shard.h - which share of a sweep is ours: told on the command line, or by a batch system. */
#ifndef GS_SHARD_H
#define GS_SHARD_H

#include "sim/base/error.h"

#include <stdint.h>

struct shard_wish {
    const char *shard;  /* --shard I/N; NULL: not given */
    const char *shards; /* --shards N */
};

/* Share `*shard` of `*shards`, from 1; 1 of 1 where nobody says anything.  `*from`: the variable of the environment that
 * told it, or NULL. */
int shard_find(const struct shard_wish *wish, uint32_t *shard, uint32_t *shards, const char **from, struct error *err);

#endif
