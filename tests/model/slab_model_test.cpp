// SPDX-License-Identifier: Apache-2.0
//
// Random alloc and free against a std::map of what is out, and the byte each object is full of.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <random>

#include "sim_kernel/mm/slab.h"
#include "support/seed.h"

namespace {

using ums::kernel::SlabCache;

constexpr std::size_t kBytes = 24;
constinit SlabCache cache{"model", kBytes, 8};
std::map<unsigned char*, unsigned char> model;

void alloc_one(unsigned char byte) {
  auto* const object = static_cast<unsigned char*>(cache.alloc());
  ASSERT_NE(object, nullptr);
  std::memset(object, byte, kBytes);
  ASSERT_TRUE(model.emplace(object, byte).second) << "given out twice";
}

void free_one(std::uint64_t distance) {
  auto victim = model.lower_bound(model.begin()->first + distance);
  if (victim == model.end()) victim = model.begin();
  const auto [object, byte] = *victim;
  ASSERT_EQ(std::count(object, object + kBytes, byte), kBytes) << "overwritten by another";
  cache.free(object);
  model.erase(victim);
}

TEST(SlabModel, BehavesLikeAMapOfBlocks) {
  std::mt19937_64 random(ums::test::test_seed());
  for (int step = 0; step < 50'000; ++step) {
    if (model.empty() || random() % 5 < 3) {
      ASSERT_NO_FATAL_FAILURE(alloc_one(static_cast<unsigned char>(random())));
    } else {
      ASSERT_NO_FATAL_FAILURE(free_one(random() % 100'000));
    }
    ASSERT_EQ(cache.live(), model.size());
  }
  while (!model.empty()) ASSERT_NO_FATAL_FAILURE(free_one(0));
  EXPECT_EQ(cache.live(), 0U);
}

}  // namespace
