// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/parallel/park_stack.h"

#include "sim_kernel/base/limits.h"
#include "sim_kernel/mm/slab.h"
#include "sim_kernel/parallel/valgrind_stack.h"

namespace ums::kernel {

namespace {

constinit SlabCache park_stacks{"park_stack", kParkStackBytes, kCacheLineBytes};

}  // namespace

void* park_stack_alloc() noexcept {
  void* const stack = park_stacks.alloc();
  if (stack != nullptr) tell_valgrind_of_stack(stack, kParkStackBytes);
  return stack;
}
void park_stack_free(void* stack) noexcept {
  tell_valgrind_of_memory(stack,
                          kParkStackBytes);  // or what lay below a stack pointer is not there
  park_stacks.free(stack);
}

}  // namespace ums::kernel
