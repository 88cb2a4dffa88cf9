// SPDX-License-Identifier: Apache-2.0
//
// What tests run on virtual CPUs, and what they may see of them.
#pragma once

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>

#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "sim_kernel/simulated/simulation.h"
#include "sim_kernel/simulated/virtual_time.h"
#include "ums_api/explore/execution.h"
#include "ums_api/explore/time_sharing_strategy.h"

namespace ums::test {
using kernel::CostProfile;
using kernel::CpuOptions;
using kernel::CpuUsage;

inline constexpr std::uint64_t kMs = 1'000'000;

inline CpuOptions cpus(int count, CostProfile costs = {}, std::uint64_t quantum = 4 * kMs) {
  return {.count = count, .are_visible = true, .costs = costs, .quantum = quantum};
}

inline std::uint64_t now() { return kernel::virtual_time(); }

// What it took until the first thread was done.
inline CpuUsage run(explore::Strategy& strategy, const CpuOptions& options,
                    const std::function<void()>& body) {
  EXPECT_TRUE(strategy.new_execution());
  explore::Execution execution(strategy);
  EXPECT_TRUE(kernel::simulation_begin(execution, options).ok());
  body();
  const CpuUsage usage = kernel::virtual_cpus.usage();
  kernel::simulation_end();
  EXPECT_FALSE(execution.is_stuck());
  return usage;
}

inline CpuUsage run(const CpuOptions& options, const std::function<void()>& body) {
  explore::TimeSharingStrategy strategy;
  return run(strategy, options, body);
}

// The threads of `bodies`, until they have ended.
inline void run_beside(const std::vector<std::function<void()>>& bodies) {
  std::vector<std::thread> threads;
  threads.reserve(bodies.size());
  for (const auto& body : bodies) threads.emplace_back(body);
  for (std::thread& each : threads) each.join();
}

// Where threads may be, by the bits of a number.
inline cpu_set_t set_of(unsigned bits) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (unsigned i = 0; i < 32; ++i) {
    if ((bits >> i & 1) != 0) CPU_SET(i, &set);
  }
  return set;
}

inline void stay_on(unsigned bits) {
  const cpu_set_t set = set_of(bits);
  EXPECT_EQ(pthread_setaffinity_np(pthread_self(), sizeof set, &set), 0);
}

}  // namespace ums::test
