// SPDX-License-Identifier: Apache-2.0
//
// run_beside: bodies of threads that run side by side.
//
// Thread safety: any thread.
#pragma once

#include <array>
#include <thread>

namespace ums::test {

// The threads of `bodies`, until they have ended.
template <typename... Bodies>
void run_beside(Bodies... bodies) {
  std::array threads{std::thread(bodies)...};
  for (std::thread& each : threads) each.join();
}

}  // namespace ums::test
