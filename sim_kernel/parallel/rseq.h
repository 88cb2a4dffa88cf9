// SPDX-License-Identifier: Apache-2.0
//
// Restartable sequences: Linux writes the number of the current processor into a field of the
// thread control block that glibc registered (rseq(2)). The registration belongs to the kernel
// thread: once its tasks run elsewhere, or others run on it, the field would be written for the
// wrong one, and a forked child would write into a stack that is gone. So it is withdrawn, and
// sched_getcpu() asks by a call instead.
//
// Thread safety: about the calling kernel thread.
#pragma once

#include "sim_kernel/parallel/cpu.h"

namespace ums::kernel {

// Withdraws the calling kernel thread's registration, once. It is not made again.
void rseq_unregister(Cpu& cpu) noexcept;

}  // namespace ums::kernel
