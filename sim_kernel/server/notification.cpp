// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/notification.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/server/call.h"
#include "sim_kernel/server/client_memory.h"
#include "sim_kernel/server/exec_watch.h"
#include "sim_kernel/server/file_table.h"
#include "sim_kernel/server/listener.h"
#include "sim_kernel/server/thread_table.h"

namespace ums::kernel {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArch = AUDIT_ARCH_X86_64;
#else
constexpr std::uint32_t kArch = AUDIT_ARCH_AARCH64;
#endif

// Every file that a 64-bit program opens has it; <fcntl.h> calls it 0.
#if defined(__x86_64__)
constexpr int kLargeFile = 0x8000;
#else
constexpr int kLargeFile = 0x20000;
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

void handle_ioctl(Listener& listener, const seccomp_notif& notification) noexcept {
  const auto& args = notification.data.args;
  File* const file = file_of_descriptor(thread_of(notification), static_cast<int>(args[0]));
  const auto number = static_cast<std::uint32_t>(args[1]);
  // What Linux answers on every file before it asks the driver (do_vfs_ioctl).
  if (file == nullptr || number == FIOCLEX || number == FIONCLEX) {
    return listener.pass_on(notification.id);
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
  call_begin(*task, {&listener, notification.id}, {file, number, args[2]});
}

// ---- fcntl

void handle_fcntl(Listener& listener, const seccomp_notif& notification) noexcept {
  const auto& args = notification.data.args;
  File* const file = file_of_descriptor(thread_of(notification), static_cast<int>(args[0]));
  if (file == nullptr) return listener.pass_on(notification.id);
  int& flags = file_status_flags(*file);
  if (args[1] == F_GETFL) {
    listener.answer_value(notification.id, kLargeFile | flags);
  } else {
    flags = static_cast<int>(args[2]) & kSettableFlags;
    listener.answer(notification.id, 0);
  }
}

// ---- open

struct OpenCall {
  std::uint64_t path = 0;
  int flags = 0;
};

// What an open call of any kind asks for. The flags of openat2 are not known if its struct cannot
// be read; Linux then says why.
OpenCall decode_open(const seccomp_notif& notification) noexcept {
  const auto& args = notification.data.args;
  switch (notification.data.nr) {
#ifdef SYS_open
    case SYS_open:
      return {args[0], static_cast<int>(args[1])};
    case SYS_creat:
      return {args[0], O_CREAT | O_WRONLY | O_TRUNC};
#endif
    case SYS_openat:
      return {args[1], static_cast<int>(args[2])};
    default:
      break;
  }
  open_how how{};
  const bool read = read_client(thread_of(notification), &how, args[2], sizeof how.flags);
  return {read ? args[1] : 0, static_cast<int>(how.flags)};
}

bool names_device(const seccomp_notif& notification, std::uint64_t path) noexcept {
  constexpr char kDevice[] = "/dev/ums";
  char text[sizeof kDevice];
  return read_client(thread_of(notification), text, path, sizeof text) &&
         __builtin_memcmp(text, kDevice, sizeof kDevice) == 0;
}

// What Linux refuses before it asks the driver. 0: nothing.
int refusal_of_flags(int flags) noexcept {
  if ((flags & O_DIRECTORY) != 0) return ENOTDIR;
  if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) return EEXIST;
  return 0;
}

void handle_open(Listener& listener, const seccomp_notif& notification) noexcept {
  const OpenCall call = decode_open(notification);
  if (call.path == 0 || !names_device(notification, call.path)) {
    return listener.pass_on(notification.id);
  }
  int error = refusal_of_flags(call.flags);
  if (error == 0) {
    look_at_ends();
    Task* const task = find_or_make_thread(thread_of(notification));
    error = task == nullptr
                ? ENOMEM
                : file_open(*task, {&listener, notification.id}, call.flags).error_code();
  }
  if (error != 0) listener.answer(notification.id, error);
}

// ---- rt_sigreturn

void handle_sigreturn(Listener& listener, const seccomp_notif& notification) noexcept {
  if (Task* const task = find_thread(thread_of(notification))) call_keep_if_lost(*task);
  listener.pass_on(notification.id);
}

// ---- exit

void handle_exit(Listener& listener, const seccomp_notif& notification) noexcept {
  if (Task* const task = find_thread(thread_of(notification))) thread_is_gone(*task);
  listener.pass_on(notification.id);
}

}  // namespace

void handle_notification(Listener& listener, const seccomp_notif& notification) noexcept {
  exec_look(thread_of(notification));
  if (notification.data.arch != kArch) return listener.pass_on(notification.id);
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
      exec_begins(thread_of(notification));
      return listener.pass_on(notification.id);
    default:
      return handle_open(listener, notification);
  }
}

}  // namespace ums::kernel
