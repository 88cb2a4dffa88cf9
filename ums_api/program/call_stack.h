// SPDX-License-Identifier: Apache-2.0
//
// CallStack: where in the program a task is, as addresses that mean the same in every run: a file,
// and an offset in it. The frames of this library are left out.
//
//     frame 0x1234 lock_both /usr/bin/prog
//
// Thread safety: the simulation.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "ums_api/explore/arena.h"

namespace ums::api {

// Whether a file that is loaded holds the address, and is not this library's.
bool is_in_file(const void* address) noexcept;

// Appends `OFFSET NAME FILE`, a line: the file's name may hold blanks. The name of the place is `-`
// where none is known.
void write_place(explore::ArenaString& text, const void* address);

// Appends a line for each frame of a stack, given as addresses in the instructions that are under
// way there, from the innermost on.
void write_frames(explore::ArenaString& text, std::span<const void* const> frames);

class CallStack {
 public:
  // Of the caller.
  static CallStack here() noexcept;

  void write(explore::ArenaString& text) const { write_frames(text, {frames_.data(), depth_}); }

 private:
  static constexpr std::size_t kFramesMax = 48;

  std::array<const void*, kFramesMax> frames_{};
  std::size_t depth_ = 0;
};

}  // namespace ums::api
