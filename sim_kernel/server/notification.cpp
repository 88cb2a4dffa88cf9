// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/notification.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "sim_kernel/base/large_file.h"
#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/server/call.h"
#include "sim_kernel/server/clients/client_memory.h"
#include "sim_kernel/server/clients/exec_watch.h"
#include "sim_kernel/server/clients/thread_table.h"
#include "sim_kernel/server/file_table.h"
#include "sim_kernel/server/interrupted_call.h"
#include "sim_kernel/server/listener.h"
#include "sim_kernel/server/paths/path_call.h"
#include "sim_kernel/server/paths/path_request.h"
#include "sim_kernel/server/paths/stand_in.h"
#include "sim_kernel/server/signal_frame.h"

namespace ums::kernel {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArch = AUDIT_ARCH_X86_64;
#else
constexpr std::uint32_t kArch = AUDIT_ARCH_AARCH64;
#endif

pid_t thread_of(const seccomp_notif& notification) noexcept {
  return static_cast<pid_t>(notification.pid);
}

// ---- ioctl

// The FIFO is open with O_NONBLOCK whatever the program says, so that a read does not hang.
int set_nonblocking(File& file, pid_t tid, std::uint64_t argument) noexcept {
  int on = 0;
  if (!read_client(tid, &on, argument, sizeof on)) return EFAULT;
  int& flags = file_status_flags(file);
  flags = on != 0 ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  return 0;
}

// What the first argument names, if that is a place (O_PATH), of which nothing else is known to
// Linux.
const StandIn* place_of(const seccomp_notif& notification) noexcept {
  if (!any_stand_in()) return nullptr;
  const StandIn* const stand_in = stand_in_of_inode(
      status_of_descriptor(thread_of(notification), static_cast<int>(notification.data.args[0]))
          .inode);
  return stand_in != nullptr && stand_in->is_place() ? stand_in : nullptr;
}

void handle_ioctl(Listener& listener, const seccomp_notif& notification) noexcept {
  const auto& args = notification.data.args;
  File* const file = file_of_descriptor(thread_of(notification), static_cast<int>(args[0]));
  const auto number = static_cast<std::uint32_t>(args[1]);
  // What Linux answers on every file before it asks the driver (do_vfs_ioctl).
  if (file == nullptr || number == FIOCLEX || number == FIONCLEX || number == FIGETBSZ) {
    return place_of(notification) == nullptr ? listener.pass_on(notification.id)
                                             : void(listener.answer(notification.id, EBADF));
  }
  if (number == FIONBIO) {
    listener.answer(notification.id, set_nonblocking(*file, thread_of(notification), args[2]));
    return;
  }
  Task* const task = find_or_make_thread(thread_of(notification));
  if (task == nullptr) {
    listener.answer(notification.id, ENOMEM);
    return;
  }
  call_begin(*task, {&listener, notification.id}, {file, file->serial, number, args[2]});
}

// ---- fcntl

// LINUX: of the open's flags some are kept (O_PATH_FLAGS), and none is changed.
void handle_fcntl_elsewhere(Listener& listener, const seccomp_notif& notification) noexcept {
  const StandIn* const place = place_of(notification);
  if (place == nullptr) return listener.pass_on(notification.id);
  if (notification.data.args[1] != F_GETFL) return void(listener.answer(notification.id, EBADF));
  listener.answer_value(notification.id, place->flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW));
}

void handle_fcntl(Listener& listener, const seccomp_notif& notification) noexcept {
  const auto& args = notification.data.args;
  File* const file = file_of_descriptor(thread_of(notification), static_cast<int>(args[0]));
  if (file == nullptr) return handle_fcntl_elsewhere(listener, notification);
  int& flags = file_status_flags(*file);
  if (args[1] == F_GETFL) {
    listener.answer_value(notification.id, kLargeFile | flags);
  } else {
    flags = static_cast<int>(args[2]) & kSettableFlags;
    listener.answer(notification.id, 0);
  }
}

// ---- rt_sigreturn

void handle_sigreturn(Listener& listener, const seccomp_notif& notification) noexcept {
  const SignalFrame frame(thread_of(notification), {&listener, notification.id});
  repeat_if_interrupted(frame);
  if (Task* const task = find_thread(frame.tid())) call_keep_if_lost(*task, frame);
  listener.pass_on(notification.id);
}

// ---- exec

// No entry of ours is a program.
void handle_exec(Listener& listener, const seccomp_notif& notification) noexcept {
  exec_begins(thread_of(notification));
  handle_path_call(listener, notification);
}

// ---- exit

void handle_exit(Listener& listener, const seccomp_notif& notification) noexcept {
  if (Task* const task = find_thread(thread_of(notification))) thread_is_gone(*task);
  listener.pass_on(notification.id);
}

// A thread may end by a call of another architecture.
bool is_foreign_exit([[maybe_unused]] const seccomp_data& call) noexcept {
#if defined(__x86_64__)
  constexpr int kX32 = 0x40000000;
  constexpr int kExitOfI386 = 1;
  return call.arch == AUDIT_ARCH_I386 ? call.nr == kExitOfI386 : call.nr == (SYS_exit | kX32);
#else
  return false;
#endif
}

void handle_call(Listener& listener, const seccomp_notif& notification) noexcept {
  switch (notification.data.nr) {
    case SYS_ioctl:
      return handle_ioctl(listener, notification);
    case SYS_fcntl:
      return handle_fcntl(listener, notification);
    case SYS_rt_sigreturn:
      return handle_sigreturn(listener, notification);
    case SYS_exit:
      return handle_exit(listener, notification);
    case SYS_execve:
    case SYS_execveat:
      return handle_exec(listener, notification);
#ifdef SYS_open
    case SYS_open:
    case SYS_creat:
#endif
    case SYS_openat:
    case SYS_openat2:
      return handle_open(listener, notification);
    default:
      return handle_path_call(listener, notification);
  }
}

}  // namespace

void handle_notification(Listener& listener, const seccomp_notif& notification) noexcept {
  exec_look(thread_of(notification));
  if (is_foreign_exit(notification.data)) return handle_exit(listener, notification);
  if (notification.data.arch != kArch) return listener.pass_on(notification.id);
  handle_call(listener, notification);
  note_call(listener, notification);
}

}  // namespace ums::kernel
