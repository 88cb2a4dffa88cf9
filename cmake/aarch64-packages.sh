#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# aarch64-packages.sh FOLDER: unpacks the aarch64 builds of the libraries this project links into
# FOLDER, from Debian's archive.
set -euo pipefail

# shellcheck source=cmake/debian_archive.sh
source "$(dirname "${BASH_SOURCE[0]}")/debian_archive.sh"

folder=$(realpath -m "$1")
of_aarch64=(libboost1.74-dev libboost-context1.74-dev libfmt-dev libfmt9 libgtest-dev libgmock-dev
  libseccomp-dev libseccomp2 libfuse3-dev libfuse3-3 libdw-dev libdw1 libelf-dev libelf1
  zlib1g libbz2-1.0 liblzma5)
of_any=(libcli11-dev nlohmann-json3-dev)
packages=("${of_aarch64[@]/%/:arm64}" "${of_any[@]}")
[[ "$(cat "$folder/complete" 2>/dev/null)" != "${packages[*]}" ]] || exit 0

archive_open "$folder" amd64 arm64
archive_unpack "$folder" "${packages[@]}"
archive_close "$folder"
echo "${packages[*]}" >"$folder/complete"
