#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# simulated_test.sh UMS PROGRAM TWO_WORKERS CAPTURED EXAMPLE...: `ums run --machine simulated`. A
# seed is an execution; a deadlock is reported, and comes again by its schedule. Whatever threads
# wait for, others go on; what is not controlled is named. The examples end.
set -euo pipefail

ums=$1 program=$2 two_workers=$3 captured=$4
examples=("${@:5}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset UMS_BACKEND LD_PRELOAD UMS_SEED UMS_SCHEDULE
export LC_ALL=C UMS_QUIET=1 XDG_RUNTIME_DIR=$folder

die() {
  printf 'simulated_test: %s\n' "$*" >&2
  exit 1
}
simulated() { "$ums" run --machine simulated "$@"; }

if [[ -e /dev/ums ]]; then
  echo 'skipped: this system has the device'
  exit 0
fi
if ! simulated true 2>err; then
  [[ $(cat err) == *seccomp* ]] || die "true exits $?: $(cat err)"
  echo "skipped: $(cat err)"
  exit 0
fi

echo '- a seed is an execution'
for seed in {1..10}; do
  order=$(simulated --seed "$seed" "$program")
  [[ ${#order} == 10 ]] || die "it prints '$order'"
  for _ in 1 2 3; do
    again=$(simulated --seed "$seed" "$program")
    [[ $again == "$order" ]] || die "seed $seed: '$order', and then '$again'"
  done
  printf '%s\n' "$order" >>orders
done
(($(sort -u orders | wc -l) > 1)) || die "all seeds: $(head -1 orders)"

echo '- workers and their scheduler'
for seed in 1 2 3; do
  simulated --seed "$seed" "$two_workers" >out || die "exit status $?"
  [[ $(grep -c . out) -gt 0 ]] || die 'it prints nothing'
done

echo '- the others go on when the first thread has ended'
for seed in 1 2 3; do
  order=$(simulated --seed "$seed" "$program" leave) || die "exit status $?"
  [[ ${#order} == 10 ]] || die "it prints '$order'"
done

echo '- the first thread is joined'
for seed in {1..10}; do
  joined=$(simulated --seed "$seed" "$program" join) || die "exit status $?"
  [[ $joined == joined ]] || die "it prints '$joined'"
done

echo '- a deadlock is reported, and comes again'
for seed in {1..100}; do
  status=0
  (simulated --seed "$seed" "$program" deadlock) >/dev/null 2>err || status=$?
  ((status == 0)) || break
done
((status == 134)) || die "100 executions end, or one with $status: $(cat err)"
grep -q 'deadlock: no task can go on' err || die "it says: $(cat err)"
grep -q 'task 1 .* waits to lock object' err || die "it says: $(cat err)"
schedule=$(sed -n 's/.*UMS_SCHEDULE=//p' err)
for _ in {1..20}; do
  status=0
  (UMS_SCHEDULE=$schedule simulated "$program" deadlock) >/dev/null 2>again || status=$?
  ((status == 134)) || die "replayed: $status: $(cat again)"
  [[ $(sed -n 's/.*UMS_SCHEDULE=//p' again) == "$schedule" ]] || die "replayed: $(cat again)"
done

echo '- all ways to wait'
for seed in {1..10}; do
  said=$( (sleep 0.1; echo input) | simulated --seed "$seed" "$captured") || die "exit status $?"
  [[ $said == *' child 5 slept 3600 signals 2 cancelled 1 read input' ]] || die "it prints '$said'"
  [[ $said =~ ^([ab][012]\ ){6}child ]] || die "it prints '$said'"
  again=$(echo input | simulated --seed "$seed" "$captured")
  [[ $again == "$said" ]] || die "seed $seed: '$said', and then '$again'"
done

echo '- what is not controlled is named once'
simulated "$captured" named 2>err || die "exit status $?"
[[ $(grep -c 'system is not controlled by the simulation' err) == 1 ]] || die "it says: $(cat err)"

if "$ums" doctor | grep -q '^ok .*seccomp addfd'; then
  echo '- who waits in what is not controlled is told so, and goes on'
  mkfifo fifo
  simulated cat fifo >out 2>err &
  until grep -q "'cat' waits in openat, which the simulation does not control" err; do
    kill -0 $! || die "it has ended: $(cat out err)"
    sleep 0.1
  done
  echo word >fifo
  wait $! || die "exit status $?: $(cat err)"
  [[ $(cat out) == word && $(wc -l <err) == 1 ]] || die "it says: $(cat out err)"
fi

echo '- examples'
for example in "${examples[@]}"; do
  for seed in 1 2; do
    simulated --seed "$seed" "$example" >out 2>err || die "$example: $?: $(cat out err)"
  done
done

echo '- wrong words'
status=0
UMS_SCHEDULE=1.2.3 simulated true 2>err || status=$?
((status == 125)) || die "exit status $status"
grep -q "UMS_SCHEDULE='1.2.3' makes no sense" err || die "it says: $(cat err)"
