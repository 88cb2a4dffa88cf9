// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/mm/slab.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "sim_kernel/base/kassert.h"
#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/mm/fault_inject.h"
#include "sim_kernel/publish/publish.h"

#if UMS_SANITIZE_ADDRESS
#include <sanitizer/asan_interface.h>
#endif

// Of LeakSanitizer: there if the program is built with it, whether or not this library is.
extern "C" __attribute__((weak)) void __lsan_register_root_region(const void* base,
                                                                  std::size_t bytes);

namespace ums::kernel {

namespace {

constexpr bool kPoisoning = UMS_LOCK_DEBUG;
constexpr std::uint32_t kPageBytes = 4096;

// All caches that ever held memory, newest first. Only grows.
constinit std::atomic<SlabCache*> all_caches{nullptr};

void* map_region(std::size_t bytes) noexcept {
  const long address = raw_syscall(SYS_mmap, 0, static_cast<long>(bytes), PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address < 0) return nullptr;  // no user address has this bit
  return reinterpret_cast<void*>(address);
}

void tell_sanitizers([[maybe_unused]] void* base, [[maybe_unused]] std::size_t bytes) noexcept {
#if UMS_SANITIZE_ADDRESS
  __asan_poison_memory_region(base, bytes);
#endif
  // Objects own memory of malloc: what they point to is no leak.
  if (&__lsan_register_root_region != nullptr) __lsan_register_root_region(base, bytes);
}

}  // namespace

void* SlabCache::alloc() noexcept {
  if (fault_inject_should_fail(name_)) return nullptr;
  SpinGuard guard(lock_);
  const Place place = take_locked();
  if (place.slot == nullptr) [[unlikely]]
    return nullptr;
  place.slot->next = place.slot;
  live_.store(live_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  return place.object;
}

void SlabCache::free(void* object) noexcept {
  SpinGuard guard(lock_);
  const Place place = place_of_locked(object);
  kassert(place.slot->next == place.slot, "double-free in cache {}: object {}", name_, object);
  poison(place.object);
  place.slot->next = free_;
  free_ = place.slot;
  live_.store(live_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
}

// A free object, or one that was never used. The slot is null if there is no memory.
SlabCache::Place SlabCache::take_locked() noexcept {
  if (free_ != nullptr) {
    Slot* const slot = free_;
    const Region& region = region_of_slot_locked(slot);
    char* const object = region.objects + static_cast<std::size_t>(slot - region.slots) * stride_;
    free_ = slot->next;
    unpoison(object);
    check_poison(object);
    return {slot, object};
  }
  while (regions_count_ == 0 || fresh_ == ready_) [[unlikely]] {
      if (regions_count_ > 0 && make_ready_locked(regions_[regions_count_ - 1])) break;
      if (!grow_locked()) return {nullptr, nullptr};
    }
  const Region& region = regions_[regions_count_ - 1];
  const std::uint32_t index = fresh_++;
  char* const object = region.objects + std::size_t{index} * stride_;
  unpoison(object);
  return {region.slots + index, object};
}

const SlabCache::Region& SlabCache::region_of_slot_locked(const Slot* slot) const noexcept {
  std::uint32_t i = regions_count_ - 1;
  while (slot < regions_[i].slots || slot >= regions_[i].slots + regions_[i].count) --i;
  return regions_[i];
}

SlabCache::Place SlabCache::place_of_locked(void* object) const noexcept {
  char* const address = static_cast<char*>(object);
  for (std::uint32_t i = regions_count_; i-- > 0;) {  // the newest holds half of all objects
    const Region& region = regions_[i];
    const auto offset = reinterpret_cast<std::uintptr_t>(address) -
                        reinterpret_cast<std::uintptr_t>(region.objects);
    if (offset >= std::size_t{region.count} * stride_) continue;
    const auto index = static_cast<std::uint32_t>(offset) / stride_;
    kassert(offset == std::size_t{index} * stride_,
            "invalid-free in cache {}: {} points into an object", name_, object);
    return {region.slots + index, address};
  }
  kassert(false, "invalid-free in cache {}: {} is not its object", name_, object);
  __builtin_unreachable();
}

bool SlabCache::grow_locked() noexcept {
  kassert((align_ & (align_ - 1)) == 0 && align_ <= kPageBytes && stride_ <= kSlabFirstBytes / 4,
          "cache {}: objects of {} bytes, aligned to {}", name_, object_bytes_, align_);
  if (regions_count_ == kSlabRegionsMax) return false;
  const std::size_t bytes = std::min(kSlabFirstBytes << regions_count_, kSlabRegionBytesMax);
  const auto count = static_cast<std::uint32_t>(bytes / (stride_ + sizeof(Slot)));
  char* const base = map_locked(bytes, count);
  if (base == nullptr) return false;
  tell_sanitizers(base, bytes);
  if (!registered_) register_cache();
  Region& region = regions_[regions_count_++];
  region.count = count;
  region.objects = base;
  region.slots = reinterpret_cast<Slot*>(base + bytes) - region.count;
#if UMS_SANITIZE_ADDRESS
  __asan_unpoison_memory_region(region.slots, region.count * sizeof(Slot));
#endif
  fresh_ = 0;
  return true;
}

// Memory for a region, or null. Sets ready_ for it.
char* SlabCache::map_locked(std::size_t bytes, std::uint32_t count) noexcept {
  if (flags_ == SlabFlags::kPublished) {
    if (char* const published = publish_region(name_, stride_, count, bytes)) {
      ready_ = 0;
      return published;
    }
    publish_missing();
  }
  char* const region = static_cast<char*>(map_region(bytes));
  if (region != nullptr) ready_ = count;
  return region;
}

// Makes more objects of a region usable. Returns false if there are none: it ends where it has come
// to then.
bool SlabCache::make_ready_locked(Region& region) noexcept {
  if (ready_ == region.count) return false;
  const std::size_t bytes = std::size_t{region.count} * stride_;
  const std::size_t step = std::max(kPublishStepBytes, bytes / kPublishStepsMax) / stride_;
  const std::size_t more = std::min<std::size_t>(step, region.count - ready_);
  if (publish_ready(region.objects + std::size_t{ready_} * stride_, more * stride_) &&
      publish_ready(reinterpret_cast<char*>(region.slots + ready_), more * sizeof(Slot))) {
    ready_ += static_cast<std::uint32_t>(more);
    return true;
  }
  region.count = ready_;
  return false;
}

// Ordering: release; pairs with the acquires in slab_reset_after_fork and slab_for_each.
void SlabCache::register_cache() noexcept {
  registered_ = true;
  next_cache_ = all_caches.load(std::memory_order_relaxed);
  while (!all_caches.compare_exchange_weak(next_cache_, this, std::memory_order_release,
                                           std::memory_order_relaxed)) {
  }
}

void SlabCache::poison([[maybe_unused]] char* object) const noexcept {
  if (flags_ == SlabFlags::kTypesafeByRcu) return;
  if constexpr (kPoisoning) std::memset(object, kPoisonFree, object_bytes_);
#if UMS_SANITIZE_ADDRESS
  __asan_poison_memory_region(object, object_bytes_);
#endif
}

void SlabCache::unpoison([[maybe_unused]] char* object) const noexcept {
#if UMS_SANITIZE_ADDRESS
  __asan_unpoison_memory_region(object, object_bytes_);
#endif
}

// Asserts that nobody wrote to an object while it was free.
void SlabCache::check_poison([[maybe_unused]] const char* object) const noexcept {
  if constexpr (kPoisoning) {
    if (flags_ == SlabFlags::kTypesafeByRcu) return;
    for (std::uint32_t i = 0; i < object_bytes_; ++i) {
      const auto byte = static_cast<unsigned char>(object[i]);
      kassert(byte == kPoisonFree, "use-after-free in cache {}: object {} offset {} is {:#04x}",
              name_, static_cast<const void*>(object), i, byte);
    }
  }
}

// The snapshot that fork took may show another thread in the middle of a change, with the free
// list on one page and slots on another at different times. The slots alone are believed: an object
// that is not marked live belongs to nobody who survived.
void SlabCache::reset_after_fork() noexcept {
  lock_.reset_after_fork();
  SpinGuard guard(lock_);
  free_ = nullptr;
  if (flags_ == SlabFlags::kPublished) {
    regions_count_ = 0;
    live_.store(0, std::memory_order_relaxed);
    return;
  }
  std::size_t live = 0;
  for (std::uint32_t r = 0; r < regions_count_; ++r) {
    const Region& region = regions_[r];
    for (std::uint32_t i = r + 1 == regions_count_ ? fresh_ : region.count; i-- > 0;) {
      Slot& slot = region.slots[i];
      if (slot.next == &slot) {
        ++live;
        continue;
      }
      char* const object = region.objects + std::size_t{i} * stride_;
      unpoison(object);
      poison(object);
      slot.next = free_;
      free_ = &slot;
    }
  }
  live_.store(live, std::memory_order_relaxed);
}

void slab_reset_after_fork() noexcept {
  SlabCache* cache = all_caches.load(std::memory_order_acquire);
  for (; cache != nullptr; cache = cache->next_cache_) cache->reset_after_fork();
}

void slab_for_each(void (*visit)(const SlabCache& cache, void* argument), void* argument) noexcept {
  const SlabCache* cache = all_caches.load(std::memory_order_acquire);
  for (; cache != nullptr; cache = cache->next_cache_) visit(*cache, argument);
}

}  // namespace ums::kernel
