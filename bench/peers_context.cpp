// SPDX-License-Identifier: Apache-2.0
//
// Peer: raw Boost.Context. A loop resumes one fiber after the other and each comes straight back,
// with nothing scheduled, queued or announced: the least that any user-mode switch can cost.
#include <boost/context/fiber.hpp>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include "bench/child.h"
#include "bench/meter.h"
#include "bench/rows.h"

namespace ums::bench {
namespace {

namespace context = boost::context;

constexpr long kStepsInSlice = 20'000;

Sample round_trips(int workers) {
  bool stop = false;
  std::vector<context::fiber> ring;
  for (int i = 0; i < workers; ++i) {
    ring.emplace_back([&stop](context::fiber&& back) {
      while (!stop) {
        back = std::move(back).resume();
      }
      return std::move(back);
    });
  }
  Meter meter(workers, kStepsInSlice);
  std::size_t next = 0;
  while (!meter.count()) {
    ring[next] = std::move(ring[next]).resume();
    next = next + 1 == ring.size() ? 0 : next + 1;
  }
  stop = true;
  for (context::fiber& fiber : ring) {
    fiber = std::move(fiber).resume();
  }
  return Sample::measured(meter.nanoseconds());
}

}  // namespace

void add_context_rows(RowTable& table) {
  for (const int workers : kWorkerCounts) {
    table.add({fmt::format("context/{}", workers), kDispatch, "Boost.Context, raw round trip",
               workers, Unit::kNanoseconds},
              isolated([workers] { return round_trips(workers); }));
  }
}

}  // namespace ums::bench
