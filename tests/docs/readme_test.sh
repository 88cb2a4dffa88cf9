#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# readme_test.sh BUILD CC CXX DEMO: does what README.md shows, with the build tree BUILD installed
# in a folder of its own. Each block of README.md stands behind a comment that says how it is true:
#
#   <!-- test: file NAME -->    a file of this name, for the commands that follow
#   <!-- test: run -->          commands that succeed, where these files are
#   <!-- test: dev -->          commands that `./dev help` lists
#   <!-- test: part FILE -->    lines of FILE, in this order
#   <!-- test: demo -->         what the demonstration prints, but for the numbers
#   <!-- test: explore -->      lines that `ums explore` prints of its example, but for the numbers
#   <!-- test: trace NAME -->   lines of the timeline of program NAME, but for the numbers
set -euo pipefail

build=$1 cc=$2 cxx=$3 demo=$4
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/blocks" "$folder/bin" "$folder/project"
cd "$folder/project"

die() {
  printf 'README.md:%s\n' "$*" >&2
  exit 1
}

# Writes each block to blocks/LINE, its first line being what the comment before it says. A block
# without one gets an empty first line.
split_blocks() {
  awk -v folder="$folder/blocks" '
    /^```/ && file == "" {
      file = sprintf("%s/%04d", folder, NR)
      print test > file
      test = ""
      next
    }
    /^```/ { close(file); file = ""; next }
    file != "" { print > file; next }
    /^<!-- test: .* -->$/ { test = substr($0, 12, length($0) - 15); next }
    { test = "" }' "$root/README.md"
}

# Numbers, and blanks that line them up, say nothing here.
without_numbers() {
  sed -E 's/0x[0-9a-f]+|[0-9]+([.,][0-9]+)*/N/g; s/ +/ /g' |
    sort -u
}

# Programs under `ums run` use its device.
check_run() {
  UMS_BACKEND=auto bash -eu "$1" >output 2>&1 || die "$2: these commands fail: $(cat output)"
}

check_dev() {
  local command
  while read -r _ command _; do
    "$root/dev" help | grep -q "^  $command " || die "$2: ./dev has no command $command"
  done <"$1"
}

check_part() {
  awk -v file="$root/$3" '
    BEGIN { while ((getline line < file) > 0) lines[++count] = line }
    { while (++i <= count && index(lines[i], $0) == 0) {}
      if (i > count) { print; exit 1 } }' "$1" || die "$2: this line is not in $3, or not there"
}

check_demo() {
  head -n 300 "$root/examples/data/numbers.txt" >numbers
  diff <(without_numbers <"$1") <("$demo" numbers | without_numbers) ||
    die "$2: the demonstration prints something else"
}

check_trace() {
  UMS_TRACE=1 "./$3" 2>&1 >/dev/null | without_numbers >timeline
  local strange
  strange=$(grep -v "^\.\.\.$" "$1" | without_numbers | comm -23 - timeline) # `...` stands for more
  [[ -z $strange ]] || die "$2: not in the timeline of $3: $strange"
}

check_explore() {
  ums explore -- "$build/examples/explore-lost_wakeup" 2>&1 | without_numbers >explored || true
  local strange
  strange=$(grep -v "^\.\.\.$" "$1" | without_numbers | comm -23 - explored)
  [[ -z $strange ]] || die "$2: \`ums explore\` does not print: $strange"
}

check_block() {
  local block=$1 line=$2 test argument
  read -r test argument < <(head -n 1 "$block") || true
  sed -i 1d "$block"
  case $test in
    file) cp "$block" "$argument" ;;
    run | dev | part | demo | explore | trace) "check_$test" "$block" "$line" "$argument" ;;
    *) die "$line: a block that nothing tests" ;;
  esac
}

cmake --install "$build" --prefix "$folder/prefix" >install.log || die "0: $(cat install.log)"
ln -s "$(command -v "$cc")" "$folder/bin/cc"
ln -s "$(command -v "$cxx")" "$folder/bin/c++"
export PATH=$folder/bin:$folder/prefix/bin:$PATH CC=$cc CXX=$cxx UMS_BACKEND=sim UMS_QUIET=1
export PKG_CONFIG_PATH=$folder/prefix/lib/pkgconfig LD_LIBRARY_PATH=$folder/prefix/lib
export CMAKE_PREFIX_PATH=$folder/prefix

split_blocks
blocks=("$folder"/blocks/*)
((${#blocks[@]} >= 10)) || die "0: only ${#blocks[@]} blocks found"
for block in "${blocks[@]}"; do
  check_block "$block" "$((10#$(basename "$block")))"
done
echo "${#blocks[@]} blocks"
