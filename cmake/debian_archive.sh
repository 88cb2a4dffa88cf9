# SPDX-License-Identifier: Apache-2.0
#
# To be sourced: packages from Debian's archive, unpacked into a folder by apt, with package lists
# of its own: the machine's packages stay as they are, and no privilege is needed.
#
#     archive_open FOLDER ARCHITECTURE...      reads the package lists
#     archive_unpack FOLDER PACKAGE...         unpacks the packages, and not what they depend on
#     archive_close FOLDER
# shellcheck shell=bash

archive_open() {
  local folder=$1 architecture
  shift
  mkdir -p "$folder"/apt/{state/lists/partial,cache/archives/partial}
  touch "$folder/apt/state/status"
  archive_options=(-o APT::Sandbox::User="$(id -un)" -o Dir::State="$folder/apt/state"
    -o Dir::State::status="$folder/apt/state/status" -o Dir::Cache="$folder/apt/cache")
  for architecture in "$@"; do
    archive_options+=(-o APT::Architectures::="$architecture")
  done
  apt-get -qq "${archive_options[@]}" update
}

archive_unpack() {
  local folder=$1 package
  shift
  (
    cd "$folder/apt" || exit
    apt-get -qq "${archive_options[@]}" download "$@"
    for package in *.deb; do
      dpkg-deb -x "$package" "$folder"
    done
    rm ./*.deb
  )
}

archive_close() { rm -r "$1/apt"; }
