// SPDX-License-Identifier: Apache-2.0
//
// Which signals wait in Linux, and for whom: sigpending(2) puts those of a thread and those of its
// process together, /proc/thread-self/status (proc(5): SigPnd, ShdPnd) does not.
//
// Thread safety: about the calling kernel thread, on any stack.
#pragma once

#include <cstdint>

namespace ums::kernel {

struct PendingSignals {
  std::uint64_t thread = 0;   // bit n-1 for signal n
  std::uint64_t process = 0;  // for any thread of the process
};

// Returns false where /proc does not tell: it is not mounted, or no descriptor is free.
bool read_pending_signals(PendingSignals& pending) noexcept;

}  // namespace ums::kernel
