// SPDX-License-Identifier: Apache-2.0
//
// A program that waits for ever, and makes no other system call: it has no C library.
#include <linux/unistd.h>

// NOLINTNEXTLINE(readability-identifier-naming): the linker's name
void _start(void) {
  for (;;) {
#if defined(__x86_64__)
    __asm__ volatile("syscall" ::"a"(__NR_pause) : "rcx", "r11", "memory");
#else
    register long number __asm__("x8") = __NR_ppoll;
    register long none __asm__("x0") = 0;
    register long count __asm__("x1") = 0;
    register long time __asm__("x2") = 0;
    register long mask __asm__("x3") = 0;
    __asm__ volatile("svc #0"
                     : "+r"(none)
                     : "r"(number), "r"(count), "r"(time), "r"(mask)
                     : "memory");
#endif
  }
}
