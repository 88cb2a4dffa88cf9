#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# paths_test.sh UMS HOLD MACHINE: /proc/ums and /dev/ums as people's tools see them under
# `ums run --machine MACHINE`. HOLD (hold_workers.c) runs a command while it has two workers.
set -euo pipefail
# shellcheck source=tests/ums/tree.sh
source "$(dirname "$0")/tree.sh"

ums=$1 hold=$2 machine=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export PATH=/usr/bin:/bin LC_ALL=C UMS_QUIET=1

die() {
  printf 'paths_test: %s\n' "$*" >&2
  exit 1
}

status=0
"$ums" run --machine "$machine" true 2>err || status=$?
if [[ -s err ]]; then
  [[ $(cat err) == *seccomp* ]] || die "true exits $status: $(cat err)"
  echo "skipped: $(cat err)"
  exit 0
fi

# expect TEXT SCRIPT: each shell prints TEXT for SCRIPT, in which P, A and B are the numbers of the
# program and its workers. So they are in TEXT.
expect() {
  local shell found
  for shell in dash bash; do
    command -v "$shell" >/dev/null || continue
    # shellcheck disable=SC2016 # for the shell
    found=$("$ums" run --machine "$machine" "$hold" "$shell" -c '
      P=$UMS_PID A=$UMS_WORKER_1 B=$UMS_WORKER_2
      { '"$2"$'\n''} 2>&1 | sed "s/\b$P\b/P/g; s/\b$A\b/A/g; s/\b$B\b/B/g"') ||
      die "$shell: '$2' exits $?: $found"
    [[ $found == "$1" ]] || die "$shell: '$2' prints"$'\n'"$found"$'\n'"and not"$'\n'"$1"
  done
}

printf '%s\n' "$columns_of_ls" >columns
export COLUMNS_OF_LS=$folder/columns

text=$'Pid:\tA\nState:\tI (idle)\nSwitches:\t0'

echo '- the tree of the specification'
# shellcheck disable=SC2016 # for the shell
expect "$(tree_of P)" \
  'ls -lR /proc/ums | awk -f "$COLUMNS_OF_LS"'

echo '- reading and finding'
# shellcheck disable=SC2016 # for the shell
{
  expect "$text" 'cat /proc/ums/$P/workers/$A/info'
  expect "$text" 'cat /proc/ums/$P/schedulers/$P/workers/1/info'
  expect 'cat: /proc/ums: Is a directory' 'cat /proc/ums || :'
  expect '/proc/ums
/proc/ums/P
/proc/ums/P/schedulers
/proc/ums/P/schedulers/P
/proc/ums/P/schedulers/P/info
/proc/ums/P/schedulers/P/workers
/proc/ums/P/schedulers/P/workers/1
/proc/ums/P/schedulers/P/workers/2
/proc/ums/P/workers
/proc/ums/P/workers/A
/proc/ums/P/workers/A/info
/proc/ums/P/workers/B
/proc/ums/P/workers/B/info' 'find /proc/ums | sort'
  expect '/proc/ums/P/workers/A/info /proc/ums/P/workers/B/info' 'echo /proc/ums/*/workers/*/info'
  expect '/proc/ums/P/workers/B' 'readlink -f /proc/ums/$P/schedulers/*/workers/2'
  expect '/proc/ums/P/workers/A/info' 'realpath /proc/ums/$P/schedulers/$P/workers/1/info'
  expect '-rwsrwsrwt 0 regular empty file proc' \
    'i=/proc/ums/$P/workers/$A/info; stat -c "%A %s %F" $i | tr "\n" " "; stat -fc %T $i'
  expect 'crwsrwsrwt a' 'stat -c "%A %t" /dev/ums'
  expect 'crwsrwsrwt a' 'ln -sf /dev/ums link; exec 9<link && stat -Lc "%A %t" link; rm link'
  expect 'yes yes yes' \
    '[ -d /proc/ums ] && printf "yes "; test -r /proc/ums/$P && printf "yes "
    [ ! -e /proc/ums/0 ] && echo yes'
  expect 'A B' 'for i in /proc/ums/$P/workers/*; do [ -d $i ] && basename $i; done | paste -sd " "'
}

echo '- working directories'
# shellcheck disable=SC2016 # for the shell
{
  expect '/proc/ums' 'cd /proc/ums; /bin/pwd'
  expect '/proc/ums/P /proc/ums/P' 'cd /proc/ums/*/; echo $PWD $(sh -c "/bin/pwd")'
  expect 'P' 'cd /proc/ums; echo *'
  expect '/proc/ums/P/workers A B' 'cd /proc/ums/$P/schedulers; cd ../workers; echo $(/bin/pwd) *'
  expect "$text" 'cd /proc/ums/$P/workers; (cd $B; cat ../$A/info)'
  expect '/proc /' 'cd /proc/ums/$P; cd -P ../..; echo $(/bin/pwd) $(cd -P ..; /bin/pwd)'
  expect 'file' 'cd /proc/ums; cd '"$folder"'; echo file >file; cat file; rm file'
  expect 'mkdir: cannot create directory '\''x'\'': No such file or directory' \
    'cd /proc/ums; mkdir x || :'
  expect "$text" 'cd /proc/ums/$P/workers; sh -c "cd \$1; exec cat info" sh $A'
}

echo '- links, descriptors and other processes'
ln -s /proc/ums to
ln -s to/. again
# shellcheck disable=SC2016 # for the shell
{
  expect "$text" "cat $folder/to/\$P/workers/\$A/info"
  expect "$text" "cd $folder; cat again/\$P/workers/\$A/info"
  expect 'P' "ls $folder/to/"
  expect 'A B' 'exec 5</proc/ums/$P/workers; exec 6<&5; exec 5<&-; echo $(ls /dev/fd/6/)'
  expect "$text" 'exec 5</proc/ums/$P/workers/$A/info; (sh -c "cat <&5")'
  expect 'ls: cannot access '\''/proc/umsx'\'': No such file or directory' 'ls /proc/umsx || :'
}
[[ -e to ]] && die 'the host has /proc/ums'

echo '- nothing is left'
[[ $("$ums" run --machine "$machine" ls /proc/ums | wc -l) == 0 ]] ||
  die 'an empty tree is not empty'
