// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/parallel/rseq.h"

#include <cstddef>

#include "sim_kernel/base/raw_syscall.h"

// Where glibc keeps its area, from the thread pointer; absent before 2.35.
extern "C" {
extern const std::ptrdiff_t __rseq_offset __attribute__((weak));
extern const unsigned int __rseq_size __attribute__((weak));
}

namespace ums::kernel {

namespace {

constexpr long kRseqUnregister = 1;  // RSEQ_FLAG_UNREGISTER
constexpr long kRseqAreaBytes = 32;  // what glibc registers
#if defined(__x86_64__)
constexpr long kRseqSignature = 0x53053053;
#else
constexpr long kRseqSignature = 0xd428bc00;
#endif

}  // namespace

void rseq_unregister(Cpu& cpu) noexcept {
  if (cpu.rseq_gone) return;
  cpu.rseq_gone = true;
  if (&__rseq_size == nullptr || __rseq_size == 0) return;
  const long area = static_cast<long>(read_thread_pointer()) + __rseq_offset;
  raw_syscall(SYS_rseq, area, kRseqAreaBytes, kRseqUnregister, kRseqSignature);
}

}  // namespace ums::kernel
