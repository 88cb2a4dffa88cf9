// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/trace/trace.h"

#include <fmt/core.h>

#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>

#include "sim_kernel/base/output_file.h"
#include "sim_kernel/base/printk.h"
#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/base/switched_on.h"

namespace ums::kernel {

std::atomic<bool> trace_on{false};

namespace {

constinit OutputFile trace_file;
constinit std::uint64_t start_ns = 0;

constexpr const char* kHeader =
    "# timeline of process {}; time_us since its kernel started, cpu is a kernel thread\n"
    "#      time_us      cpu    sched   worker  event\n";

// The words of an event; `{}` stands for its value.
const char* words(TraceEvent event) noexcept {
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

std::uint64_t monotonic_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

// A line in the making; what does not fit is cut.
class Line {
 public:
  template <typename... Args>
  void append(fmt::string_view format, const Args&... args) noexcept {
    const std::size_t room = sizeof text_ - 1 - length_;
    const auto end =
        fmt::vformat_to_n(text_ + length_, room, format, fmt::make_format_args(args...));
    length_ += end.size < room ? end.size : room;
  }

  // A thread's id, or `-`.
  void append_id(pid_t tid) noexcept {
    if (tid == 0) return append("{:>9}", "-");
    append("{:>9}", tid);
  }

  void write() noexcept {
    text_[length_++] = '\n';
    trace_file.write({text_, length_});
  }

 private:
  char text_[192];
  std::size_t length_ = 0;
};

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

}  // namespace

void trace_init() noexcept {
  trace_on.store(false, std::memory_order_relaxed);
  trace_file.close();
  start_ns = monotonic_ns();
  const char* const value = secure_getenv("UMS_TRACE");
  if (!switched_on(value) || !open_file(value, value)) return;
  char text[256];
  const auto end = fmt::format_to_n(text, sizeof text, fmt::runtime(kHeader),
                                    static_cast<int>(raw_syscall(SYS_getpid)));
  trace_file.write({text, end.size});
  trace_on.store(true, std::memory_order_relaxed);
}

void trace_write(TraceEvent event, pid_t scheduler, pid_t worker, std::uint64_t value) noexcept {
  const std::uint64_t elapsed = monotonic_ns() - start_ns;
  Line line;
  line.append("{:>10}.{:03}", elapsed / 1'000, elapsed % 1'000);
  line.append_id(static_cast<pid_t>(raw_syscall(SYS_gettid)));
  line.append_id(scheduler);
  line.append_id(worker);
  line.append("  ");
  line.append(words(event), value);
  line.write();
}

}  // namespace ums::kernel
