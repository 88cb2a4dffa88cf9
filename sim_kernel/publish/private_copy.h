// SPDX-License-Identifier: Apache-2.0
//
// What a forked child does with memory that it shares with its parent: it puts a copy in its place.
//
// Thread safety: one thread.
#pragma once

#include <bitset>
#include <cstddef>

#include "sim_kernel/base/limits.h"

namespace ums::kernel {

// Which pages of the published memory Linux has promised room for.
class PageMap {
 public:
  // x86-64 has pages of 4 KiB, aarch64 of up to 64 KiB.
#if defined(__x86_64__)
  static constexpr std::size_t kPageBytes = 4096;
#else
  static constexpr std::size_t kPageBytes = 65536;
#endif

  void clear() noexcept { bits_.reset(); }
  bool has(std::size_t offset) const noexcept { return bits_[offset / kPageBytes]; }

  // Calls make(offset, bytes) for each run of pages of [offset, offset + bytes) that are not there,
  // and notes those for which it returns true. Returns false at the first for which it does not.
  template <typename Make>
  bool for_each_missing(std::size_t offset, std::size_t bytes, Make make) noexcept {
    const std::size_t end = (offset + bytes + kPageBytes - 1) / kPageBytes;
    for (std::size_t page = offset / kPageBytes; page < end;) {
      std::size_t last = page;
      while (last < end && !bits_[last]) ++last;
      if (last > page && !make(page * kPageBytes, (last - page) * kPageBytes)) return false;
      for (; page < last; ++page) bits_[page] = true;
      while (page < end && bits_[page]) ++page;
    }
    return true;
  }

 private:
  std::bitset<kPublishBytes / kPageBytes> bits_;
};

// Replaces the shared mapping [base, base + bytes), of which the pages in `pages` below `used` hold
// anything, by memory of this process's own with the same contents. Returns false without memory.
bool make_private(char* base, std::size_t used, std::size_t bytes, const PageMap& pages) noexcept;

}  // namespace ums::kernel
