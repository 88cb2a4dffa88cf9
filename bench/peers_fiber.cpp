// SPDX-License-Identifier: Apache-2.0
//
// Peer: Boost.Fiber as it comes (round robin, default stacks). Each fiber yields to the next one:
// one dispatch a yield.
#include <boost/fiber/fiber.hpp>
#include <boost/fiber/operations.hpp>
#include <vector>

#include <fmt/core.h>
#include "bench/child.h"
#include "bench/meter.h"
#include "bench/rows.h"

namespace ums::bench {
namespace {

constexpr long kStepsInSlice = 5'000;

Sample yields(int workers) {
  Meter meter(workers, kStepsInSlice);
  std::vector<boost::fibers::fiber> fibers;
  for (int i = 0; i < workers; ++i) {
    fibers.emplace_back([&meter] {
      while (!meter.count()) {
        boost::this_fiber::yield();
      }
    });
  }
  for (boost::fibers::fiber& fiber : fibers) {
    fiber.join();
  }
  return Sample::measured(meter.nanoseconds());
}

}  // namespace

void add_fiber_rows(RowTable& table) {
  for (const int workers : kWorkerCounts) {
    table.add({fmt::format("fiber/{}", workers), kDispatch, "Boost.Fiber, yield to the next",
               workers, Unit::kNanoseconds},
              isolated([workers] { return yields(workers); }));
  }
}

}  // namespace ums::bench
