// SPDX-License-Identifier: Apache-2.0
#include "tools/demo/run_ums.h"

#include <sched.h>

#include <cerrno>
#include <memory>
#include <ums/ums.hpp>

#include "tools/demo/clock.h"

namespace ums::demo {

namespace {

// Takes turns, on a CPU of its own.
class PinnedRoundRobin : public RoundRobin {
 public:
  explicit PinnedRoundRobin(std::size_t cpu) : cpu_(cpu) {}

  void on_startup() {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu_, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0) fail(errno, "sched_setaffinity");
  }

 private:
  std::size_t cpu_;
};

std::vector<std::size_t> allowed_cpus() {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) fail(errno, "sched_getaffinity");
  std::vector<std::size_t> cpus;
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &allowed)) cpus.push_back(cpu);
  }
  return cpus;
}

// A scheduler and its workers. The workers of one lane run one at a time: they share `lane` without
// a lock, and each gap begins in one worker and ends in the next.
class LaneRun {
 public:
  LaneRun(Job& job, Lane& lane) : job_(job), lane_(lane), scheduler_(list_, lane.cpu) {}

  void add_worker() {
    workers_.emplace_back(list_, [this] { work(); });
  }

 private:
  void work() {
    Factorizer factorizer([this] { end_turn(); });
    lane_.numbers += job_.take_part(factorizer);
    lane_.divisions += factorizer.divisions();
  }

  void end_turn() {
    turn_ended_ = now_ns();
    yield();
    const std::int64_t gap = now_ns() - turn_ended_;
    if (lane_.gaps.size() < kGapsMax) lane_.gaps.push_back(static_cast<std::uint32_t>(gap));
    ++lane_.switches;
  }

  Job& job_;
  Lane& lane_;
  std::int64_t turn_ended_ = 0;
  CompletionList list_;
  Scheduler<PinnedRoundRobin> scheduler_;
  std::vector<Worker> workers_;  // joined before the scheduler goes
};

}  // namespace

UmsRun run_ums(Job& job, std::size_t workers) {
  UmsRun run;
  for (const std::size_t cpu : allowed_cpus()) run.lanes.push_back({cpu, 0, 0, 0, {}});
  const std::size_t lane_workers = (workers + run.lanes.size() - 1) / run.lanes.size();
  run.workers = lane_workers * run.lanes.size();

  const std::int64_t start = now_ns();
  {
    std::vector<std::unique_ptr<LaneRun>> lanes;
    for (Lane& lane : run.lanes) lanes.push_back(std::make_unique<LaneRun>(job, lane));
    for (std::size_t i = 0; i < lane_workers; ++i) {
      for (const auto& lane : lanes) lane->add_worker();
    }
  }
  run.seconds = static_cast<double>(now_ns() - start) / 1e9;
  return run;
}

}  // namespace ums::demo
