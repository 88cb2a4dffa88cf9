#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# doctor_test.sh UMS DENY_CALL: what `ums doctor` says, here and where something does not work.
set -euo pipefail

ums=$1 deny=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

die() {
  printf 'doctor_test: %s\n' "$*" >&2
  exit 1
}

# finds VERDICT CHECK TEXT COMMAND...: COMMAND, a `ums doctor`, says so in a line.
finds() {
  local verdict=$1 check=$2 text=$3 status=0 line
  shift 3
  "$@" >"$folder/out" || status=$?
  line=$(grep -E "^$verdict +$check " "$folder/out") ||
    die "no $verdict of $check: $(<"$folder/out")"
  [[ $line == *"$text"* ]] || die "no '$text' in: $line"
  local expected=0
  if grep -q ^FAIL "$folder/out"; then expected=1; fi
  [[ $status == "$expected" ]] || die "exit status $status with: $(<"$folder/out")"
  [[ $verdict != FAIL || $status == 1 ]] || die "exit status 0 in spite of FAIL"
}

finds ok 'preload library' 'is there' "$ums" doctor

echo '- calls that a sandbox denies'
finds FAIL seccomp 'allow seccomp(2)' "$deny" seccomp "$ums" doctor
finds FAIL 'seccomp addfd' 'use Linux 5.14' "$deny" addfd "$ums" doctor
finds FAIL 'remote memory' 'process_vm_readv' "$deny" process_vm_readv "$ums" doctor
finds FAIL 'remote memory' 'process_vm_writev' "$deny" process_vm_writev "$ums" doctor
finds FAIL pidfd 'pidfd_open' "$deny" pidfd_open "$ums" doctor
finds FAIL pidfd 'pidfd_getfd' "$deny" pidfd_getfd "$ums" doctor
finds limited membarrier 'a fence more' "$deny" membarrier "$ums" doctor

echo '- what a run says where opens cannot be answered'
status=0
"$deny" addfd "$ums" run true 2>"$folder/err" || status=$?
[[ $status == 125 && $(<"$folder/err") == *'use Linux 5.14'* && $(wc -l <"$folder/err") == 1 ]] ||
  die "ums run exits with $status: $(<"$folder/err")"
"$deny" addfd "$ums" run --machine parallel ls / >"$folder/out" 2>"$folder/err" ||
  die "ums run --machine parallel exits with $?: $(<"$folder/err")"
[[ $(<"$folder/out") == "$(ls /)" && $(<"$folder/err") == *'not to be found by its path'* ]] ||
  die "ums run --machine parallel says: $(<"$folder/err")"

echo '- under a kernel process'
if "$ums" run true 2>"$folder/err"; then
  finds FAIL seccomp 'under a kernel process already' "$ums" run -- "$ums" doctor
else
  echo "  skipped: $(<"$folder/err")"
fi

echo '- places and limits'
finds limited /dev/fuse 'folders cannot be mounted' env PATH=/nonexistent "$ums" doctor
finds ok 'run folder' "'/nonexistent': No such file" env XDG_RUNTIME_DIR=/nonexistent "$ums" doctor
finds limited 'run folder' 'set XDG_RUNTIME_DIR' env XDG_RUNTIME_DIR=/nonexistent \
  TMPDIR=/nonexistent "$ums" doctor
mkdir -m 755 "$folder/run" "$folder/run/ums"
chmod 700 "$folder/run"
with_run_folder() { XDG_RUNTIME_DIR=$folder/run "$ums" doctor; }
finds ok 'run folder' 'others may use it: chmod 700' with_run_folder
chmod 700 "$folder/run/ums"
finds ok 'run folder' "'$folder/run/ums' can be used" with_run_folder
limited_memory() { (ulimit -v 1000000 && exec "$ums" doctor); }
finds limited 'stack memory' 'cannot be mapped' limited_memory
cp "$ums" "$folder/ums"
finds limited 'preload library' 'install the project as a whole' "$folder/ums" doctor

echo '- JSON'
"$ums" doctor --json >"$folder/json" || true
grep -q '"works": ' "$folder/json" || die "no 'works' in: $(<"$folder/json")"
[[ $(grep -c '"name": ' "$folder/json") == $(("$("$ums" doctor | wc -l)" - 1)) ]] ||
  die 'JSON has another number of checks'
