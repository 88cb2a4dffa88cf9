#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# instrumented_test.sh UMS PROGRAM TWO_WORKERS [OTHER]: programs that were compiled by
# -fsanitize=thread run by themselves, and under `ums run --machine simulated`, which finds their
# data races and lost updates. OTHER is linked with ThreadSanitizer's library, and refused.
set -euo pipefail

ums=$1 program=$2 two_workers=$3 other=${4:-}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset UMS_BACKEND LD_PRELOAD UMS_SEED UMS_SCHEDULE
export LC_ALL=C UMS_QUIET=1 XDG_RUNTIME_DIR=$folder

die() {
  printf 'instrumented_test: %s\n' "$*" >&2
  exit 1
}
simulated() { "$ums" run --machine simulated "$@"; }

# expect TEXT COMMAND...: it prints TEXT, and nothing on standard error.
expect() {
  local text=$1
  shift
  "$@" >out 2>err || die "$* exits $?: $(cat err)"
  [[ $(cat out) == "$text" ]] || die "$* prints '$(cat out)'"
  [[ ! -s err ]] || die "$* says: $(cat err)"
}

if [[ -e /dev/ums ]]; then
  echo 'skipped: this system has the device'
  exit 0
fi

library='3 told two 2 3 3'
echo '- by itself'
expect 4 "$program" lock
expect 2 "$program" flag
expect "$library" "$program" library
"$program" race >out 2>err
[[ ! -s err ]] || die "it says: $(cat err)"

if ! simulated true 2>err; then
  [[ $(cat err) == *seccomp* ]] || die "true exits $?: $(cat err)"
  echo "skipped: $(cat err)"
  exit 0
fi

echo '- what is ordered is no race'
for seed in {1..20}; do
  expect 4 simulated --seed "$seed" "$program" lock
  expect 2 simulated --seed "$seed" "$program" flag
  expect "$library" simulated --seed "$seed" "$program" library
done

echo '- workers and their scheduler'
for seed in {1..10}; do
  simulated --seed "$seed" "$two_workers" >out 2>err || die "exit status $?: $(cat err)"
  [[ ! -s err ]] || die "seed $seed: $(cat err)"
done

echo '- a race is reported with both stacks, and loses updates'
for seed in {1..20}; do
  simulated --seed "$seed" "$program" race >>counts 2>err || die "exit status $?: $(cat err)"
  grep -Eq 'data race: task [12] (reads|writes) 4 bytes at .*::count' err ||
    die "it says: $(cat err)"
  grep -Eq 'before, and not ordered: task [12] (reads|writes) 4 bytes' err ||
    die "it says: $(cat err)"
  for name in increment_count increment_twice; do
    (($(grep -Ec "^ums:     .*::$name.*\+0x[0-9a-f]+ \(.*\+0x[0-9a-f]+\)$" err) >= 2)) ||
      die "$name is not in both stacks: $(cat err)"
  done
done
(($(sort -u counts | wc -l) > 1)) || die "all seeds: $(head -1 counts)"

echo '- a seed is an execution'
for seed in 1 2 3; do
  count=$(simulated --seed "$seed" "$program" race 2>/dev/null)
  [[ $count == "$(sed -n "${seed}p" counts)" ]] || die "seed $seed: $count"
done

echo '- who waits in vain is named, and it comes again'
status=0
(simulated --seed 1 "$program" spin) >out 2>err || status=$?
((status == 134)) || die "exit status $status: $(cat err)"
grep -q 'livelock: task [12] .* spins on .*::flag' err || die "it says: $(cat err)"
schedule=$(sed -n 's/.*UMS_SCHEDULE=//p' err)
[[ -n $schedule ]] || die "it names no schedule: $(cat err)"
status=0
(UMS_SCHEDULE=$schedule simulated "$program" spin) >out 2>again || status=$?
((status == 134)) || die "replayed: $status: $(cat again)"
[[ $(sed -n 's/.*UMS_SCHEDULE=//p' again) == "$schedule" ]] || die "replayed: $(cat again)"

echo '- explored'
status=0
"$ums" explore "$program" race >out 2>&1 || status=$?
((status == 1)) || die "exit status $status: $(cat out)"
for line in 'and at each access of memory' '^data race: nothing orders what tasks' \
  'task [12] \(reads\|writes\) 4 bytes of .*count' 'at .*increment_count() (instrumented_'; do
  grep -q "$line" out || die "nothing like '$line': $(cat out)"
done
status=0
"$ums" explore "$program" spin >out 2>&1 || status=$?
((status == 1)) || die "exit status $status: $(cat out)"
grep -q '^livelock: a task reads the same memory for ever' out || die "it says: $(cat out)"
grep -q 'it reads .*flag' out || die "it says: $(cat out)"
"$ums" explore "$program" heap >out 2>&1 && die "it finds nothing: $(cat out)"
grep -q '^  it reads 0x[0-9a-f]*, memory of the heap' out || die "it says: $(cat out)"
"$ums" explore --iterations 20 "$program" lock >out 2>&1 || die "exit status $?: $(cat out)"

[[ -n $other ]] || exit 0
echo '- a program with a library of the same purpose is refused'
status=0
simulated "$other" lock >out 2>err || status=$?
((status == 125)) || die "exit status $status: $(cat err)"
grep -q 'linked with ThreadSanitizer' err || die "it says: $(cat err)"
