// SPDX-License-Identifier: Apache-2.0
//
// Half of this runs on a park stack; see idle_nosan.cpp for what that forbids.
#include "sim_kernel/sched/parked_signals.h"

#include <linux/membarrier.h>
#include <sys/mman.h>

#include "sim_kernel/base/raw_syscall.h"

namespace ums::kernel {

// Signals with a value, in a ring of one page that exists once there was one.
struct QueuedSignal {
  int signal;
  pid_t sender;
  uid_t sender_uid;
  int code;
  void* value;
};

struct SignalQueue {
  static constexpr unsigned kSlots = 160;
  unsigned head = 0;  // where the next one goes
  unsigned tail = 0;  // the oldest
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

long send_to_thread(pid_t tid, const siginfo_t& info) noexcept {
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

// Holds Task::signal_lock, a bare word: a SpinLock's rank is thread-local.
class SignalGuard {
 public:
  explicit SignalGuard(Task& task) noexcept : lock_(task.signal_lock) {
    while (lock_.exchange(true, std::memory_order_acquire)) raw_syscall(SYS_sched_yield);
  }
  ~SignalGuard() { lock_.store(false, std::memory_order_release); }
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;

 private:
  std::atomic<bool>& lock_;
};

// The ring of a task, made on first use. Null if there is no memory.
SignalQueue* queue_of(Task& task) noexcept {
  if (task.queued_signals != nullptr) return task.queued_signals;
  const long page =
      raw_syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page < 0 && page > -4096) return nullptr;
  task.queued_signals = reinterpret_cast<SignalQueue*>(page);  // zero pages are an empty ring
  return task.queued_signals;
}

// Keeps a signal that carries a value. False if there is no room: it is kept without its value.
bool keep_value_locked(Task& task, const siginfo_t& info) noexcept {
  SignalQueue* const queue = queue_of(task);
  if (queue == nullptr || queue->head - queue->tail == SignalQueue::kSlots) return false;
  queue->slots[queue->head++ % SignalQueue::kSlots] = {info.si_signo, info.si_pid, info.si_uid,
                                                       info.si_code, info.si_value.sival_ptr};
  return true;
}

void keep_locked(Task& task, const siginfo_t& info) noexcept {
  if (info.si_code != SI_QUEUE || !keep_value_locked(task, info)) {
    task.pending_signals |= signal_bit(info.si_signo);
  }
  task.exit_work.fetch_or(kExitSignals, std::memory_order_release);
}

void send_queued_locked(SignalQueue& queue, pid_t tid) noexcept {
  for (; queue.tail != queue.head; ++queue.tail) {
    const QueuedSignal& kept = queue.slots[queue.tail % SignalQueue::kSlots];
    siginfo_t info{};
    info.si_signo = kept.signal;
    info.si_code = kept.code;
    info.si_pid = kept.sender;
    info.si_uid = kept.sender_uid;
    info.si_value.sival_ptr = kept.value;
    send_to_thread(tid, info);
  }
}

// Sends everything that is kept for `task` to kernel thread `tid`.
void send_kept_locked(Task& task, pid_t tid) noexcept {
  task.exit_work.fetch_and(~std::uint32_t{kExitSignals}, std::memory_order_acquire);
  for (; task.pending_signals != 0; task.pending_signals &= task.pending_signals - 1) {
    raw_syscall(SYS_tgkill, kernel_pid, tid, __builtin_ctzl(task.pending_signals) + 1);
  }
  if (task.queued_signals != nullptr) send_queued_locked(*task.queued_signals, tid);
}

}  // namespace

void pass_on_parked_signal(Cpu& cpu, const siginfo_t& info, std::uint64_t& awaited) noexcept {
  if (!meant_for_thread(info)) {
    awaited &= ~signal_bit(info.si_signo);
    send_to_process(info);
    return;
  }
  Task& task = *cpu.home_task;
  SignalGuard guard(task);
  keep_locked(task, info);
  // The task may be running, or be executed just now and have looked at exit_work before it was
  // set. After the barrier either it sees exit_work, or this sees it running.
  raw_syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0);
  const pid_t carrier = carrier_of(task);
  if (carrier != 0) send_kept_locked(task, carrier);
}

void raise_pending_signals(Task& task) {
  // No handler may run while the lock is held; all run when the mask is restored.
  const std::uint64_t all = ~0UL;
  std::uint64_t mask = 0;
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_arg(&all), syscall_arg(&mask), 8);
  {
    SignalGuard guard(task);
    send_kept_locked(task, task.cpu->tid);
  }
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_arg(&mask), 0, 8);
}

void drop_pending_signals(Task& task) noexcept {
  if (task.queued_signals == nullptr) return;
  raw_syscall(SYS_munmap, syscall_arg(task.queued_signals), 4096);
  task.queued_signals = nullptr;
}

}  // namespace ums::kernel
