// SPDX-License-Identifier: Apache-2.0
//
// What Valgrind is told of park stacks, by requests of valgrind.h, a header that a build does not
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
inline void tell_valgrind([[maybe_unused]] unsigned long request,
                          [[maybe_unused]] unsigned long first,
                          [[maybe_unused]] unsigned long second) noexcept {
#if defined(__x86_64__)
  const volatile unsigned long words[6] = {request, first, second, 0, 0, 0};
  unsigned long result = 0;
  asm volatile(
      "rolq $3, %%rdi\n\trolq $13, %%rdi\n\trolq $61, %%rdi\n\trolq $51, %%rdi\n\t"
      "xchgq %%rbx, %%rbx"
      : "=d"(result)
      : "a"(&words[0]), "0"(result)
      : "cc", "memory");
#endif
}

// VALGRIND_STACK_REGISTER
inline void tell_valgrind_of_stack(void* base, std::size_t bytes) noexcept {
  const auto low = reinterpret_cast<unsigned long>(base);
  tell_valgrind(0x1501, low, low + bytes - 1);
}

// VALGRIND_MAKE_MEM_UNDEFINED: it may be written to again.
inline void tell_valgrind_of_memory(void* base, std::size_t bytes) noexcept {
  tell_valgrind(0x4d430001, reinterpret_cast<unsigned long>(base), bytes);
}

}  // namespace ums::kernel
