// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/explore/outcome.h"

#include <fmt/format.h>

#include <sstream>
#include <stdexcept>

namespace ums::command {
namespace {

kernel::Event read_event(std::istream& words) {
  int kind = 0;
  kernel::Event event;
  words >> kind >> event.object;
  event.kind = static_cast<kernel::EventKind>(kind);
  return event;
}

std::string rest_of(std::istream& words) {
  std::string rest;
  std::getline(words >> std::ws, rest);
  return rest;
}

Place read_place(std::istream& words) {
  Place place;
  words >> std::hex >> place.offset >> std::dec >> place.name;
  place.file = rest_of(words);
  return place;
}

class Parser {
 public:
  void take(const std::string& line);
  Outcome outcome() && { return std::move(outcome_); }

 private:
  void take_end(const std::string& kind, std::istream& words);
  void take_task(std::istream& words);
  void take_step(std::istream& words);
  void take_counts(std::istream& words);
  void take_thread(std::istream& words);
  void take_event(std::istream& words);
  void take_access(std::istream& words);
  int task_of(int tid) const;

  Outcome outcome_;
  Stack* stack_ = &outcome_.ended_at;  // whose frames come next
};

void Parser::take_end(const std::string& kind, std::istream& words) {
  using End = Outcome::End;
  outcome_.end = kind == "exit" ? End::kExit : kind == "signal" ? End::kSignal : End::kHung;
  outcome_.running = !(words >> outcome_.status);
}

void Parser::take_counts(std::istream& words) {
  words >> outcome_.steps >> outcome_.preemptions >> std::hex >> outcome_.path;
}

void Parser::take_task(std::istream& words) {
  StuckTask task;
  words >> task.number >> task.tid >> task.is_runnable;
  task.next = read_event(words);
  words >> task.holder >> task.since;
  outcome_.tasks.push_back(task);
  stack_ = &outcome_.tasks.back().stack;
}

void Parser::take_step(std::istream& words) {
  Step step;
  words >> step.task;
  step.event = read_event(words);
  words >> step.displaced >> step.preempts >> step.time >> step.last_ended >> step.last_cpu;
  outcome_.trace.push_back(step);
}

void Parser::take_thread(std::istream& words) {
  int task = 0;
  int tid = 0;
  words >> task >> tid;
  outcome_.task_of_thread[tid] = task;
  if (task != 0) outcome_.threads[task] = read_place(words);
}

void Parser::take_access(std::istream& words) {
  int kind = 0;
  RacingAccess access;
  words >> access.task >> kind >> access.bytes;
  access.kind = static_cast<kernel::AccessKind>(kind);
  outcome_.race.push_back(access);
  stack_ = &outcome_.race.back().stack;
}

// -1: none.
int Parser::task_of(int tid) const {
  const auto found = outcome_.task_of_thread.find(tid);
  return found == outcome_.task_of_thread.end() ? -1 : found->second;
}

void Parser::take_event(std::istream& words) {
  int event = 0;
  int scheduler = 0;
  int worker = 0;
  TimelineEvent its;
  words >> event >> scheduler >> worker >> its.value >> its.time;
  its.event = static_cast<kernel::TraceEvent>(event);
  its.scheduler = task_of(scheduler);
  its.worker = task_of(worker);
  if (its.event == kernel::TraceEvent::kNext) {  // the value is a thread's id
    its.value = static_cast<std::uint64_t>(task_of(static_cast<int>(its.value)));
  }
  its.step = outcome_.trace.empty() ? 0 : outcome_.trace.size() - 1;
  outcome_.timeline.push_back(its);
}

void Parser::take(const std::string& line) {
  std::istringstream words(line);
  std::string what;
  words >> what;
  if (what == "exit" || what == "signal" || what == "hung") {
    take_end(what, words);
  } else if (what == "counts") {
    take_counts(words);
  } else if (what == "schedule") {
    words >> outcome_.schedule;
  } else if (what == "strayed") {
    outcome_.strayed = true;
  } else if (what == "unfinished") {
    outcome_.unfinished = true;
  } else if (what == "executed") {
    outcome_.executed = rest_of(words);
  } else if (what == "left") {
    words >> outcome_.left;
  } else if (what == "finding") {
    words >> outcome_.finding;
  } else if (what == "uncontrolled") {
    outcome_.uncontrolled.push_back(rest_of(words));
  } else if (what == "task") {
    take_task(words);
  } else if (what == "role") {
    int kind = 0;
    kernel::Role& role = outcome_.tasks.back().role;
    words >> kind >> role.list;
    role.kind = static_cast<kernel::Role::Kind>(kind);
  } else if (what == "access") {
    take_access(words);
  } else if (what == "report") {
    outcome_.report.what = rest_of(words);
  } else if (what == "original") {
    outcome_.report.original = rest_of(words);
  } else if (what == "remedy") {
    outcome_.report.remedy = rest_of(words);
  } else if (what == "unjoined") {
    outcome_.unjoined = read_place(words);
  } else if (what == "memory") {
    outcome_.memory = read_place(words);
  } else if (what == "here") {
    stack_ = &outcome_.ended_at;
  } else if (what == "frame") {
    stack_->push_back(read_place(words));
  } else if (what == "object") {
    std::uint32_t number = 0;
    words >> number;
    outcome_.objects[number] = read_place(words);
  } else if (what == "thread") {
    take_thread(words);
  } else if (what == "event") {
    take_event(words);
  } else if (what == "step") {
    take_step(words);
  } else if (what == "stack") {
    std::uint64_t step = 0;
    words >> step;
    stack_ = &outcome_.stacks[step];
  } else {
    throw std::runtime_error(
        fmt::format("the library says '{}', which this command does not know", line));
  }
}

}  // namespace

Outcome parse_outcome(const std::vector<std::string>& lines) {
  Parser parser;
  for (const std::string& line : lines) parser.take(line);
  return std::move(parser).outcome();
}

}  // namespace ums::command
