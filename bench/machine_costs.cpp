// SPDX-License-Identifier: Apache-2.0
//
// What the machine itself charges, so that a reader sees where the nanoseconds of a switch go:
// writing the thread pointer by instruction and by system call, and a system call that does
// nothing. The thread pointer is written with the value that it has.
#include "bench/rows.h"
#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/fiber/thread_pointer.h"

namespace ums::bench {
namespace {

void empty_system_calls(benchmark::State& state) {
  for ([[maybe_unused]] auto iteration : state) {
    benchmark::DoNotOptimize(kernel::raw_syscall(SYS_getppid));
  }
}

#if defined(__x86_64__)
void thread_pointer_writes(benchmark::State& state) {
  kernel::thread_pointer_init();
  if (!kernel::have_fsgsbase) {
    state.SkipWithError("no FSGSBASE on this machine");
    return;
  }
  const kernel::ThreadPointer pointer = kernel::read_thread_pointer();
  for ([[maybe_unused]] auto iteration : state) {
    asm volatile("wrfsbase %0" : : "r"(pointer) : "memory");
  }
}

void thread_pointer_system_calls(benchmark::State& state) {
  const auto pointer = static_cast<long>(kernel::read_thread_pointer());
  for ([[maybe_unused]] auto iteration : state) {
    kernel::raw_syscall(SYS_arch_prctl, ARCH_SET_FS, pointer);
  }
}

constexpr const char* kWriteName = "wrfsbase";
#else
void thread_pointer_writes(benchmark::State& state) {
  const kernel::ThreadPointer pointer = kernel::read_thread_pointer();
  for ([[maybe_unused]] auto iteration : state) {
    kernel::write_thread_pointer(pointer);
  }
}

constexpr const char* kWriteName = "msr tpidr_el0";
#endif

}  // namespace

void add_machine_rows(RowTable& table) {
  table.add_loop({"write_thread_pointer", kMachine, kWriteName, 1, Unit::kNanoseconds},
                 thread_pointer_writes);
#if defined(__x86_64__)
  table.add_loop({"arch_prctl", kMachine, "arch_prctl(ARCH_SET_FS)", 1, Unit::kNanoseconds},
                 thread_pointer_system_calls);
#endif
  table.add_loop({"empty_system_call", kMachine, "empty system call", 1, Unit::kNanoseconds},
                 empty_system_calls);
}

}  // namespace ums::bench
