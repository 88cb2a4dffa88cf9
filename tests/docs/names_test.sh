#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# names_test.sh FOLDER: what the documents below FOLDER name is there. Links lead to files; `paths`
# exist, from the root, in the sources' folders or beside the document; `names` with an underscore,
# `::` or parentheses stand in the sources. Prints one line for each that does not.
set -euo pipefail
export LC_ALL=C.UTF-8
cd "$1"

documents=(README.md docs/*.md docs/decisions/*.md sim_kernel/README.md)
foreign=$'resume_with\nSYS_setuid\nGLIBC_2' # other people's names, in no source of ours
faults=0

# Every word of the sources, and system calls by their own names too.
words=$(mktemp)
trap 'rm -f "$words"' EXIT
{
  find . \( -name build -o -name .git -o -name .cache -o -path ./docs -o -path ./tests/docs \) \
    -prune -o -type f ! -name '*.md' -print0 | xargs -0 grep -hoIE '\w+' | sed 'p; s/^SYS_//'
  echo "$foreign"
} | sort -u >"$words"

fault() {
  printf '%s: %s\n' "$1" "$2"
  faults=$((faults + 1))
}

# The document's text, without its blocks of code.
# shellcheck disable=SC2016
prose() { sed '/^```/,/^```/d' "$1"; }

check_path() {
  local folder
  for folder in . sim_kernel sim_kernel/* sim_kernel/*/* ums_api/include ums_api/src \
    ums_api/preload "$(dirname "$1")"; do
    [[ ! -e $folder/$2 && ! -e $folder/$2.h ]] || return 0
  done
  fault "$1" "no file $2"
}

check_words() {
  local word
  while read -r word; do
    grep -qxF "$word" "$words" || fault "$1" "no source has the name $word"
  done < <(grep -oE '\w+' <<<"$2")
}

check_document() {
  local link name
  while read -r link; do
    [[ -e $(dirname "$1")/$link ]] || fault "$1" "a link to $link, which is not there"
  done < <(prose "$1" | grep -oE '\]\([^)#]+' | cut -c 3- | grep -v '^https\?:')
  while read -r name; do
    case $name in
      *[!A-Za-z0-9_./:\(\)-]* | /* | ./* | -*) ;; # commands, devices and the like
      */* | *.h | *.hpp | *.cpp | *.c | *.sh | *.md) check_path "$1" "$name" ;;
      *_* | *::* | *'()') check_words "$1" "$name" ;;
    esac
  done < <(prose "$1" | grep -oE "\`[^\`]+\`" | tr -d "\`" | sort -u)
}

for document in "${documents[@]}"; do
  check_document "$document"
done
((faults == 0))
