// SPDX-License-Identifier: Apache-2.0
#include "ums_api/explore/arena.h"

#include <sys/mman.h>

#include <cerrno>
#include <memory_resource>

#include "sim_kernel/base/kassert.h"

namespace ums::explore {

namespace {

constexpr std::size_t kArenaBytes = std::size_t{1} << 30;  // of addresses; memory as it is used

// In its own memory, so that whoever shares that shares what is free, too.
struct Arena {
  explicit Arena(std::size_t bytes)
      : rest(this + 1, bytes - sizeof(Arena), std::pmr::null_memory_resource()), pools(&rest) {}

  std::pmr::monotonic_buffer_resource rest;
  std::pmr::unsynchronized_pool_resource pools;
};

Arena& make_arena() {
  void* const memory = mmap(nullptr, kArenaBytes, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  kassert(memory != MAP_FAILED, "no memory for an exploration: errno {}", errno);
  return *new (memory) Arena(kArenaBytes);
}

Arena& arena() {
  static Arena& the_arena = make_arena();
  return the_arena;
}

}  // namespace

void* arena_allocate(std::size_t bytes, std::size_t alignment) {
  return arena().pools.allocate(bytes, alignment);
}

void arena_free(void* memory, std::size_t bytes, std::size_t alignment) {
  arena().pools.deallocate(memory, bytes, alignment);
}

}  // namespace ums::explore
