#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# tidy.sh FOLDER: the rules of style that a machine can check, on every file below FOLDER. Prints
# one line for each fault, as FILE[:LINE]: RULE; fails if there is one.
set -euo pipefail
export LC_ALL=C.UTF-8

lines_max=499
columns_max=100

cd "$1"
mapfile -d '' -t files < <(find . \( -name build -o -name .git -o -name .cache \) -prune -o \
  -type f \( -name '*.c' -o -name '*.h' -o -name '*.cpp' -o -name '*.hpp' -o -name '*.map' \
  -o -name '*.sh' -o -name '*.cmake' -o -name '*.awk' -o -name CMakeLists.txt -o -name '*.in' \
  -o -name '*.yml' -o -name '.clang-*' -o -name Doxyfile -o -name Dockerfile \
  -o -path ./dev -o -path ./.ci/run \) -printf '%P\0' | sort -z)

# lines PATTERN RULE: no line of any file matches PATTERN.
lines() {
  { grep -HnE "$1" "${files[@]}" || true; } | sed -E "s/^([^:]*:[0-9]+):.*/\1: $2/"
}

faults=$(
  # The first line, or the second where the first names an interpreter, is the licence's.
  awk -v lines_max="$lines_max" '
    FNR == 1 { first = ($0 ~ /^#!/) ? 2 : 1 }
    FNR == first && !/SPDX-License-Identifier: Apache-2.0/ {
      print FILENAME ": first line is not its SPDX line"
    }
    FNR == lines_max + 1 { print FILENAME ": more than " lines_max " lines" }' "${files[@]}"
  lines ".{$((columns_max + 1))}" "more than $columns_max columns"
  lines '\<(TO[D]O|FIX[M]E|XX[X])\>' 'an unfinished mark'
  lines '[[:space:]]$' 'white space at the end of the line'
)
[[ -z $faults ]] || { sort <<<"$faults"; exit 1; }
