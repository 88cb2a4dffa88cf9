// SPDX-License-Identifier: Apache-2.0
//
// ProcMount: a process that shows the kernels of one run in a FUSE mount (`ums run --proc DIR`).
//
// It is nobody's child, and ends when the kernel process does, or is told to: then it has
// unmounted. It mirrors what kernels publish (inspect/mirror.h), so that a kernel that waits for
// the mount never waits for itself.
//
//     return run_front_with_proc("/home/me/ums", {"sh", "-c", "ls -lR ums"}, server);
//
// Thread safety: one thread, and the process must have no other.
#pragma once

#include <string>
#include <vector>

#include "tools/ums/descriptor.h"
#include "tools/ums/front.h"

namespace ums::command {

class ProcMount {
 public:
  // Starts it and returns when it has mounted. Throws std::runtime_error: why it cannot, and what
  // to do about it.
  explicit ProcMount(const std::string& folder);

  // In the kernel process: shows its kernel, and those of its descendants, from now on.
  void show_ours() const;

  // In the kernel process, or the one that watches its program: returns when it is unmounted.
  void end() const;

 private:
  Descriptor control_;
};

// Like run_front, with the kernels of the program in `folder`; nowhere if that is empty. When it
// returns, and no descendant of the program is left, the folder is unmounted. Throws as ProcMount.
int run_front_with_proc(const std::string& folder, const std::vector<std::string>& command,
                        KernelBody& body);

}  // namespace ums::command
