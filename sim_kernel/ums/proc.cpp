// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/ums/proc.h"

#include <cerrno>
#include <charconv>

#include "procfs_emul/proc_node.h"
#include "sim_kernel/publish/publish.h"
#include "sim_kernel/sync/preemption.h"
#include "sim_kernel/sync/rcu.h"
#include "sim_kernel/ums/proc_show.h"
#include "sim_kernel/ums/ums_data.h"

namespace ums::kernel {

namespace {

// Idle: inside EXEC, of this file. Its thread cannot end while the lock is held, so its Task stays.
void show_scheduler(ProcText& text, void* data) noexcept {
  auto& scheduler = *static_cast<Scheduler*>(data);
  SpinGuard guard(scheduler.lock);
  const Task& task = scheduler.task;
  const bool idle =
      !scheduler.ended.load(std::memory_order_relaxed) &&
      is_idle_scheduler(task.state.load(std::memory_order_relaxed),
                        task.syscall_file.load(std::memory_order_relaxed) == &scheduler.data.file);
  show_info(text, scheduler.id, idle, scheduler.switches.load(std::memory_order_relaxed));
}

void show_worker(ProcText& text, void* data) noexcept {
  const auto& worker = *static_cast<const Worker*>(data);
  preemption_point(KernelStep::kLoad, &worker.state);
  const bool idle = is_idle_worker(worker.state.load(std::memory_order_relaxed));
  show_info(text, worker.id, idle, worker.switches.load(std::memory_order_relaxed));
}

// Calls visit(number, worker) for the links of a scheduler that start at `worker`: its own, and
// those of the rest of its batch, which it carries, also while it runs. Only if `list` is its own.
// Ordering: acquire, with the release by which the worker became reached: its number is there. It
// cannot be taken off a list again while the list's lock is held.
template <typename Visit>
void visit_links_of_locked(const Complist& list, Worker& worker, const Scheduler& scheduler,
                           Visit visit) noexcept REQUIRES(list.lock) {
  if (&worker.complist != &list) return;
  const WorkerState state = worker.state.load(std::memory_order_acquire);
  if (worker.dequeuer.load(std::memory_order_relaxed) != &scheduler) return;
  number_links(
      state, worker.link, [&](std::uint64_t number) { visit(number, worker); },
      [&](auto next) {
        for (WorkerNode& node : worker.rest) visit(next(), static_cast<Worker&>(node));
      });
}

// One list's at once: NEXT hands links on from worker to worker under its lock, and who looked at
// one of them before and at the other after that would miss a link that is there all the time.
template <typename Visit>
void visit_links(const Scheduler& scheduler, Visit visit) noexcept {
  scheduler.data.complists.for_each([&](int, Complist* list) {
    SpinGuard guard(list->lock);
    scheduler.data.workers.walk([&](Worker& worker) NO_THREAD_SAFETY_ANALYSIS {
      visit_links_of_locked(*list, worker, scheduler, visit);
    });
  });
}

bool link_target(ProcText& text, std::uint64_t number, void* data) noexcept {
  const auto& scheduler = *static_cast<const Scheduler*>(data);
  bool found = false;
  visit_links(scheduler, [&](std::uint64_t other, const Worker& worker) {
    if (other != number || found) return;
    found = true;
    show_link(text, scheduler.data.opener, worker.id);
  });
  return found;
}

// A worker that a resize of the table moves may be met twice.
std::size_t list_links(std::uint64_t after, std::uint64_t* numbers, std::size_t max,
                       void* data) noexcept {
  std::size_t count = 0;
  visit_links(*static_cast<const Scheduler*>(data), [&](std::uint64_t number, const Worker&) {
    if (number > after && max > 0) count = insert_number(number, numbers, count, max);
  });
  return count;
}

constexpr ProcFileOperations kSchedulerInfo = {show_scheduler};
constexpr ProcFileOperations kWorkerInfo = {show_worker};
constexpr ProcLinkOperations kSchedulerWorkers = {link_target, list_links};

// A folder named after a number. Without a ProcText: this runs on the stacks of all workers, where
// a page that nothing else needs is memory for each of them.
Result<ProcNode*> make_numbered(pid_t number, ProcNode* parent) noexcept {
  char name[kProcNameBytesMax];
  const auto end = std::to_chars(name, name + sizeof name, number).ptr;
  return proc_mkdir({name, static_cast<std::size_t>(end - name)}, parent);
}

// /proc/ums, held.
Result<ProcNode*> ums_folder() noexcept {
  constexpr std::string_view kName = "ums";
  if (ProcNode* const there = proc_child(proc_root(), kName)) return there;
  return proc_get(*TRY(proc_mkdir(kName, nullptr)));
}

// What could not be made completely is not left in part, and its error is ENOMEM: a name that is
// there belongs to a thread of the same id that is ending.
Result<void> all_or_nothing(ProcNode* folder, const Result<void>& below) noexcept {
  if (below.ok()) return {};
  proc_remove(folder);
  return Error{ENOMEM};
}

Result<void> fill(UmsData& data) noexcept {
  data.proc_schedulers = TRY(proc_mkdir("schedulers", data.proc_folder));
  data.proc_workers = TRY(proc_mkdir("workers", data.proc_folder));
  return {};
}

Result<void> fill(Scheduler& scheduler) noexcept {
  TRY(proc_create("info", kInfoMode, scheduler.proc_folder, kSchedulerInfo, &scheduler));
  TRY(proc_create_links("workers", scheduler.proc_folder, kSchedulerWorkers, &scheduler));
  return {};
}

Result<void> fill(Worker& worker) noexcept {
  TRY(proc_create("info", kInfoMode, worker.proc_folder, kWorkerInfo, &worker));
  return {};
}

// Makes `owner`'s folder `number` of `parent`, and what is in it.
template <typename Owner>
Result<void> add(Owner& owner, pid_t number, ProcNode* parent) noexcept {
  Result<ProcNode*> folder = make_numbered(number, parent);
  if (!folder.ok()) return Error{ENOMEM};
  owner.proc_folder = folder.value();
  TRY(all_or_nothing(owner.proc_folder, fill(owner)));
  owner.shown.store(true, std::memory_order_relaxed);
  publish_changed();
  return {};
}

template <typename Owner>
void remove(Owner& owner) noexcept {
  proc_remove(owner.proc_folder);
  owner.shown.store(false, std::memory_order_relaxed);
  publish_changed();
}

}  // namespace

void ums_proc_init() noexcept {
  const Result<ProcNode*> folder = ums_folder();  // without memory, the first open tries again
  if (folder.ok()) proc_put(Result<ProcNode*>(folder).value());
}

Result<void> ums_proc_add(UmsData& data) noexcept {
  ProcNode* const parent = TRY(ums_folder());
  const Result<void> added = add(data, data.opener, parent);
  proc_put(parent);
  return added;
}

Result<void> ums_proc_add(Scheduler& scheduler) noexcept {
  return add(scheduler, scheduler.id, scheduler.data.proc_schedulers);
}

Result<void> ums_proc_add(Worker& worker) noexcept {
  return add(worker, worker.id, worker.data.proc_workers);
}

void ums_proc_remove(UmsData& data) noexcept { remove(data); }
void ums_proc_remove(Scheduler& scheduler) noexcept { remove(scheduler); }
void ums_proc_remove(Worker& worker) noexcept { remove(worker); }

}  // namespace ums::kernel
