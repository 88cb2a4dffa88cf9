// SPDX-License-Identifier: Apache-2.0
//
// ums_explore: exploration for programs that link libums-sim (ums/ums_explore.h).
#include <dlfcn.h>
#include <pthread.h>
#include <ums/ums_explore.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "ums_api/explore/explore.h"
#include "ums_api/explore/make_strategy.h"
#include "ums_api/explore/replay_strategy.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/src/export.h"

namespace {

using namespace ums::explore;

// Whether the program's calls of thread functions come here.
bool answers_for_the_c_library() {
  return dlsym(RTLD_DEFAULT, "pthread_create") == reinterpret_cast<void*>(&pthread_create);
}

ums_explore_verdict verdict_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPassed:
      return UMS_EXPLORE_PASSED;
    case Verdict::kFailed:
      return UMS_EXPLORE_FAILED;
    case Verdict::kDeadlock:
      return UMS_EXPLORE_DEADLOCK;
    case Verdict::kStepLimit:
      return UMS_EXPLORE_STEP_LIMIT;
  }
  return UMS_EXPLORE_FAILED;
}

int fail(int error) {
  errno = error;
  return -1;
}

int fill(ums_explore_result& result, const Exploration& all, bool strayed) {
  result = {strayed ? UMS_EXPLORE_STRAYED : verdict_of(all.verdict),
            all.complete ? 1 : 0,
            all.executions,
            all.schedules,
            all.steps,
            strdup(all.schedule.c_str()),
            strdup(all.waiting.c_str())};
  if (result.schedule != nullptr && result.report != nullptr) return 0;
  ums_explore_result_free(&result);
  return fail(ENOMEM);
}

}  // namespace

UMS_EXPORT int ums_explore(const ums_explore_options* options, int (*body)(void*), void* argument,
                           ums_explore_result* result) {
  if (ums::api::current_simulated() != nullptr) return fail(EBUSY);
  if (!answers_for_the_c_library()) return fail(ENOSYS);
  const auto run = [=] { return body(argument) != 0; };
  const auto explore = [&](Strategy& strategy, std::uint64_t executions) {
    const std::uint64_t steps = options->steps != 0 ? options->steps : kUsualStepsMax;
    return run_many(strategy, executions, run, Threads::kKept, steps);
  };
  if (options->replay != nullptr) {
    std::optional<Schedule> schedule = Schedule::from_string(options->replay);
    if (!schedule.has_value()) return fail(EINVAL);
    ReplayStrategy replay(std::move(*schedule));
    const Exploration one = explore(replay, 1);
    return fill(*result, one, replay.has_strayed());
  }
  const std::unique_ptr<Strategy> strategy =
      make_strategy(options->strategy != nullptr ? options->strategy : "default", options->seed);
  if (strategy == nullptr) return fail(EINVAL);
  return fill(*result, explore(*strategy, options->executions), false);
}

UMS_EXPORT void ums_explore_result_free(ums_explore_result* result) {
  std::free(result->schedule);
  std::free(result->report);
}
