#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# aarch64-packages.sh FOLDER: unpacks the aarch64 builds of the libraries this project links into
# FOLDER, from Debian's archive by apt, with package lists of its own: the machine's packages stay
# as they are, and no privilege is needed.
set -euo pipefail

folder=$(realpath -m "$1")
of_aarch64=(libboost1.74-dev libboost-context1.74-dev libfmt-dev libfmt9 libgtest-dev libgmock-dev
  libseccomp-dev libseccomp2 libfuse3-dev libfuse3-3 libdw-dev libdw1 libelf-dev libelf1
  zlib1g libbz2-1.0 liblzma5)
of_any=(libcli11-dev nlohmann-json3-dev)
packages=("${of_aarch64[@]/%/:arm64}" "${of_any[@]}")
[[ "$(cat "$folder/complete" 2>/dev/null)" != "${packages[*]}" ]] || exit 0

mkdir -p "$folder"/apt/{state/lists/partial,cache/archives/partial}
touch "$folder/apt/state/status"
apt=(apt-get -qq -o APT::Architectures::=amd64 -o APT::Architectures::=arm64
  -o APT::Sandbox::User="$(id -un)" -o Dir::State="$folder/apt/state"
  -o Dir::State::status="$folder/apt/state/status" -o Dir::Cache="$folder/apt/cache")
cd "$folder/apt"
"${apt[@]}" update
"${apt[@]}" download "${packages[@]}"
for package in *.deb; do
  dpkg-deb -x "$package" "$folder"
done
cd "$folder"
rm -r apt
echo "${packages[*]}" >complete
