// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/explore/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "tools/ums/explore/verdict.h"

namespace ums::command {
namespace {

// Frames below the program's own functions.
bool is_of_start(std::string_view function) {
  constexpr std::array<std::string_view, 7> kStart = {
      "start_thread",          "clone", "clone3", "__clone3", "_start", "__libc_start_main",
      "__libc_start_call_main"};
  const std::string_view name = function.substr(0, function.find('@'));
  return std::find(kStart.begin(), kStart.end(), name) != kStart.end();
}

// 0: it has made none. Others may have made it wait without a step of its own.
std::uint64_t last_step_of(const Outcome& outcome, int task) {
  for (std::uint64_t i = outcome.trace.size(); i-- > 0;) {
    if (outcome.trace[i].task == task) return i;
  }
  return 0;
}

// Whether it has ended because somebody did not go on.
bool waits(const Outcome& outcome) {
  return outcome.end == Outcome::End::kHung || !outcome.tasks.empty();
}

// Calls that are not controlled.
std::string text_of_uncontrolled(const Outcome& outcome) {
  std::string text;
  for (const UncontrolledCall& call : outcome.uncontrolled) {
    text += fmt::format("  {} is not controlled: {}\n", call.name,
                        waits(outcome) ? "if that would let somebody go on, this is no failure"
                                       : "what comes of it may differ from run to run");
  }
  return text;
}

}  // namespace

// `task 2 (consumer)`
std::string Report::name(const Outcome& outcome, int task) {
  const auto thread = outcome.threads.find(task);
  std::string what = task == 0 ? "main" : "";
  if (thread != outcome.threads.end()) {
    const bool is_ours = thread->second.file.find("/libums-simulated") != std::string::npos;
    what = is_ours ? "worker" : symbols_.function(thread->second);
  }
  return what.empty() ? fmt::format("task {}", task) : fmt::format("task {} ({})", task, what);
}

std::string Report::waiting_in_call(const Outcome& outcome, const StuckTask& task) {
  using Kind = kernel::Role::Kind;
  const int list = task.role.list;
  const std::string other = task.holder < 0 ? "" : name(outcome, task.holder);
  switch (task.role.kind) {
    case Kind::kListed:
      return other.empty() ? fmt::format("is suspended, in completion list {}", list)
                           : fmt::format("is suspended, in completion list {} of {}", list, other);
    case Kind::kReached:
      return other.empty() ? "is suspended, in no list: the scheduler that dequeued it has ended"
                           : fmt::format("is suspended, in no list: {} dequeued it", other);
    case Kind::kScheduler:
      return other.empty() ? fmt::format("waits for a worker, in completion list {}", list)
                           : fmt::format("executes {}", other);
    default:
      return "waits in a call of the device";
  }
}

// What a task that cannot go on does instead.
std::string Report::waiting(const Outcome& outcome, const StuckTask& task) {
  const std::string next = event(outcome, task.next);
  switch (task.next.kind) {
    case kernel::EventKind::kWait:
      return "waits" + next.substr(std::strlen("wait"));
    case kernel::EventKind::kCall:
      return waiting_in_call(outcome, task);
    case kernel::EventKind::kJoin:
      if (task.holder >= 0)
        return fmt::format("waits for the end of {}", name(outcome, task.holder));
      return "waits to " + next;
    default:
      if (task.holder == kEnded) return fmt::format("waits to {}, whose owner has ended", next);
      if (task.holder < 0) return "waits to " + next;
      return fmt::format("waits to {}, which {} has", next, name(outcome, task.holder));
  }
}

// `lock object 5 "mutex"`
std::string Report::event(const Outcome& outcome, const kernel::Event& event) {
  std::string text = kernel::event_name(event.kind);
  if (event.object == 0 && event.kind == kernel::EventKind::kWait) return "wait";
  if (event.object == 0 || event.kind == kernel::EventKind::kDescriptor) return text;
  text += fmt::format(" object {}", event.object);
  const auto place = outcome.objects.find(event.object);
  const std::string name = place == outcome.objects.end() ? "" : symbols_.variable(place->second);
  return name.empty() ? text : fmt::format("{} `{}`", text, name);
}

std::string Report::stack(const Stack& stack) {
  std::string text;
  for (const Place& place : stack) {
    if (is_of_start(symbols_.function(place))) break;
    for (const std::string& call : symbols_.calls(place)) {
      text += fmt::format("      at {}\n", call);
    }
  }
  return text;
}

std::string Report::task(const Outcome& outcome, const StuckTask& task) {
  const std::string does =
      task.is_runnable ? "could go on, to " + event(outcome, task.next) : waiting(outcome, task);
  std::string text = fmt::format("  {} {}", name(outcome, task.number), does);
  const std::uint64_t since = task.since > 0 ? task.since : last_step_of(outcome, task.number);
  if (!task.is_runnable && since > 0) text += fmt::format(", since step {}", since);
  return text + "\n" + stack(task.stack);
}

// `counter`, or words for it.
std::string Report::memory(const Outcome& outcome) {
  const bool is_known = !outcome.memory.file.empty();
  const std::string name = is_known ? symbols_.variable(outcome.memory) : "";
  if (!name.empty()) return fmt::format("`{}`", name);
  return is_known ? symbols_.code(outcome.memory)
                  : fmt::format("{:#x}, memory of the heap or of a stack", outcome.memory.offset);
}

std::string Report::race(const Outcome& outcome) {
  constexpr std::array<const char*, 5> kVerbs = {"reads", "writes", "reads atomically",
                                                 "writes atomically", "frees"};
  std::string text;
  for (const RacingAccess& access : outcome.race) {
    const char* const when = &access == &outcome.race.front() ? "" : ", before that";
    text += fmt::format("  {} {} {} byte{} of {}{}\n", name(outcome, access.task),
                        kVerbs.at(static_cast<std::size_t>(access.kind)), access.bytes,
                        access.bytes == 1 ? "" : "s", memory(outcome), when);
    text += stack(access.stack);
  }
  return text;
}

std::string Report::failure(const Outcome& outcome) {
  std::string text = verdict_of(outcome) + "\n";
  if (outcome.finding == "steps") {
    for (const std::size_t i : repeated_steps(outcome.trace)) text += step(outcome, i);
  }
  if (outcome.finding == "report") {
    text += fmt::format("  the real module: {}\n  instead: {}\n", outcome.report.original,
                        outcome.report.remedy);
  }
  if (!outcome.unjoined.file.empty()) {
    text += fmt::format("  it ran {}\n", symbols_.code(outcome.unjoined));
  }
  if (outcome.finding == "livelock") text += fmt::format("  it reads {}\n", memory(outcome));
  for (const StuckTask& each : outcome.tasks) text += task(outcome, each);
  return text + text_of_uncontrolled(outcome) + race(outcome) + stack(outcome.ended_at);
}

std::string Report::step(const Outcome& outcome, std::uint64_t number) {
  const Step& step = outcome.trace[number];
  return fmt::format("  step {:<4} {}{} {}\n", number, name(outcome, step.task),
                     step.preempts ? " comes between, to" : ":", event(outcome, step.event));
}

std::string Report::first_difference(const Outcome& a, const Outcome& b) {
  const std::size_t both = std::min(a.trace.size(), b.trace.size());
  std::size_t at = 0;
  while (at < both && step(a, at) == step(b, at) && a.trace[at].time == b.trace[at].time) ++at;
  const auto text = [&](const Outcome& outcome) {
    if (at >= outcome.trace.size()) return std::string("  it ends\n");
    return step(outcome, at) + fmt::format("       at {} ns\n", outcome.trace[at].time);
  };
  return fmt::format(
      "Two runs of one schedule part at step {}:\n{}  and then\n{}Something else than the schedule "
      "decides, too (time, process ids, files).\n",
      at, text(a), text(b));
}

std::string Report::steps(const Outcome& outcome) {
  std::string text;
  for (std::uint64_t i = 0; i < outcome.trace.size(); ++i) text += step(outcome, i);
  return text;
}

// Of a step that it never came to, where it still waits.
std::string Report::stack_of_later(const Outcome& outcome, const CriticalPair& pair) {
  if (pair.later_step.has_value()) return stack_at(outcome, *pair.later_step);
  for (const StuckTask& task : outcome.tasks) {
    if (task.number == pair.displaced) return stack(task.stack);
  }
  return "";
}

// Empty for one that had no place yet: a thread's first.
std::string Report::stack_at(const Outcome& outcome, std::uint64_t step) {
  const auto found = outcome.stacks.find(step);
  return found == outcome.stacks.end() ? "" : stack(found->second);
}

// What was done first, and what should have been.
std::string Report::order(const Outcome& outcome, const CriticalPair& pair) {
  const std::uint64_t first = pair.first.value_or(pair.turn);
  const Step& step = outcome.trace[first];
  std::string text = fmt::format("  {} came first, to {} (step {})\n", name(outcome, step.task),
                                 event(outcome, step.event), first);
  text += stack_at(outcome, first);
  if (!pair.first.has_value()) {
    return text + fmt::format("  though {} could have gone on\n", name(outcome, pair.displaced));
  }
  text += fmt::format("  before {} could {}", name(outcome, pair.displaced),
                      event(outcome, pair.later));
  text += pair.later_step.has_value() ? fmt::format(" (step {})\n", *pair.later_step) : "\n";
  return text + stack_of_later(outcome, pair);
}

std::string Report::pair(const Outcome& outcome, const CriticalPair& pair,
                         const Outcome& otherwise) {
  const std::string text = order(outcome, pair);
  if (!otherwise.failed()) return text + "  The other way round it does not fail.\n";
  return text +
         fmt::format("  The other way round it fails otherwise: {}\n", verdict_of(otherwise));
}

}  // namespace ums::command
