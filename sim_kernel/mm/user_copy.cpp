// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/mm/user_copy.h"

#include <algorithm>

#include "sim_kernel/mm/address_space.h"

namespace ums::kernel {

namespace {

std::size_t to_page_end(unsigned long address) noexcept {
  return kPageBytes - address % kPageBytes;
}

// Writes a small object that crosses from one page into the next, or nothing: the part on the
// second page goes first, and is put back if the first page cannot be written.
bool write_across(unsigned long to, const char* from, std::size_t bytes) noexcept {
  const std::size_t head = to_page_end(to);
  const std::size_t tail = bytes - head;
  char before[kUserObjectBytesMax];
  if (!read_piece(before, to + head, tail)) return false;
  if (!write_piece(to + head, from + head, tail)) return false;
  if (write_piece(to, from, head)) return true;
  [[maybe_unused]] const bool restored = write_piece(to + head, before, tail);
  return false;
}

}  // namespace

std::size_t copy_to_user_slow(unsigned long to, const void* from, std::size_t bytes) noexcept {
  const char* const source = static_cast<const char*>(from);
  if (bytes <= kUserObjectBytesMax && bytes > to_page_end(to)) {
    return write_across(to, source, bytes) ? 0 : bytes;
  }
  std::size_t done = 0;
  while (done < bytes) {
    const std::size_t piece = std::min(bytes - done, to_page_end(to + done));
    if (!write_piece(to + done, source + done, piece)) break;
    done += piece;
  }
  return bytes - done;
}

std::size_t copy_from_user_slow(void* to, unsigned long from, std::size_t bytes) noexcept {
  char* const target = static_cast<char*>(to);
  std::size_t done = 0;
  while (done < bytes) {
    const std::size_t piece = std::min(bytes - done, to_page_end(from + done));
    if (!read_piece(target + done, from + done, piece)) break;
    done += piece;
  }
  return bytes - done;
}

}  // namespace ums::kernel
