// SPDX-License-Identifier: Apache-2.0
#include "support/seed.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <random>

namespace ums::test {

namespace {

std::uint64_t choose_seed() {
  const char* const given = std::getenv("UMS_TEST_SEED");
  if (given == nullptr) return std::random_device{}();
  char* end = nullptr;
  const std::uint64_t seed = std::strtoull(given, &end, 10);
  if (end == given || *end != '\0') {
    ADD_FAILURE() << "UMS_TEST_SEED is \"" << given << "\", not a number";
  }
  return seed;
}

}  // namespace

std::uint64_t test_seed() {
  const std::uint64_t seed = choose_seed();
  const auto& test = *::testing::UnitTest::GetInstance()->current_test_info();
  fmt::print("seed {}; again: UMS_TEST_SEED={} {} --gtest_filter={}.{}\n", seed, seed,
             program_invocation_name, test.test_suite_name(), test.name());
  std::fflush(stdout);
  return seed;
}

}  // namespace ums::test
