#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# tidy.sh FOLDER: the rules of style that a machine can check, on every file below FOLDER. Prints
# one line for each fault, as FILE: RULE; fails if there is one.
set -euo pipefail
export LC_ALL=C.UTF-8

lines_max=499
columns_max=100
faults=0

fault() {
  printf '%s: %s\n' "$1" "$2"
  faults=$((faults + 1))
}

check_file() {
  local file=$1 line
  line=$(head -n 2 "$file" | grep -v '^#!' | head -n 1) || true
  [[ $line == *'SPDX-License-Identifier: Apache-2.0'* ]] ||
    fault "$file" 'first line is not its SPDX line'
  (($(wc -l <"$file") <= lines_max)) || fault "$file" "more than $lines_max lines"
  while IFS=: read -r line _; do
    fault "$file:$line" "more than $columns_max columns"
  done < <(grep -nE ".{$((columns_max + 1))}" "$file")
  while IFS=: read -r line _; do
    fault "$file:$line" 'an unfinished mark'
  done < <(grep -nE '\<(TO[D]O|FIX[M]E|XX[X])\>' "$file")
  while IFS=: read -r line _; do
    fault "$file:$line" 'white space at the end of the line'
  done < <(grep -nE '[[:space:]]$' "$file")
  [[ -z $(tail -c 1 "$file") ]] || fault "$file" 'no end of line at the end of the file'
}

cd "$1"
while IFS= read -r -d '' file; do
  check_file "${file#./}"
done < <(find . \( -name build -o -name .git -o -name .cache \) -prune -o -type f \( \
  -name '*.c' -o -name '*.h' -o -name '*.cpp' -o -name '*.hpp' -o -name '*.map' -o -name '*.sh' \
  -o -name '*.cmake' -o -name '*.awk' -o -name CMakeLists.txt -o -name '*.in' -o -name '*.yml' \
  -o -name '.clang-*' -o -name Doxyfile -o -name Dockerfile \
  -o -path ./dev -o -path ./.ci/run \) -print0 | sort -z)

((faults == 0))
