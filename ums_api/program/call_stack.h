// SPDX-License-Identifier: Apache-2.0
//
// CallStack: where in the program a task is, as addresses that mean the same in every run: a file,
// and an offset in it. The frames of this library are left out.
//
//     frame /usr/bin/prog 0x1234 lock_both
//
// Thread safety: the simulation.
#pragma once

#include <array>
#include <cstddef>

#include "ums_api/explore/arena.h"

namespace ums::api {

// Whether a file that is loaded holds the address.
bool is_in_file(const void* address) noexcept;

// Appends `FILE OFFSET NAME`, a line. The name is `-` where none is known.
void write_place(explore::ArenaString& text, const void* address);

class CallStack {
 public:
  // Of the caller.
  static CallStack here() noexcept;

  // Appends a line for each frame, from the innermost on.
  void write(explore::ArenaString& text) const;

 private:
  static constexpr std::size_t kFramesMax = 48;

  std::array<const void*, kFramesMax> frames_{};
  std::size_t depth_ = 0;
};

}  // namespace ums::api
