#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# explore_test.sh UMS PROGRAM WORKERS ROUND_ROBIN: `ums explore` finds every kind of failure, names
# it and what matters, and `ums replay` sees it again.
set -euo pipefail

# shellcheck source=tests/ums/replay_string.sh
source "$(dirname "$0")/replay_string.sh"

ums=$1 program=$2 workers=$3 round_robin=$4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset UMS_BACKEND LD_PRELOAD UMS_SEED UMS_SCHEDULE UMS_EXPLORE
export LC_ALL=C XDG_RUNTIME_DIR=$folder

die() {
  printf 'explore_test: %s\n' "$*" >&2
  cat out err >&2 || true
  exit 1
}
# expect_status STATUS COMMAND...: its output is in out and err then.
expect_status() {
  local wanted=$1 status=0
  shift
  "$@" >out 2>err </dev/null || status=$?
  ((status == wanted)) || die "'$*' exits $status, not $wanted"
}
expect() { grep -q -- "$1" "${2:-out}" || die "nothing like '$1'"; }
explore() { expect_status "$1" "$ums" explore --timeout 0.5 "${@:2}"; }
with_schedule() { with_check "${string%:*}:$1"; }
replay_string() { sed -n 's/.*ums replay \([^ ]*\) .*/\1/p' out; }

# finds MODE VERDICT STATUS [OPTION...]: and replays it, with this exit status.
finds() {
  local mode=$1 verdict=$2 status=$3 string
  echo "- $mode"
  explore 1 "${@:4}" -- "$program" "$mode"
  expect "^$verdict"
  expect 'ums replay'
  string=$(replay_string)
  for _ in 1 2 3; do
    expect_status "$status" "$ums" replay --timeout 0.3 "$string" -- "$program" "$mode"
    expect "$verdict" err
  done
}

echo '- nothing to find'
explore 0 --iterations 200 -- "$program" well
expect 'and at ums_sim_point()'
expect '^200 schedules (.* distinct).* no failure'
explore 0 --iterations 20 -- true
expect 'all were the same: at its calls nothing can happen in another order; compiled by'
for few in '--iterations 5' '--iterations 5 --jobs 5' '--iterations 20 --strategy round-robin'; do
  # shellcheck disable=SC2086 # words
  explore 0 $few -- true
  ! grep -q 'all were the same' out || die 'these are too few to tell'
done
# Jobs do not all begin with the same schedule.
explore 0 --iterations 5 --jobs 5 -- "$program" well
! grep -q '(1 distinct)' out || die 'each job makes the same schedule'
explore 0 --iterations 50 -- "$program" fork
expect '^Note: it forks: what its children do is not explored'
explore 0 --iterations 50 -- "$program" forks
explore 0 --iterations 200 -- "$program" unload
explore 0 --seconds 0.5 --jobs 2 -- "$program" well
explore 0 --strategy exhaustive --preemptions 2 -- "$program" well
expect 'no failure, and there are no others of at most 2 preemptions$'
explore 0 --strategy exhaustive -- true
expect 'no failure, and there are no others$'
explore 0 --strategy round-robin -- "$program" well
expect 'no failure, and round robin has no others$'
explore 0 --strategy exhaustive --iterations 3 -- "$program" well
expect '^About [0-9]* % of all are left\.$'
explore 0 --strategy exhaustive --iterations 3 -- "$program" long
expect '^More than 99 % of all are left\.$'

echo '- what is not controlled, or not explored'
explore 0 --iterations 5 -- "$program" shell
(($(grep -c '^Note: system is not controlled' out) == 1)) || die 'it is not named once'
expect '^  run_shell (explored_program.c:[0-9]*) calls it$'
explore 0 --iterations 20 -- "$program" alone
expect '^Note: it forks'
! grep -q 'all were the same' out || die 'it knows nothing of children'

finds wake 'lost wake-up: task 1 waits' 1
finds lock 'deadlock: tasks 1, 2 wait for each other' 1
finds partial 'partial deadlock: tasks 1, 2 wait for each other' 1
finds status 'exit status 3' 3
finds crash 'crash: signal 11' 139
expect 'at write_there (explored_program.c:' err
expect 'at crash_if_first (explored_program.c:' err
finds assert 'assertion failed: signal 6' 134
expect 'at assert_not_first (explored_program.c:' err
finds deep 'crash: signal 11' 139
expect 'at recurse.* (explored_program.c:' err
finds few 'deadlock: no task can go on' 1
finds shared 'deadlock: no task can go on' 1
expect 'a semaphore that processes share is not controlled' err
finds owner 'deadlock: no task can go on' 1
expect "waits to lock object . \`one\`, whose owner has ended" err
finds barrier 'deadlock: no task can go on' 1
expect "waits for object . \`three\`" err
export LOCK_FILE=$folder/lock
touch lock
finds flock 'exit status 3' 3 --strategy exhaustive
finds livelock 'livelock: after 500 steps the same 2 come again' 1 --steps 500
finds loop 'busy loop' 1
finds file 'it waits for something outside' 1
finds starve 'starvation: task 2 could go on, and [0-9]* steps of others came first' 1 \
  --strategy pct --steps 2000
explore 0 --iterations 100 -- "$program" starve

echo '- what only strategies keep from its end'
for strategy in default random pct pos round-robin; do
  for mode in back_off try; do
    explore 0 --iterations 50 --steps 100000 --strategy "$strategy" -- "$program" "$mode"
  done
done
# One that computes is no livelock, however regular.
explore 1 --iterations 1 --steps 30000 -- "$program" long
expect '^step limit: it has not ended after 30000 steps; .* wants a higher --steps'
explore 0 --iterations 1 -- "$program" long
finds wait 'livelock: after 30000 steps the same 1 come again' 1 --steps 30000
# Below the steps after which they are fair.
explore 1 --steps 5000 --strategy round-robin -- "$program" back_off
finds livelock 'livelock: after 100000 steps the same 2 come again' 1 --steps 100000
explore 1 --steps 100000 -- "$program" livelock
[[ $(replay_string) =~ ^.{1,60}$ ]] || die "no short replay string: $(replay_string)"

finds unjoined 'leak at exit: a thread has ended, and nobody has joined or detached it' 1
expect '^  it ran come_first'  err
finds splice 'it waits in splice, which the simulation does not control' 1
explore 1 -- "$program" splice
(($(grep -c '^\(  \|Note: \)splice is not controlled' out) == 1)) || die 'it is not named once'

echo '- what matters'
explore 1 -- "$program" wake
expect 'Simplified: 1 preemption '
expect 'No schedule with fewer preemptions fails'
expect "came first, to wake object . \`ready\`"
expect 'at produce (explored_program.c:'
expect "before task 1 (consume) could wait for object . \`ready\`"
expect 'at consume (explored_program.c:'
expect 'The other way round it does not fail'
explore 1 -- "$program" lock
expect "waits to lock object . \`two\`, which task 2 (lock_both) has"
explore 1 -- "$program" loop
expect 'at wait_in_loop (explored_program.c:'
explore 1 -- "$program" pipe
expect ': use a descriptor$'
! grep -q 'ums::' out || die 'it shows what is inside of the library'

echo '- workers'
explore 1 -- "$workers" lost
expect '^lost worker: task [12] is suspended, in no list, and nobody will execute it'
expect 'task [12] (worker) is suspended, in no list: task 3 (scheduler_main) dequeued it'
expect 'task 3 (scheduler_main) waits for a worker, in completion list 1'
explore 1 -- "$workers" circle
expect '^deadlock: tasks ., ., . wait for each other'
expect "waits to lock object . \`mutex\`, which task [12] (worker) has"
expect 'task 3 (scheduler_main) executes task [12] (worker)'

explore 1 -- "$workers" report
expect '^kernel report: DELETE of list 1: it was deleted before'
expect '^  instead: delete a list once'
expect "at schedule (explored_workers.c:"
explore 1 -- "$workers" exit
expect '^lost worker: task [12] is suspended, in no list, and the program exits'
explore 1 -- "$workers" leave
expect '^leak at exit: task [12], a worker, is still suspended'
expect 'task [12] (worker) is suspended, in completion list 1'
if "$ums" doctor | grep -q '^ok .*seccomp addfd'; then
  explore 0 --iterations 100 -- "$workers" proc
fi

echo '- traces'
trace_has() { grep -q -- "$1" trace || die "the trace has nothing like '$1'"; }
explore 0 --iterations 1 --trace trace -- "$round_robin"
trace_has '"ph":"M".*"name":"CPU 0"'
trace_has '"ph":"X","pid":1,"tid":0'
trace_has '"ph":"s".*from yield to execute'
trace_has '"ph":"f".*from yield to execute'
trace_has '"name":"executes task . (worker)"'
explore 0 --iterations 1 --cpus 2 --trace trace -- "$program" well
trace_has '"name":"CPU 1"'
trace_has '"ph":"X","pid":1,"tid":1'
explore 1 --trace trace --output found -- "$program" lock
cp trace again
expect_status 1 "$ums" replay --trace trace found -- "$program" lock
cmp trace again || die 'the replayed run has another trace'
explore 0 --self-check -- "$round_robin"
expect 'Two runs of one schedule agree'
explore 1 --self-check -- "$program" pid
expect 'Two runs of one schedule part at step'
expect_status 125 "$ums" explore --iterations 1 --trace /nowhere/trace -- "$program" well
expect 'cannot write the trace to /nowhere/trace' err
expect_status 125 "$ums" explore --output /nowhere/found -- "$program" lock
expect 'cannot write /nowhere/found' err

echo '- a program in a folder with a blank'
mkdir 'a folder'
cp "$program" 'a folder/program'
explore 1 -- 'a folder/program' lock
expect 'at lock_both (explored_program.c:'
expect "waits to lock object . \`two\`"
expect "ums replay .* -- 'a folder/program' lock"

echo '- every strategy'
for strategy in default random pct pos exhaustive; do
  explore 1 --strategy "$strategy" -- "$program" wake
done
explore 1 --strategy pct --depth 2 --seed 7 --jobs 2 -- "$program" lock
explore 1 --strategy exhaustive --preemptions 1 -- "$program" wake

echo '- a hundred times'
explore 1 --output found -- "$program" lock
for _ in {1..100}; do
  expect_status 1 "$ums" replay found -- "$program" lock
  expect 'deadlock: tasks 1, 2 wait' err
done

echo '- what it said'
explore 1 --iterations 1 -- "$program" talk
expect '^(the last 4 KiB)$'
expect '^this is line 999$'
! grep -v '^this is line [1-9][0-9][0-9]$' <(grep 'line' out) || die 'a line is cut'

echo '- all failures'
explore 1 --all --iterations 10 -- "$program" status
expect ' failed$'
(($(grep -c '^Schedule .* failed' out) > 1)) || die 'one failure'

echo '- a process that is left'
export ORPHAN_SECONDS=9$$
explore 0 --iterations 5 -- "$program" orphan
! pgrep -f "sleep $ORPHAN_SECONDS" >/dev/null || die 'a process of the program has outlived it'

echo '- Ctrl-C'
expect_status 130 timeout --foreground --preserve-status -s INT 1 \
  "$ums" explore --seconds 20 -- "$program" well
expect ': interrupted, no failure$'

echo '- what is refused'
expect_status 125 "$ums" explore -- env "$program" well
expect "executes another, '$program', which is not explored" err
expect_status 125 "$ums" explore -- "$folder"
expect 'Is a directory' err
printf '#!/nowhere/interpreter\n' >script
chmod +x script
expect_status 125 "$ums" explore -- ./script
expect 'script' err
string=$(cat found)
expect_status 125 "$ums" replay "$string" -- true
expect 'of another program, or of another build of it' err
expect_status 125 "$ums" replay "9:${string#*:}" -- "$program" lock
expect 'is of version 9 of the simulated machine' err
expect_status 125 "$ums" replay "1:9c3f2a10:3.2,1.0" -- "$program" lock
expect 'is of version 1 of the simulated machine' err
for damaged in "${string%?}" "${string%.*}" "${string:0:15}" "${string%:*:*}:${string##*:}" \
  "${string/./0.}" "${string}0" "${string}@2"; do
  expect_status 125 "$ums" replay "$damaged" -- "$program" lock
  expect 'the schedule is damaged or cut' err
done
expect_status 125 timeout 10 "$ums" replay /dev/zero -- "$program" lock
expect '/dev/zero has more than 64 MiB' err
expect_status 125 "$ums" replay nonsense -- "$program" lock
expect "'nonsense' is neither a replay string" err
expect_status 125 "$ums" replay "$(with_schedule 5000000000.1)" -- "$program" lock
expect 'ended before all its turns had come' err
expect_status 125 "$ums" replay "$(with_schedule 99999999999999999999.1)" -- "$program" lock
expect 'is neither a replay string' err
expect_status 1 "$ums" replay <(cat found) -- "$program" lock
expect_status 125 "$ums" replay "$(with_schedule 0.7)" -- "$program" lock
expect 'the schedule does not fit' err
expect_status 125 "$ums" replay "$string"
expect 'the program to run is missing' err
head -c 20000 "$program" >truncated
chmod +x truncated
expect_status 125 "$ums" explore -- ./truncated
expect 'cannot be run in the simulated machine: its process .' err
explore 125 -- "$program" parent
expect 'in the simulated machine: its process was ended by signal 15 (Terminated)' err
limited() { (ulimit -v 200000 && exec "$@"); }
expect_status 125 limited "$ums" explore -- "$program" well
expect 'may have 200000 KiB in all: raise the limit' err
! grep -q BUG err || die 'that is no fault of the kernel'
expect_status 125 "$ums" explore -- ./nothing
expect "'./nothing': No such file" err
expect_status 125 "$ums" explore -- nothing-like-this
expect "'nothing-like-this' is not found" err
expect_status 125 "$ums" explore
expect 'the program to run is missing' err
for wrong in '--strategy best' '--iterations 0' '--iterations x' '--seed -1' '--jobs 0' \
  '--depth 2' '--preemptions 2' '--strategy pct --depth 0' '--seconds -1' '--timeout 0' \
  '--steps 0' '--strategy exhaustive --jobs 2' '--strategy round-robin --jobs 2'; do
  # shellcheck disable=SC2086 # words
  explore 125 $wrong -- true
  expect 'ums explore --help' err
done
