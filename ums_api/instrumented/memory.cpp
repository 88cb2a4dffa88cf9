// SPDX-License-Identifier: Apache-2.0
//
// Memory that an instrumented program gives back: what was known of its accesses is forgotten, so
// that the next owner races with nobody of before. Freeing counts as a write of all of it.
// LIMIT: what the C library gives back for itself, and mappings replaced by others, go unnoticed;
// the stacks of threads that end do not (races/happens_before.h).
#include <malloc.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdlib>

#include "sim_kernel/simulated/races/race_detector.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

#if !UMS_SANITIZE_ADDRESS  // it has an allocator of its own

namespace {

using namespace ums::api;
using ums::kernel::Task;

constinit NextSymbol<void(void*)> next_free{"free"};
constinit NextSymbol<void*(void*, std::size_t)> next_realloc{"realloc"};
constinit NextSymbol<int(void*, std::size_t)> next_munmap{"munmap"};

std::atomic<bool> free_found{false};
std::atomic<bool> free_sought{false};

// dlsym may free the text of an error, before it has forgotten it: false, and that stays.
bool find_free() noexcept {
  if (free_found.load(std::memory_order_relaxed)) return true;  // always the same function
  if (free_sought.exchange(true)) return false;
  next_free.resolve();
  free_found.store(true);
  return true;
}

__attribute__((constructor(101))) void find_next() noexcept {
  find_free();
  next_realloc.resolve();
  next_munmap.resolve();
}

void note_freed(void* memory, std::size_t bytes, const void* pc) noexcept {
  if (memory == nullptr || bytes == 0) return;
  Task* const me = current_simulated();
  ums::kernel::TaskHistory* const history = me != nullptr ? ums::kernel::history_of(*me) : nullptr;
  if (history != nullptr) ums::kernel::check_free(*me, memory, bytes, {pc, history->caller});
}

bool is_watched() noexcept { return ums::kernel::races_are_watched; }

}  // namespace

UMS_EXPORT void free(void* memory) noexcept {
  if (is_watched() && memory != nullptr) {
    note_freed(memory, malloc_usable_size(memory), __builtin_return_address(0));
  }
  if (find_free()) next_free(memory);
}

// If the memory stays where it is, it was not given back.
UMS_EXPORT void* realloc(void* memory, std::size_t bytes) noexcept {
  if (!is_watched() || memory == nullptr) return next_realloc(memory, bytes);
  const auto before = reinterpret_cast<std::uintptr_t>(memory);
  const std::size_t bytes_before = malloc_usable_size(memory);
  void* const now = next_realloc(memory, bytes);
  const bool gone = now != nullptr || bytes == 0;
  if (gone && reinterpret_cast<std::uintptr_t>(now) != before) {
    note_freed(reinterpret_cast<void*>(before), bytes_before, __builtin_return_address(0));
  }
  return now;
}

UMS_EXPORT int munmap(void* memory, std::size_t bytes) noexcept {
  if (is_watched()) note_freed(memory, bytes, __builtin_return_address(0));
  return next_munmap(memory, bytes);
}

#endif
