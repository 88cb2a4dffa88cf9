#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# proc_mount_test.sh UMS HOLD: `ums run --proc DIR` shows /proc/ums in a folder. HOLD
# (hold_workers.c), linked dynamically, runs a command while it has two workers.
set -euo pipefail

ums=$1 hold=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export PATH=/usr/bin:/bin LC_ALL=C UMS_QUIET=1

die() {
  printf 'proc_mount_test: %s\n' "$*" >&2
  exit 1
}

# expect STATUS TEXT WORD...: `ums run WORD...` exits with STATUS and complains of TEXT.
expect() {
  local status=0 expected=$1 text=$2
  shift 2
  "$ums" run "$@" 2>err || status=$?
  [[ $status == "$expected" ]] || die "ums run $*: exit status $status, not $expected: $(cat err)"
  [[ $(cat err) == *"$text"* ]] || die "ums run $*: no '$text' in: $(cat err)"
}

is_mounted() { grep -q " $folder/mount " /proc/self/mounts; }

mkdir mount full
touch full/file
echo '- folders that cannot be mounted on'
expect 125 'mkdir' --proc missing true
expect 125 'empty folder' --proc full true

status=0
"$ums" run --proc mount true 2>err || status=$?
if [[ $status != 0 ]]; then
  [[ $(cat err) == *fuse* ]] || die "true exits $status: $(cat err)"
  echo "skipped: $(cat err)"
  exit 0
fi

echo '- the tree, while the program runs'
for machine in server parallel; do
  # shellcheck disable=SC2016 # for the program
  "$ums" run --machine "$machine" --proc mount "$hold" sh -c '
    cd mount
    { find . | sort; cat $UMS_PID/schedulers/$UMS_PID/workers/2/info; } |
      sed "s/\b$UMS_PID\b/P/g; s/\b$UMS_WORKER_1\b/A/g; s/\b$UMS_WORKER_2\b/B/g"' >found ||
    die "$machine: exit status $?"
  diff found - <<'EOF' || die "$machine: another tree"
.
./P
./P/schedulers
./P/schedulers/P
./P/schedulers/P/info
./P/schedulers/P/workers
./P/schedulers/P/workers/1
./P/schedulers/P/workers/2
./P/workers
./P/workers/A
./P/workers/A/info
./P/workers/B
./P/workers/B/info
Pid:	B
State:	I (idle)
Switches:	0
EOF
  ! is_mounted || die "$machine: it is mounted still"
done

echo '- only the kernels of the run'
mkfifo go
"$ums" run "$hold" sh -c 'echo >go; read -r _ <go' &
read -r _ <go
[[ $("$ums" run --proc mount ls mount | wc -l) == 0 ]] || die 'it shows kernels of others'
echo >go
wait

echo '- the end of a mount, whoever ends first'
expect 7 '' --proc mount sh -c 'exit 7'
! is_mounted || die 'it outlives the program'
expect 137 '' --proc mount sh -c "kill -9 \$\$"
! is_mounted || die 'it outlives a program that is killed'
# shellcheck disable=SC2016 # for the program
expect 125 'was killed' --proc mount sh -c 'kill -9 $PPID; read -r _ <go'
while is_mounted; do :; done
"$ums" run --proc mount sh -c 'echo >go; read -r _ <go' &
read -r _ <go
fusermount3 -u mount
echo >go
wait "$!" || die 'a mount that somebody takes away harms the program'
# shellcheck disable=SC2016 # for the program
expect 0 '' --proc mount sh -c '(exec >/dev/null 2>&1; read -r _ <go) & echo $! >left'
is_mounted || die 'it ends before the last descendant of the program'
echo >go
while is_mounted; do :; done
expect 0 '' --proc mount true
