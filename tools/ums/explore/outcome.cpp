// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/explore/outcome.h"

#include <fmt/format.h>

#include <sstream>
#include <stdexcept>
#include <string_view>
#include <unordered_map>

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
  using Take = void (*)(Parser&, std::istream&);

  void take_end(Outcome::End end, std::istream& words);
  void take_task(std::istream& words);
  void take_step(std::istream& words);
  void take_counts(std::istream& words);
  void take_thread(std::istream& words);
  void take_event(std::istream& words);
  void take_access(std::istream& words);
  void take_role(std::istream& words);
  void take_uncontrolled(std::istream& words);
  void take_object(std::istream& words);
  void take_stack(std::istream& words);
  int task_of(int tid) const;

  static const std::unordered_map<std::string_view, Take> takes_;

  Outcome outcome_;
  Stack* stack_ = &outcome_.ended_at;  // whose frames come next
};

void Parser::take_end(Outcome::End end, std::istream& words) {
  outcome_.end = end;
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

void Parser::take_role(std::istream& words) {
  int kind = 0;
  kernel::Role& role = outcome_.tasks.back().role;
  words >> kind >> role.list;
  role.kind = static_cast<kernel::Role::Kind>(kind);
}

void Parser::take_uncontrolled(std::istream& words) {
  outcome_.uncontrolled.push_back({rest_of(words), {}});
  stack_ = &outcome_.uncontrolled.back().stack;
}

void Parser::take_object(std::istream& words) {
  std::uint32_t number = 0;
  words >> number;
  outcome_.objects[number] = read_place(words);
}

void Parser::take_stack(std::istream& words) {
  std::uint64_t step = 0;
  words >> step;
  stack_ = &outcome_.stacks[step];
}

// By the word that a line begins with. Each gets the rest of the line.
const std::unordered_map<std::string_view, Parser::Take> Parser::takes_ = {
    {"exit", [](Parser& p, std::istream& words) { p.take_end(Outcome::End::kExit, words); }},
    {"signal", [](Parser& p, std::istream& words) { p.take_end(Outcome::End::kSignal, words); }},
    {"hung", [](Parser& p, std::istream& words) { p.take_end(Outcome::End::kHung, words); }},
    {"counts", [](Parser& p, std::istream& words) { p.take_counts(words); }},
    {"schedule", [](Parser& p, std::istream& words) { words >> p.outcome_.schedule; }},
    {"strayed", [](Parser& p, std::istream&) { p.outcome_.strayed = true; }},
    {"unfinished", [](Parser& p, std::istream&) { p.outcome_.unfinished = true; }},
    {"executed", [](Parser& p, std::istream& words) { p.outcome_.executed = rest_of(words); }},
    {"forks", [](Parser& p, std::istream&) { p.outcome_.forks = true; }},
    {"left", [](Parser& p, std::istream& words) { words >> p.outcome_.left; }},
    {"finding", [](Parser& p, std::istream& words) { words >> p.outcome_.finding; }},
    {"uncontrolled", [](Parser& p, std::istream& words) { p.take_uncontrolled(words); }},
    {"task", [](Parser& p, std::istream& words) { p.take_task(words); }},
    {"role", [](Parser& p, std::istream& words) { p.take_role(words); }},
    {"access", [](Parser& p, std::istream& words) { p.take_access(words); }},
    {"report", [](Parser& p, std::istream& words) { p.outcome_.report.what = rest_of(words); }},
    {"original",
     [](Parser& p, std::istream& words) { p.outcome_.report.original = rest_of(words); }},
    {"remedy", [](Parser& p, std::istream& words) { p.outcome_.report.remedy = rest_of(words); }},
    {"unjoined", [](Parser& p, std::istream& words) { p.outcome_.unjoined = read_place(words); }},
    {"memory", [](Parser& p, std::istream& words) { p.outcome_.memory = read_place(words); }},
    {"here", [](Parser& p, std::istream&) { p.stack_ = &p.outcome_.ended_at; }},
    {"frame", [](Parser& p, std::istream& words) { p.stack_->push_back(read_place(words)); }},
    {"object", [](Parser& p, std::istream& words) { p.take_object(words); }},
    {"thread", [](Parser& p, std::istream& words) { p.take_thread(words); }},
    {"event", [](Parser& p, std::istream& words) { p.take_event(words); }},
    {"step", [](Parser& p, std::istream& words) { p.take_step(words); }},
    {"stack", [](Parser& p, std::istream& words) { p.take_stack(words); }},
};

void Parser::take(const std::string& line) {
  std::istringstream words(line);
  std::string what;
  words >> what;
  const auto found = takes_.find(what);
  if (found == takes_.end()) {
    throw std::runtime_error(
        fmt::format("the library says '{}', which this command does not know", line));
  }
  found->second(*this, words);
}

}  // namespace

Outcome parse_outcome(const std::vector<std::string>& lines) {
  Parser parser;
  for (const std::string& line : lines) parser.take(line);
  return std::move(parser).outcome();
}

}  // namespace ums::command
