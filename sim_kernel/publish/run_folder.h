// SPDX-License-Identifier: Apache-2.0
//
// The run folder: where the kernels of one user show their state to others of that user
// (state_file.h): $XDG_RUNTIME_DIR/ums, where that variable names a folder of the user; else
// ums-UID in $TMPDIR or /tmp.
//
// Invariants:
// 1. A folder is used only if it belongs to the effective user, nobody else may use it (mode 0700),
//    and it is no symbolic link: everybody may make one in /tmp before us.
// 2. Both places are looked at by readers: a kernel may have been started with another environment.
//
// Thread safety: any thread; allocates nothing, leaves errno alone.
#pragma once

#include <cstddef>

namespace ums::kernel {

inline constexpr std::size_t kRunPathBytesMax = 512;
inline constexpr int kRunFoldersMax = 2;

struct RunFolders {
  int count = 0;
  char paths[kRunFoldersMax][kRunPathBytesMax] = {};
};

// The places, the best first, by the environment as it is now. A path that is too long is none.
RunFolders run_folders() noexcept;

// Opens a place, and makes it if `make`. Returns a descriptor for use with openat(2), close on
// exec, or a negative errno: -EPERM (it belongs to somebody else, or others may use it), -ENOTDIR,
// -ELOOP (it is no folder), -ENOENT, those of mkdir(2).
int open_run_folder(const char* path, bool make) noexcept;

}  // namespace ums::kernel
