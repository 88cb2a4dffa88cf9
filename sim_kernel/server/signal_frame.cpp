// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/signal_frame.h"

#include <sys/syscall.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/server/clients/client_memory.h"
#include "sim_kernel/server/clients/thread_status.h"
#include "sim_kernel/server/listener.h"

namespace ums::kernel {

namespace {

#if defined(__x86_64__)

// The return address is off the stack: the context is at its top.
constexpr std::uint64_t kContextOffset = 0;
constexpr std::uint64_t kCallBytes = 2;

std::uint64_t pc_of(const mcontext_t& context) noexcept {
  return static_cast<std::uint64_t>(context.gregs[REG_RIP]);
}

long result_of(const mcontext_t& context) noexcept { return context.gregs[REG_RAX]; }

// mov $NUMBER, %eax or %rax; syscall
long number_before(pid_t tid, const mcontext_t& context) noexcept {
  constexpr unsigned char kMoveToEax = 0xb8;
  constexpr unsigned char kMoveToRax[] = {0x48, 0xc7, 0xc0};
  constexpr unsigned char kSyscall[] = {0x0f, 0x05};
  unsigned char code[9];
  if (!read_client(tid, code, pc_of(context) - sizeof code, sizeof code)) return -1;
  if (std::memcmp(code + 7, kSyscall, sizeof kSyscall) != 0) return -1;
  if (code[2] != kMoveToEax && std::memcmp(code, kMoveToRax, sizeof kMoveToRax) != 0) return -1;
  std::uint32_t number = 0;
  std::memcpy(&number, code + 3, sizeof number);
  return number;
}

std::uint64_t argument_of(const mcontext_t& context, int i) noexcept {
  return static_cast<std::uint64_t>(context.gregs[i == 0 ? REG_RDI : REG_RSI]);
}

void repeat_in(mcontext_t& context, long number, std::uint64_t first_argument) noexcept {
  context.gregs[REG_RIP] -= static_cast<greg_t>(kCallBytes);
  context.gregs[REG_RAX] = number;
  context.gregs[REG_RDI] = static_cast<greg_t>(first_argument);
}

#else

// In front of the context is a siginfo_t.
constexpr std::uint64_t kContextOffset = sizeof(siginfo_t);
constexpr std::uint64_t kCallBytes = 4;

std::uint64_t pc_of(const mcontext_t& context) noexcept { return context.pc; }
long result_of(const mcontext_t& context) noexcept { return static_cast<long>(context.regs[0]); }

// Of rt_sigreturn, which has no arguments. Others could be told too, but not be made again.
long number_before(pid_t tid, const mcontext_t& context) noexcept {
  constexpr std::uint32_t kSyscall = 0xd4000001;
  std::uint32_t code = 0;
  const bool is_call =
      read_client(tid, &code, context.pc - sizeof code, sizeof code) && code == kSyscall;
  return is_call && context.regs[8] == SYS_rt_sigreturn ? SYS_rt_sigreturn : -1;
}

std::uint64_t argument_of(const mcontext_t& context, int i) noexcept {
  return context.regs[static_cast<std::size_t>(i)];
}

void repeat_in(mcontext_t& context, long number, std::uint64_t first_argument) noexcept {
  context.pc -= kCallBytes;
  context.regs[8] = static_cast<std::uint64_t>(number);
  context.regs[0] = first_argument;
}

#endif

constexpr std::size_t kFrameBytes =
    offsetof(ucontext_t, uc_mcontext) + sizeof(ucontext_t::uc_mcontext);

}  // namespace

SignalFrame::SignalFrame(pid_t tid, Waiting waiting) noexcept : tid_(tid) {
  // Linux shows the stack pointer when the thread sleeps, a moment after it has sent the call.
  WaitingStack stack = stack_of_waiting_thread(tid);
  while (stack.state == WaitingStack::State::kAwake && waiting.listener->is_waiting(waiting.id)) {
    raw_syscall(SYS_sched_yield);
    stack = stack_of_waiting_thread(tid);
  }
  const std::uint64_t address = stack.pointer + kContextOffset;
  if (stack.state != WaitingStack::State::kKnown ||
      !read_client(tid, &frame_, address, kFrameBytes)) {
    return;
  }
  address_ = address;
}

bool SignalFrame::is_in_failed_call() const noexcept {
  return is_read() && result_of(registers()) == -EINTR;
}

bool SignalFrame::is_in(const seccomp_data& call) const noexcept {
  return pc_of(registers()) == call.instruction_pointer && argument(1) == call.args[1];
}

long SignalFrame::number_of_call() const noexcept { return number_before(tid_, registers()); }

std::uint64_t SignalFrame::argument(int i) const noexcept { return argument_of(registers(), i); }

void SignalFrame::repeat(long number, std::uint64_t first_argument) const noexcept {
  mcontext_t changed = registers();
  repeat_in(changed, number, first_argument);
  write_client(tid_, address_ + offsetof(ucontext_t, uc_mcontext), &changed, sizeof changed);
}

}  // namespace ums::kernel
