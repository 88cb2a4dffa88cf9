// SPDX-License-Identifier: Apache-2.0
//
// Half of this runs on a park stack; see idle_nosan.cpp for what that forbids.
#include "sim_kernel/sched/parked_signals.h"

#include <linux/membarrier.h>
#include <sys/mman.h>

#include "sim_kernel/base/raw_syscall.h"

namespace ums::kernel {

// Signals with a value, in a ring of one page that exists once there was one. `head` belongs to
// the parked kernel thread, `tail` to the task.
struct QueuedSignal {
  int signal;
  pid_t sender;
  uid_t sender_uid;
  int code;
  void* value;
};

struct SignalQueue {
  static constexpr unsigned kSlots = 160;
  std::atomic<unsigned> head{0};
  std::atomic<unsigned> tail{0};
  QueuedSignal slots[kSlots];
};
static_assert(sizeof(SignalQueue) <= 4096);

namespace {

constexpr std::uint64_t signal_bit(int signal) noexcept { return 1UL << (signal - 1); }

// Whether the sender named this thread. A queued value or a timer does not say: from this process
// it is taken for pthread_sigqueue or SIGEV_THREAD_ID, since the kernel offers a signal for the
// process to the main thread first.
bool meant_for_thread(const siginfo_t& info) noexcept {
  return info.si_code == SI_TKILL || info.si_code == SI_TIMER ||
         (info.si_code == SI_QUEUE && info.si_pid == kernel_pid);
}

// The kernel thread that runs the task of a parked Cpu at this moment, or 0.
pid_t carrier_of(const Task& task) noexcept {
  if (task.state.load(std::memory_order_acquire) != TaskState::kRunning &&
      task.state.load(std::memory_order_acquire) != TaskState::kInterruptible) {
    return 0;
  }
  const Cpu* const cpu = __atomic_load_n(&task.cpu, __ATOMIC_RELAXED);
  return cpu == &task.home ? 0 : cpu->tid;
}

long send_to_thread(pid_t tid, const siginfo_t& info) {
  if (info.si_code == SI_QUEUE) {
    return raw_syscall(SYS_rt_tgsigqueueinfo, kernel_pid, tid, info.si_signo, syscall_arg(&info));
  }
  return raw_syscall(SYS_tgkill, kernel_pid, tid, info.si_signo);
}

void send_to_process(const siginfo_t& info) noexcept {
  if (info.si_code == SI_QUEUE) {
    raw_syscall(SYS_rt_sigqueueinfo, kernel_pid, info.si_signo, syscall_arg(&info));
  } else {
    raw_syscall(SYS_kill, kernel_pid, info.si_signo);
  }
}

// The ring of a task, made on first use. Null if there is no memory.
SignalQueue* queue_of(Task& task) noexcept {
  SignalQueue* queue = task.queued_signals.load(std::memory_order_relaxed);
  if (queue != nullptr) return queue;
  const long page =
      raw_syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page < 0 && page > -4096) return nullptr;
  queue = reinterpret_cast<SignalQueue*>(page);  // zero pages are an empty ring
  task.queued_signals.store(queue, std::memory_order_release);
  return queue;
}

// Keeps a signal that carries a value. False if there is no room: it is kept without its value.
bool keep_value(Task& task, const siginfo_t& info) noexcept {
  SignalQueue* const queue = queue_of(task);
  if (queue == nullptr) return false;
  const unsigned head = queue->head.load(std::memory_order_relaxed);
  if (head - queue->tail.load(std::memory_order_acquire) == SignalQueue::kSlots) return false;
  queue->slots[head % SignalQueue::kSlots] = {info.si_signo, info.si_pid, info.si_uid, info.si_code,
                                              info.si_value.sival_ptr};
  queue->head.store(head + 1, std::memory_order_release);
  return true;
}

void keep(Task& task, const siginfo_t& info) noexcept {
  if (info.si_code != SI_QUEUE || !keep_value(task, info)) {
    task.pending_signals.fetch_or(signal_bit(info.si_signo), std::memory_order_relaxed);
  }
  task.exit_work.fetch_or(kExitSignals, std::memory_order_release);
}

// Takes the oldest signal with a value. Both the task and its parked kernel thread may; the slot
// is read before it is claimed, and cannot be written again before that.
bool take_value(SignalQueue& queue, QueuedSignal& taken) noexcept {
  unsigned tail = queue.tail.load(std::memory_order_relaxed);
  do {
    if (tail == queue.head.load(std::memory_order_acquire)) return false;
    taken = queue.slots[tail % SignalQueue::kSlots];
  } while (!queue.tail.compare_exchange_weak(tail, tail + 1, std::memory_order_acq_rel));
  return true;
}

// Sends everything that is kept for `task` to kernel thread `tid`.
void send_kept(Task& task, pid_t tid) {
  task.exit_work.fetch_and(~std::uint32_t{kExitSignals}, std::memory_order_acquire);
  std::uint64_t plain = task.pending_signals.exchange(0, std::memory_order_relaxed);
  for (; plain != 0; plain &= plain - 1) {
    raw_syscall(SYS_tgkill, kernel_pid, tid, __builtin_ctzl(plain) + 1);
  }
  SignalQueue* const queue = task.queued_signals.load(std::memory_order_acquire);
  QueuedSignal kept;
  while (queue != nullptr && take_value(*queue, kept)) {
    siginfo_t info{};
    info.si_signo = kept.signal;
    info.si_code = kept.code;
    info.si_pid = kept.sender;
    info.si_uid = kept.sender_uid;
    info.si_value.sival_ptr = kept.value;
    send_to_thread(tid, info);
  }
}

}  // namespace

void pass_on_parked_signal(Cpu& cpu, const siginfo_t& info, std::uint64_t& awaited) noexcept {
  if (!meant_for_thread(info)) {
    awaited &= ~signal_bit(info.si_signo);
    send_to_process(info);
    return;
  }
  Task& task = *cpu.home_task;
  const pid_t carrier = carrier_of(task);
  if (carrier != 0 && send_to_thread(carrier, info) == 0) return;
  keep(task, info);
  // The task may have been executed since it was found suspended, and may have looked at exit_work
  // just before it was set. After the barrier either it sees exit_work, or this sees it running.
  raw_syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0);
  const pid_t carrier_now = carrier_of(task);
  if (carrier_now != 0) send_kept(task, carrier_now);
}

void raise_pending_signals(Task& task) { send_kept(task, task.cpu->tid); }

void drop_pending_signals(Task& task) noexcept {
  SignalQueue* const queue = task.queued_signals.exchange(nullptr, std::memory_order_acquire);
  if (queue != nullptr) raw_syscall(SYS_munmap, syscall_arg(queue), 4096);
}

}  // namespace ums::kernel
