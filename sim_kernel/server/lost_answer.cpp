// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/lost_answer.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include <cerrno>

#include "sim_kernel/server/clients/client_memory.h"
#include "sim_kernel/server/file_table.h"

namespace ums::kernel {

namespace {

// The part of a signal frame that says where the signal came.
struct Interrupted {
  int descriptor;
  std::uint64_t number;
  std::uint64_t argument;
  long result;        // of the system call; or what begins it
  bool is_restarted;  // if the frame returns to a system call's instruction
};

#if defined(__x86_64__)

constexpr std::uint16_t kSyscallInstruction = 0x050f;

// The instruction leaves its successor's address in RCX: one that is about to be executed for the
// first time is no call yet.
Interrupted decode(pid_t tid, const mcontext_t& context) noexcept {
  const auto& registers = context.gregs;
  std::uint16_t instruction = 0;
  const auto pc = static_cast<std::uint64_t>(registers[REG_RIP]);
  const bool at_call = registers[REG_RAX] == SYS_ioctl &&
                       static_cast<std::uint64_t>(registers[REG_RCX]) == pc + sizeof instruction &&
                       read_client(tid, &instruction, pc, sizeof instruction) &&
                       instruction == kSyscallInstruction;
  return {static_cast<int>(registers[REG_RDI]), static_cast<std::uint64_t>(registers[REG_RSI]),
          static_cast<std::uint64_t>(registers[REG_RDX]), registers[REG_RAX], at_call};
}

#else

constexpr std::uint32_t kSyscallInstruction = 0xd4000001;

// A system call's result takes the place of its first argument, which is therefore not known.
Interrupted decode(pid_t tid, const mcontext_t& context) noexcept {
  const auto& registers = context.regs;
  std::uint32_t instruction = 0;
  const bool at_call = registers[8] == SYS_ioctl &&
                       read_client(tid, &instruction, context.pc, sizeof instruction) &&
                       instruction == kSyscallInstruction;
  return {at_call ? static_cast<int>(registers[0]) : -1, registers[1], registers[2],
          static_cast<long>(registers[0]), at_call};
}

#endif

}  // namespace

bool signal_came_instead(const SignalFrame& frame, const Request& request) noexcept {
  if (!frame.is_read()) return false;
  const Interrupted call = decode(frame.tid(), frame.registers());
  if (call.result != -EINTR && !call.is_restarted) return false;
  if (static_cast<std::uint32_t>(call.number) != request.number ||
      call.argument != request.argument) {
    return false;
  }
  return call.descriptor < 0 || file_of_descriptor(frame.tid(), call.descriptor) == request.file;
}

}  // namespace ums::kernel
