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

// mov $15, %rax or %eax; syscall
constexpr unsigned char kReturnLong[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
constexpr unsigned char kReturnShort[] = {0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05};
constexpr std::uint64_t kSyscallBytes = 2;

bool is_return(pid_t tid, const mcontext_t& context) noexcept {
  const auto pc = static_cast<std::uint64_t>(context.gregs[REG_RIP]);
  unsigned char code[sizeof kReturnLong];
  if (context.gregs[REG_RAX] != -EINTR || !read_client(tid, code, pc - sizeof code, sizeof code)) {
    return false;
  }
  constexpr std::size_t kSkipped = sizeof code - sizeof kReturnShort;
  return std::memcmp(code, kReturnLong, sizeof kReturnLong) == 0 ||
         std::memcmp(code + kSkipped, kReturnShort, sizeof kReturnShort) == 0;
}

void repeat(mcontext_t& context) noexcept {
  context.gregs[REG_RIP] -= static_cast<greg_t>(kSyscallBytes);
  context.gregs[REG_RAX] = SYS_rt_sigreturn;
}

#else

// In front of the context is a siginfo_t.
constexpr std::uint64_t kContextOffset = sizeof(siginfo_t);
constexpr std::uint32_t kSyscallInstruction = 0xd4000001;

bool is_return(pid_t tid, const mcontext_t& context) noexcept {
  std::uint32_t code = 0;
  return static_cast<long>(context.regs[0]) == -EINTR && context.regs[8] == SYS_rt_sigreturn &&
         read_client(tid, &code, context.pc - sizeof code, sizeof code) &&
         code == kSyscallInstruction;
}

void repeat(mcontext_t& context) noexcept { context.pc -= sizeof kSyscallInstruction; }

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

void SignalFrame::repeat_interrupted_return() const noexcept {
  if (!is_read() || !is_return(tid_, frame_.uc_mcontext)) return;
  mcontext_t changed = frame_.uc_mcontext;
  repeat(changed);
  write_client(tid_, address_ + offsetof(ucontext_t, uc_mcontext), &changed, sizeof changed);
}

}  // namespace ums::kernel
