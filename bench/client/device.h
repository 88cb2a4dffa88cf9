// SPDX-License-Identifier: Apache-2.0
//
// The calls of the UMS device by ioctl(2), for the programs that measure the kernel process. A call
// that fails ends the program (check.h).
//
// Thread safety: that of the calls.
#pragma once

#include <fcntl.h>
#include <sys/ioctl.h>
#include <ums/ums_ioctl.h>
#include <unistd.h>

#include "bench/check.h"

namespace ums::bench {

class Device {
 public:
  Device() : descriptor_(open("/dev/ums", O_RDONLY | O_CLOEXEC)) {
    check(descriptor_ >= 0, "open of /dev/ums");
  }
  ~Device() { close(descriptor_); }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  int create_list() const {
    ums_comp_list_id_t list = 0;
    call(IOCTL_CREATE_UMS_CLIST, &list, "CREATE");
    return list;
  }
  void delete_list(int list) const { call_by_value(IOCTL_DELETE_UMS_CLIST, list, "DELETE"); }

  void enter(int flags, int list) const {
    enter_ums_mode_args args{flags, list};
    call(IOCTL_ENTER_UMS, &args, "ENTER");
  }

  // The first worker of the batch.
  pid_t dequeue(int list) const {
    dequeue_ums_complist_args args{list, 0};
    call(IOCTL_DEQUEUE_UMS_CLIST, &args, "DEQUEUE");
    return args.ums_context;
  }

  // The worker behind `worker`, or -1.
  pid_t next(pid_t worker) const {
    ums_next_context_list_args args{worker, 0};
    call(IOCTL_NEXT_UMS_CTX_LIST, &args, "NEXT");
    return args.ums_next_context;
  }

  void execute(pid_t worker) const { call_by_value(IOCTL_EXEC_UMS_CTX, worker, "EXEC"); }
  void yield() const { call_by_value(IOCTL_UMS_YIELD, 0, "YIELD"); }

  ums_sched_event take_event() const {
    ums_sched_event event;
    call(IOCTL_UMS_SCHED_DQEVENT, &event, "DQEVENT");
    return event;
  }

 private:
  void call(unsigned long request, void* argument, const char* name) const {
    check(ioctl(descriptor_, request, argument) == 0, name);
  }
  void call_by_value(unsigned long request, int argument, const char* name) const {
    check(ioctl(descriptor_, request, static_cast<long>(argument)) == 0, name);
  }

  const int descriptor_;
};

}  // namespace ums::bench
