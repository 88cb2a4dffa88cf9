// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/proc_mount.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "procfs_emul/fuse_mount.h"
#include "tools/ums/front_message.h"
#include "tools/ums/inspect/mirror.h"
#include "tools/ums/own_descendants.h"
#include "tools/ums/program_watch.h"

namespace ums::command {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// ---- in the process that serves

// Waits until the kernel process has said who it is. -1: it never will.
pid_t await_kernel(int control) {
  pollfd ready{control, POLLIN, 0};
  FrontMessage message;
  bool hung_up = false;
  while (!receive_message(control, &message, &hung_up)) {
    if (hung_up) return -1;
    poll(&ready, 1, -1);
  }
  return message.value;
}

void refresh(Mirror& mirror) {
  try {
    mirror.refresh();
  } catch (const std::exception&) {  // no memory or descriptors now: the entries stay as they are
  }
}

// Serves until the mount is gone, or the other end of `control` is closed.
void serve(kernel::FuseMount& mount, Mirror& mirror, int control) {
  std::array<pollfd, 2> ready{{{mount.fd(), POLLIN, 0}, {control, POLLIN, 0}}};
  for (;;) {
    if (poll(ready.data(), ready.size(), -1) < 0) continue;
    if (ready[1].revents != 0) return;
    refresh(mirror);
    if (!mount.serve_one()) return;
  }
}

// No signal may end it: the mount would stay, dead.
void leave_the_program_s_world() {
  prctl(PR_SET_NAME, "ums-proc");
  setsid();
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  close_inherited();
  fill_standard_descriptors();
}

int mount_and_serve(const std::string& folder, int control) try {
  leave_the_program_s_world();
  pid_t kernel = -1;
  Mirror mirror([&](const StateReader& reader) { return descends_from(reader.pid(), kernel); });
  kernel::FuseMount mount;
  if (!mount.open(folder.c_str()).ok()) {
    send_message(control, {FrontMessage::kFailed, 0, mount.message()});
    return 1;
  }
  if (chdir("/") != 0) fail("/");
  send_message(control, {FrontMessage::kStarted});
  kernel = await_kernel(control);
  if (kernel > 0) serve(mount, mirror, control);
  return 0;
} catch (const std::exception& error) {
  send_message(control, {FrontMessage::kFailed, 0, error.what()});
  return 1;
}

// ---- in the front process

// Forks a process that is not our child. `ours` is the end that it must not keep open. Throws
// std::system_error.
void fork_away(const std::string& folder, Descriptor control, int ours) {
  const pid_t between = fork();
  if (between < 0) fail("cannot fork");
  if (between == 0) {
    const pid_t server = fork();
    if (server != 0) _exit(server < 0 ? 1 : 0);
    close(ours);
    const int status = mount_and_serve(folder, control.get());
    control.reset();
    _exit(status);
  }
  int status = 0;
  while (waitpid(between, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) throw std::runtime_error("cannot fork");
}

void expect_mounted(int control) {
  pollfd ready{control, POLLIN, 0};
  FrontMessage message;
  bool hung_up = false;
  while (!receive_message(control, &message, &hung_up)) {
    if (hung_up) throw std::runtime_error("the process that serves --proc has died");
    poll(&ready, 1, -1);
  }
  if (message.kind == FrontMessage::kFailed) throw std::runtime_error("--proc: " + message.text);
}

// ---- in the kernel process, and in that which watches the program

bool has_children() {
  siginfo_t info;
  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

// A body whose kernels are shown.
class ShownBody final : public KernelBody {
 public:
  ShownBody(const ProcMount& mount, KernelBody& body) : mount_(mount), body_(body) {}

  void prepare() override {
    mount_.show_ours();
    body_.prepare();
  }
  void in_program() override { body_.in_program(); }
  void watch(ProgramWatch& watch) override {
    watch.before_end = [this] {
      if (!has_children()) mount_.end();
    };
    body_.watch(watch);
  }
  void serve(WatchedProgram& program) override {
    body_.serve(program);
    mount_.end();
  }

 private:
  const ProcMount& mount_;
  KernelBody& body_;
};

}  // namespace

ProcMount::ProcMount(const std::string& folder) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    fail("cannot make a socket pair");
  }
  control_.reset(pair[0]);
  fork_away(folder, Descriptor(pair[1]), control_.get());
  expect_mounted(control_.get());
}

void ProcMount::show_ours() const {
  send_message(control_.get(), {FrontMessage::kStarted, getpid()});
}

// The other end is closed when the process has unmounted and ended.
void ProcMount::end() const {
  shutdown(control_.get(), SHUT_WR);
  char byte = 0;
  while (recv(control_.get(), &byte, sizeof byte, 0) < 0 && errno == EINTR) {
  }
}

int run_front_with_proc(const std::string& folder, const std::vector<std::string>& command,
                        KernelBody& body) {
  if (folder.empty()) return run_front(command, body);
  const ProcMount mount(folder);
  ShownBody shown(mount, body);
  return run_front(command, shown);
}

}  // namespace ums::command
