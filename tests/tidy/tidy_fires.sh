#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# tidy_fires.sh: each rule of tidy.sh reports a file that breaks it, and only that file; what was
# installed below the folder, and what git ignores, is nobody's file.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
spdx='// SPDX-License-Identifier: Apache-2.0'
wide=$(printf 'x%.0s' {1..101})

printf '%s\nint f();\n' "$spdx" >"$folder/good.h"
printf '#!/bin/sh\n%s\n' "${spdx/\/\//#}" >"$folder/good.sh"
printf '%s\n%s\n' "$spdx" "${wide:1}" >"$folder/good_100_columns.h"
printf 'int f();\n' >"$folder/spdx.h"
printf '%s\n//%s\n' "$spdx" "$wide" >"$folder/wide.cpp"
printf '%s\n// TO''DO: more\n' "$spdx" >"$folder/mark.hpp"
printf '%s\nint f(); \n' "$spdx" >"$folder/blank.c"
{ printf '%s\n' "$spdx"; printf '//\n%.0s' {1..499}; } >"$folder/long.h"

expected='blank.c:2: white space at the end of the line
long.h: more than 499 lines
mark.hpp:2: an unfinished mark
spdx.h: first line is not its SPDX line
wide.cpp:2: more than 100 columns'

# expect_faults: tidy.sh prints `expected`, and fails.
expect_faults() {
  local status=0 actual
  actual=$("$here/tidy.sh" "$folder") || status=$?
  diff <(echo "$expected") <(echo "$actual")
  ((status == 1))
}

expect_faults

mkdir -p "$folder"/prefix/{include,lib/pkgconfig}
cp "$folder/blank.c" "$folder/prefix/include/blank.h"
cp "$folder/wide.cpp" "$folder/prefix/lib/wide.cmake"
touch "$folder/prefix/lib/pkgconfig/libums.pc"
expect_faults

if command -v git >/dev/null; then
  git -C "$folder" init -q
  git -C "$folder" add good.h mark.hpp
  cp "$folder/blank.c" "$folder/ignored.c"
  echo ignored.c >"$folder/.git/info/exclude"
  expect_faults
fi
