#!/usr/bin/env bash
# headers.sh [COMPILER] - every header compiles alone, and the one for plug-in authors also as C++.
source "$(dirname "$0")/lib.sh"
compiler=${1:-cc}

cuda=()
for place in "${CUDA_PATH-}" /usr/local/cuda; do
    [[ ${#cuda[@]} -gt 0 || ! -e $place/include/cudaTypedefs.h ]] || cuda=(-isystem "$place/include")
done

while read -r header; do
    if [[ ${#cuda[@]} -eq 0 ]] && grep -q '^# *include <cuda' "$header"; then
        continue    # what is not built here
    fi
    "$compiler" -std=c17 -D_GNU_SOURCE "${cuda[@]}" -Wall -Wextra -Werror -fsyntax-only -I. -x c -include "$header" /dev/null ||
        complain "$header does not compile alone"
    grep -q '^#ifndef GS_[A-Z_]*_H$' "$header" || complain "$header: guard it with '#ifndef GS_..._H'"
done < <(sources sim policies backend traces plots | grep '\.h$')
if command -v g++ >/dev/null; then
    g++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -include policies/policy.h -x c++ /dev/null ||
        complain "policies/policy.h is no C++"
fi
finish
