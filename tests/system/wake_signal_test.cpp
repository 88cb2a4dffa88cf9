// SPDX-License-Identifier: Apache-2.0
//
// The signal that wakes a parked thread: cancellation has the same number.
#include <unistd.h>

#include <csignal>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/parallel/idle.h"
#include "sim_kernel/parallel/signals/signal_aim.h"
#include "support/emulator.h"
#include "support/system_test.h"

namespace ums::test {
namespace {

using WakeSignal = DeviceTest;

// Who sends that number to the process, and so perhaps to a parked thread, takes neither away.
// (Sent to that thread here, with the mark of sigqueue.)
TEST_F(WakeSignal, ForTheProcessIsIgnored) {
  SKIP_UNDER_EMULATOR("it copies only the fields of a signal that it knows");
  become_scheduler(fd_, list_);
  Worker worker(fd_, list_);
  siginfo_t info{};
  info.si_signo = kernel::kWakeSignal;
  info.si_code = SI_QUEUE;
  info.si_pid = getpid();
  kernel::aim_at_process(info);
  ASSERT_EQ(kernel::raw_syscall(SYS_rt_tgsigqueueinfo, getpid(), worker.tid(), kernel::kWakeSignal,
                                kernel::syscall_arg(&info)),
            0);
  wait_until_asleep(worker.tid());
  run_workers(fd_, list_, 1);
}

}  // namespace
}  // namespace ums::test
