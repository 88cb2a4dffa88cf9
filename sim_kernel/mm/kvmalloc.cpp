// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/mm/kvmalloc.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>

#include "sim_kernel/mm/fault_inject.h"

namespace ums::kernel {

namespace {

constinit std::atomic<std::size_t> live{0};

}  // namespace

void* kvmalloc(std::size_t bytes) noexcept {
  if (fault_inject_should_fail("kvmalloc")) return nullptr;
  const int saved_errno = errno;
  void* const memory = std::malloc(bytes == 0 ? 1 : bytes);
  errno = saved_errno;
  if (memory != nullptr) live.fetch_add(1, std::memory_order_relaxed);
  return memory;
}

void kvfree(void* memory) noexcept {
  if (memory == nullptr) return;
  live.fetch_sub(1, std::memory_order_relaxed);
  const int saved_errno = errno;
  std::free(memory);
  errno = saved_errno;
}

std::size_t kvmalloc_live() noexcept { return live.load(std::memory_order_relaxed); }

}  // namespace ums::kernel
