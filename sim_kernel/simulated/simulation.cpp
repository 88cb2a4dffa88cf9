// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/simulation.h"

#include <linux/futex.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "sim_kernel/base/never_destroyed.h"
#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/parallel/cpu_switch.h"
#include "sim_kernel/parallel/kernel_section.h"
#include "sim_kernel/parallel/rseq.h"
#include "sim_kernel/parallel/signals/signal_mask.h"
#include "sim_kernel/simulated/busy_loop.h"
#include "sim_kernel/simulated/busy_time.h"
#include "sim_kernel/simulated/eligible_tasks.h"
#include "sim_kernel/simulated/futex.h"
#include "sim_kernel/simulated/object_numbers.h"
#include "sim_kernel/simulated/outside.h"
#include "sim_kernel/simulated/races/race_detector.h"
#include "sim_kernel/simulated/random_bytes.h"
#include "sim_kernel/simulated/robust_list.h"
#include "sim_kernel/simulated/signals.h"
#include "sim_kernel/simulated/simulated_thread.h"
#include "sim_kernel/simulated/virtual_time.h"

namespace ums::kernel {

namespace {

UMS_NEVER_DESTROYED NeverDestroyed<RunQueue> run_queue;
UMS_NEVER_DESTROYED NeverDestroyed<EligibleTasks> eligible;  // of a machine that is not plain
UMS_NEVER_DESTROYED NeverDestroyed<ObjectNumbers> objects;
Chooser* chooser = nullptr;  // null: there is no simulation
Task* first = nullptr;
UMS_NEVER_DESTROYED NeverDestroyed<std::optional<SimulatedThread>> first_thread;
int tasks_made = 0;
int tasks_left = 0;  // of them
std::uint64_t steps = 0;
BusyTime busy_time;

constexpr int kFutileTimersMax = 1000;

// `task` waits, for whatever it may be.
void make_wait(Task& task) noexcept {
  run_queue->remove(task);
  virtual_cpus.leave(task);
}

// The first task goes on, and the others never will: they stay where they have stopped.
void abandon_all_but_first() noexcept {
  futex_forget_all();
  timers_forget_all();
  outside_forget_all();
  busy_loops_forget_all();
  for_each_task(
      [](Task& task, void*) {
        if (!is_simulated(task) || &task == first) return;
        if (task.machine.runnable) make_wait(task);
        task.machine.number = -1;
      },
      nullptr);
  tasks_left = 1;
  make_runnable_at(*first, virtual_time());
}

void nobody_can_go_on() noexcept {
  chooser->stuck();
  abandon_all_but_first();
}

// Nobody can go on, until time jumps or something comes from outside. False: neither will help.
// A timer that only sends signals may expire for ever, and nobody take them.
bool wait_for_runnable() noexcept {
  for (int expired = 0; expired < kFutileTimersMax && first_deadline() != kNever; ++expired) {
    outside_before_jump();
    if (virtual_cpus.is_plain()) virtual_cpus.idle_until(first_deadline());
    expire_timers(first_deadline());
    if (run_queue->size() == 0) continue;
    busy_time.begin(steps, virtual_time());
    return true;
  }
  return outside_sleep() && run_queue->size() > 0;
}

// Everybody in the run queue may go on.
Task& pick_of_all(Task& me) noexcept {
  for (;;) {
    if (run_queue->size() == 0 && !wait_for_runnable()) nobody_can_go_on();
    ++steps;
    const std::size_t chosen = chooser->choose(run_queue->choices(), me.machine.number);
    if (chosen != kNobody) [[likely]]
      return run_queue->task(chosen);
    abandon_all_but_first();
  }
}

// The first moment at which somebody may go on. Who sleeps until then is awake.
std::uint64_t wake_for_next_moment() noexcept {
  for (;;) {
    const std::uint64_t moment = virtual_cpus.next_moment(*run_queue);
    if (moment == kNever) {
      if (!wait_for_runnable()) nobody_can_go_on();
    } else if (first_deadline() <= moment) {
      expire_timers(first_deadline());
    } else {
      return moment;
    }
  }
}

// Those may go on that are first by their CPUs' clocks.
Task& pick_by_time(Task& me) noexcept {
  for (;;) {
    virtual_cpus.look_at(wake_for_next_moment());
    eligible->collect(*run_queue, objects->number_of(&eligible));
    ++steps;
    const std::size_t chosen = chooser->choose(eligible->choices(), me.machine.number);
    if (chosen == kNobody) [[unlikely]] {
      abandon_all_but_first();
      continue;
    }
    Task& next = eligible->task(chosen);
    if (next.machine.cpu >= 0) {
      virtual_cpus.run(next);
      return next;
    }
    if (virtual_cpus.take_cpu(next)) return next;
  }
}

// Where steps cost something, time passes anyway.
void let_busy_time_pass() noexcept {
  const bool is_awaited = first_deadline() != kNever;
  if (is_awaited && virtual_cpus.options().costs == CostProfile{}) {
    charge(busy_time.pass(steps, virtual_time(), first_deadline()));
  } else {
    busy_time.begin(steps, virtual_time());
  }
}

// Chooses who goes on in the place of `me`.
Task& pick_next(Task& me) noexcept {
  const KernelSection section(&me);
  let_busy_loops_go_on();
  if (busy_time.is_due(steps)) [[unlikely]]
    let_busy_time_pass();
  if (virtual_cpus.is_plain()) expire_timers(virtual_time());
  take_arrived_signals();
  outside_look();
  return virtual_cpus.is_plain() ? pick_of_all(me) : pick_by_time(me);
}

// Somebody is to look from where it has stopped (look_from).
struct Look {
  Task& asker;
  void (*const look)(void* argument);
  void* const argument;
};

Look* wanted_look = nullptr;

void put_in_place(Task& me, Task& next) noexcept {
  next.on_cpu.store(true, std::memory_order_relaxed);
  save_signal_mask(me);
  switch_to(me, next);
  restore_signal_mask(me);
}

void look_for_asker(Task& me) noexcept {
  const Look wanted = *std::exchange(wanted_look, nullptr);
  {
    const KernelSection section(&me);
    wanted.look(wanted.argument);
  }
  put_in_place(me, wanted.asker);
}

// `next` goes on in the place of `me`. Returns when `me` does.
void change_to(Task& me, Task& next) noexcept {
  put_in_place(me, next);
  while (wanted_look != nullptr) [[unlikely]] {
      look_for_asker(me);
    }
}

void handle_signals_outside_calls(Task& me) noexcept {
  if ((me.exit_work.load(std::memory_order_relaxed) & kExitSignals) == 0) return;
  if (me.syscall_file.load(std::memory_order_relaxed) == nullptr) handle_signals(me);
}

void schedule(Task& me) noexcept {
  Task& next = pick_next(me);
  if (&next != &me) change_to(me, next);
  handle_signals_outside_calls(me);
}

void add_task(Task& task) noexcept {
  ++tasks_left;
  task.machine.number = tasks_made++;
  task.tid = &task == first ? task.machine.home.tid : kFirstVirtualThread + task.machine.number;
  task.machine.next = {};
  task.machine.clock_loop = {};
  task.machine.signal_mask = task.machine.home.signal_mask;
  task.machine.is_bystander = false;
  task.machine.is_cancelled = false;
  task.machine.cpu = task.machine.last_cpu = -1;
  task.machine.ready_at = 0;
  make_runnable_at(task, virtual_time());
}

// Nobody has created it, and who may join it finds it by its task.
void make_first_thread(Task& me) noexcept {
  SimulatedThread& thread = first_thread->emplace(nullptr, nullptr);
  thread.handle = pthread_self();
  thread.task = &me;
  thread.value = PTHREAD_CANCELED;  // unless it says something else
  me.machine.thread = &thread;
}

bool reserve(std::size_t tasks) noexcept {
  return run_queue->reserve(tasks) && eligible->reserve(tasks);
}

// Waits until a kernel thread has ended.
void wait_until_gone(pid_t tid) noexcept {
  while (raw_syscall(SYS_tgkill, kernel_pid, tid, 0) == 0) raw_syscall(SYS_sched_yield);
}

void tell_creator(SimulatedThread& thread, Task* task) noexcept {
  thread.task = task;
  thread.captured.store(1, std::memory_order_release);
  raw_syscall(SYS_futex, syscall_arg(&thread.captured), FUTEX_WAKE_PRIVATE, 1);
}

}  // namespace

Result<void> simulation_begin(Chooser& its_chooser, const CpuOptions& options) noexcept {
  Task* const me = current_task();
  if (me == nullptr || !reserve(1)) return Error{ENOMEM};
  kassert(chooser == nullptr, "a simulation begins inside another");
  chooser = &its_chooser;
  first = me;
  tasks_made = 0;
  tasks_left = 0;
  steps = 0;
  objects->forget_all();
  virtual_cpus.begin(options);
  busy_time.begin(steps, virtual_time());
  timers_forget_all();
  signals_reset();
  random_bytes_reset();
  forget_races();
  rseq_unregister(*me->cpu);
  learn_signal_mask(*me);
  me->machine.affinity = kAnyCpu;
  me->machine.handle = pthread_self();
  make_first_thread(*me);
  add_task(*me);
  virtual_cpus.place_first(*me);
  return {};
}

void simulation_wait_for_all() noexcept {
  first->machine.is_bystander = true;
  while (tasks_left > 1) futex_wait(*first, &tasks_left);
}

void simulation_end() noexcept {
  Task& me = *current_task();
  kassert(run_queue->size() == 1, "{} tasks are left at the end", run_queue->size());
  make_wait(me);
  me.machine.number = -1;
  chooser = nullptr;
}

void simulation_restart_after_fork() noexcept {
  Chooser* const copy = std::exchange(chooser, nullptr);
  if (copy == nullptr) return;
  const CpuOptions options = virtual_cpus.options();
  run_queue->clear();
  futex_reset_after_fork();
  timers_reset_after_fork();
  outside_reset_after_fork();
  busy_loops_reset_after_fork();
  const Result<void> begun = simulation_begin(copy->in_forked_child(), options);
  kassert(begun.ok(), "no memory for the simulation of a forked child");
}

SimulatedThread* simulation_first_thread() noexcept {
  return chooser != nullptr ? &**first_thread : nullptr;
}

std::uint64_t simulation_steps() noexcept { return steps; }
int simulation_tasks_made() noexcept { return tasks_made; }
std::size_t simulation_runnable() noexcept { return run_queue->size(); }

bool is_cpu_wanted() noexcept {
  return first_deadline() != kNever || run_queue->size() > virtual_cpus.busy();
}

bool is_anybody_behind() noexcept {
  if (virtual_cpus.is_plain()) return false;
  const std::uint64_t next = std::min(virtual_cpus.next_moment(*run_queue), first_deadline());
  return next < virtual_time();
}

const Task& chosen_task(std::size_t index) noexcept {
  return virtual_cpus.is_plain() ? run_queue->task(index) : eligible->task(index);
}

const void* simulated_object(std::uint32_t number) noexcept { return objects->find(number); }

bool look_from(Task& task, void (*look)(void* argument), void* argument) noexcept {
  Task& me = *current_or_null;
  if (&task != &me && task.machine.next.kind == EventKind::kBegin) return false;
  if (&task == &me) {
    look(argument);
    return true;
  }
  Look wanted{me, look, argument};
  wanted_look = &wanted;
  put_in_place(me, task);
  return true;
}

// The creator waits: the run queue is ours.
Result<void> simulation_capture(SimulatedThread& thread) noexcept {
  Task* const me = make_current_task(true);
  const auto tasks = static_cast<std::size_t>(tasks_made);
  if (me == nullptr || !reserve(tasks + 1) || !prepare_idle(*me).ok()) {
    tell_creator(thread, nullptr);
    return Error{ENOMEM};
  }
  me->machine.thread = &thread;
  me->machine.affinity = thread.affinity;
  me->machine.handle = pthread_self();
  add_task(*me);
  tell_creator(thread, me);
  leave_to_idle(*me, {});
  restore_signal_mask(*me);
  handle_signals_outside_calls(*me);
  return {};
}

namespace {

void tell_others_of_end(Task& me) noexcept {
  SimulatedThread& thread = *me.machine.thread;
  thread.ended = true;
  happens_before_join(me, &thread);
  futex_wake(&thread, kEverybody);
  if (--tasks_left == 1) futex_wake(&tasks_left, kEverybody);
}

// It stays a task, and who joins it need not wait until it is none.
void leave_first() noexcept {
  SimulatedThread& thread = **first_thread;
  catch_up(*first);
  thread.ended = true;
  happens_before(*first, &thread);
  futex_wake(&thread, kEverybody);
  simulation_wait_for_all();
}

}  // namespace

void simulation_leave(Task& me) noexcept {
  leave_robust_mutexes(me);
  if (&me == first) return leave_first();
  catch_up(me);
  tell_others_of_end(me);
  make_wait(me);
  me.machine.number = -1;
  Task& next = pick_next(me);
  change_task_state<TaskState::kRunning, TaskState::kReturning>(me.state);
  me.cpu->homebound = &me;
  put_in_place(me, next);
}

// Returns when the thread is revived.
void simulation_rest(Task& me) noexcept {
  catch_up(me);
  tell_others_of_end(me);
  make_wait(me);
  me.machine.number = -1;
  change_to(me, pick_next(me));
  handle_signals_outside_calls(me);
}

Result<void> simulation_revive(Task& task, SimulatedThread& thread) noexcept {
  if (!reserve(static_cast<std::size_t>(tasks_made) + 1)) return Error{ENOMEM};
  task.machine.thread = &thread;
  thread.task = &task;
  task.machine.affinity = thread.affinity;
  add_task(task);
  inherit_signal_mask(task);
  return {};
}

// Masks are each task's own here (signals.h).
void see_off_homebound(Task& me) noexcept {
  Task& leaver = *std::exchange(me.cpu->homebound, nullptr);
  const pid_t tid = leaver.machine.home.tid;
  wake_idle_cpu(leaver.machine.home, leaver);
  wait_until_gone(tid);
}

void announce(Task& me, EventKind next, const void* object, std::uintptr_t site) noexcept {
  if (!virtual_cpus.is_plain()) [[unlikely]] {
    virtual_cpus.charge_step(next);
    me.machine.has_just_come = false;
  }
  if (next != EventKind::kYield) ++me.machine.steps;
  me.machine.holder = nullptr;  // of what was announced before
  if (is_deed(next)) ++me.machine.deeds;
  run_queue->set_next(me, {next, objects->number_of(object), site});
}

void announce_again(Task& me, Event next) noexcept { run_queue->set_next(me, next); }

bool anybody_is_runnable() noexcept { return run_queue->size() > 0; }

void let_others_go_on(Task& me) noexcept { schedule(me); }

void catch_up(Task& me) noexcept {
  if (!virtual_cpus.is_plain()) sched_point(me, EventKind::kPoint);
}

void hold_off_lockers(const void* object) noexcept {
  const std::uint32_t number = objects->number_of(object);
  const Task* const me = current_task();
  run_queue->remove_if([=](const Choice& choice, Task& task) {
    const Event& next = choice.next;
    if (next.kind != EventKind::kLock || next.object != number || &task == me) return false;
    virtual_cpus.leave(task);
    futex_enqueue(task, object);
    return true;
  });
}

void block(Task& me) noexcept {
  make_wait(me);
  schedule(me);
}

void make_runnable(Task& task) noexcept {
  if (task.machine.runnable) return;
  charge(virtual_cpus.options().costs.wake_up);
  make_runnable_at(task, virtual_time());
}

void make_runnable_at(Task& task, std::uint64_t moment) noexcept {
  if (task.machine.runnable) return;
  run_queue->add(task);
  virtual_cpus.queue(task, moment);
}

void replace(Task& me, Task& next) noexcept {
  run_queue->remove(me);
  if (!next.machine.runnable) run_queue->add(next);
  virtual_cpus.hand_over(me, next);
  happens_before_task(me, next);
  change_to(me, next);
}

void give_place(Task& me, Task& next) noexcept {
  run_queue->add(next);
  virtual_cpus.hand_over(me, next);
  virtual_cpus.queue(me, virtual_time());
}

void set_affinity(Task& task, CpuMask mask) noexcept {
  virtual_cpus.set_affinity(task, mask);
  Task& me = *current_or_null;
  if (&task == &me && !virtual_cpus.is_plain() && me.machine.cpu < 0) let_others_go_on(me);
}

}  // namespace ums::kernel
