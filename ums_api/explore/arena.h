// SPDX-License-Identifier: Apache-2.0
//
// Arena: the memory of strategies and of what is noted about executions. It is none of the
// program's: the program's allocator gives it the same addresses whoever decides; and it is shared
// with forked children, so that a strategy goes on where the execution in a child has left it.
//
//     ArenaVector<int> numbers;
//     auto* strategy = make_in_arena<PctStrategy>(seed, depth);   // never destroyed
//
// Invariants:
// 1. Of a process and its children, one at a time uses it.
//
// Without memory the process ends, with status 125, and arena_is_full says so to who shares it.
//
// Thread safety: one thread.
#pragma once

#include <cstddef>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace ums::explore {

void* arena_allocate(std::size_t bytes, std::size_t alignment);
void arena_free(void* memory, std::size_t bytes, std::size_t alignment);
bool arena_is_full();

template <typename T>
struct ArenaAllocator {
  using value_type = T;

  ArenaAllocator() = default;
  template <typename U>
  ArenaAllocator(const ArenaAllocator<U>&) noexcept {}

  // NOLINTBEGIN(bugprone-sizeof-expression): T may be a pointer
  T* allocate(std::size_t count) {
    return static_cast<T*>(arena_allocate(count * sizeof(T), alignof(T)));
  }
  void deallocate(T* memory, std::size_t count) {
    arena_free(memory, count * sizeof(T), alignof(T));
  }
  // NOLINTEND(bugprone-sizeof-expression)

  friend bool operator==(ArenaAllocator, ArenaAllocator) { return true; }
};

template <typename T>
using ArenaVector = std::vector<T, ArenaAllocator<T>>;

using ArenaString = std::basic_string<char, std::char_traits<char>, ArenaAllocator<char>>;

template <typename T, typename... Args>
T* make_in_arena(Args&&... args) {
  return new (arena_allocate(sizeof(T), alignof(T))) T(std::forward<Args>(args)...);
}

template <typename T>
void destroy_in_arena(T* object) {
  object->~T();
  arena_free(object, sizeof(T), alignof(T));
}

}  // namespace ums::explore
