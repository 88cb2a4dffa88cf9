// SPDX-License-Identifier: Apache-2.0
//
// Backoff: waiting for another thread to get on, where nobody will say when it did.
//
//     for (Backoff backoff; !done(); backoff.wait()) {}
//
// It spins first (the other runs, and is nearly there), then gives the processor away (the other
// was preempted), then sleeps a little (the other has a lower real-time priority, to which no
// yield ever gives way).
//
// Thread safety: one waiter's own. May enter Linux, through bare system calls.
#pragma once

namespace ums::kernel {

class Backoff {
 public:
  void wait() noexcept;

 private:
  unsigned rounds_ = 0;
};

}  // namespace ums::kernel
