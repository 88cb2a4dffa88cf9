// SPDX-License-Identifier: Apache-2.0
//
// The functions that `-fsanitize=thread` calls before plain accesses, and at the begin and the end
// of functions. Their names and parameters are what gcc and clang emit.
#include <cstring>

#include "ums_api/instrumented/access.h"
#include "ums_api/instrumented/hook.h"

using ums::api::access_plain;
using ums::api::Plain;

// One that may come in the place of another, of one size.
#define UMS_ACCESS(NAME, BYTES, WHAT)                         \
  UMS_HOOK void __tsan_##NAME(void* address) {                \
    access_plain(address, BYTES, Plain::WHAT, UMS_HOOK_PC);   \
  }                                                           \
  UMS_HOOK void __tsan_##NAME##_pc(void* address, void* pc) { \
    access_plain(address, BYTES, Plain::WHAT, pc);            \
  }

#define UMS_ACCESSES(BYTES)                                  \
  UMS_ACCESS(read##BYTES, BYTES, kRead)                      \
  UMS_ACCESS(write##BYTES, BYTES, kWrite)                    \
  UMS_ACCESS(read_write##BYTES, BYTES, kReadWrite)           \
  UMS_ACCESS(unaligned_read##BYTES, BYTES, kRead)            \
  UMS_ACCESS(unaligned_write##BYTES, BYTES, kWrite)          \
  UMS_ACCESS(unaligned_read_write##BYTES, BYTES, kReadWrite) \
  UMS_ACCESS(volatile_read##BYTES, BYTES, kRead)             \
  UMS_ACCESS(volatile_write##BYTES, BYTES, kWrite)           \
  UMS_ACCESS(unaligned_volatile_read##BYTES, BYTES, kRead)   \
  UMS_ACCESS(unaligned_volatile_write##BYTES, BYTES, kWrite)

UMS_ACCESSES(1)
UMS_ACCESSES(2)
UMS_ACCESSES(4)
UMS_ACCESSES(8)
UMS_ACCESSES(16)

namespace {

void access_range(const void* address, std::size_t bytes, Plain what, const void* pc) noexcept {
  if (bytes != 0) access_plain(address, bytes, what, pc);
}

}  // namespace

UMS_HOOK void __tsan_read_range(void* address, unsigned long bytes) {
  access_range(address, bytes, Plain::kRead, UMS_HOOK_PC);
}

UMS_HOOK void __tsan_write_range(void* address, unsigned long bytes) {
  access_range(address, bytes, Plain::kWrite, UMS_HOOK_PC);
}

UMS_HOOK void __tsan_read_range_pc(void* address, unsigned long bytes, void* pc) {
  access_range(address, bytes, Plain::kRead, pc);
}

UMS_HOOK void __tsan_write_range_pc(void* address, unsigned long bytes, void* pc) {
  access_range(address, bytes, Plain::kWrite, pc);
}

UMS_HOOK void __tsan_vptr_read(void** vptr) {
  access_plain(vptr, sizeof *vptr, Plain::kRead, UMS_HOOK_PC);
}

// A constructor or destructor that writes what is there already changes no one's mind.
UMS_HOOK void __tsan_vptr_update(void** vptr, void* value) {
  if (*vptr != value) access_plain(vptr, sizeof *vptr, Plain::kWrite, UMS_HOOK_PC);
}

UMS_HOOK void* __tsan_memcpy(void* to, const void* from, unsigned long bytes) {
  access_range(from, bytes, Plain::kRead, UMS_HOOK_PC);
  access_range(to, bytes, Plain::kWrite, UMS_HOOK_PC);
  return std::memcpy(to, from, bytes);
}

UMS_HOOK void* __tsan_memmove(void* to, const void* from, unsigned long bytes) {
  access_range(from, bytes, Plain::kRead, UMS_HOOK_PC);
  access_range(to, bytes, Plain::kWrite, UMS_HOOK_PC);
  return std::memmove(to, from, bytes);
}

UMS_HOOK void* __tsan_memset(void* to, int byte, unsigned long bytes) {
  access_range(to, bytes, Plain::kWrite, UMS_HOOK_PC);
  return std::memset(to, byte, bytes);
}

UMS_HOOK void __tsan_init() { ums::api::begin_instrumented(); }

UMS_HOOK void __tsan_func_entry(void* from) {
  ums::api::enter_function(from, __builtin_frame_address(0));
}

UMS_HOOK void __tsan_func_exit() { ums::api::leave_function(); }

// Annotations: what a program says of locks that it has made itself.
UMS_HOOK void __tsan_acquire(void* object) { ums::api::acquire_object(object); }
UMS_HOOK void __tsan_release(void* object) { ums::api::release_object(object); }
