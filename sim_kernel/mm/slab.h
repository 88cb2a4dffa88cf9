// SPDX-License-Identifier: Apache-2.0
//
// SlabCache: memory for objects of one size (Linux: kmem_cache). ObjectCache<T>: the same, with
// constructors.
//
//     constinit ObjectCache<Worker> workers{"worker"};
//     Worker* const worker = workers.create(task);   // null: no memory
//     workers.destroy(worker);
//
// Memory comes from Linux in regions that double in size, is touched as it is used, and is never
// handed back: a stale pointer reads an object of the same cache. That of a kPublished cache is in
// the kernel's state file, where others can read it (publish/publish.h), if there is room.
//
// In debug and sanitizer builds free objects are filled with kPoisonFree, and asserted to be so
// when they are allocated again; AddressSanitizer reports any access to them. A kTypesafeByRcu
// cache leaves free objects as they were, for readers that may look at one too late and check.
//
// Invariants:
// 1. Every object has a slot outside of it, which says that it is live or links it into the free
//    list. So free(), which looks at the slot, asserts double frees and foreign pointers.
// 2. A cache is a static object, usable before and after all constructors and destructors.
// 3. In release builds alloc() and free() touch no thread-local storage, call nothing through the
//    PLT and need less than 300 bytes of stack: they may run on a park stack.
//
// Thread safety: any thread, under one spinlock for each cache; no signal handlers.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "sim_kernel/base/limits.h"
#include "sim_kernel/sync/spinlock.h"

namespace ums::kernel {

enum class SlabFlags : std::uint8_t {
  kNone,
  kTypesafeByRcu,  // Linux: SLAB_TYPESAFE_BY_RCU
  kPublished,
};

inline constexpr unsigned char kPoisonFree = 0x6b;  // Linux: POISON_FREE

class SlabCache {
 public:
  constexpr SlabCache(const char* name, std::size_t object_bytes, std::size_t align,
                      SlabFlags flags = SlabFlags::kNone) noexcept
      : name_(name),
        object_bytes_(static_cast<std::uint32_t>(object_bytes)),
        stride_(stride(object_bytes, align)),
        align_(static_cast<std::uint32_t>(align)),
        flags_(flags) {}
  SlabCache(const SlabCache&) = delete;
  SlabCache& operator=(const SlabCache&) = delete;

  // Returns memory for one object, or null: there is none, or fault injection says so.
  // Context: any stack in release builds, else not a park stack.
  [[nodiscard]] void* alloc() noexcept;

  // Takes back what alloc returned. Context: as alloc.
  void free(void* object) noexcept;

  // How many objects are allocated.
  std::size_t live() const noexcept { return live_.load(std::memory_order_relaxed); }

  const char* name() const noexcept { return name_; }

 private:
  // A live object's slot points to itself; a free one's to the next free slot, or is null.
  struct Slot {
    Slot* next;
  };
  // Objects, and their slots behind them.
  struct Region {
    char* objects = nullptr;
    Slot* slots = nullptr;
    std::uint32_t count = 0;
  };
  struct Place {
    Slot* slot;
    char* object;
  };

  friend void slab_reset_after_fork() noexcept;
  friend void slab_for_each(void (*visit)(const SlabCache& cache, void* argument),
                            void* argument) noexcept;

  static constexpr std::uint32_t stride(std::size_t bytes, std::size_t align) noexcept {
    const std::size_t redzone = UMS_SANITIZE_ADDRESS ? 16 : 0;
    return static_cast<std::uint32_t>((bytes + redzone + align - 1) / align * align);
  }

  Place take_locked() noexcept REQUIRES(lock_);
  const Region& region_of_slot_locked(const Slot* slot) const noexcept REQUIRES(lock_);
  Place place_of_locked(void* object) const noexcept REQUIRES(lock_);
  bool grow_locked() noexcept REQUIRES(lock_);
  char* map_locked(std::size_t bytes, std::uint32_t count) noexcept REQUIRES(lock_);
  bool make_ready_locked(Region& region) noexcept REQUIRES(lock_);
  void register_cache() noexcept;
  void reset_after_fork() noexcept;
  void poison(char* object) const noexcept;
  void unpoison(char* object) const noexcept;
  void check_poison(const char* object) const noexcept;

  const char* const name_;
  const std::uint32_t object_bytes_;
  const std::uint32_t stride_;
  const std::uint32_t align_;
  const SlabFlags flags_;

  SpinLock<LockRank::kSlab> lock_;
  Slot* free_ GUARDED_BY(lock_) = nullptr;
  std::uint32_t fresh_ GUARDED_BY(lock_) = 0;  // objects of the newest region used so far
  std::uint32_t ready_ GUARDED_BY(lock_) = 0;  // and how many of them may be
  std::uint32_t regions_count_ GUARDED_BY(lock_) = 0;
  Region regions_[kSlabRegionsMax] GUARDED_BY(lock_) = {};
  std::atomic<std::size_t> live_{0};  // written under lock_
  bool registered_ = false;           // written under lock_
  SlabCache* next_cache_ = nullptr;   // constant once the cache is registered
};

// In a forked child: every cache forgets its lock's holder, and finds its free objects anew. What
// was published belongs to nobody: those caches begin again, without objects.
void slab_reset_after_fork() noexcept;

// Calls visit(cache) for every cache that ever held memory, newest first. For tests and tools.
void slab_for_each(void (*visit)(const SlabCache& cache, void* argument), void* argument) noexcept;

template <typename T>
class ObjectCache {
 public:
  explicit constexpr ObjectCache(const char* name, SlabFlags flags = SlabFlags::kNone) noexcept
      : cache_(name, sizeof(T), alignof(T), flags) {}

  // Returns a new T, or null if there is no memory.
  template <typename... Args>
  [[nodiscard]] T* create(Args&&... args) noexcept {
    void* const memory = cache_.alloc();
    return memory == nullptr ? nullptr : new (memory) T(std::forward<Args>(args)...);
  }

  // Destroys what create returned.
  void destroy(T* object) noexcept {
    object->~T();
    cache_.free(object);
  }

  std::size_t live() const noexcept { return cache_.live(); }

 private:
  SlabCache cache_;
};

}  // namespace ums::kernel
