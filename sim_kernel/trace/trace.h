// SPDX-License-Identifier: Apache-2.0
//
// The timeline: what the schedulers and workers of a program did, one line an event (Linux: trace
// points and the trace file of ftrace).
//
// With UMS_TRACE=FILE in the environment it is appended to FILE, with UMS_TRACE=1 it goes to
// standard error:
//
//     #      time_us      cpu    sched   worker  event
//             12.345      101      101        -  enters as scheduler with list 1
//             15.012      102        -      102  enters as worker of list 1, suspended
//             17.250      101      101      102  executes
//             17.801      101      101      102  yields, parameter 0xbeef
//
// time_us: microseconds since the kernel started. cpu: the kernel thread that ran it, which for a
// worker is that of its scheduler. sched, worker: thread ids; `-` where there is none.
//
// Trace points are the functions below. Off, each is one load and one branch that is not taken.
// A line is one write(2), so that a crash loses none.
//
// Thread safety: any thread and any signal handler, never on a park stack; errno is left alone.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>

namespace ums::kernel {

extern std::atomic<bool> trace_on __attribute__((visibility("hidden")));

// What happened; trace.cpp holds the words for each.
enum class TraceEvent : std::uint8_t {
  kOpen,
  kClose,
  kListCreate,
  kListDelete,
  kSchedulerEnter,
  kSchedulerExit,
  kWorkerEnter,
  kWorkerExit,
  kDequeue,
  kNext,
  kNextEnd,
  kExec,
  kYield,
  kStartupDelivered,
  kYieldDelivered,
  kEndDelivered,
  kBlockList,
  kBlockEvent,
  kWake,
};

// Opens what UMS_TRACE names, and starts the clock. Called by start_kernel before there are other
// threads in the kernel; tests call it again after they changed the environment.
void trace_init() noexcept;

// What the event's words say of it; `{}` stands for its value.
const char* trace_words(TraceEvent event) noexcept;

// `scheduler` and `worker`: thread ids, or 0: none.
struct TraceRecord {
  TraceEvent event;
  pid_t scheduler;
  pid_t worker;
  std::uint64_t value;
};

// From now on `on_event` is called too, before the line is written, on the task that the event is
// of. At most two listen. Context: as trace_init. It may be called with spinlocks held.
using TraceListener = void (*)(const TraceRecord& record);
void trace_listen(TraceListener on_event) noexcept;

// Tells of an event.
void trace_write(TraceEvent event, pid_t scheduler, pid_t worker, std::uint64_t value) noexcept;

inline __attribute__((always_inline)) void trace(TraceEvent event, pid_t scheduler, pid_t worker,
                                                 std::uint64_t value) noexcept {
  if (trace_on.load(std::memory_order_relaxed)) [[unlikely]] {
    trace_write(event, scheduler, worker, value);
  }
}

// --- the device file; `descriptor` is the program's number for it ---
inline void trace_open(int descriptor) noexcept {
  trace(TraceEvent::kOpen, 0, 0, static_cast<std::uint32_t>(descriptor));
}
inline void trace_close(int descriptor) noexcept {
  trace(TraceEvent::kClose, 0, 0, static_cast<std::uint32_t>(descriptor));
}

// --- completion lists ---
inline void trace_list_create(int list) noexcept {
  trace(TraceEvent::kListCreate, 0, 0, static_cast<std::uint32_t>(list));
}
inline void trace_list_delete(int list) noexcept {
  trace(TraceEvent::kListDelete, 0, 0, static_cast<std::uint32_t>(list));
}

// --- schedulers ---
inline void trace_scheduler_enter(pid_t scheduler, int list) noexcept {
  trace(TraceEvent::kSchedulerEnter, scheduler, 0, static_cast<std::uint32_t>(list));
}
// Its thread ended, or the file was closed.
inline void trace_scheduler_exit(pid_t scheduler) noexcept {
  trace(TraceEvent::kSchedulerExit, scheduler, 0, 0);
}
// `count` workers left their list; `head` is the first of them.
inline void trace_dequeue(pid_t scheduler, pid_t head, std::uint64_t count) noexcept {
  trace(TraceEvent::kDequeue, scheduler, head, count);
}
// NEXT on `worker` gave `next`, or the end of the batch (-1).
inline void trace_next(pid_t scheduler, pid_t worker, pid_t next) noexcept {
  trace(next > 0 ? TraceEvent::kNext : TraceEvent::kNextEnd, scheduler, worker,
        static_cast<std::uint32_t>(next));
}
inline void trace_exec(pid_t scheduler, pid_t worker) noexcept {
  trace(TraceEvent::kExec, scheduler, worker, 0);
}

// --- events that a scheduler takes from its queue ---
inline void trace_startup_delivered(pid_t scheduler) noexcept {
  trace(TraceEvent::kStartupDelivered, scheduler, 0, 0);
}
inline void trace_yield_delivered(pid_t scheduler, pid_t worker, std::uint64_t parameter) noexcept {
  trace(TraceEvent::kYieldDelivered, scheduler, worker, parameter);
}
inline void trace_end_delivered(pid_t scheduler, pid_t worker) noexcept {
  trace(TraceEvent::kEndDelivered, scheduler, worker, 0);
}

// --- workers; `scheduler` is the one that executes it, 0 if that is gone ---
inline void trace_worker_enter(pid_t worker, int list) noexcept {
  trace(TraceEvent::kWorkerEnter, 0, worker, static_cast<std::uint32_t>(list));
}
inline void trace_yield(pid_t worker, pid_t scheduler, std::uint64_t parameter) noexcept {
  trace(TraceEvent::kYield, scheduler, worker, parameter);
}
inline void trace_worker_exit(pid_t worker, pid_t scheduler) noexcept {
  trace(TraceEvent::kWorkerExit, scheduler, worker, 0);
}

// --- a scheduler that sleeps in DEQUEUE or DQEVENT, and then goes on ---
inline void trace_block_list(pid_t scheduler, int list) noexcept {
  trace(TraceEvent::kBlockList, scheduler, 0, static_cast<std::uint32_t>(list));
}
inline void trace_block_event(pid_t scheduler) noexcept {
  trace(TraceEvent::kBlockEvent, scheduler, 0, 0);
}
inline void trace_wake(pid_t scheduler) noexcept { trace(TraceEvent::kWake, scheduler, 0, 0); }

}  // namespace ums::kernel
