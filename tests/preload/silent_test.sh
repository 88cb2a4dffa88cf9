#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# silent_test.sh LIBRARY: programs that never use the device do not notice the preloaded library:
# it says nothing, and opens nothing. One that does use it hears who answers.
set -euo pipefail

library=$1
unset "${!UMS_@}"
export UMS_BACKEND=sim

die() {
  printf 'silent_test: %s\n' "$*" >&2
  exit 1
}

preloaded() { LD_PRELOAD=$library "$@"; }

says=$(preloaded true 2>&1)
[[ -z $says ]] || die "true says: $says"

[[ $(preloaded cat /proc/self/maps) == *libums-preload.so* ]] || die 'cat is without the library'
[[ $(preloaded ls /proc/self/fd) == "$(ls /proc/self/fd)" ]] || die 'ls has other descriptors'

# A shell opens the device, and moves it to a number that it chooses. It cannot open it again until
# it has closed that.
script='exec 3</dev/ums && exec 4<&3 && exec 3<&- && ! true 3</dev/ums && exec 4<&- &&
  true 3</dev/ums'
for shell in sh bash; do
  says=$(preloaded "$shell" -c "$script" 2>&1) || die "$shell cannot use the device: $says"
  [[ $says == *'the simulated kernel in this process answers'* ]] || die "$shell hears: $says"
done
