#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# virtual_cpus_test.sh UMS PROGRAM: `ums run --cpus` says how long a program takes on how many CPUs,
# and what things cost there; `ums explore --cpus` finds what can happen there, and nothing else.
set -euo pipefail
# shellcheck source=tests/ums/replay_string.sh
source "$(dirname "$0")/replay_string.sh"

ums=$1 program=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset UMS_BACKEND LD_PRELOAD UMS_SEED UMS_SCHEDULE UMS_EXPLORE UMS_CPUS UMS_PROFILE UMS_TIME
export LC_ALL=C UMS_QUIET=1 XDG_RUNTIME_DIR=$folder

die() {
  printf 'virtual_cpus_test: %s\n' "$*" >&2
  exit 1
}
simulated() { "$ums" run --machine simulated "$@"; }
# expect_status STATUS COMMAND...: its output is in out and err then.
expect_status() {
  local wanted=$1 status=0
  shift
  "$@" >out 2>err </dev/null || status=$?
  ((status == wanted)) || die "'$*' exits $status, not $wanted: $(cat out err)"
}
# refused MESSAGE COMMAND...
refused() {
  expect_status 125 "${@:2}"
  grep -qF -- "$1" err || die "'${*:2}' says: $(cat err)"
}

if [[ -e /dev/ums ]]; then
  echo 'skipped: this system has the device'
  exit 0
fi
if ! simulated true 2>err; then
  [[ $(cat err) == *seccomp* ]] || die "true exits $?: $(cat err)"
  echo "skipped: $(cat err)"
  exit 0
fi

echo '- makespans'
for cpus in 1 2 4 8 16 32 64; do
  expect_status 0 simulated --cpus "$cpus" --profile zero --time "$program"
  grep -q "^virtual time $((64 / cpus)).000000 ms on $cpus CPUs\?, utilisation 100 %$" err ||
    die "it says: $(cat err)"
done

echo '- costs'
printf '# of ours\n\n create = 1000 # a microsecond\n' >profile
expect_status 0 simulated --cpus 64 --profile profile --time "$program"
grep -q '^virtual time 1.064000 ms on 64 CPUs' err || die "it says: $(cat err)"
expect_status 0 simulated --cpus 64 --time "$program"
grep -q '^virtual time 2\.1[0-9]* ms on 64 CPUs' err || die "it says: $(cat err)"
expect_status 0 simulated --cpus 2 "$program"
[[ ! -s err ]] || die "it says: $(cat err)"
expect_status 0 "$ums" profile
for name in system_call context_switch wake_up lock create; do
  grep -q "^$name=[0-9]*$" out || die "the profile of this machine: $(cat out)"
done
mv out here
expect_status 0 simulated --cpus 2 --profile here "$program"

echo '- what the program sees'
expect_status 0 simulated --cpus 48 "$program" cpus
[[ $(cat out) == '48 48' ]] || die "it sees: $(cat out)"

echo '- seeds'
expect_status 0 simulated --cpus 2 --profile zero --seed 3 --time "$program"
grep -q '^virtual time 32.000000 ms on 2 CPUs, utilisation 100 %$' err || die "$(cat err)"

echo '- exploring'
expect_status 1 "$ums" explore --iterations 200 -- "$program" race
expect_status 1 "$ums" explore --cpus 1 --iterations 200 -- "$program" race
string=$(sed -n 's/.*ums replay \([^ ]*\) .*/\1/p' out)
[[ $string == *@1 ]] || die "the replay string is '$string'"
expect_status 3 "$ums" replay "$string" -- "$program" race
expect_status 0 "$ums" explore --cpus 2 --iterations 200 -- "$program" race
printf 'create = 1500000\n' >slow_start # the slow one has a start then
expect_status 1 "$ums" explore --cpus 3 --profile slow_start -- "$program" race
string=$(sed -n 's/.*ums replay \([^ ]*\) .*/\1/p' out)
[[ $string == *@3/create=1500000 ]] || die "the replay string is '$string'"
expect_status 3 "$ums" replay "$string" -- "$program" race
refused 'make no sense' "$ums" replay "$(with_check "${string/@3/@65}")" -- "$program" race

echo '- wrong words'
for count in 0 65 -1 many 1e3; do
  refused '--cpus wants a number' simulated "--cpus=$count" true
  refused '--cpus wants a number' "$ums" explore "--cpus=$count" true
done
refused 'simulated only' "$ums" run --cpus 2 true
refused 'simulated only' "$ums" run --machine parallel --time true
refused 'works with --cpus only' simulated --profile zero true
refused 'works with --cpus only' simulated --time true
refused 'works with --cpus only where --preemptions' "$ums" explore --cpus 2 \
  --strategy exhaustive true
refused "'nowhere' is neither zero nor default nor a file: No such file" \
  simulated --cpus 2 --profile nowhere true
refused "'.' is a folder" simulated --cpus 2 --profile . true
printf 'lock = 1\nwake_up\n' >wrong
refused 'wrong, line 2: ' simulated --cpus 2 --profile wrong true
printf '\n\nlocks = 1\n' >wrong
refused 'wrong, line 3: it names no cost' "$ums" explore --cpus 2 --profile wrong true
printf 'lock = -1\n' >wrong
refused 'wrong, line 1: ' simulated --cpus 2 --profile wrong true
status=0
UMS_CPUS=no UMS_SEED=1 LD_PRELOAD=$(dirname "$ums")/../lib/ums/libums-simulated.so \
  UMS_BACKEND=sim "$(type -P true)" 2>err || status=$?
((status == 125)) || die "exit status $status"
grep -q "UMS_CPUS='no' makes no sense" err || die "it says: $(cat err)"
