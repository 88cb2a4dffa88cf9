#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# on_debian.sh FOLDER COMMAND...: runs COMMAND, as its caller, under the kernel of Debian on which
# this is run (linux-image-amd64), whatever Linux the machine has: in QEMU, which emulates a
# processor of two cores, some ten times slower. Exits as COMMAND does. FOLDER keeps the kernel.
#
# Files are the machine's; what COMMAND changes of them is gone with it. No privilege is needed.
# x86-64 only; takes qemu-system-x86, busybox-static and cpio, and as much memory as COMMAND uses.
set -euo pipefail

(($# >= 2)) || { echo "usage: $0 FOLDER COMMAND..." >&2 && exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=cmake/debian_archive.sh
source "$here/../../cmake/debian_archive.sh"
folder=$(realpath -m "$1")
shift

modules=(drivers/virtio/{virtio,virtio_ring,virtio_pci_legacy_dev,virtio_pci_modern_dev,virtio_pci}
  net/9p/{9pnet,9pnet_virtio} fs/{netfs/netfs,fscache/fscache,9p/9p,overlayfs/overlay,fuse/fuse})

# The kernel that the package is another name for.
unpack_kernel() {
  local image
  [[ ! -e $folder/complete ]] || return 0
  archive_open "$folder" amd64
  image=$(apt-cache "${archive_options[@]}" depends linux-image-amd64 |
    sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p')
  archive_unpack "$folder" "$image"
  archive_close "$folder"
  echo "$image" >"$folder/complete"
}

# The files that Linux starts from, an archive of cpio.
pack_start() {
  local start=$1 module tree
  tree=$(cd "$folder" && echo lib/modules/*)
  mkdir -p "$start"/{bin,proc,sys,dev,host,changes,root} "$start/$tree"
  cp /bin/busybox "$start/bin/"
  cp "$here/init.sh" "$start/init"
  for module in "${modules[@]}"; do
    cp "$folder/$tree/kernel/$module.ko" "$start/$tree/"
  done
  echo "$(id -u) $(id -g)" >"$start/user"
  { printf 'cd %q && exec' "$PWD" && printf ' %q' "${command[@]}" && echo; } >"$start/command"
  (cd "$start" && find . | cpio --quiet -o -H newc) >"$start.cpio"
}

command=("$@")
unpack_kernel
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
pack_start "$temporary/start"
qemu-system-x86_64 -accel tcg,thread=multi -cpu max,la57=off -smp 2 -m 8G \
  -kernel "$folder"/boot/vmlinuz-* -initrd "$temporary/start.cpio" \
  -append 'console=ttyS0 quiet panic=-1 mitigations=off' \
  -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
  -display none -monitor none -serial stdio -no-reboot </dev/null |
  sed -u 's/\r$//' | tee "$temporary/console"
status=$(sed -n 's/^exit status \([0-9]*\)$/\1/p' "$temporary/console" | tail -n 1)
[[ -n $status ]] || { echo "$0: Linux did not come to the command's end" >&2 && exit 1; }
exit "$status"
