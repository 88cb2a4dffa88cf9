// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/fiber/switch_return.h"

#if UMS_HAVE_SWITCH_RETURN
// The name is gcc's. Weak: a program that links libums.a may have its own. rcx is the caller's to
// lose.
asm(R"(
  .text
  .weak __x86_return_thunk
  .hidden __x86_return_thunk
  .type __x86_return_thunk, @function
  .p2align 4
__x86_return_thunk:
  .cfi_startproc
  popq %rcx
  .cfi_adjust_cfa_offset -8
  .cfi_register %rip, %rcx
  jmpq *%rcx
  .cfi_endproc
  .size __x86_return_thunk, . - __x86_return_thunk
)");
#endif
