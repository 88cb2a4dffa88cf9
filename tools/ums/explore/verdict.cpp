// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/explore/verdict.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <tuple>

#include "tools/ums/system_call_name.h"

namespace ums::command {

using kernel::EventKind;

namespace {

const StuckTask* find_task(const Outcome& outcome, int number) {
  const auto found = std::find_if(outcome.tasks.begin(), outcome.tasks.end(),
                                  [&](const StuckTask& task) { return task.number == number; });
  return found == outcome.tasks.end() ? nullptr : &*found;
}

// A worker whose scheduler has ended, or waits for other workers.
const StuckTask* lost_worker(const Outcome& outcome) {
  for (const StuckTask& task : outcome.tasks) {
    if (task.role.kind != kernel::Role::Kind::kReached) continue;
    const StuckTask* const dequeuer = find_task(outcome, task.holder);
    if (dequeuer == nullptr || dequeuer->next.kind == EventKind::kCall) return &task;
  }
  return nullptr;
}

std::string deadlock_text(const Outcome& outcome) {
  const char* const kind = outcome.finding == "circle" ? "partial deadlock" : "deadlock";
  if (const std::vector<int> circle = waiting_circle(outcome); circle.size() == 1) {
    return fmt::format("{}: task {} waits for itself", kind, circle[0]);
  } else if (!circle.empty()) {
    return fmt::format("{}: tasks {} wait for each other", kind, fmt::join(circle, ", "));
  }
  if (const StuckTask* const lost = lost_worker(outcome)) {
    return fmt::format("lost worker: task {} is suspended, in no list, and nobody will execute it",
                       lost->number);
  }
  const auto lost = lost_wake_up(outcome);
  if (lost.has_value() && outcome.schedule.empty()) {  // perhaps it comes to this in any order
    return fmt::format(
        "deadlock: no task can go on; task {} may have lost the wake-up of step {}, which came "
        "before it waited",
        lost->waiter->number, lost->wake);
  }
  if (lost.has_value()) {
    return fmt::format("lost wake-up: task {} waits for what came at step {}, before it waited",
                       lost->waiter->number, lost->wake);
  }
  return "deadlock: no task can go on";
}

// How many of the last steps the task did not make.
std::uint64_t steps_without(const Outcome& outcome, int task) {
  const auto last = std::find_if(outcome.trace.rbegin(), outcome.trace.rend(),
                                 [&](const Step& step) { return step.task == task; });
  return static_cast<std::uint64_t>(last - outcome.trace.rbegin());
}

// Whether the step only looks, or lets others go on.
bool changes_nothing(EventKind kind) {
  switch (kind) {
    case EventKind::kTryLock:
    case EventKind::kYield:
    case EventKind::kSleep:
    case EventKind::kClock:
    case EventKind::kRead:
      return true;
    default:
      return false;
  }
}

// One task that repeats steps which change something may be computing.
bool is_livelock(const std::vector<Step>& trace, const std::vector<std::size_t>& repeated) {
  if (repeated.empty()) return false;
  const auto is_of_another = [&](std::size_t i) {
    return trace[i].task != trace[repeated[0]].task;
  };
  const auto is_idle = [&](std::size_t i) { return changes_nothing(trace[i].event.kind); };
  return std::any_of(repeated.begin(), repeated.end(), is_of_another) ||
         std::all_of(repeated.begin(), repeated.end(), is_idle);
}

std::string limit_text(const Outcome& outcome) {
  for (const StuckTask& task : outcome.tasks) {
    const std::uint64_t since = steps_without(outcome, task.number);
    if (task.is_runnable && since > outcome.steps / 2) {
      return fmt::format("starvation: task {} could go on, and {} steps of others came first",
                         task.number, since);
    }
  }
  const std::vector<std::size_t> repeated = repeated_steps(outcome.trace);
  if (is_livelock(outcome.trace, repeated)) {
    return fmt::format("livelock: after {} steps the same {} come again and again", outcome.steps,
                       repeated.size());
  }
  return fmt::format(
      "step limit: it has not ended after {} steps; a program that takes more wants a higher "
      "--steps",
      outcome.steps);
}

std::string race_text(const Outcome& outcome) {
  if (outcome.race.size() != 2) return "data race";
  return fmt::format("data race: nothing orders what tasks {} and {} do with the same memory",
                     outcome.race[1].task, outcome.race[0].task);
}

// What is left when the program exits.
std::string leak_text(const Outcome& outcome) {
  for (const StuckTask& task : outcome.tasks) {
    if (task.role.kind != kernel::Role::Kind::kReached) continue;
    return fmt::format("lost worker: task {} is suspended, in no list, and the program exits",
                       task.number);
  }
  if (!outcome.tasks.empty()) {
    return fmt::format("leak at exit: task {}, a worker, is still suspended",
                       outcome.tasks.front().number);
  }
  return "leak at exit: a thread has ended, and nobody has joined or detached it";
}

std::string hung_text(const Outcome& outcome) {
  if (outcome.running) return "busy loop: it computes, and comes to no step";
  if (outcome.status == SYS_ppoll) {
    return "it waits for something outside: a descriptor, a child, a lock or a signal";
  }
  return fmt::format("it waits in {}, which the simulation does not control",
                     name_of_system_call(outcome.status));
}

std::string crash_text(const Outcome& outcome) {
  const bool asserts =
      std::any_of(outcome.ended_at.begin(), outcome.ended_at.end(),
                  [](const Place& place) { return place.name.starts_with("__assert_fail"); });
  return fmt::format("{}: signal {} ({})", asserts ? "assertion failed" : "crash", outcome.status,
                     strsignal(outcome.status));
}

// By task, kind and object: where it comes first.
using DifferentSteps = std::map<std::tuple<int, EventKind, std::uint32_t>, std::size_t>;

DifferentSteps different_steps(const std::vector<Step>& trace, std::size_t from, std::size_t to) {
  DifferentSteps steps;
  for (std::size_t i = from; i < to; ++i) {
    steps.emplace(std::tuple{trace[i].task, trace[i].event.kind, trace[i].event.object}, i);
  }
  return steps;
}

}  // namespace

std::vector<int> waiting_circle(const Outcome& outcome) {
  for (const StuckTask& first : outcome.tasks) {
    std::vector<int> circle;
    for (const StuckTask* at = &first; at != nullptr; at = find_task(outcome, at->holder)) {
      const auto seen = std::find(circle.begin(), circle.end(), at->number);
      if (seen != circle.end()) return {seen, circle.end()};
      circle.push_back(at->number);
    }
  }
  return {};
}

namespace {

// Whether somebody waited for the object before this step, who was woken then.
bool has_woken(const std::vector<Step>& trace, std::uint64_t wake) {
  std::set<int> seen;  // tasks, whose last step before it that was
  for (std::uint64_t i = wake; i-- > 0;) {
    const Step& step = trace[i];
    const bool is_last = seen.insert(step.task).second;
    if (is_last && step.event.kind == EventKind::kWait &&
        step.event.object == trace[wake].event.object) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<LostWakeUp> lost_wake_up(const Outcome& outcome) {
  for (const StuckTask& task : outcome.tasks) {
    if (task.next.kind != EventKind::kWait) continue;
    std::optional<std::uint64_t> wake;
    std::optional<std::uint64_t> wait;
    for (std::uint64_t i = 0; i < outcome.trace.size(); ++i) {
      const Step& step = outcome.trace[i];
      if (step.event.object != task.next.object) continue;
      if (step.event.kind == EventKind::kWake && step.task != task.number &&
          !has_woken(outcome.trace, i)) {
        wake = i;
      }
      if (step.event.kind == EventKind::kWait && step.task == task.number) wait = i;
    }
    if (wake.has_value() && wait.has_value() && *wake < *wait)
      return LostWakeUp{&task, *wake, *wait};
  }
  return {};
}

std::vector<std::size_t> repeated_steps(const std::vector<Step>& trace) {
  constexpr std::size_t kLast = 1024;
  constexpr std::size_t kDifferentMax = 64;
  constexpr std::size_t kTimesMin = 4;  // on average
  const std::size_t last = std::min(kLast, trace.size() / 4);
  const std::size_t from = trace.size() - last;
  const DifferentSteps different = different_steps(trace, from, trace.size());
  if (different.size() > std::min(kDifferentMax, last / kTimesMin)) return {};
  const DifferentSteps before = different_steps(trace, from - last, from);
  const auto is_same = [](const auto& a, const auto& b) { return a.first == b.first; };
  if (!std::equal(different.begin(), different.end(), before.begin(), before.end(), is_same)) {
    return {};
  }
  std::vector<std::size_t> steps;
  for (const auto& [step, at] : different) steps.push_back(at);
  std::sort(steps.begin(), steps.end());
  return steps;
}

std::string verdict_of(const Outcome& outcome) {
  if (outcome.finding == "deadlock" || outcome.finding == "circle") return deadlock_text(outcome);
  if (outcome.finding == "steps") return limit_text(outcome);
  if (outcome.finding == "race") return race_text(outcome);
  if (outcome.finding == "livelock") return "livelock: a task reads the same memory for ever";
  if (outcome.finding == "report") return "kernel report: " + outcome.report.what;
  if (outcome.finding == "leak") return leak_text(outcome);
  switch (outcome.end) {
    case Outcome::End::kHung:
      return hung_text(outcome);
    case Outcome::End::kSignal:
      return crash_text(outcome);
    case Outcome::End::kExit:
      break;
  }
  return outcome.status == 0 ? "no failure" : fmt::format("exit status {}", outcome.status);
}

}  // namespace ums::command
