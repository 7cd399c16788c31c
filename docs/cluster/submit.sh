#!/usr/bin/env bash
# submit.sh SHARDS SCENARIO [OPTION...] - a sweep as a Slurm job array, and the merge of its shards into all.db behind it.
set -euo pipefail
here=$(dirname "$0") shards=$1
shift

array=$(sbatch --parsable --array="1-$shards" "$here/sweep.sbatch" "$@")
merge=$(sbatch --parsable --dependency="afterok:${array%%;*}" "$here/merge.sbatch" all.db "results.*-of-$shards.db")
echo "sweep ${array%%;*}, merge ${merge%%;*}"
