#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# tools_test.sh UMS WORKERS.c INCLUDE CC: debuggers, valgrind, strace and sanitizers under
# `ums run`, with a program that knows nothing of this project but the device. What is not
# installed, or not allowed on this machine, is left out, and that is said.
set -euo pipefail

ums=$1 source=$2 include=$3 cc=$4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset LD_PRELOAD ASAN_OPTIONS TSAN_OPTIONS

die() {
  printf 'tools_test: %s\n' "$*" >&2
  exit 1
}

skipped() { printf '  skipped: %s\n' "$*"; }

has() {
  command -v "$1" >tool && return
  skipped "there is no $1"
  return 1
}

# build PROGRAM TURNS FLAG...: the program, whose workers take so many turns.
build() {
  local program=$1 turns=$2
  shift 2
  sed "s/TURNS = 3/TURNS = $turns/" "$source" >"$program.c"
  "$cc" -g -O1 -pthread -I"$include" "$program.c" -o "$program" "$@" 2>cc.log
}

# expect_turns FILE TURNS: what its two processes print.
expect_turns() {
  local all
  all=$(tr -cd AB <"$1" | wc -c)
  [[ $all == $((4 * $2)) ]] || die "there are $all turns, not $((4 * $2)), in: $(head -c 300 "$1")"
}

served() { "$ums" run -- "$@"; }

build workers 3 || die "$(cat cc.log)"
if ! served ./workers >out 2>err; then
  [[ $(cat err) == *seccomp* ]] || die "the program fails: $(cat err)"
  skipped "$(cat err)"
  exit 0
fi
expect_turns out 3

echo '- gdb: a program from its beginning, stopped in a worker and stepped through its calls'
if has gdb; then
  cat >commands <<'TEXT'
set pagination off
break work
run >out
delete
next
next
next
thread apply all backtrace 2
continue
TEXT
  served gdb -nx -batch -x commands ./workers >gdb.out 2>&1 || die "gdb exits $?: $(cat gdb.out)"
  [[ $(cat gdb.out) == *'hit Breakpoint 1'* ]] || die "no breakpoint: $(cat gdb.out)"
  [[ $(cat gdb.out) == *'exited normally'* ]] || die "it does not end: $(cat gdb.out)"
  expect_turns out 3
fi

echo '- gdb: a program that takes turns, again and again'
turns=20000
build many $turns || die "$(cat cc.log)"
if has gdb; then
  # shellcheck disable=SC2016 # for the program
  served bash -c './many >out & program=$!
    for i in 1 2 3 4 5; do gdb -nx -batch -ex "thread apply all backtrace" -p $program; done
    wait $program' >gdb.out 2>&1 || die "it exits $?: $(cat gdb.out)"
  expect_turns out $turns
  [[ $(cat gdb.out) == *schedule* ]] || skipped "gdb may not attach: $(head -n 5 gdb.out)"
fi

echo '- strace'
if has strace; then
  served strace -f -o trace ./workers >out 2>err || die "strace exits $?: $(cat err)"
  expect_turns out 3
  grep -q 'openat(AT_FDCWD, "/dev/ums"' trace || die 'it shows no open of the device'
fi

echo '- valgrind'
if has valgrind; then
  served valgrind -q true 2>err || die "valgrind exits $?: $(cat err)"
  served valgrind -q ./workers >out 2>err || die "valgrind exits $?: $(cat err)"
  expect_turns out 3
fi

echo '- sanitizers'
for sanitizer in address thread undefined; do
  if ! build "$sanitizer" 3 -fsanitize=$sanitizer; then
    skipped "$cc has no -fsanitize=$sanitizer"
  elif [[ $sanitizer == thread ]] && ! ./thread >out 2>err && grep -q 'unexpected memory' err; then
    skipped "$(head -n 1 err)"
  else
    served "./$sanitizer" >out 2>err || die "with -fsanitize=$sanitizer it exits $?: $(cat err)"
    expect_turns out 3
  fi
done
