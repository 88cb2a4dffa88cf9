// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/ums/device.h"

#include <fcntl.h>

#include <array>
#include <boost/intrusive/list.hpp>
#include <cerrno>

#include "sim_kernel/dev/char_device.h"
#include "sim_kernel/mm/slab.h"
#include "sim_kernel/mm/user_copy.h"
#include "sim_kernel/trace/trace.h"
#include "sim_kernel/ums/context.h"
#include "ums/ums_ioctl.h"

namespace ums::kernel {

namespace {

constexpr int kEnotsupp = 524;  // Linux's ENOTSUPP, which the original lets through to programs

constinit ObjectCache<UmsData> pools{"ums_data"};

template <typename T>
UserPtr<T> user_pointer(IoctlArg arg) noexcept {
  return arg.from_kernel ? UserPtr<T>::kernel(reinterpret_cast<T*>(arg.value))
                         : UserPtr<T>::user(arg.value);
}

int by_value(IoctlArg arg) noexcept { return static_cast<int>(arg.value); }

Result<void> ioctl_create_clist(UmsData& data, Task&, IoctlArg arg) noexcept {
  Complist& list = *TRY(complist_create(data));
  const int id = list.id.load(std::memory_order_relaxed);
  if (!put_user(user_pointer<ums_comp_list_id_t>(arg), id)) {
    complist_discard(list);
    return Error{EACCES};
  }
  trace_list_create(id);
  return {};
}

Result<void> ioctl_enter(UmsData& data, Task& me, IoctlArg arg) noexcept {
  enter_ums_mode_args args;
  if (!get_user(args, user_pointer<const enter_ums_mode_args>(arg))) return Error{EACCES};
  if ((args.flags & ENTER_UMS_SCHED) != 0) return scheduler_enter(data, me, args.ums_complist);
  if ((args.flags & ENTER_UMS_WORK) != 0) return worker_enter(data, me, args.ums_complist);
  return Error{EINVAL};
}

Result<void> ioctl_dequeue_event(UmsData& data, Task& me, IoctlArg arg) noexcept {
  Scheduler* const scheduler = current_scheduler(data, me);
  if (scheduler == nullptr) [[unlikely]] {
    return Error{ESRCH};
  }
  TRY(scheduler_wait_event(*scheduler));
  if (!put_user(user_pointer<ums_sched_event>(arg), scheduler->events.front())) {
    return Error{EACCES};
  }
  scheduler->events.pop();
  return {};
}

Result<void> ioctl_dequeue_clist(UmsData& data, Task& me, IoctlArg arg) noexcept {
  const auto pointer = user_pointer<dequeue_ums_complist_args>(arg);
  dequeue_ums_complist_args args;
  if (!get_user(args, pointer)) return Error{EACCES};
  Worker& first = *TRY(scheduler_dequeue(data, me, args.ums_complist));
  args.ums_context = first.id;
  if (!put_user(pointer, args)) {
    complist_put_back(first.complist, first);
    return Error{EACCES};
  }
  return {};
}

Result<void> ioctl_next(UmsData& data, Task&, IoctlArg arg) noexcept {
  const auto pointer = user_pointer<ums_next_context_list_args>(arg);
  ums_next_context_list_args args;
  if (!get_user(args, pointer)) return Error{EACCES};
  do {
    args.ums_next_context = TRY(worker_peek_next(data, args.ums_context));
    if (!put_user(pointer, args)) return Error{EACCES};
  } while (args.ums_next_context != -1 &&
           !worker_advance(data, args.ums_context, args.ums_next_context));
  return {};
}

Result<void> ioctl_execute(UmsData& data, Task& me, IoctlArg arg) noexcept {
  return scheduler_execute(data, me, by_value(arg));
}

Result<void> ioctl_yield(UmsData& data, Task& me, IoctlArg arg) noexcept {
  return worker_yield(data, me, reinterpret_cast<void*>(arg.value));
}

Result<void> ioctl_exit(UmsData& data, Task& me, IoctlArg) noexcept {
  return worker_exit(data, me);
}

Result<void> ioctl_delete_clist(UmsData& data, Task&, IoctlArg arg) noexcept {
  TRY(complist_delete(data, by_value(arg)));
  trace_list_delete(by_value(arg));
  return {};
}

struct IoctlEntry {
  std::uint32_t request;
  Result<void> (*handler)(UmsData& data, Task& me, IoctlArg arg) noexcept;
};

// By number within the device. The whole request is compared: a right number with another size or
// direction is not ours.
constexpr std::array<IoctlEntry, 10> kIoctls = {{
    {0, nullptr},
    {IOCTL_CREATE_UMS_CLIST, ioctl_create_clist},
    {IOCTL_ENTER_UMS, ioctl_enter},
    {IOCTL_UMS_SCHED_DQEVENT, ioctl_dequeue_event},
    {IOCTL_DEQUEUE_UMS_CLIST, ioctl_dequeue_clist},
    {IOCTL_NEXT_UMS_CTX_LIST, ioctl_next},
    {IOCTL_EXEC_UMS_CTX, ioctl_execute},
    {IOCTL_UMS_YIELD, ioctl_yield},
    {IOCTL_EXIT_UMS, ioctl_exit},
    {IOCTL_DELETE_UMS_CLIST, ioctl_delete_clist},
}};

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

UmsData& pool_of(File& file) noexcept { return *static_cast<UmsData*>(file.private_data); }

Result<void> ums_open(File& file, Task& opener, int flags) noexcept {
  if ((flags & O_ACCMODE) != O_RDONLY) return Error{EACCES};
  UmsData* const data = pools.create(file.serial, opener.tid);
  if (data == nullptr) return Error{ENOMEM};
  if (!all_pools().add(*data)) {
    pools.destroy(data);
    return Error{ENOMEM};
  }
  file.private_data = data;
  return {};
}

Result<void> ums_ioctl(File& file, Task& me, std::uint32_t request, IoctlArg arg) noexcept {
  const unsigned number = _IOC_NR(request);
  if (number >= kIoctls.size() || kIoctls[number].request != request || number == 0) [[unlikely]] {
    return Error{kEnotsupp};
  }
  return kIoctls[number].handler(pool_of(file), me, arg);
}

void ums_release(File& file) noexcept {
  UmsData& data = pool_of(file);
  worker_release_all(data);
  scheduler_release_all(data);
  complist_release_all(data);
  all_pools().remove(data);
  pools.destroy(&data);
}

void ums_task_exit(File& file, Task& me) noexcept {
  UmsData& data = pool_of(file);
  if (current_worker(data, me) != nullptr) {
    const Result<void> ended = worker_exit(data, me);
    kassert(ended.ok(), "worker {} could not end: errno {}", me.tid, ended.error_code());
  }
  if (Scheduler* const scheduler = current_scheduler(data, me)) scheduler_end(*scheduler);
}

// The last thing that a thread with roles does.
void task_exit(Task& me) noexcept {
  if (me.module_roles.load(std::memory_order_relaxed) > 0) files_task_exit(me);
}

constexpr FileOperations kUmsOperations = {ums_open, ums_ioctl, ums_release, ums_task_exit};

}  // namespace

void ums_device_init() noexcept {
  register_char_device(UMS_DEV_NAME, kUmsOperations);
  set_task_exit_hook(task_exit);
}

void ums_device_reset_after_fork() noexcept { all_pools().reset_after_fork(); }

}  // namespace ums::kernel
