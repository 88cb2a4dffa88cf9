// SPDX-License-Identifier: Apache-2.0
//
// The nine requests of the UMS device, and the only code that knows their numbers and the program's
// pointers. Each handler decodes, checks in the order of the specification, calls, and copies out:
// what the calls mean stands in complist.h, worker.h and scheduler.h.
//
// Handlers are inline and in a constexpr table, so that a request known at compile time (the
// library's) costs no jump, and one that a program passes costs one.
//
// Thread safety, context: a handler runs inside the file, on the calling task.
#pragma once

#include <array>
#include <cerrno>
#include <cstdint>

#include "sim_kernel/dev/file.h"
#include "sim_kernel/mm/user_copy.h"
#include "sim_kernel/ums/switch_path.h"
#include "ums/ums_ioctl.h"

namespace ums::kernel {

// Linux's ENOTSUPP, which the original lets through to programs.
inline constexpr int kEnotsupp = 524;

inline UmsData& ums_data(File& file) noexcept { return *static_cast<UmsData*>(file.private_data); }

template <typename T>
inline UserPtr<T> user_pointer(IoctlArg arg) noexcept {
  return UserPtr<T>(arg.value, arg.frame);
}

inline int by_value(IoctlArg arg) noexcept { return static_cast<int>(arg.value); }

inline Result<void> ioctl_create_clist(UmsData& data, Task& me, IoctlArg arg) noexcept {
  Complist& list = *TRY(complist_create(data));
  const int id = list.id.load(std::memory_order_relaxed);
  if (!put_user(user_pointer<ums_comp_list_id_t>(arg), id) || !answer(me)) {
    complist_discard(list);
    return Error{EACCES};
  }
  trace_list_create(id);
  return {};
}

inline Result<void> ioctl_enter(UmsData& data, Task& me, IoctlArg arg) noexcept {
  enter_ums_mode_args args;
  if (!get_user(args, user_pointer<const enter_ums_mode_args>(arg))) return Error{EACCES};
  if ((args.flags & ENTER_UMS_SCHED) != 0) {
    TRY(scheduler_enter(data, me, args.ums_complist));
    if (answer(me)) return {};
    scheduler_end(*current_scheduler(data, me));
    return Error{EINTR};
  }
  if ((args.flags & ENTER_UMS_WORK) != 0) return worker_enter(data, me, args.ums_complist);
  return Error{EINVAL};
}

UMS_SWITCH_PATH Result<void> ioctl_dequeue_event(UmsData& data, Task& me, IoctlArg arg) {
  Scheduler* const scheduler = current_scheduler(data, me);
  if (scheduler == nullptr) [[unlikely]] {
    return Error{ESRCH};
  }
  TRY(scheduler_wait_event(*scheduler));
  if (!put_user(user_pointer<ums_sched_event>(arg), scheduler->events.front()) || !answer(me)) {
    return Error{EACCES};
  }
  scheduler_event_taken(*scheduler);
  return {};
}

UMS_SWITCH_PATH Result<void> ioctl_dequeue_clist(UmsData& data, Task& me, IoctlArg arg) {
  const auto pointer = user_pointer<dequeue_ums_complist_args>(arg);
  dequeue_ums_complist_args args;
  if (!get_user(args, pointer)) return Error{EACCES};
  Worker& first = *TRY(scheduler_dequeue(data, me, args.ums_complist));
  args.ums_context = first.id;
  if (!put_user(pointer, args) || !answer(me)) {
    complist_put_back(first.complist, first);
    return Error{EACCES};
  }
  worker_hand_out(first);
  return {};
}

UMS_SWITCH_PATH Result<void> ioctl_next(UmsData& data, Task& me, IoctlArg arg) noexcept {
  const auto pointer = user_pointer<ums_next_context_list_args>(arg);
  ums_next_context_list_args args;
  if (!get_user(args, pointer)) return Error{EACCES};
  do {
    args.ums_next_context = TRY(worker_peek_next(data, args.ums_context));
    if (!put_user(pointer, args) || !answer(me)) return Error{EACCES};
  } while (args.ums_next_context != -1 &&
           !worker_advance(data, args.ums_context, args.ums_next_context));
  trace_next(0, args.ums_context, args.ums_next_context);
  return {};
}

UMS_SWITCH_PATH Result<void> ioctl_execute(UmsData& data, Task& me, IoctlArg arg) noexcept {
  return scheduler_execute(data, me, by_value(arg));
}

UMS_SWITCH_PATH Result<void> ioctl_yield(UmsData& data, Task& me, IoctlArg arg) noexcept {
  return worker_yield(data, me, reinterpret_cast<void*>(arg.value));
}

inline Result<void> ioctl_exit(UmsData& data, Task& me, IoctlArg) noexcept {
  if (current_worker(data, me) == nullptr) return Error{ESRCH};
  if (!answer(me)) return Error{EINTR};
  return worker_exit(data, me);
}

inline Result<void> ioctl_delete_clist(UmsData& data, Task& me, IoctlArg arg) noexcept {
  TRY(complist_delete(data, me, by_value(arg)));
  trace_list_delete(by_value(arg));
  return {};
}

using IoctlHandler = Result<void> (*)(UmsData& data, Task& me, IoctlArg arg);

struct IoctlEntry {
  std::uint32_t request;
  IoctlHandler handler;
};

// By number within the device.
inline constexpr std::array<IoctlEntry, 10> kIoctls = {{
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

// Whether a request is one of the nine. All of it is compared: a right number with another size or
// direction is not ours.
constexpr bool is_ums_ioctl(std::uint32_t request) noexcept {
  const unsigned number = _IOC_NR(request);
  return number > 0 && number < kIoctls.size() && kIoctls[number].request == request;
}

}  // namespace ums::kernel
