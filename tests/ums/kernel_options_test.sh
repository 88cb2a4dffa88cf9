#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# kernel_options_test.sh UMS WORKERS MISUSE HELLO: what `ums run` tells of a kernel's work: the
# record of calls (--strace), the log (--log), and misuse under UMS_STRICT. WORKERS and MISUSE know
# nothing of this project but the device; HELLO is linked with the library.
set -euo pipefail

ums=$1 workers=$2 misuse=$3 hello=$4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset UMS_LOG UMS_STRICT UMS_STRACE
export PATH=/usr/bin:/bin UMS_QUIET=1

die() {
  printf 'kernel_options_test: %s\n' "$*" >&2
  exit 1
}

# expect STATUS WORD...: `ums run WORD...` exits with STATUS.
expect() {
  local status=0 expected=$1
  shift
  "$ums" run "$@" >out 2>err || status=$?
  [[ $status == "$expected" ]] || die "ums run $*: exit status $status, not $expected: $(cat err)"
}

# has FILE PATTERN: a whole line is as PATTERN says.
has() { grep -Exq "$2" "$1" || die "no line '$2' in $1: $(cat "$1")"; }

# call FILE PATTERN: the same of a line of --strace, behind the thread's id.
call() { has "$1" "\[[0-9]+\] $2"; }

if ! "$ums" run true 2>err; then
  [[ $(cat err) == *seccomp* ]] || die "true exits $?: $(cat err)"
  echo "skipped: $(cat err)"
  exit 0
fi

# strace_of MACHINE: the record of calls that end well.
strace_of() {
  local -a run=(--machine "$1")
  local words worker parameter event
  expect 0 "${run[@]}" --strace -- "$workers"
  [[ $(grep -Exc '[AB]{6}' out) == 2 ]] || die "the output is $(cat out)"
  call err 'IOCTL_EXIT_UMS\(\) = 0'
  rm -f calls
  expect 0 "${run[@]}" --strace=calls -- "$workers"
  [[ -z $(cat err) ]] || die "with --strace=FILE errors are $(cat err)"
  call calls 'openat\("/dev/ums", O_RDONLY\|O_CLOEXEC\) = [0-9]+'
  call calls 'IOCTL_CREATE_UMS_CLIST\(\[1\]\) = 0'
  call calls 'IOCTL_ENTER_UMS\(\{flags=ENTER_UMS_SCHED, ums_complist=1\}\) = 0'
  call calls 'IOCTL_ENTER_UMS\(\{flags=ENTER_UMS_WORK, ums_complist=1\} <suspended ...>'
  call calls '<... IOCTL_ENTER_UMS resumed>\) = 0'
  call calls 'IOCTL_UMS_SCHED_DQEVENT\(\{type=SCHEDULER_STARTUP\}\) = 0'
  call calls 'IOCTL_NEXT_UMS_CTX_LIST\(\{ums_context=[0-9]+\} => \{ums_next_context=-1\}\) = 0'
  call calls 'IOCTL_UMS_YIELD\(0x[0-9a-f]+ <suspended ...>'
  call calls 'IOCTL_EXIT_UMS\(\) = 0'
  call calls '.*\{type=THREAD_TERMINATED, end_params=\{context=[0-9]+\}\}\) = 0'
  call calls '.*DEQUEUE.* => \{ums_context=[0-9]+\}\) = 0'
  # A yield's event is its worker's, with its parameter.
  words=$(sed -nE 's/\[([0-9]+)\] IOCTL_UMS_YIELD\((0x[0-9a-f]+) .*/\1 \2/p' calls)
  read -r worker parameter <<<"$words"
  event="\{type=THREAD_YIELD, yield_params=\{context=$worker, scheduler_params=$parameter\}\}"
  call calls ".*$event\) = 0"
  # Each suspended call is resumed, by its thread, before that makes another.
  awk '/<suspended/ { if (open[$1]) exit 1; open[$1] = 1; next }
       /resumed>/ { if (!open[$1]) exit 1; open[$1] = 0; next }
       open[$1] { exit 1 }
       END { for (thread in open) if (open[thread]) exit 1 }' calls ||
    die "suspended and resumed do not pair: $(cat calls)"
  [[ $(grep -c suspended calls) -ge 16 ]] || die 'too few calls are suspended'
}

# failures_of MACHINE: the record of calls that fail.
failures_of() {
  rm -f fails
  expect 0 --machine "$1" --strace=fails -- "$misuse"
  call fails 'ioctl\(0x5401, 0x10\) = -1 ENOTSUPP \(errno 524\)'
  call fails 'IOCTL_ENTER_UMS\(0x10\) = -1 EACCES \(Permission denied\)'
  call fails 'IOCTL_DELETE_UMS_CLIST\(1\) = 0'
  call fails 'IOCTL_DELETE_UMS_CLIST\(1\) = -1 EINVAL \(Invalid argument\)'
  expect 125 --machine "$1" --strace=none/calls true
  has err 'ums run: --strace=none/calls: No such file or directory'
}

for machine in server parallel; do
  echo "- the record of calls, $machine"
  strace_of $machine
  failures_of $machine
done

echo '- the record of a program that outlives the one that was started'
# shellcheck disable=SC2016 # for the program
expect 0 --strace sh -c '(sleep 0.1; exec "$0") >/dev/null & ' "$workers"
for _ in {1..100}; do
  [[ $(grep -c 'IOCTL_EXIT_UMS() = 0' err) != 4 ]] || break
  sleep 0.05
done
[[ $(grep -c 'IOCTL_EXIT_UMS() = 0' err) == 4 ]] || die "its calls are missing: $(cat err)"

echo '- the record of calls that the library makes'
UMS_STRACE=library UMS_BACKEND=sim "$hello" >out
call library 'openat\("/dev/ums", O_RDONLY\|O_CLOEXEC\) = [0-9]+'
call library 'IOCTL_UMS_SCHED_DQEVENT\(\{type=SCHEDULER_STARTUP\}\) = 0'
call library '.*DEQUEUE.* => \{ums_context=[0-9]+\}\) = 0'
call library 'IOCTL_UMS_YIELD\(0x0 <suspended ...>'
[[ $(grep -c '<\.\.\. IOCTL_EXEC_UMS_CTX resumed>) = 0' library) == 4 ]] ||
  die "EXEC of the library: $(cat library)"
UMS_STRACE=none/calls UMS_BACKEND=sim UMS_QUIET=0 "$hello" >out 2>err
has err 'ums: cannot write UMS_STRACE=none/calls: No such file or directory'

echo '- the log'
# shellcheck disable=SC2016 # for the program
for machine in server parallel; do
  expect 0 --machine $machine --log "$machine.log" sh -c 'cd / && "$0"' "$misuse"
  has "$machine.log" '\[ *[0-9]+\.[0-9]{6}\] misuse: DELETE of list 1: it was deleted before'
  expect 0 --machine $machine --log "$machine.log" sh -c 'cd / && "$0"' "$misuse"
  [[ $(grep -c misuse: "$machine.log") == 2 ]] || die "the log of $machine: $(cat "$machine.log")"
done
expect 125 --log none/log true
has err 'ums run: --log none/log: No such file or directory'
# shellcheck disable=SC2016 # for the program
expect 0 --log server.log sh -c 'echo "<$UMS_LOG>"'
[[ $(cat out) == '<>' ]] || die 'the program of a kernel process has UMS_LOG'

echo '- misuse under UMS_STRICT'
expect 0 "$misuse"
[[ $(cat out) == alive ]] || die "without UMS_STRICT: $(cat out)"
export UMS_STRICT=1
expect 134 "$misuse"
has err 'ums: misuse: DELETE of list 1: it was deleted before'
has err 'ums:   UMS_STRICT is set: the program is aborted'
[[ -z $(cat out) ]] || die 'a program that misuses the device goes on'
expect 137 "$misuse" ignore
expect 137 "$misuse" block
# Others live: those that began before, and those that come later.
# shellcheck disable=SC2016 # for the program
expect 0 sh -c 'mkfifo go; { read -r _ <go; "$1"; } & "$0"; "$0"; echo >go; wait $!; "$1"' \
  "$misuse" "$workers"
[[ $(grep -Exc '[AB]{6}' out) == 4 ]] || die "the others print $(cat out)"
