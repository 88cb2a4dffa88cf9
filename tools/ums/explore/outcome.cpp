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

Place read_place(std::istream& words) {
  Place place;
  words >> place.file >> std::hex >> place.offset >> std::dec;
  if (std::string name; words >> name) place.name = std::move(name);
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
  words >> step.displaced >> step.preempts;
  outcome_.trace.push_back(step);
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
  } else if (what == "left") {
    words >> outcome_.left;
  } else if (what == "finding") {
    words >> outcome_.finding;
  } else if (what == "task") {
    take_task(words);
  } else if (what == "role") {
    int kind = 0;
    kernel::Role& role = outcome_.tasks.back().role;
    words >> kind >> role.list;
    role.kind = static_cast<kernel::Role::Kind>(kind);
  } else if (what == "here") {
    stack_ = &outcome_.ended_at;
  } else if (what == "frame") {
    stack_->push_back(read_place(words));
  } else if (what == "object") {
    std::uint32_t number = 0;
    words >> number;
    outcome_.objects[number] = read_place(words);
  } else if (what == "thread") {
    int task = 0;
    words >> task;
    outcome_.threads[task] = read_place(words);
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
