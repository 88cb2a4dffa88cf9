// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/trace/trace.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>

#include "sim_kernel/base/output_file.h"
#include "sim_kernel/base/printk.h"
#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/base/switched_on.h"
#include "sim_kernel/base/text_line.h"

namespace ums::kernel {

std::atomic<bool> trace_on{false};

namespace {

constinit OutputFile trace_file;
constinit std::uint64_t start_ns = 0;
constinit std::array<TraceListener, 2> listeners{};

constexpr char kHeader[] =
    "# timeline of process {}; time_us since its kernel started, cpu is a kernel thread\n"
    "#      time_us      cpu    sched   worker  event\n";

std::uint64_t monotonic_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

using Line = TextLine<192>;

// A thread's id, or `-`.
void add_id(Line& line, pid_t tid) noexcept {
  if (tid == 0) return line.add("{:>9}", "-");
  line.add("{:>9}", tid);
}

bool open_file(std::string_view target, const char* path) noexcept {
  if (target == "1") {
    trace_file.open_stderr();
    return true;
  }
  const int error = trace_file.open(path);
  if (error != 0) {
    pr_err("cannot write UMS_TRACE={:.{}}: {}", path, kShownPathBytes, strerrordesc_np(error));
  }
  return error == 0;
}

void write_line(TraceEvent event, pid_t scheduler, pid_t worker, std::uint64_t value) noexcept {
  const std::uint64_t elapsed = monotonic_ns() - start_ns;
  Line line;
  line.add("{:>10}.{:03}", elapsed / 1'000, elapsed % 1'000);
  add_id(line, static_cast<pid_t>(raw_syscall(SYS_gettid)));
  add_id(line, scheduler);
  add_id(line, worker);
  line.add("  ");
  line.add(fmt::runtime(trace_words(event)), value);
  line.add("\n");
  trace_file.write(line.view());
}

void start_timeline() noexcept {
  trace_file.close();
  start_ns = monotonic_ns();
  const char* const value = secure_getenv("UMS_TRACE");
  if (!switched_on(value) || !open_file(value, value)) return;
  TextLine<256> header;
  header.add(kHeader, static_cast<int>(raw_syscall(SYS_getpid)));
  trace_file.write(header.view());
}

}  // namespace

const char* trace_words(TraceEvent event) noexcept {
  switch (event) {
    case TraceEvent::kOpen:
      return "opens the device, descriptor {}";
    case TraceEvent::kClose:
      return "closes the device, descriptor {}";
    case TraceEvent::kListCreate:
      return "creates list {}";
    case TraceEvent::kListDelete:
      return "deletes list {}";
    case TraceEvent::kSchedulerEnter:
      return "enters as scheduler with list {}";
    case TraceEvent::kSchedulerExit:
      return "ends as scheduler";
    case TraceEvent::kWorkerEnter:
      return "enters as worker of list {}, suspended";
    case TraceEvent::kWorkerExit:
      return "ends as worker";
    case TraceEvent::kDequeue:
      return "dequeues {}, this one first";
    case TraceEvent::kNext:
      return "asks for the next in the batch: {}";
    case TraceEvent::kNextEnd:
      return "asks for the next in the batch: none";
    case TraceEvent::kExec:
      return "executes";
    case TraceEvent::kYield:
      return "yields, parameter {:#x}";
    case TraceEvent::kStartupDelivered:
      return "gets event STARTUP";
    case TraceEvent::kYieldDelivered:
      return "gets event YIELD, parameter {:#x}";
    case TraceEvent::kEndDelivered:
      return "gets event END";
    case TraceEvent::kBlockList:
      return "waits: list {} is empty";
    case TraceEvent::kBlockEvent:
      return "waits: no event";
    case TraceEvent::kWake:
      return "goes on";
  }
  return "unknown event";
}

void trace_init() noexcept {
  start_timeline();
  trace_on.store(trace_file.is_open() || listeners[0] != nullptr, std::memory_order_relaxed);
}

void trace_listen(TraceListener on_event) noexcept {
  TraceListener& place =
      listeners[0] == nullptr || listeners[0] == on_event ? listeners[0] : listeners[1];
  place = on_event;
  trace_on.store(true, std::memory_order_relaxed);
}

void trace_write(TraceEvent event, pid_t scheduler, pid_t worker, std::uint64_t value) noexcept {
  for (const TraceListener listener : listeners) {
    if (listener != nullptr) listener({event, scheduler, worker, value});
  }
  if (trace_file.is_open()) write_line(event, scheduler, worker, value);
}

}  // namespace ums::kernel
