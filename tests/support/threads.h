// SPDX-License-Identifier: Apache-2.0
//
// run_threads: the same body on several threads, which begin together.
#pragma once

#include <barrier>
#include <thread>
#include <vector>

namespace ums::test {

// Runs body(0) to body(count - 1), each on a thread of its own, and waits for all of them.
template <typename Body>
void run_threads(int count, Body body) {
  std::barrier start(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&start, &body, i] {
      start.arrive_and_wait();
      body(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace ums::test
