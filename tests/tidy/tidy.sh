#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# tidy.sh FOLDER: the rules of style that a machine can check, on every file of the project in
# FOLDER. Prints one line for each fault, as FILE[:LINE]: RULE; fails if there is one.
set -euo pipefail
export LC_ALL=C.UTF-8

lines_max=499
columns_max=100

cd "$1"

# In a git checkout the files that git tracks, and those it has not been told to ignore; elsewhere,
# as in a tarball, and where git refuses because the checkout is another user's, all files.
list_files() {
  [[ -e .git ]] && git ls-files -z --cached --others --exclude-standard 2>/dev/null && return
  find . \( -name build -o -name .git -o -name .cache \) -prune -o -type f -printf '%P\0'
}

# The folders that `./dev install` filled, where the prefix lies below FOLDER: nobody wrote them.
list_installed() {
  local package
  while IFS= read -r package; do
    printf '%s\n' "${package%/lib/*}"/{include,lib}
  done < <(find . -path '*/lib/pkgconfig/libums.pc' -printf '/%P\n')
}

has_rules() {
  case ${1##*/} in
    *.c | *.h | *.cpp | *.hpp | *.map | *.sh | *.cmake | *.awk | *.in | *.yml) ;;
    CMakeLists.txt | .clang-* | Doxyfile | Dockerfile) ;;
    *) [[ $1 == dev || $1 == .ci/run ]] || return 1 ;;
  esac
}

is_installed() {
  local folder
  for folder in "${installed[@]}"; do
    [[ /$1 != "$folder"/* ]] || return 0
  done
  return 1
}

mapfile -t installed < <(list_installed)
files=()
while IFS= read -r -d '' file; do
  # git also lists what was deleted a moment ago
  if has_rules "$file" && [[ -f $file ]] && ! is_installed "$file"; then files+=("$file"); fi
done < <(list_files | sort -zu)

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
