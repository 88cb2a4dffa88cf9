// SPDX-License-Identifier: Apache-2.0
//
// ShadowMemory: what is known of each eight bytes of the program's memory, a granule: the accesses
// that a later one may race with, and the clocks of the objects that are there.
//
//     Granule* const granule = shadow.granule_at(address);   // null: no memory
//     shadow.forget(address, bytes);                         // the memory is somebody else's now
//     shadow.forget_all();                                   // a new execution begins
//
// It is mapped by pages, as they are touched. A page that was forgotten is kept, empty.
//
// Thread safety: the carrier.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim_kernel/simulated/races/call_tree.h"
#include "sim_kernel/simulated/races/vector_clock.h"

namespace ums::kernel {

enum class AccessKind : std::uint8_t { kRead, kWrite, kAtomicRead, kAtomicWrite, kFree };

// Where in the program something happens.
struct CodePlace {
  const void* pc = nullptr;  // behind the instruction, or its call
  CallNode caller = kCallRoot;
};

inline constexpr std::size_t kGranuleBytes = 8;

// Of one granule. `bytes`: which of its eight, a bit each.
struct ShadowAccess {
  ShadowAccess* next;
  const void* pc;
  CallNode caller;
  int task;
  VectorClock::Time time;
  std::uint8_t bytes;
  AccessKind kind;
};

// What has happened before who acquires the object at `address`.
struct ShadowObject {
  ShadowObject* next = nullptr;
  std::uintptr_t address = 0;
  VectorClock clock;
};

// Both lists begin with the newest.
struct Granule {
  ShadowAccess* accesses = nullptr;
  ShadowObject* objects = nullptr;
};

class ShadowMemory {
 public:
  constexpr ShadowMemory() = default;
  ShadowMemory(const ShadowMemory&) = delete;
  ShadowMemory& operator=(const ShadowMemory&) = delete;

  // The granule that holds the address; null: no memory.
  Granule* granule_at(std::uintptr_t address) noexcept;

  // The object at the address, a new one if there is none; null: no memory.
  ShadowObject* object_at(std::uintptr_t address) noexcept;

  // The same, but null: there is none.
  ShadowObject* find_object(std::uintptr_t address) noexcept;

  // A new access of the granule; null: no memory.
  ShadowAccess* add_access(Granule& granule) noexcept;

  // Takes the access that `link` leads to out of its list.
  void remove_access(ShadowAccess*& link) noexcept;

  // Calls visit(first, granule) for each granule of the bytes that something is known of, `first`
  // its first byte.
  template <typename Visit>
  void for_each_known(std::uintptr_t address, std::size_t bytes, Visit visit) noexcept {
    const std::uintptr_t end = address + bytes;
    for (std::uintptr_t at = address & ~(kGranuleBytes - 1); at < end;) {
      Page* const page = find_page(at / kPageBytes);
      const std::uintptr_t next = (at / kPageBytes + 1) * kPageBytes;
      if (page == nullptr || !page->used) {
        at = next;
        continue;
      }
      for (; at < next && at < end; at += kGranuleBytes) {
        Granule& granule = page->granules[at % kPageBytes / kGranuleBytes];
        if (granule.accesses != nullptr || granule.objects != nullptr) visit(at, granule);
      }
    }
  }

  // Accesses and objects of the granules of these bytes.
  void forget(std::uintptr_t address, std::size_t bytes) noexcept;
  void forget_all() noexcept;

 private:
  static constexpr std::size_t kPageBytes = 4096;

  struct Page {
    std::uintptr_t number = 0;
    bool used = false;  // something is known of one of its granules, or was
    Granule granules[kPageBytes / kGranuleBytes];
  };

  Page** slot_of(std::uintptr_t number) const noexcept;
  Page* find_page(std::uintptr_t number) noexcept;
  Page* make_page(std::uintptr_t number) noexcept;
  bool grow() noexcept;
  static void clear(Granule& granule) noexcept;
  static void clear(Page& page) noexcept;

  // Open addressing, a power of two, half full at most.
  Page** slots_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t pages_ = 0;
  Page* last_ = nullptr;  // that was looked for
};

}  // namespace ums::kernel
