#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# replay_string.sh, to be sourced: replay strings that nobody has printed.

# with_check STRING: the string with the check that belongs there, as
# tools/ums/explore/replay_string.h says.
with_check() {
  local version program rest text hash=$((0xcbf29ce484222325)) code i
  IFS=: read -r version program _ rest <<<"$1"
  text=$program:$rest
  for ((i = 0; i < ${#text}; ++i)); do
    printf -v code %d "'${text:i:1}"
    hash=$(((hash ^ code) * 0x100000001b3))
  done
  printf '%s:%s:%06x:%s' "$version" "$program" $(((hash ^ hash >> 32) & 0xffffff)) "$rest"
}
