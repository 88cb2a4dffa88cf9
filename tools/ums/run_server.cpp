// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/run_server.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <system_error>

#include "sim_kernel/server/descriptor_passing.h"
#include "sim_kernel/server/event_source.h"
#include "sim_kernel/server/filter.h"
#include "sim_kernel/server/kernel_loop.h"
#include "sim_kernel/server/listener.h"
#include "sim_kernel/server/strace.h"
#include "tools/ums/descriptor.h"
#include "tools/ums/front.h"
#include "tools/ums/log_file.h"
#include "tools/ums/program_watch.h"

namespace ums::command {
namespace {

[[noreturn]] void fail(int error, const char* what) {
  throw std::system_error(error, std::generic_category(), what);
}

// Why Linux refuses the filter, in words that help.
const char* refusal(int error) {
  switch (error) {
    case EBUSY:
      return "this is inside another 'ums run', whose kernel process serves all programs here: "
             "run the program without 'ums run'";
    case EINVAL:
    case ENOSYS:
    case EOPNOTSUPP:
      return "this Linux has no user notification for seccomp (5.15 has); "
             "'ums run --machine parallel' does without, 'ums doctor' says more";
    default:
      return "seccomp is not allowed here; 'ums run --machine parallel' does without, "
             "'ums doctor' says more";
  }
}

// One of the descriptors of a ProgramWatch in the kernel loop.
class WatchSource final : public kernel::EventSource {
 public:
  WatchSource(ProgramWatch& watch, int descriptor, void (ProgramWatch::*handler)())
      : EventSource(Kind::kAsks), watch_(watch), descriptor_(descriptor), handler_(handler) {
    if (!kernel::watch_events(descriptor, EPOLLIN, *this)) fail(errno, "cannot watch the program");
  }

  void on_event(std::uint32_t /*events*/) noexcept override {
    (watch_.*handler_)();
    if (watch_.front_fd() < 0 && handler_ == &ProgramWatch::on_front) {
      kernel::forget_events(descriptor_);
    }
  }

 private:
  ProgramWatch& watch_;
  const int descriptor_;
  void (ProgramWatch::*handler_)();
};

void start_strace(const std::string& path) {
  const int error = kernel::strace_start(path == "-" ? nullptr : path.c_str());
  if (error != 0) throw std::system_error(error, std::generic_category(), "--strace=" + path);
}

class KernelServer final : public KernelBody {
 public:
  explicit KernelServer(const RunOptions& options) : options_(options) {}

  void prepare() override {
    if (!options_.strace.empty()) start_strace(options_.strace);
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
      fail(errno, "cannot make a socket pair");
    }
    ours_.reset(pair[0]);
    program_s_.reset(pair[1]);
    log_.reset(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  }

  void in_program() override {
    const Descriptor listener(kernel::install_filter());
    if (listener.get() < 0) throw std::runtime_error(refusal(-listener.get()));
    fcntl(listener.get(), F_SETFD, FD_CLOEXEC);
    const int error = kernel::send_descriptor(program_s_.get(), listener.get());
    if (error != 0) fail(error, "cannot reach the kernel process");
  }

  void serve(ProgramWatch& watch) override {
    program_s_.reset();
    const int descriptor = kernel::receive_descriptor(ours_.get());
    if (descriptor < 0) return watch.serve();  // the program could not be made, and has said why
    if (log_) dup2(log_.get(), STDERR_FILENO);
    if (!options_.log.empty()) setenv("UMS_LOG", options_.log.c_str(), 1);
    const int error = kernel::kernel_loop_start();
    if (error != 0) fail(error, "cannot start the kernel process");
    kernel::Listener listener(descriptor);
    WatchSource children(watch, watch.children_fd(), &ProgramWatch::on_children);
    WatchSource front(watch, watch.front_fd(), &ProgramWatch::on_front);
    while (!watch.childless()) kernel::kernel_loop_turn();
    kernel::kernel_loop_stop();
  }

 private:
  const RunOptions& options_;
  Descriptor ours_;
  Descriptor program_s_;
  Descriptor log_;  // the program's standard error, where the kernel's log goes
};

}  // namespace

int run_server(const RunOptions& options) {
  if (!options.log.empty()) check_log(options.log);
  KernelServer server(options);
  return run_front(options.command, server);
}

}  // namespace ums::command
