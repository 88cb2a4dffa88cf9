// SPDX-License-Identifier: Apache-2.0
//
// RandomNumbers: SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
// OOPSLA 2014). The same everywhere, which the distributions of <random> are not.
//
// Thread safety: one thread.
#pragma once

#include <cstdint>

namespace ums::explore {

class RandomNumbers {
 public:
  explicit RandomNumbers(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }

  // Below `bound`, which is not 0: the upper half of a product, which a division would cost more
  // than. It prefers some numbers by bound / 2^64.
  std::uint64_t below(std::uint64_t bound) noexcept {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>(Wide{next()} * bound >> 64);
  }

 private:
  std::uint64_t state_;
};

}  // namespace ums::explore
