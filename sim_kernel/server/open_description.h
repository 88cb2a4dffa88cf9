// SPDX-License-Identifier: Apache-2.0
//
// OpenDescription: knows an open file description of other processes again, without keeping it open
// (kcmp(2), KCMP_EPOLL_TFD). An epoll instance remembers what it watches, and forgets it with its
// last close.
//
//     description.remember(fd);          // fd may be closed then
//     description.is(tid, 3);            // whether descriptor 3 of thread `tid` is another of it
//
// It is the quick way to the answer that /proc/TID/fd gives. Where Linux does not let us ask
// (without CONFIG_KCMP, in a sandbox), nothing is ever known again.
//
// Thread safety: one thread.
#pragma once

#include <sys/types.h>

namespace ums::kernel {

class OpenDescription {
 public:
  OpenDescription() = default;
  ~OpenDescription() { forget(); }
  OpenDescription(const OpenDescription&) = delete;
  OpenDescription& operator=(const OpenDescription&) = delete;

  // Once. Takes a descriptor of ours; without a free one nothing is remembered.
  void remember(int descriptor) noexcept;
  void forget() noexcept;

  // Whether descriptor `fd` of thread `tid` is known to be of this description.
  bool is(pid_t tid, int fd) const noexcept;

 private:
  int epoll_ = -1;       // watches the description, and nobody waits for it
  int descriptor_ = -1;  // what its descriptor was called then
};

}  // namespace ums::kernel
