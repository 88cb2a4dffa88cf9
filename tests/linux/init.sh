#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
#
# The first process of Linux in the emulator (on_debian.sh), and the last: the host's files, which
# may be changed here and stay as they are there, and the command that /command holds, by the user
# and group whose ids /user holds. Its exit status is said on the console.
# shellcheck shell=dash
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
echo 1 >/proc/sys/kernel/printk # messages of the kernel: emergencies only
depmod
for module in virtio_pci 9pnet_virtio 9p overlay fuse; do
  modprobe "$module"
done

mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=512000,cache=loose host /host
mount -t tmpfs tmpfs /changes
mkdir /changes/files /changes/work
mount -t overlay -o lowerdir=/host,upperdir=/changes/files,workdir=/changes/work overlay /root
for folder in proc sys dev; do
  mkdir -p "/root/$folder"
  mount --bind "/$folder" "/root/$folder"
done
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /root/dev/pts
for folder in dev/shm tmp run; do
  mount -t tmpfs -o mode=1777 tmpfs "/root/$folder"
done
ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/0 /dev/stdin
ln -s /proc/self/fd/1 /dev/stdout
ln -s /proc/self/fd/2 /dev/stderr
chmod 666 /dev/fuse
ip link set lo up

read -r user group </user
cp /command /root/run/command
export PATH=/usr/local/bin:/usr/bin:/bin HOME=/tmp TMPDIR=/tmp
ulimit -c 0
chroot /root /usr/bin/setpriv --reuid="$user" --regid="$group" --clear-groups \
  /bin/bash /run/command </dev/null
printf '\nexit status %s\n' "$?" # on a line of its own, whatever was left in the last one
echo o >/proc/sysrq-trigger # Linux switches the machine off
sleep 60
