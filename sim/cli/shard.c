/* shard.c - the share of a sweep that this process runs: --shard, a Slurm job array, or a Kubernetes indexed Job. */
#include "sim/cli/shard.h"

#include "sim/base/units.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHARDS_MAX = 1000000 };

/* A whole number out of a text of the user's or of the environment's. */
static int number(const char *what, const char *text, int64_t least, int64_t *value, struct error *err)
{
    char why[UNITS_WHY];

    if (units_integer(text, value, why) != GS_OK)
        return error_set(err, GS_USAGE, "%s '%s': %s", what, text, why);
    if (*value < least || *value > SHARDS_MAX)
        return error_set(err, GS_USAGE, "%s '%s': it must be from %lld to %d", what, text, (long long)least,
                         SHARDS_MAX);
    return GS_OK;
}

/* "3/10" */
static int given(const char *text, int64_t *shard, int64_t *shards, struct error *err)
{
    char first[16];
    const char *slash = strchr(text, '/');

    if (slash == NULL || slash == text || (size_t)(slash - text) >= sizeof first)
        return error_set(err, GS_USAGE, "--shard '%s': it reads I/N, such as '3/10' for the third of ten shares", text);
    snprintf(first, sizeof first, "%.*s", (int)(slash - text), text);
    int rc = number("--shard", first, 1, shard, err);
    if (rc == GS_OK)
        rc = number("--shard", slash + 1, 1, shards, err);
    if (rc == GS_OK && *shard > *shards)
        return error_set(err, GS_USAGE, "--shard '%s': there is no share %lld of %lld", text, (long long)*shard,
                         (long long)*shards);
    return rc;
}

/* An array may begin anywhere and have a step; with other gaps nobody knows which place a task has in it. */
static int slurm(const char *id, int64_t *shard, int64_t *shards, struct error *err)
{
    static const char *const name[] = {"SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_COUNT"};
    int64_t task, of[3];
    int rc = number("SLURM_ARRAY_TASK_ID", id, 0, &task, err);

    for (int i = 0; i < 3 && rc == GS_OK; i++) {
        const char *text = getenv(name[i]);
        rc = text == NULL ? error_set(err, GS_USAGE, "SLURM_ARRAY_TASK_ID is %s, but %s is not set; give --shard I/N",
                                      id, name[i])
                          : number(name[i], text, i == 2, &of[i], err);
    }
    if (rc != GS_OK)
        return rc;
    int64_t width = of[1] - of[0], step = of[2] > 1 ? width / (of[2] - 1) : 1;
    if (width < 0 || (of[2] == 1 ? width != 0 : width % (of[2] - 1) != 0 || step == 0) || task < of[0] ||
        task > of[1] || (task - of[0]) % step != 0)
        return error_set(
            err, GS_USAGE,
            "the job array has gaps: task %s of %lld from %lld to %lld; give --shard I/N, where I must not "
            "depend on which tasks are run again",
            id, (long long)of[2], (long long)of[0], (long long)of[1]);
    *shard = (task - of[0]) / step + 1;
    *shards = of[2];
    return GS_OK;
}

/* Kubernetes tells the index, from 0, but not how many there are. */
static int kubernetes(const char *index, const char *shards_wanted, int64_t *shard, int64_t *shards, struct error *err)
{
    const char *count = shards_wanted != NULL ? shards_wanted : getenv("GPUSWAP_SHARDS");
    int rc = number("JOB_COMPLETION_INDEX", index, 0, shard, err);

    if (rc == GS_OK && count == NULL)
        return error_set(
            err, GS_USAGE,
            "JOB_COMPLETION_INDEX is %s, but of how many? Kubernetes does not tell; give the 'completions' "
            "of the Job by --shards N or GPUSWAP_SHARDS",
            index);
    if (rc == GS_OK)
        rc = number(shards_wanted != NULL ? "--shards" : "GPUSWAP_SHARDS", count, 1, shards, err);
    if (rc == GS_OK && ++*shard > *shards)
        return error_set(err, GS_USAGE, "JOB_COMPLETION_INDEX is %s, but there are %lld shares only", index,
                         (long long)*shards);
    return rc;
}

int shard_find(const struct shard_wish *wish, uint32_t *shard, uint32_t *shards, const char **from, struct error *err)
{
    const char *task = getenv("SLURM_ARRAY_TASK_ID"), *index = getenv("JOB_COMPLETION_INDEX");
    int64_t own = 1, all = 1, wanted;
    int rc = GS_OK;

    *from = NULL;
    if (wish->shard != NULL) {
        rc = given(wish->shard, &own, &all, err);
    } else if (task != NULL) {
        *from = "SLURM_ARRAY_TASK_ID";
        rc = slurm(task, &own, &all, err);
    } else if (index != NULL) {
        *from = "JOB_COMPLETION_INDEX";
        rc = kubernetes(index, wish->shards, &own, &all, err);
    } else if (wish->shards != NULL) {
        rc = error_set(err, GS_USAGE, "--shards goes with JOB_COMPLETION_INDEX, which is not set; give --shard I/N");
    }
    if (rc == GS_OK && wish->shards != NULL && (rc = number("--shards", wish->shards, 1, &wanted, err)) == GS_OK &&
        wanted != all)
        rc = error_set(err, GS_USAGE, "--shards %lld, but %s says %lld", (long long)wanted,
                       wish->shard != NULL ? "--shard" : *from, (long long)all);
    *shard = (uint32_t)own;
    *shards = (uint32_t)all;
    return rc;
}
