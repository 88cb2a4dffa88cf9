// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/random_bytes.h"

namespace ums::kernel {

namespace {

std::uint64_t state = 0;

}  // namespace

void random_bytes_reset() noexcept { state = 0; }

// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014).
std::uint64_t random_number() noexcept {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

}  // namespace ums::kernel
