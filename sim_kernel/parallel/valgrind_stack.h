// SPDX-License-Identifier: Apache-2.0
//
// tell_valgrind_of_stack: VALGRIND_STACK_REGISTER of valgrind.h, a header that a build does not
// need.
//
// Valgrind follows the stack pointer. Where it moves to a stack that Valgrind knows, that is a
// switch; where it does not, the memory between is taken to be freed or new, and every access to
// it afterwards reported. Stacks of pthreads are known to Valgrind, park stacks are not.
//
// Thread safety: any thread.
#pragma once

#include <cstddef>

namespace ums::kernel {

// A request is a sequence of instructions that change nothing on a processor, with rax pointing to
// the request and its arguments. x86-64 only; elsewhere Valgrind is told nothing.
inline void tell_valgrind_of_stack([[maybe_unused]] void* base,
                                   [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(__x86_64__)
  constexpr unsigned long kStackRegister = 0x1501;
  const auto low = reinterpret_cast<unsigned long>(base);
  const volatile unsigned long request[6] = {kStackRegister, low, low + bytes - 1, 0, 0, 0};
  unsigned long result = 0;
  asm volatile(
      "rolq $3, %%rdi\n\trolq $13, %%rdi\n\trolq $61, %%rdi\n\trolq $51, %%rdi\n\t"
      "xchgq %%rbx, %%rbx"
      : "=d"(result)
      : "a"(&request[0]), "0"(result)
      : "cc", "memory");
#endif
}

}  // namespace ums::kernel
