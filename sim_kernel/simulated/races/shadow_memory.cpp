// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/races/shadow_memory.h"

#include <algorithm>
#include <utility>

#include "sim_kernel/mm/kvmalloc.h"
#include "sim_kernel/mm/slab.h"

namespace ums::kernel {

namespace {

constinit ObjectCache<ShadowAccess> accesses{"shadow_access"};
constinit ObjectCache<ShadowObject> objects{"shadow_object"};

}  // namespace

// The slot of the page, or the free one where it belongs.
ShadowMemory::Page** ShadowMemory::slot_of(std::uintptr_t number) const noexcept {
  std::size_t i = number * 0x9e3779b97f4a7c15 >> 32;
  for (;; ++i) {
    Page** const slot = &slots_[i & (capacity_ - 1)];
    if (*slot == nullptr || (*slot)->number == number) return slot;
  }
}

ShadowMemory::Page* ShadowMemory::find_page(std::uintptr_t number) noexcept {
  if (last_ != nullptr && last_->number == number) return last_;
  if (capacity_ == 0) return nullptr;
  Page* const page = *slot_of(number);
  if (page != nullptr) last_ = page;
  return page;
}

bool ShadowMemory::grow() noexcept {
  const std::size_t old_capacity = capacity_;
  const std::size_t capacity = std::max<std::size_t>(2 * capacity_, 64);
  auto** const slots = static_cast<Page**>(kvmalloc(capacity * sizeof(void*)));
  if (slots == nullptr) return false;
  std::fill_n(slots, capacity, nullptr);
  Page** const old = std::exchange(slots_, slots);
  capacity_ = capacity;
  for (std::size_t i = 0; i < old_capacity; ++i) {
    if (old[i] != nullptr) *slot_of(old[i]->number) = old[i];
  }
  kvfree(old);
  return true;
}

ShadowMemory::Page* ShadowMemory::make_page(std::uintptr_t number) noexcept {
  if (2 * (pages_ + 1) > capacity_ && !grow()) return nullptr;
  void* const memory = kvmalloc(sizeof(Page));
  if (memory == nullptr) return nullptr;
  Page* const page = new (memory) Page;
  page->number = number;
  *slot_of(number) = page;
  ++pages_;
  return last_ = page;
}

Granule* ShadowMemory::granule_at(std::uintptr_t address) noexcept {
  Page* page = find_page(address / kPageBytes);
  if (page == nullptr) page = make_page(address / kPageBytes);
  if (page == nullptr) return nullptr;
  page->used = true;
  return &page->granules[address % kPageBytes / kGranuleBytes];
}

ShadowObject* ShadowMemory::find_object(std::uintptr_t address) noexcept {
  Page* const page = find_page(address / kPageBytes);
  if (page == nullptr) return nullptr;
  ShadowObject* object = page->granules[address % kPageBytes / kGranuleBytes].objects;
  while (object != nullptr && object->address != address) object = object->next;
  return object;
}

ShadowObject* ShadowMemory::object_at(std::uintptr_t address) noexcept {
  if (ShadowObject* const found = find_object(address)) return found;
  Granule* const granule = granule_at(address);
  ShadowObject* const object = granule != nullptr ? objects.create() : nullptr;
  if (object == nullptr) return nullptr;
  object->address = address;
  object->next = std::exchange(granule->objects, object);
  return object;
}

ShadowAccess* ShadowMemory::add_access(Granule& granule) noexcept {
  ShadowAccess* const access = accesses.create();
  if (access != nullptr) access->next = std::exchange(granule.accesses, access);
  return access;
}

void ShadowMemory::remove_access(ShadowAccess*& link) noexcept {
  ShadowAccess* const access = std::exchange(link, link->next);
  accesses.destroy(access);
}

void ShadowMemory::clear(Granule& granule) noexcept {
  while (granule.accesses != nullptr) {
    accesses.destroy(std::exchange(granule.accesses, granule.accesses->next));
  }
  while (granule.objects != nullptr) {
    objects.destroy(std::exchange(granule.objects, granule.objects->next));
  }
}

void ShadowMemory::clear(Page& page) noexcept {
  if (!std::exchange(page.used, false)) return;
  for (Granule& granule : page.granules) clear(granule);
}

void ShadowMemory::forget(std::uintptr_t address, std::size_t bytes) noexcept {
  for_each_known(address, bytes, [](std::uintptr_t, Granule& granule) { clear(granule); });
}

void ShadowMemory::forget_all() noexcept {
  for (std::size_t i = 0; i < capacity_; ++i) {
    if (slots_[i] != nullptr) clear(*slots_[i]);
  }
}

}  // namespace ums::kernel
