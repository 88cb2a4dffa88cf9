// SPDX-License-Identifier: Apache-2.0
//
// Checks of seccomp's user notifications: a child installs a filter and makes a call, which is
// answered here, as a kernel process does.
#include <fmt/core.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>

#include "sim_kernel/server/notify_flags.h"
#include "tools/ums/doctor/checks.h"
#include "tools/ums/doctor/probe_child.h"

namespace ums::command {
namespace {

constexpr unsigned kProbeArgument = 0x756d73;  // of a call that nobody else makes so
constexpr int kAnswer = 42;

// What Linux says to a filter of its own: libseccomp makes EFAULT of some errors.
int refusal_of_linux(int otherwise) {
  sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const sock_fprog program = {1, &allow};
  const long listener =
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  return listener < 0 ? -errno : otherwise;
}

// Installs a filter that notifies of getpriority(kProbeArgument, 0). The listener, or -errno.
int install_filter() {
  const std::unique_ptr<void, void (*)(scmp_filter_ctx)> filter(seccomp_init(SCMP_ACT_ALLOW),
                                                                seccomp_release);
  if (!filter) return -ENOMEM;
  // libseccomp turns what the kernel says into ECANCELED otherwise.
  seccomp_attr_set(filter.get(), SCMP_FLTATR_API_SYSRAWRC, 1);
  const scmp_arg_cmp argument = {0, SCMP_CMP_EQ, kProbeArgument, 0};
  int result =
      seccomp_rule_add_array(filter.get(), SCMP_ACT_NOTIFY, SCMP_SYS(getpriority), 1, &argument);
  if (result == 0) result = seccomp_load(filter.get());
  return result == 0 ? seccomp_notify_fd(filter.get()) : refusal_of_linux(result);
}

// Sends the listener, or the error, makes the call, and sends its result.
int be_notified(int socket) {
  const int listener = install_filter();
  send_message(socket, {FrontMessage::kStarted, listener}, listener);
  if (listener < 0) return 0;
  const long result = syscall(SYS_getpriority, kProbeArgument, 0);
  send_message(socket, {FrontMessage::kEnded, static_cast<int>(result)});
  return 0;
}

// Answers the next notification with kAnswer. 0 or -errno.
int answer(int listener) {
  seccomp_notif* request = nullptr;
  seccomp_notif_resp* response = nullptr;
  if (seccomp_notify_alloc(&request, &response) != 0) return -ENOMEM;
  int result = wait_readable(listener) ? seccomp_notify_receive(listener, request) : -ETIMEDOUT;
  if (result == 0) {
    response->id = request->id;
    response->val = kAnswer;
    response->error = 0;
    response->flags = 0;
    result = seccomp_notify_respond(listener, response);
  }
  seccomp_notify_free(request, response);
  return result;
}

Finding cannot_install(int error) {
  if (error == EBUSY) {
    return fails(
        "this process is under a kernel process already, or another user of notifications: "
        "Linux allows one",
        "run the program as it is, or --attach it from outside");
  }
  return fails(fmt::format("a filter with notifications: {}", std::strerror(error)),
               "use Linux 5.14 or newer, and allow seccomp(2) in the container's seccomp profile");
}

}  // namespace

Finding check_seccomp() {
  ProbeChild child(be_notified);
  const FrontMessage listener = child.receive();
  if (listener.value < 0) return cannot_install(-listener.value);
  const int error = answer(listener.descriptor.get());
  if (error != 0 || child.receive().value != kAnswer) {
    return fails(fmt::format("a notification cannot be answered: {}", std::strerror(-error)),
                 "use Linux 5.14 or newer, without a sandbox");
  }
  return ok("a child's system call was answered from here");
}

Finding check_descriptor_answers() {
  ProbeChild child(be_notified);
  const FrontMessage listener = child.receive();
  if (listener.value < 0) return limited("cannot be tried without a filter", "see seccomp");
  return check_descriptor_answers_of(listener.descriptor.get());
}

// No call waits under number 0, as Linux says once it has looked at the flags.
Finding check_descriptor_answers_of(int listener) {
  seccomp_notif_addfd add{};
  add.flags = SECCOMP_ADDFD_FLAG_SEND;
  add.srcfd = static_cast<std::uint32_t>(listener);
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) != 0 && errno == ENOENT) {
    return ok("an open can be answered with a descriptor");
  }
  return fails(fmt::format("an open cannot be answered with a descriptor (seccomp's "
                           "SECCOMP_ADDFD_FLAG_SEND): {}",
                           std::strerror(errno)),
               "use Linux 5.14 or newer, without a sandbox");
}

Finding check_wake_up() {
  ProbeChild child(be_notified);
  const FrontMessage listener = child.receive();
  if (listener.value < 0) return limited("cannot be tried without a filter", "see seccomp");
  if (ioctl(listener.descriptor.get(), SECCOMP_IOCTL_NOTIF_SET_FLAGS,
            SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP) == 0) {
    return ok("synchronous: a call stays on its processor");
  }
  return limited(fmt::format("not synchronous ({}): a call takes longer", std::strerror(errno)),
                 "use Linux 6.6 or newer");
}

}  // namespace ums::command
