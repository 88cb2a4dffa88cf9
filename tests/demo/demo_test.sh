#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# demo_test.sh [EMULATOR...] PROGRAM: what ums-demo does with good and bad files. A bad one is
# refused with exit status 2 and a message that names the place, and nothing goes to standard
# output.
set -euo pipefail

program=("${@:1:$#-1}" "$(realpath "${!#}")")
numbers=$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../../examples/data/numbers.txt
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export UMS_QUIET=1

die() {
  printf 'demo_test: %s\n' "$*" >&2
  exit 1
}

run() {
  status=0
  "${program[@]}" "$@" >out 2>err || status=$?
}

# refused FILE MESSAGE: standard error is this one line, and no more.
refused() {
  run "$1"
  [[ $status == 2 ]] || die "$1: exit status $status, expected 2"
  [[ ! -s out ]] || die "$1: output in spite of the error: $(cat out)"
  [[ $(cat err) == "$2" ]] || die "$1: the message is: $(cat err)"
}

# bad NAME CONTENT MESSAGE: a file that printf %b makes of CONTENT; MESSAGE follows the name.
bad() {
  printf '%b' "$2" >"$1"
  refused "$1" "$1:$3"
}

# accepted FILE TITLE: TITLE is how the first line of the output begins.
accepted() {
  run "$1"
  [[ $status == 0 ]] || die "$1: exit status $status: $(cat err)"
  [[ ! -s err ]] || die "$1: a message: $(cat err)"
  [[ $(head -n 1 out) == "$2, "* ]] || die "$1: the output is: $(cat out)"
  grep -q 'agree; every factor is prime, every product is right' out || die "$1: not verified"
}

largest=4611686018427387903

echo '- bad files'
bad word '15\n16\nseven\n' "3: 'seven' is not a decimal number"
bad negative '15\n-16\n' "2: '-16' is not a decimal number"
bad fraction '1.5\n' "1: '1.5' is not a decimal number"
bad hexadecimal '0x10\n' "1: '0x10' is not a decimal number"
bad two '15 16\n' "1: '15 16' is not a decimal number"
bad zero '1\n0\n' '2: 0 cannot be factored'
bad large "$largest\n4611686018427387904\n" \
  "2: 4611686018427387904 is too large: the largest is $largest"
bad huge "1\n\n# a comment\n$(printf '9%.0s' {1..150})\n" \
  "4: $(printf '9%.0s' {1..30})... is too large: the largest is $largest"
bad binary '12\n\x01\x7f\xff\0ELF\n' "2: '????ELF' is not a decimal number"
bad last '12\nx' "2: 'x' is not a decimal number"
bad long "7\n$(printf '1%.0s' {1..201})\n" '2: a line of more than 200 characters'
bad blanks "7\n$(printf ' %.0s' {1..201})\n" '2: a line of more than 200 characters'
bad empty '' ' there is no number in it'
bad comments '# nothing\n\n' ' there is no number in it'
mkdir folder
refused folder "cannot read 'folder': Is a directory"
refused missing "cannot read 'missing': No such file or directory"
refused /dev/zero '/dev/zero:1: a line of more than 200 characters'
refused '' "cannot read '': No such file or directory"

echo '- usage'
run one two
[[ $status == 2 && ! -s out && $(cat err) == usage:* ]] || die "two files: $status $(cat out err)"
for option in - -x --halp; do
  refused $option "unknown option '$option': see ums-demo --help; a file of that name is ./$option"
done
for option in --help -h; do
  run $option
  [[ $status == 0 && ! -s err && $(cat out) == usage:*"$largest"* ]] ||
    die "$option: $status $(cat out err)"
done

echo '- good files'
printf '1\n' >one
accepted one '1 number of 1 bit'
printf '64\n100\n' >alike
accepted alike '2 numbers of 7 bits'
printf ' 2\r\n\n# a comment\n\t%s \n0065521\n4294967296' $largest >odd
accepted odd '4 numbers of 2 to 62 bits'
head -n 300 "$numbers" >many
accepted many '299 numbers of 19 to 62 bits'

echo '- output that cannot be written'
status=0
"${program[@]}" one >/dev/full 2>err || status=$?
[[ $status == 1 && $(cat err) == *'cannot write'* ]] || die "full device: $status $(cat err)"
status=0
"${program[@]}" one >&- 2>&- || status=$?
[[ $status == 1 ]] || die "output and error closed: $status"

echo '- no kernel'
status=0
UMS_BACKEND=wrong "${program[@]}" one >out 2>err || status=$?
[[ $status == 1 && ! -s out ]] || die "no kernel: $status $(cat out)"
