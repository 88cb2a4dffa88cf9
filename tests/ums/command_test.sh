#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# command_test.sh UMS CALLS STATIC MARKER CC WORKERS RAW: what the command line of `ums` means, and
# programs under `ums run`: CALLS, WORKERS and RAW know nothing of this project but the device,
# STATIC, WORKERS and RAW are statically linked, RAW has no C library, MARKER is a library that
# another preloads.
set -euo pipefail

ums=$1 calls=$2 static=$3 marker=$4 cc=$5 workers=$6 raw=$7
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset UMS_BACKEND LD_PRELOAD ASAN_OPTIONS
export PATH=/usr/bin:/bin # a folder that cannot be searched makes 126 of 127, as of env
export UMS_QUIET=1 XDG_RUNTIME_DIR=$folder

die() {
  printf 'command_test: %s\n' "$*" >&2
  exit 1
}

# expect STATUS TEXT WORD...: `ums WORD...` exits with STATUS; TEXT is in its one line of errors.
expect() {
  local status=0 expected=$1 text=$2
  shift 2
  "$ums" "$@" >out 2>err || status=$?
  [[ $status == "$expected" ]] || die "ums $*: exit status $status, not $expected: $(cat err)"
  [[ $(cat err) == *"$text"* ]] || die "ums $*: no '$text' in: $(cat err)"
  [[ $(wc -l <err) -le 1 ]] || die "ums $*: more than one line: $(cat err)"
}

parallel() { "$ums" run --machine parallel -- "$@"; }

echo '- help, version, and wrong words'
expect 0 '' --version
[[ $(cat out) == 'ums '[0-9]* ]] || die "the version is '$(cat out)'"
for words in --help {run,doctor,ps,tree,cat,top}' --help'; do
  # shellcheck disable=SC2086 # words
  expect 0 '' $words
  [[ $(cat out) == *Usage:* ]] || die "no usage in: $(cat out)"
done
expect 2 "a command is missing; see 'ums --help'"
expect 2 "unknown option '--bad'" --bad
expect 2 "unknown command 'tops'" tops
expect 2 "unknown option '--bad'" top --bad
expect 2 "'more' is too much" ps more
expect 2 'the path to print is missing' cat
expect 2 '--delay wants seconds' top -d 0
expect 2 '--count wants a number' top -n 0
expect 2 "unknown option '--bad'" doctor --bad
expect 125 "unknown option '--bad'" run --bad -- true
expect 125 'program to run is missing' run --machine parallel
expect 125 '--seed works with --machine simulated only' run --seed 1 -- true
for seed in one -1 99999999999999999999 1x; do
  expect 125 '--seed wants a number' run --machine simulated "--seed=$seed" -- true
done
expect 125 "no machine 'other'" run --machine other -- true

echo '- programs of a kernel process'
if ! "$ums" run -- "$static" 2>err; then
  [[ $(cat err) == *seccomp* ]] || die "a static program exits $?: $(cat err)"
  echo "  skipped: $(cat err)"
else
  "$ums" run "$workers" >served || die "workers exits $?: $(cat served)"
  [[ $(sed 's/A/B/g' served | sort) == $'BBBBBB\nBBBBBB' ]] || die "workers prints $(cat served)"
  found=$("$ums" run "$raw") || die "bare system calls fail: line $? of the program"
  [[ $found == ABABAB ]] || die "bare system calls print $found"
  # Several processes, a pipeline, and a program that is executed in between.
  # shellcheck disable=SC2016 # for the program
  "$ums" run --machine server -- sh -c '"$0" | cat | sort && exec env "$0"' "$workers" >served ||
    die "a shell of them exits $?: $(cat served)"
  [[ $(wc -l <served) == 4 ]] || die "a shell of them prints $(cat served)"
  expect 7 '' run sh -c 'exit 7'
  expect 143 '' run sh -c 'sh -c "kill \$\$"'
  expect 127 "'no-such-program': No such file" run no-such-program
  expect 127 "'': No such file" run ''
  expect 126 "'/': Permission denied" run /
  expect 125 "inside another 'ums run'" run "$ums" run true
  [[ $(echo text | "$ums" run cat) == text ]] || die 'standard input is not that of the program'
  # shellcheck disable=SC2012 # names are numbers
  [[ $("$ums" run ls /proc/self/fd | wc -l) == $(ls /proc/self/fd | wc -l) ]] ||
    die 'the program has other descriptors than without'
fi

# A set-user-id program of another user, where there is one, or root can make one.
find_privileged() {
  local program
  if ((EUID == 0)); then
    cp /bin/true privileged && chown 65534 privileged && chmod 4755 privileged
  fi
  for program in ./privileged "$(command -v su)" "$(command -v mount)"; do
    [[ ! -u $program || -O $program ]] || break
    program=
  done
  printf '%s\n' "$program"
}

# user_of PROGRAM [COMMAND...]: as whom `COMMAND... PROGRAM --help` runs it, by what Linux tells
# the dynamic linker. That shows it, but not in programs with privileges.
user_of() {
  # shellcheck disable=SC2016 # for the shell
  "${@:2}" sh -c 'LD_SHOW_AUXV=1 exec "$0" --help' "$1" 2>&1 |
    awk '/^AT_EUID:/ { user = $2 } END { print user }'
}

echo '- set-user-id programs'
privileged=$(find_privileged)
if [[ -z $privileged || $(user_of /bin/true) != "$EUID" || -n $(user_of "$privileged") ]]; then
  echo '  skipped: there are none that get privileges here'
elif "$ums" run true 2>err; then
  for machine in server parallel; do
    found=$(user_of "$privileged" "$ums" run --machine "$machine")
    [[ $found == "$EUID" ]] || die "under $machine $privileged is user '$found', not $EUID"
  done
fi

echo '- a program that knows nothing of this project'
parallel "$calls" >calls.out || die "calls exits $?: $(cat calls.out)"

echo '- exit status and environment'
expect 7 '' run --machine parallel -- sh -c 'exit 7'
expect 143 '' run --machine parallel sh -c 'sh -c "kill \$\$"'
expect 127 "'no-such-program': No such file" run --machine parallel no-such-program
expect 126 "'/': Permission denied" run --machine parallel /
[[ $(LD_PRELOAD=$marker parallel printenv LD_PRELOAD) == *libums-preload.so:$marker ]] ||
  die "what was preloaded is gone"
[[ $(ASAN_OPTIONS=a=1 parallel printenv ASAN_OPTIONS) == a=1:verify_asan_link_order=0 ]] ||
  die "ASAN_OPTIONS is changed otherwise"
[[ $(parallel printenv UMS_BACKEND) == sim ]] || die 'UMS_BACKEND is not sim'
# shellcheck disable=SC2016 # for the program
words=$("$ums" run --machine parallel sh -c 'echo "$@"' sh --json -- -x)
[[ $words == '--json -- -x' ]] || die "the program's options are taken from it"

echo '- a program with AddressSanitizer'
echo 'int main(void) { return 3; }' >three.c
"$cc" -fsanitize=address three.c -o three
expect 3 '' run --machine parallel ./three

echo '- programs that cannot have it'
expect 125 'is statically linked' run --machine parallel -- "$static"
printf '#!%s\n' "$static" >script
chmod +x script
expect 125 "is a script of '$static', which is statically linked" run --machine parallel ./script
# Another class, in byte 4 of the file.
cp "$static" other
printf '\001' | dd of=other bs=1 seek=4 conv=notrunc status=none
expect 125 'is built for another machine' run --machine parallel ./other
if [[ -n $privileged && $(findmnt -nT "$privileged" -o OPTIONS) != *nosuid* ]]; then
  expect 125 'gets privileges' run --machine parallel "$privileged"
fi
mkdir -p alone/bin
cp "$ums" alone/bin
ums=$folder/alone/bin/ums
expect 125 'install the project as a whole' run --machine parallel true
