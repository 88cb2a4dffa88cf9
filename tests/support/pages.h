// SPDX-License-Identifier: Apache-2.0
//
// Pages: memory for pointers that are wrong in every way.
//
//     Pages pages;
//     put(pages.read_only(), args);       // even where the program itself could not write
//
//   [ writable ][ as good as unmapped ][ read-only for the program ]
//
// Thread safety: none.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>

namespace ums::test {

class Pages {
 public:
  Pages()
      : base_(static_cast<char*>(mmap(nullptr, 3 * kBytes, PROT_READ | PROT_WRITE,
                                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    EXPECT_NE(static_cast<void*>(base_), MAP_FAILED);
    // Not munmap: somebody else's mapping could take the place.
    EXPECT_EQ(mprotect(base_ + kBytes, kBytes, PROT_NONE), 0);
    EXPECT_EQ(mprotect(read_only(), kBytes, PROT_READ), 0);
  }
  ~Pages() { munmap(base_, 3 * kBytes); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  static constexpr std::size_t kBytes = 4096;

  char* writable() const { return base_; }
  char* unmapped() const { return base_ + kBytes; }
  char* read_only() const { return base_ + 2 * kBytes; }

  // Where an object's last `bytes` bytes lie on the unmapped page.
  char* crossing(std::size_t object_bytes, std::size_t bytes) const {
    return unmapped() + bytes - object_bytes;
  }

  // Copies `value` to `place` on the read-only page.
  template <typename T>
  char* put_read_only(const T& value, std::size_t offset = 0) const {
    mprotect(read_only(), kBytes, PROT_READ | PROT_WRITE);
    std::memcpy(read_only() + offset, &value, sizeof value);
    mprotect(read_only(), kBytes, PROT_READ);
    return read_only() + offset;
  }

 private:
  char* const base_;
};

}  // namespace ums::test
