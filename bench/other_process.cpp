// SPDX-License-Identifier: Apache-2.0
//
// What a kernel process asks Linux about its callers, alone: whether a descriptor is one of the
// device, by kcmp(2), once a call; and eight bytes of memory, by process_vm_readv(2), once a copy.
//
// Linux first checks whether the one may look into the other, kcmp twice, and a host may hang
// programs of its own on that check (a BPF program for security, say). A process may always look at
// its own memory: the last row has no check.
#include <linux/kcmp.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "bench/rows.h"
#include "sim_kernel/base/raw_syscall.h"

namespace ums::bench {
namespace {

using kernel::raw_syscall;
using kernel::syscall_arg;

// A copy of this process, which does nothing.
class OtherProcess {
 public:
  OtherProcess() : pid_(fork()) {
    while (pid_ == 0) pause();
  }
  ~OtherProcess() {
    if (pid_ < 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;

  pid_t pid() const { return pid_; }

 private:
  const pid_t pid_;
};

template <typename Call>
void repeat(benchmark::State& state, long expected, Call call) {
  for ([[maybe_unused]] auto iteration : state) {
    if (call() != expected) return state.SkipWithError("Linux refuses it");
  }
}

void ask_about_descriptor(benchmark::State& state) {
  int ends[2] = {-1, -1};
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event nothing{};
  if (pipe(ends) == 0) epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &nothing);
  {
    const OtherProcess other;
    const kcmp_epoll_slot slot = {static_cast<__u32>(epoll), static_cast<__u32>(ends[0]), 0};
    repeat(state, 0, [&, own = getpid()] {
      return raw_syscall(SYS_kcmp, other.pid(), own, KCMP_EPOLL_TFD, ends[0], syscall_arg(&slot));
    });
  }
  for (const int each : {ends[0], ends[1], epoll}) close(each);
}

void read_memory(benchmark::State& state, pid_t of) {
  long here = 0;
  long there = 0;  // has the same address in the copy
  const iovec local = {&here, sizeof here};
  const iovec remote = {&there, sizeof there};
  repeat(state, sizeof here, [&] {
    return raw_syscall(SYS_process_vm_readv, of, syscall_arg(&local), 1, syscall_arg(&remote), 1,
                       0);
  });
}

void read_other_memory(benchmark::State& state) { read_memory(state, OtherProcess().pid()); }
void read_own_memory(benchmark::State& state) { read_memory(state, getpid()); }

}  // namespace

void add_other_process_rows(RowTable& table) {
  table.add_loop({"kcmp", kServed, "kcmp of another process's descriptor", 1, Unit::kNanoseconds},
                 ask_about_descriptor);
  table.add_loop(
      {"read_other_memory", kServed, "process_vm_readv of another process", 1, Unit::kNanoseconds},
      read_other_memory);
  table.add_loop(
      {"read_own_memory", kServed, "the same of its own, unchecked", 1, Unit::kNanoseconds},
      read_own_memory);
}

}  // namespace ums::bench
