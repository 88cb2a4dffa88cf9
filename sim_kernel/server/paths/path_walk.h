// SPDX-License-Identifier: Apache-2.0
//
// Where a path of a program leads: into /proc/ums, to /dev/ums, or to the host (Linux: namei.c).
//
//     const Place place = walk_path(tid, AT_FDCWD, "ums/17/info", true);
//
// A path that the host has is the host's: one look, which asks no file system, tells. Any other is
// walked name by name, over the links of the host and ours, until "ums" comes in what the program
// has as /proc or /dev. What turns out to be the host's goes on untouched, and is looked up by
// Linux once more.
//
// So a program that changes a path, or a link, while it is looked up, may be answered by the wrong
// side: this is no security boundary.
//
// LIMIT: a program that has given up rights by which it was started (setuid(2), capabilities) does
// not get out of the tree by "..": EACCES.
// LIMIT: links that are in a FUSE file system, or in a mount that this process does not have, are
// not followed into /proc/ums. Descriptors of ours that are named by /proc/PID/fd lead to what they
// stand in for only below /proc/self and /proc/thread-self.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include <cstdint>

#include "procfs_emul/proc_path.h"
#include "sim_kernel/server/paths/host_fd.h"

namespace ums::kernel {

struct StandIn;

struct Place {
  enum class Kind : std::uint8_t {
    kUntouched,  // the host's: Linux performs the call
    kTree,       // `path`
    kDevice,     // /dev/ums
    kHost,       // `host`: the program has left the tree by "..", where Linux has not been
    kFailed,     // `error`
  };

  static Place failed(int error) noexcept {
    Place place;
    place.kind = Kind::kFailed;
    place.error = error;
    return place;
  }

  bool is_ours() const noexcept { return kind == Kind::kTree || kind == Kind::kDevice; }

  Kind kind = Kind::kUntouched;
  int error = 0;
  ProcPath path;
  HostFd host;                  // as a place (O_PATH)
  StandIn* stand_in = nullptr;  // of a descriptor: what it really names
};

// Where `path`, which is not empty, leads from descriptor `dirfd` of thread `tid`. `follow`: a link
// at its end is followed.
Place walk_path(pid_t tid, int dirfd, const char* path, bool follow) noexcept;

// The same, and what is the host's is opened (Kind::kHost) or fails.
Place walk_path_for_us(pid_t tid, int dirfd, const char* path, bool follow) noexcept;

// What descriptor `fd` stands for. The host's is untouched.
Place place_of_descriptor(pid_t tid, int fd) noexcept;

// The working directory.
Place place_of_working_folder(pid_t tid) noexcept;

}  // namespace ums::kernel
