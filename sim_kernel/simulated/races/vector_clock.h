// SPDX-License-Identifier: Apache-2.0
//
// VectorClock: for each task a time, its own count of what it has published (Mattern: Virtual time
// and global states of distributed systems, 1988; Fidge). What a task did at a time that is not
// later than the clock's has happened before.
//
// Thread safety: one thread.
#pragma once

#include <cstdint>

namespace ums::kernel {

class VectorClock {
 public:
  using Time = std::uint32_t;

  constexpr VectorClock() = default;
  ~VectorClock();
  VectorClock(const VectorClock&) = delete;
  VectorClock& operator=(const VectorClock&) = delete;

  // 0 for a task that it knows nothing of.
  Time of(int task) const noexcept {
    const auto index = static_cast<std::uint32_t>(task);
    return index < size_ ? times_[index] : 0;
  }

  // False: no memory, and nothing has changed.
  [[nodiscard]] bool advance(int task) noexcept;
  [[nodiscard]] bool join(const VectorClock& other) noexcept;    // the later time of each
  [[nodiscard]] bool assign(const VectorClock& other) noexcept;  // the other's

  void clear() noexcept { size_ = 0; }

 private:
  bool grow_to(std::uint32_t size) noexcept;

  Time* times_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;
};

}  // namespace ums::kernel
