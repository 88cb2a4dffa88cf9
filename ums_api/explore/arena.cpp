// SPDX-License-Identifier: Apache-2.0
#include "ums_api/explore/arena.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory_resource>
#include <utility>

#include "sim_kernel/base/printk.h"

namespace ums::explore {

namespace {

constexpr std::size_t kArenaBytes = std::size_t{1} << 30;  // of addresses; memory as it is used
constexpr std::size_t kPage = 4096;
constexpr std::size_t kGivenBackMin = std::size_t{1} << 20;  // to the system, when it is free
constexpr int kNoMemory = 125;                               // exit status

// Blocks of a power of two of bytes, which are used again.
class Blocks final : public std::pmr::memory_resource {
 public:
  Blocks(char* begin, char* end) : next_(begin), end_(end) {}

  bool is_full() const { return is_full_; }

 private:
  struct Free {
    Free* next;
  };

  // Of a page or more, so that they are aligned for whatever is asked.
  static std::size_t block_bytes(std::size_t bytes) {
    return std::bit_ceil(std::max(bytes, kPage));
  }

  Free*& free_of(std::size_t bytes) {
    return free_[static_cast<std::size_t>(std::countr_zero(bytes))];
  }

  void* do_allocate(std::size_t wanted, std::size_t alignment) override;
  void do_deallocate(void* memory, std::size_t wanted, std::size_t alignment) override;
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  char* next_;
  char* const end_;
  bool is_full_ = false;          // somebody wanted more than there is
  std::array<Free*, 64> free_{};  // by the power
};

void* Blocks::do_allocate(std::size_t wanted, std::size_t) {
  const std::size_t bytes = block_bytes(wanted);
  Free*& free = free_of(bytes);
  if (free != nullptr) return std::exchange(free, free->next);
  if (bytes > static_cast<std::size_t>(end_ - next_)) {
    is_full_ = true;
    kernel::pr_err("no memory for executions of so many steps: let them make fewer (--steps)");
    _exit(kNoMemory);
  }
  return std::exchange(next_, next_ + bytes);
}

void Blocks::do_deallocate(void* memory, std::size_t wanted, std::size_t) {
  const std::size_t bytes = block_bytes(wanted);
  if (bytes >= kGivenBackMin) madvise(memory, bytes, MADV_REMOVE);
  Free*& free = free_of(bytes);
  free = new (memory) Free{free};
}

// In its own memory, so that whoever shares that shares what is free, too.
struct Arena {
  explicit Arena(std::size_t bytes)
      : blocks(reinterpret_cast<char*>(this) + kPage, reinterpret_cast<char*>(this) + bytes),
        pools(&blocks) {}

  Blocks blocks;
  std::pmr::unsynchronized_pool_resource pools;
};
static_assert(sizeof(Arena) <= kPage);

// Nobody has it yet: addresses are wanted, which the user may have limited.
[[noreturn]] void refuse_arena(int error) {
  rlimit limit{};
  getrlimit(RLIMIT_AS, &limit);
  if (limit.rlim_cur != RLIM_INFINITY) {
    kernel::pr_err(
        "an exploration wants 1 GiB of addresses, and this process may have {} KiB in all: raise "
        "the limit of its address space (RLIMIT_AS, ulimit -v)",
        limit.rlim_cur / 1024);
  } else {
    kernel::pr_err("no addresses for an exploration, which wants 1 GiB of them: {}",
                   std::strerror(error));
  }
  _exit(kNoMemory);
}

Arena& make_arena() {
  void* const memory = mmap(nullptr, kArenaBytes, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) refuse_arena(errno);
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

bool arena_is_full() { return arena().blocks.is_full(); }

}  // namespace ums::explore
