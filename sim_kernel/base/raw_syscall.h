// SPDX-License-Identifier: Apache-2.0
//
// A system call by its bare instruction.
//
// The C library's wrappers write `errno` and may be resolved lazily through the PLT. Code that runs
// where neither is allowed (on a park stack, or while two kernel threads share one thread pointer)
// enters Linux through `raw_syscall` only. It is also what an ioctl answered by the real kernel
// would look like to a debugger: one instruction, no cancellation point.
//
// Thread safety: as the call itself. Touches no thread-local storage and never fails by `errno`.
#pragma once

#include <sys/syscall.h>

namespace ums::kernel {

// Performs system call `number`. Returns what the kernel returns: a result, or -errno.
#if defined(__x86_64__)
inline __attribute__((always_inline)) long raw_syscall(long number, long a = 0, long b = 0,
                                                       long c = 0, long d = 0, long e = 0,
                                                       long f = 0) noexcept {
  long result;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
inline __attribute__((always_inline)) long raw_syscall(long number, long a = 0, long b = 0,
                                                       long c = 0, long d = 0, long e = 0,
                                                       long f = 0) noexcept {
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  register long x4 asm("x4") = e;
  register long x5 asm("x5") = f;
  asm volatile("svc #0"
               : "+r"(x0)
               : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
               : "memory");
  return x0;
}
#else
#error "Only x86-64 and aarch64 are supported."
#endif

// A pointer as a system call argument.
inline long syscall_arg(const volatile void* pointer) noexcept {
  return static_cast<long>(reinterpret_cast<unsigned long>(pointer));
}

}  // namespace ums::kernel
