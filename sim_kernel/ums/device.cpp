// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/ums/device.h"

#include <fcntl.h>

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/parent_from_member.hpp>
#include <cerrno>

#include "sim_kernel/dev/char_device.h"
#include "sim_kernel/mm/slab.h"
#include "sim_kernel/sched/task.h"
#include "sim_kernel/sync/backoff.h"
#include "sim_kernel/sync/preemption.h"
#include "sim_kernel/ums/ioctl.h"
#include "sim_kernel/ums/proc.h"
#include "sim_kernel/ums/published.h"

namespace ums::kernel {

namespace {

constinit ObjectCache<UmsData> pools{"ums_data", SlabFlags::kPublished};

void free_pool(RcuHead* head) noexcept {
  pools.destroy(boost::intrusive::get_parent_from_member(head, &UmsData::rcu));
}

// All pools, to refuse a thread's second open.
class Pools {
 public:
  // Returns false if the pool's opener has one already.
  bool add(UmsData& data) noexcept {
    SpinGuard guard(lock_);
    for (const UmsData& other : list_) {
      if (other.opener == data.opener) return false;
    }
    list_.push_back(data);
    return true;
  }

  void remove(UmsData& data) noexcept {
    SpinGuard guard(lock_);
    list_.erase(list_.iterator_to(data));
  }

  void reset_after_fork() noexcept NO_THREAD_SAFETY_ANALYSIS {
    lock_.reset_after_fork();
    new (&list_) List;
  }

 private:
  using List = boost::intrusive::list<
      UmsData,
      boost::intrusive::member_hook<UmsData, boost::intrusive::list_member_hook<>, &UmsData::hook>,
      boost::intrusive::constant_time_size<false>>;

  SpinLock<LockRank::kPool> lock_;
  List list_ GUARDED_BY(lock_);
};

// Never destructed: threads may be inside when the process exits.
Pools& all_pools() noexcept {
  alignas(Pools) static unsigned char storage[sizeof(Pools)];
  static Pools* const instance = new (storage) Pools;
  return *instance;
}

Result<void> ums_open(File& file, Task& opener, int flags) noexcept {
  if ((flags & O_ACCMODE) != O_RDONLY) return Error{EACCES};
  UmsData* const data = pools.create(file, opener.tid);
  if (data == nullptr) return Error{ENOMEM};
  if (!all_pools().add(*data)) {
    pools.destroy(data);
    return Error{ENOMEM};
  }
  if (!ums_proc_add(*data).ok()) {
    all_pools().remove(*data);
    call_rcu(&data->rcu, free_pool);
    return Error{ENOMEM};
  }
  file.private_data = data;
  ums_publish_report();
  return {};
}

Result<void> ums_ioctl(File& file, Task& me, std::uint32_t request, IoctlArg arg) {
  if (!is_ums_ioctl(request)) [[unlikely]] {
    return Error{kEnotsupp};
  }
  return kIoctls[_IOC_NR(request)].handler(ums_data(file), me, arg);
}

void ums_release(File& file) noexcept {
  UmsData& data = ums_data(file);
  ums_proc_remove(data);
  worker_release_all(data);
  scheduler_release_all(data);
  complist_release_all(data);
  data.workers.destroy();
  data.schedulers.destroy();
  all_pools().remove(data);
  call_rcu(&data.rcu, free_pool);
}

void ums_task_exit(File& file, Task& me) noexcept {
  UmsData& data = ums_data(file);
  if (Worker* const worker = current_worker(data, me)) {
    if (kThreadsDieInCalls && worker->state.load() != WorkerState::kRunning) {
      worker_die(*worker);
    } else {
      const Result<void> ended = worker_exit(data, me);
      kassert(ended.ok(), "worker {} could not end: errno {}", me.tid, ended.error_code());
    }
  }
  if (Scheduler* const scheduler = current_scheduler(data, me)) scheduler_end(*scheduler);
}

// The last thing that a thread with roles does. What it keeps in a file that somebody is releasing
// now, that one takes away; until then it looks at the task.
// Ordering: acquire; pairs with the releases in worker_release_all and scheduler_release_all.
void task_exit(Task& me) noexcept {
  if (me.module_roles.load(std::memory_order_acquire) == 0) return;
  files_task_exit(me);
  for (Backoff backoff; me.module_roles.load(std::memory_order_acquire) > 0;) {
    if (!preemption_yield()) backoff.wait();
  }
}

constexpr FileOperations kUmsOperations = {ums_open, ums_ioctl, ums_release, ums_task_exit};

}  // namespace

void ums_device_init() noexcept {
  ums_proc_init();
  register_char_device(UMS_DEV_NAME, kUmsOperations);
  set_task_exit_hook(task_exit);
}

void ums_device_reset_after_fork() noexcept {
  all_pools().reset_after_fork();
  ums_proc_init();
}

}  // namespace ums::kernel
