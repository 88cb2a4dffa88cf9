// SPDX-License-Identifier: Apache-2.0
//
// The thread pointer: the register through which a thread finds its thread control block, and with
// it errno, thread_local variables and pthread_self(). FS base on x86-64, TPIDR_EL0 on aarch64.
//
// A captured thread runs on another kernel thread with its own thread pointer, so all of these stay
// its own. (Windows UMS switched the TEB in the same way.)
//
// x86-64: the instructions rdfsbase and wrfsbase take about 12 ns, but need a kernel that enables
// them (Linux 5.9, AT_HWCAP2 bit 1) and are missing under Valgrind; arch_prctl takes about 190 ns
// and works everywhere. thread_pointer_init() chooses once.
//
// Thread safety: acts on the calling kernel thread only.
#pragma once

#include "sim_kernel/base/raw_syscall.h"

#if defined(__x86_64__)
#include <asm/prctl.h>
#endif

namespace ums::kernel {

using ThreadPointer = unsigned long;

// Finds out how the thread pointer is written here. Call before any other function of this file.
void thread_pointer_init() noexcept;

#if defined(__x86_64__)

extern bool have_fsgsbase __attribute__((visibility("hidden")));

inline __attribute__((always_inline)) ThreadPointer read_thread_pointer() noexcept {
  ThreadPointer value;
  // The first word of glibc's thread control block is its own address.
  asm volatile("movq %%fs:0, %0" : "=r"(value));
  return value;
}

// Ordering: a compiler barrier. Until the stack is switched too, nothing may touch thread-local
// storage: the two belong to different threads.
inline __attribute__((always_inline)) void write_thread_pointer(ThreadPointer value) noexcept {
  if (have_fsgsbase) [[likely]] {
    asm volatile("wrfsbase %0" : : "r"(value) : "memory");
  } else {
    raw_syscall(SYS_arch_prctl, ARCH_SET_FS, static_cast<long>(value));
  }
}

#elif defined(__aarch64__)

inline __attribute__((always_inline)) ThreadPointer read_thread_pointer() noexcept {
  ThreadPointer value;
  asm volatile("mrs %0, tpidr_el0" : "=r"(value));
  return value;
}

inline __attribute__((always_inline)) void write_thread_pointer(ThreadPointer value) noexcept {
  asm volatile("msr tpidr_el0, %0" : : "r"(value) : "memory");
}

#endif

}  // namespace ums::kernel
