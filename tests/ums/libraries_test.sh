#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# libraries_test.sh UMS MACHINE PROGRAM LIBRARY...: PROGRAM, which was built with another libums
# than this project's, under `ums run --machine MACHINE` as it is: its workers take turns, /proc/ums
# shows them, and of the libraries of that name those are loaded that are named here.
set -euo pipefail
# shellcheck source=tests/ums/tree.sh
source "$(dirname "$0")/tree.sh"

ums=$1 machine=$2 program=$3
libraries=$(printf '%s\n' "${@:4}" | sort)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset UMS_BACKEND LD_PRELOAD
export LC_ALL=C UMS_QUIET=1 XDG_RUNTIME_DIR=$folder

die() {
  printf 'libraries_test: %s\n' "$*" >&2
  exit 1
}

if [[ -e /dev/ums ]]; then
  echo 'skipped: this system has the device'
  exit 0
fi
"$program" true >out 2>&1 && die 'it works without ums run'

status=0
"$ums" run --machine "$machine" true 2>err || status=$?
if [[ -s err ]]; then
  [[ $(cat err) == *seccomp* ]] || die "true exits $status: $(cat err)"
  echo "skipped: $(cat err)"
  exit 0
fi

# With names for the threads.
printf '%s\n' "$columns_of_ls" >columns
cat >list <<'EOT'
ls -lR /proc/ums | awk -f columns | sed "
  s/\b$UMS_PID\b/P/g; s/\b$UMS_SCHEDULER\b/S/g
  s/\b$UMS_WORKER_1\b/A/g; s/\b$UMS_WORKER_2\b/B/g"
EOT
"$ums" run --machine "$machine" "$program" sh list >out 2>err || die "exit status $?: $(cat err)"
[[ ! -s err ]] || die "it says: $(cat err)"

turns=$'tick\ntock\ntick\ntock\ntick\ntock'
expected="$(tree_of S)
$turns
$turns"
found=$(grep -v '^libums' out)
[[ $found == "$expected" ]] || die "it prints"$'\n'"$found"$'\n'"and not"$'\n'"$expected"
found=$(grep '^libums' out | sort) || true
[[ $found == "$libraries" ]] || die "it has loaded '$found', and not '$libraries'"
