// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/explore/trace_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <vector>

namespace ums::command {
namespace {

using Json = nlohmann::ordered_json;
using kernel::TraceEvent;

// What Perfetto calls processes.
constexpr int kCpus = 1;
constexpr int kTasks = 2;

double microseconds(std::uint64_t ns) { return static_cast<double>(ns) / 1000; }

Json name_of(int process, int thread, const char* what, const std::string& name) {
  return {
      {"ph", "M"}, {"pid", process}, {"tid", thread}, {"name", what}, {"args", {{"name", name}}}};
}

class TraceWriter {
 public:
  TraceWriter(const Outcome& outcome, Report& report) : outcome_(outcome), report_(report) {}

  std::string text() {
    set_times();
    add_names();
    for (std::size_t i = 0; i < outcome_.trace.size(); ++i) add_step(i);
    for (const TimelineEvent& event : outcome_.timeline) add_event(event);
    std::string text = "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n";  // an event a line
    for (const Json& event : events_)
      text += event.dump() + (&event == &events_.back() ? "\n" : ",\n");
    return text + "]}";
  }

 private:
  // On which a step was made: the next one tells.
  int cpu_of(std::size_t step) const {
    const std::vector<Step>& trace = outcome_.trace;
    return step + 1 < trace.size() ? trace[step + 1].last_cpu : 0;
  }
  void set_times();
  void add_names();
  void add_step(std::size_t step);
  void add_event(const TimelineEvent& event);
  void add_arrow(const TimelineEvent& event, int task, double time);

  const Outcome& outcome_;
  Report& report_;
  std::vector<std::uint64_t> times_;  // of steps
  std::vector<std::uint64_t> ends_;
  std::map<int, int> arrows_;  // that have begun, by worker
  int arrows_made_ = 0;
  std::vector<Json> events_;
};

void TraceWriter::set_times() {
  std::map<int, std::uint64_t> next;  // on each CPU
  const std::vector<Step>& trace = outcome_.trace;
  for (std::size_t i = 0; i < trace.size(); ++i) {
    std::uint64_t& free = next[cpu_of(i)];
    times_.push_back(std::max(trace[i].time, free));
    const std::uint64_t end = i + 1 < trace.size() ? trace[i + 1].last_ended : 0;
    free = std::max(end, times_.back() + 1);
    ends_.push_back(free);
  }
}

void TraceWriter::add_names() {
  std::set<int> tasks;
  std::set<int> cpus;
  for (const Step& step : outcome_.trace) {
    tasks.insert(step.task);
    cpus.insert(cpu_of(static_cast<std::size_t>(&step - outcome_.trace.data())));
  }
  events_.push_back(name_of(kCpus, 0, "process_name", "CPUs"));
  for (const int cpu : cpus) {
    events_.push_back(name_of(kCpus, cpu, "thread_name", fmt::format("CPU {}", cpu)));
  }
  events_.push_back(name_of(kTasks, 0, "process_name", "tasks"));
  for (const int task : tasks) {
    events_.push_back(name_of(kTasks, task, "thread_name", report_.name(outcome_, task)));
  }
}

void TraceWriter::add_step(std::size_t number) {
  const Step& step = outcome_.trace[number];
  const double time = microseconds(times_[number]);
  const double duration = microseconds(ends_[number] - times_[number]);
  Json slice = {{"ph", "X"},
                {"pid", kTasks},
                {"tid", step.task},
                {"ts", time},
                {"dur", duration},
                {"name", report_.event(outcome_, step.event)},
                {"args", {{"step", number}, {"preempts", step.preempts}}}};
  events_.push_back(slice);
  slice["pid"] = kCpus;
  slice["tid"] = cpu_of(number);
  slice["name"] = report_.name(outcome_, step.task);
  events_.push_back(slice);
}

// From a yield to where the worker is executed next.
void TraceWriter::add_arrow(const TimelineEvent& event, int task, double time) {
  const bool begins = event.event == TraceEvent::kYield;
  if (!begins && (event.event != TraceEvent::kExec || !arrows_.contains(event.worker))) return;
  if (begins) arrows_[event.worker] = ++arrows_made_;
  Json arrow = {{"ph", begins ? "s" : "f"},
                {"pid", kTasks},
                {"tid", task},
                {"ts", time},
                {"id", arrows_[event.worker]},
                {"name", "from yield to execute"},
                {"cat", "ums"}};
  if (!begins) {
    arrow["bp"] = "e";
    arrows_.erase(event.worker);
  }
  events_.push_back(arrow);
}

void TraceWriter::add_event(const TimelineEvent& event) {
  const bool is_workers = event.event == TraceEvent::kYield ||
                          event.event == TraceEvent::kWorkerEnter ||
                          event.event == TraceEvent::kWorkerExit;
  const int who = is_workers || event.scheduler < 0 ? event.worker : event.scheduler;
  const int task = who >= 0 ? who : outcome_.trace[event.step].task;
  const double time = microseconds(times_[event.step]);
  std::string name = fmt::format(fmt::runtime(kernel::trace_words(event.event)), event.value);
  if (event.event == TraceEvent::kExec) name += " " + report_.name(outcome_, event.worker);
  events_.push_back({{"ph", "i"},
                     {"s", "t"},
                     {"pid", kTasks},
                     {"tid", task},
                     {"ts", time},
                     {"name", name},
                     {"cat", "ums"}});
  add_arrow(event, task, time);
}

}  // namespace

std::string trace_json(const Outcome& outcome, Report& report) {
  return TraceWriter(outcome, report).text();
}

void write_trace(const std::string& path, const Outcome& outcome, Report& report) {
  std::ofstream file(path);
  file << trace_json(outcome, report) << "\n";
  if (!file.flush()) {
    throw std::system_error(errno, std::generic_category(), "cannot write the trace to " + path);
  }
}

}  // namespace ums::command
