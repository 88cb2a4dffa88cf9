// SPDX-License-Identifier: Apache-2.0
//
// Without sanitizers: free objects are poisoned, and copied with the others.
#include <sys/mman.h>

#include <cstdint>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/publish/private_copy.h"

namespace ums::kernel {

namespace {

// Not memcpy, which a sanitizer answers.
void copy_page(char* to, const char* from) noexcept {
  auto* const target = reinterpret_cast<volatile std::uint64_t*>(to);
  const auto* const source = reinterpret_cast<const volatile std::uint64_t*>(from);
  for (std::size_t i = 0; i < PageMap::kPageBytes / sizeof *target; ++i) target[i] = source[i];
}

}  // namespace

bool make_private(char* base, std::size_t used, std::size_t bytes, const PageMap& pages) noexcept {
  const long made = raw_syscall(SYS_mmap, 0, static_cast<long>(used), PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (made < 0) return false;
  char* const copy = reinterpret_cast<char*>(made);
  for (std::size_t at = 0; at < used; at += PageMap::kPageBytes) {
    if (pages.has(at)) copy_page(copy + at, base + at);
  }
  const long moved = raw_syscall(SYS_mremap, made, static_cast<long>(used), static_cast<long>(used),
                                 MREMAP_MAYMOVE | MREMAP_FIXED, syscall_arg(base));
  if (moved < 0) return false;
  raw_syscall(SYS_munmap, syscall_arg(base + used), static_cast<long>(bytes - used));
  return true;
}

}  // namespace ums::kernel
