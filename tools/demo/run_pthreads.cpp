// SPDX-License-Identifier: Apache-2.0
#include "tools/demo/run_pthreads.h"

#include <sched.h>
#include <sys/resource.h>

#include <thread>
#include <vector>

#include "tools/demo/clock.h"

namespace ums::demo {

namespace {

std::uint64_t context_switches() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_nvcsw) + static_cast<std::uint64_t>(usage.ru_nivcsw);
}

}  // namespace

PthreadsRun run_pthreads(Job& job, std::size_t threads) {
  PthreadsRun run;
  const std::uint64_t switches_before = context_switches();
  const std::int64_t start = now_ns();
  {
    std::vector<std::jthread> all;
    for (std::size_t i = 0; i < threads; ++i) {
      all.emplace_back([&job] {
        Factorizer factorizer([] { sched_yield(); });
        job.take_part(factorizer);
      });
    }
  }
  run.seconds = static_cast<double>(now_ns() - start) / 1e9;
  run.switches = context_switches() - switches_before;
  return run;
}

}  // namespace ums::demo
