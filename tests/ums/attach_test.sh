#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# attach_test.sh UMS WORKERS PROGRAM MISUSE: programs that join one kernel process, by `ums run
# --attach`. WORKERS, PROGRAM and MISUSE know nothing of this project but the device.
set -euo pipefail

ums=$1 workers=$2 program=$3 misuse=$4
folder=$(mktemp -d)
trap 'jobs -p | xargs -r kill -9; rm -rf "$folder"' EXIT
cd "$folder"
unset UMS_STRICT
export PATH=/usr/bin:/bin UMS_QUIET=1 XDG_RUNTIME_DIR=$folder

die() {
  printf 'attach_test: %s\n' "$*" >&2
  exit 1
}

# expect STATUS TEXT WORD...: `ums run WORD...` exits with STATUS; TEXT is in its errors.
expect() {
  local status=0 expected=$1 text=$2
  shift 2
  "$ums" run "$@" >out 2>err || status=$?
  [[ $status == "$expected" ]] || die "ums run $*: exit status $status, not $expected: $(cat err)"
  [[ $(cat err) == *"$text"* ]] || die "ums run $*: no '$text' in: $(cat err)"
}

# ends STATUS PID: a program in the background ends with STATUS.
ends() {
  local status=0
  wait "$2" || status=$?
  [[ $status == "$1" ]] || die "a program ends with $status, not $1: $(cat ./*.err)"
}

# kernel_of PID: the process between `ums run` and its program, and its name.
kernel_of() {
  local children child
  read -ra children <"/proc/$1/task/$1/children"
  for child in "${children[@]}"; do
    case $(cat "/proc/$child/comm") in ums-kernel | ums-watch) echo "$child" ;; esac
  done
}

# The kernel process ends some time after its last program.
await_no_kernel() {
  while [[ -e ums/$1.sock ]]; do :; done
}

if ! "$ums" run true 2>err; then
  [[ $(cat err) == *seccomp* ]] || die "true exits $?: $(cat err)"
  echo "skipped: $(cat err)"
  exit 0
fi

echo '- names, and what does not go together'
expect 125 'is no name for a kernel' --attach '' true
for name in a/b . .. -x 'a b' "$(printf 'x%.0s' {1..65})"; do
  expect 125 'is no name for a kernel' "--attach=$name" true
done
expect 125 'server only' --attach a --machine parallel true
expect 7 '' --attach a sh -c 'exit 7'
expect 127 'No such file' --attach a no-such-program
await_no_kernel a
[[ $(stat -c %a ums) == 700 ]] || die 'others may look into the run folder'
chmod 755 ums
expect 125 'must be a folder of yours' --attach a true
rm -r ums
ln -s . ums
expect 125 'must be a folder of yours' --attach a true
rm ums

echo '- two programs on one kernel: separate processes, one device'
mkfifo ids
"$ums" run --attach pair --strace=calls -- "$program" worker meet >ids 2>worker.err &
worker=$!
exec 3<ids
read -r pid <&3
"$ums" run --attach pair -- "$program" scheduler meet >scheduler.out 2>scheduler.err
[[ $(cat scheduler.out) == 'done' ]] || die "the scheduler prints $(cat scheduler.out)"
read -r word <&3
[[ $word == executed ]] || die "the worker prints $word"
ends 0 "$worker"
await_no_kernel pair
grep -q "^\[$pid\] IOCTL_EXIT_UMS" calls || die 'the record has nothing of the starter'
grep -q "IOCTL_EXEC_UMS_CTX($pid" calls || die 'the record has nothing of the one that joins'

echo '- the starter ends first'
mkfifo up go1 go2 go3
exec 6<>up # two that write one after the other are two lines, not a line and an end
# shellcheck disable=SC2016 # for the program
"$ums" run --attach first --log=first.log -- sh -c 'echo >up; read -r _ <go1; exit 7' \
  2>starter.err &
starter=$!
read -r _ <&6
kernel=$(kernel_of "$starter")
expect 125 "runs already" --attach first --log=other true
expect 125 "runs already" --attach first --strace true
# shellcheck disable=SC2016 # for the program
"$ums" run --attach first -- sh -c 'echo >up; read -r _ <go2; "$0"; echo >up; read -r _ <go3' \
  "$workers" >second.out 2>second.err &
second=$!
read -r _ <&6
echo >go1
ends 7 "$starter"
[[ $(cat "/proc/$kernel/comm") == ums-kernel ]] || die 'the kernel has ended with its program'
# A third comes, and the second goes on.
expect 0 '' --attach first "$workers"
[[ $(grep -Exc '[AB]{6}' out) == 2 ]] || die "the third prints $(cat out)"
echo >go2
read -r _ <&6
[[ $(grep -Exc '[AB]{6}' second.out) == 2 ]] || die "the second prints $(cat second.out)"
echo >go3
ends 0 "$second"
await_no_kernel first

echo '- whoever reads the errors of the starter sees their end with it'
# shellcheck disable=SC2016 # for the program
"$ums" run --attach pipe -- sh -c 'echo >up; read -r _ <go1' 2>&1 >/dev/null | cat >starter.err &
reader=$!
read -r _ <&6
"$ums" run --attach pipe -- sh -c 'echo >up; read -r _ <go2' 2>second.err &
second=$!
read -r _ <&6
echo >go1
ends 0 "$reader"
echo >go2
ends 0 "$second"
await_no_kernel pipe

echo '- misuse is told to who did it'
UMS_STRICT=1 "$ums" run --attach strict -- sh -c 'echo >up; read -r _ <go1' 2>starter.err &
starter=$!
read -r _ <&6
"$ums" run --attach strict -- sh -c 'echo >up; read -r _ <go2' 2>second.err &
second=$!
read -r _ <&6
expect 134 'misuse: DELETE of list 1' --attach strict "$misuse"
echo >go1
ends 0 "$starter"
expect 134 'misuse: DELETE of list 1' --attach strict "$misuse"
expect 0 '' --attach strict "$workers"
echo >go2
ends 0 "$second"
[[ ! -s starter.err && ! -s second.err ]] || die "others hear $(cat starter.err second.err)"
await_no_kernel strict

echo '- twenty at once'
mkfifo ready
exec 4<>ready
pids=()
for i in {1..20}; do
  # shellcheck disable=SC2016 # for the program
  "$ums" run --attach many -- sh -c '"$0" && echo >&4; read -r _ <&5' "$workers" \
    >"many$i.out" 2>"many$i.err" 5<>go1 &
  pids+=($!)
done
for i in {1..20}; do read -r _ <&4; done
kernels=0
for pid in "${pids[@]}"; do
  [[ $(cat "/proc/$(kernel_of "$pid")/comm") == ums-kernel ]] && kernels=$((kernels + 1))
done
[[ $kernels == 1 ]] || die "$kernels kernels of one name"
exec 5<>go1
for i in {1..20}; do echo >&5; done
for pid in "${pids[@]}"; do ends 0 "$pid"; done
[[ $(cat many*.out | grep -Exc '[AB]{6}') == 40 ]] || die 'not all have done their work'
await_no_kernel many

echo '- the kernel is killed'
"$ums" run --attach dead -- sh -c 'echo >up; read -r _ <go1' 2>starter.err &
starter=$!
read -r _ <&6
"$ums" run --attach dead -- "$program" worker >ids 2>second.err &
second=$!
exec 3<ids
read -r _ <&3
kill -9 "$(kernel_of "$starter")"
ends 125 "$starter"
ends 125 "$second"
grep -q 'was killed by signal 9' starter.err || die "the starter says $(cat starter.err)"
grep -q 'has joined has ended' second.err || die "the other says $(cat second.err)"
[[ -S ums/dead.sock ]] || die 'the test is void: its socket is gone'
expect 0 '' --attach dead "$workers"
await_no_kernel dead

echo '- a program that joins ends in the middle, by its front'
"$ums" run --attach kill -- sh -c 'echo >up; read -r _ <go1; exit 3' 2>starter.err &
starter=$!
read -r _ <&6
"$ums" run --attach kill -- "$program" worker >ids 2>second.err &
second=$!
exec 3<ids
read -r pid <&3
kill -9 "$second"
ends 137 "$second"
[[ $(cat <&3) == '' ]] || die 'the program goes on without its front'
expect 1 'No such file' --attach kill cat "/proc/$pid/comm"
expect 0 '' --attach kill "$workers"
echo >go1
ends 3 "$starter"
await_no_kernel kill

# As where Yama keeps the kernel process from a child of a program that has joined; root may always.
if ((EUID != 0)); then
  echo '- a program that cannot be looked into'
  expect 0 'kernel.yama.ptrace_scope' "$program" hidden
fi
