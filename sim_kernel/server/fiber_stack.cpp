// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/fiber_stack.h"

#include <sys/mman.h>

#include <cstdint>

#include "sim_kernel/base/kassert.h"

namespace ums::kernel {

namespace {

constexpr std::size_t kStacksAtOnce = 64;

// Free stacks are linked through their last word, which lies on the page that is used anyway.
struct FreeStack {
  FreeStack* next;
};

FreeStack* free_stacks = nullptr;

FreeStack* link_of(char* stack) noexcept {
  return reinterpret_cast<FreeStack*>(stack + kFiberStackBytes - sizeof(FreeStack));
}

char* stack_of(FreeStack* link) noexcept {
  return reinterpret_cast<char*>(link) + sizeof(FreeStack) - kFiberStackBytes;
}

// The mark of a stack is the zero that its memory begins with, so that it costs no page.
std::uint64_t& end_mark(void* stack) noexcept { return *static_cast<std::uint64_t*>(stack); }

bool make_stacks() noexcept {
  constexpr std::size_t kBytes = kStacksAtOnce * kFiberStackBytes;
  void* const memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) return false;
  madvise(memory, kBytes, MADV_NOHUGEPAGE);
  for (std::size_t i = 0; i < kStacksAtOnce; ++i) {
    FreeStack* const link = link_of(static_cast<char*>(memory) + i * kFiberStackBytes);
    link->next = free_stacks;
    free_stacks = link;
  }
  return true;
}

}  // namespace

void* fiber_stack_alloc() noexcept {
  if (free_stacks == nullptr && !make_stacks()) return nullptr;
  FreeStack* const link = free_stacks;
  free_stacks = link->next;
  return stack_of(link);
}

void fiber_stack_free(void* stack) noexcept {
  kassert(end_mark(stack) == 0, "a call has used more than {} bytes of stack", kFiberStackBytes);
  FreeStack* const link = link_of(static_cast<char*>(stack));
  link->next = free_stacks;
  free_stacks = link;
}

}  // namespace ums::kernel
