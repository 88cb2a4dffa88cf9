// SPDX-License-Identifier: Apache-2.0
//
// The functions of ums.h but for ums_pthread_create: argument checks, one ioctl, errno.
//
// The real device can be interrupted by signals where the simulation cannot (EINTR). A worker that
// is suspended stays so: the same call again continues it, and so it is repeated here.
#include <ums.h>
#include <ums/ums_ioctl.h>

#include <cerrno>

#include "sim_kernel/fiber/switch_return.h"
#include "ums_api/src/export.h"
#include "ums_api/src/library_file.h"

using namespace ums::kernel;
using ums::api::library_call;
using ums::api::library_file;
using ums::api::library_ioctl;

namespace {

int fail(int error) noexcept {
  errno = error;
  return -1;
}

// 0 or -errno, as the C functions return it.
int c_result(int result) noexcept {
  if (result < 0) [[unlikely]] {
    return fail(-result);
  }
  return 0;
}

template <unsigned kRequest, typename Argument>
inline __attribute__((always_inline)) int repeat_if_interrupted(Argument argument) {
  int result = 0;
  do {
    result = library_ioctl<kRequest>(argument);
  } while (result == -EINTR);
  return result;
}

// The caller's next event, waiting for one. 0 or -errno.
inline int next_event(ums_sched_event& event) {
  File* const file = library_file();
  if (file == nullptr) [[unlikely]] {
    return repeat_if_interrupted<IOCTL_UMS_SCHED_DQEVENT, void*>(&event);
  }
  int result = 0;
  do {
    result = library_call(*file, [&](UmsData& data, Task& me) -> Result<void> {
      event = TRY(scheduler_take_event(data, me));
      return {};
    });
  } while (result == -EINTR);
  return result;
}

void call_entry_point(ums_scheduler_entry_point_t entry_point, void* startup_param,
                      const ums_sched_event& event) {
  ums_activation_t activation;
  switch (event.type) {
    case SCHEDULER_STARTUP:
      return entry_point(UMS_SCHEDULER_STARTUP, nullptr, startup_param);
    case THREAD_YIELD:
      activation.context = event.yield_params.context;
      return entry_point(UMS_SCHEDULER_THREAD_YIELD, &activation,
                         event.yield_params.scheduler_params);
    case THREAD_TERMINATED:
      activation.context = event.end_params.context;
      return entry_point(UMS_SCHEDULER_THREAD_END, &activation, nullptr);
  }
}

}  // namespace

UMS_EXPORT int create_ums_completion_list(ums_completion_list_t* list) {
  if (list == nullptr) return fail(EFAULT);
  // The program's own pointer, checked by the device: a bad one is an error, not a fault.
  return c_result(library_ioctl<IOCTL_CREATE_UMS_CLIST>(
      IoctlArg{reinterpret_cast<unsigned long>(list),
               reinterpret_cast<unsigned long>(__builtin_frame_address(0))}));
}

UMS_EXPORT int delete_ums_completion_list(ums_completion_list_t* list) {
  if (list == nullptr) return fail(EFAULT);
  const int result = library_ioctl<IOCTL_DELETE_UMS_CLIST>(*list);
  if (result == 0) *list = 0;
  return c_result(result);
}

// Not noexcept: pthread_exit in the entry point unwinds through here, and so may an exception.
UMS_EXPORT int enter_ums_scheduling_mode(ums_scheduler_startup_info_t* info) {
  if (info == nullptr || info->ums_scheduler_entry_point == nullptr) return fail(EFAULT);
  const ums_scheduler_startup_info_t own = *info;
  const enter_ums_mode_args enter{ENTER_UMS_SCHED, own.completion_list};
  int result = library_ioctl<IOCTL_ENTER_UMS>(&enter);
  while (result == 0) {
    ums_sched_event event;
    result = next_event(event);
    if (result == 0) [[likely]] {
      call_entry_point(own.ums_scheduler_entry_point, own.scheduler_param, event);
    }
  }
  return c_result(result);
}

UMS_EXPORT int dequeue_ums_completion_list_items(ums_completion_list_t list, ums_context_t* out) {
  if (out == nullptr) [[unlikely]] {
    return fail(EFAULT);
  }
  dequeue_ums_complist_args args{list, 0};
  int result = 0;
  File* const file = library_file();
  if (file != nullptr) [[likely]] {
    result = library_call(*file, [&](UmsData& data, Task& me) -> Result<void> {
      args.ums_context = worker_hand_out(*TRY(scheduler_dequeue(data, me, list)));
      return {};
    });
  } else {
    result = library_ioctl<IOCTL_DEQUEUE_UMS_CLIST>(&args);
  }
  if (result == 0) [[likely]] {
    *out = args.ums_context;
  }
  return c_result(result);
}

UMS_EXPORT ums_context_t get_next_ums_list_item(ums_context_t ctx) {
  ums_next_context_list_args args{ctx, 0};
  int result = 0;
  File* const file = library_file();
  if (file != nullptr) [[likely]] {
    result = library_call(*file, [&](UmsData& data, Task&) -> Result<void> {
      args.ums_next_context = TRY(worker_next(data, ctx));
      return {};
    });
  } else {
    result = library_ioctl<IOCTL_NEXT_UMS_CTX_LIST>(&args);
  }
  if (result < 0) [[unlikely]] {
    return fail(-result);
  }
  return args.ums_next_context == -1 ? 0 : args.ums_next_context;
}

UMS_EXPORT UMS_SWITCH_RETURN int execute_ums_thread(ums_context_t ctx) {
  return c_result(repeat_if_interrupted<IOCTL_EXEC_UMS_CTX>(ctx));
}

UMS_EXPORT UMS_SWITCH_RETURN int ums_thread_yield(void* scheduler_param) {
  return c_result(repeat_if_interrupted<IOCTL_UMS_YIELD, const void*>(scheduler_param));
}
