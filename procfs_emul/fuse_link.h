// SPDX-License-Identifier: Apache-2.0
//
// Where links of /proc/ums lead inside a FUSE mount of it. Their targets are absolute paths below
// /proc/ums, which may be another kernel's there, or nothing.
//
//     /proc/ums/17/schedulers/9/workers/1 -> /proc/ums/17/workers/18    becomes
//     FOLDER/17/schedulers/9/workers/1    -> ../../../workers/18
//
// Relative, not absolute below FOLDER: so they are right also where the mount is seen under another
// name (a bind mount, a container, a folder above that is renamed), and say nothing of the host.
//
// Thread safety: any thread.
#pragma once

#include "procfs_emul/proc_path.h"

namespace ums::kernel {

// Writes where a link leads in the mount. A target that is relative, or outside of /proc/ums,
// stays. Errors: EINVAL (no link), ENOENT (gone), ENAMETOOLONG.
// Context: as proc_readlink.
Result<void> fuse_link_target(const ProcPath& link, ProcText& target) noexcept;

}  // namespace ums::kernel
