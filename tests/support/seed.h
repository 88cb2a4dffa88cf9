// SPDX-License-Identifier: Apache-2.0
//
// The seed of a random test: from UMS_TEST_SEED, else a fresh one. It is printed with the command
// that runs the same test with it again.
//
//     std::mt19937_64 random(test_seed());
//
// Thread safety: call it from the test's own thread, and seed the others from what it gives.
#pragma once

#include <cstdint>

namespace ums::test {

std::uint64_t test_seed();

}  // namespace ums::test
