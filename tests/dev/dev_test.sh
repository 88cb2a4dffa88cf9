#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# dev_test.sh: what `./dev check` says of packages that are missing and cannot be installed. Runs a
# copy of dev, with programs in place of Debian's and of the build's that do nothing.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/bin"
cp "$root/dev" "$folder/dev"
cd "$folder"
export PATH=$folder/bin:$PATH

die() {
  printf 'dev_test: %s\n' "$*" >&2
  exit 1
}

# fake STATUS PROGRAM...: programs of these names do nothing and exit with STATUS.
fake() {
  local program
  for program in "${@:2}"; do
    printf '#!/bin/sh\nexit %s\n' "$1" >"bin/$program"
    chmod +x "bin/$program"
  done
}

# missing PATTERN: dpkg-query knows all packages but those whose name matches.
missing() {
  cat >bin/dpkg-query <<TEXT
#!/bin/sh
case \$3 in $1) ;; *) echo installed ;; esac
TEXT
  chmod +x bin/dpkg-query
}

# check STATUS: `./dev check` exits so; its output goes to `out` and `err`.
check() {
  local status=0
  ./dev check >out 2>err || status=$?
  [[ $status == "$1" ]] || die "exit status $status, expected $1: $(cat out err)"
}

says() { grep -qxF "$2" "$1" || die "it does not say '$2', but: $(cat out err)"; }

install='    apt-get install -y --no-install-recommends'
fake 1 apt-get sudo setpriv
fake 0 cmake ctest clang-format clang-tidy shellcheck
mkdir -p build/clang-release
touch build/clang-release/compile_commands.json

echo '- all packages of check at once'
missing 'clang-tidy | *aarch64*'
check 3
says err "$install clang-tidy g++-aarch64-linux-gnu"
[[ ! -s out ]] || die "it checks: $(cat out)"

echo '- no tools for aarch64'
missing '*aarch64* | qemu*'
check 0
says out 'aarch64    SKIPPED'
says out 'asan       ok'
says err "$install g++-aarch64-linux-gnu qemu-user"

echo '- a step that fails'
fake 1 ctest
check 1
says out 'asan       FAILED'
says err 'dev: failed: clang debug asan tsan'
