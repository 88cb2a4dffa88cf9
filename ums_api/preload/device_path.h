// SPDX-License-Identifier: Apache-2.0
//
// Whether a path names the device, which is in no folder: the host has no /dev/ums as a rule.
//
//     if (names_device(AT_FDCWD, path)) ...            // before Linux is asked
//     if (links_to_device(AT_FDCWD, path)) ...         // after Linux found nothing
//
// "/dev/ums" does, and so does "ums" in any spelling of the folder /dev, relative ones included:
// the folder is Linux's, and is identified by asking it. A symbolic link that leads there dangles,
// so it need not be looked for before Linux has failed with ENOENT.
//
// Thread safety: any thread, any signal handler. errno is left alone. A path that lies nowhere is
// Linux's to refuse if it is null, in the first 64 KiB or above all user memory; elsewhere it is a
// fault, as it is to most functions of the C library.
#pragma once

namespace ums::preload {

// `folder` as for openat(2).
bool names_device(int folder, const char* path) noexcept;

// Whether `path`, where nothing is, is a symbolic link to the device, by any number of others. One
// system call where it is none.
bool links_to_device(int folder, const char* path) noexcept;

}  // namespace ums::preload
