// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/run_server.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/prctl.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <system_error>

#include "sim_kernel/server/filter.h"
#include "sim_kernel/server/kernel_loop.h"
#include "sim_kernel/server/listener.h"
#include "sim_kernel/server/strace.h"
#include "sim_kernel/ums/published.h"
#include "tools/ums/descriptor.h"
#include "tools/ums/doctor/checks.h"
#include "tools/ums/end_source.h"
#include "tools/ums/exec_program.h"
#include "tools/ums/front.h"
#include "tools/ums/join_kernel.h"
#include "tools/ums/joined_programs.h"
#include "tools/ums/kernel_name.h"
#include "tools/ums/listener_pipe.h"
#include "tools/ums/pidfd.h"
#include "tools/ums/proc_mount.h"
#include "tools/ums/program_watch.h"
#include "tools/ums/record_file.h"
#include "tools/ums/watched_program.h"

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
      return "this Linux has no user notification for seccomp (5.14 has); "
             "'ums run --machine parallel' does without, 'ums doctor' says more";
    default:
      return "seccomp is not allowed here; 'ums run --machine parallel' does without, "
             "'ums doctor' says more";
  }
}

// The program, which waits for the answer to its exec, is not to hear that nobody answers.
void expect_descriptor_answers(int listener, const WatchedProgram& program) {
  const Finding finding = check_descriptor_answers_of(listener);
  if (finding.verdict != Finding::kFails) return;
  send_signal(program.pidfd(), SIGKILL);
  throw std::runtime_error(fmt::format(
      "{}; to do: {}; 'ums run --machine parallel' does without, 'ums doctor' says more",
      finding.found, finding.remedy));
}

[[noreturn]] void fail_unwatched(const WatchedProgram& program) {
  send_signal(program.pidfd(), SIGKILL);
  fail(ENOMEM, "cannot watch the program's calls");
}

void start_strace(const std::string& path) {
  const int error = kernel::strace_start(path == "-" ? nullptr : path.c_str());
  if (error != 0) throw std::system_error(error, std::generic_category(), "--strace=" + path);
}

class KernelServer final : public KernelBody {
 public:
  explicit KernelServer(const RunOptions& options) : options_(options) {}

  void prepare() override {
    if (!options_.attach.empty()) name_.emplace(options_.attach);
    if (joins()) prepare_to_join();
    if (!options_.strace.empty()) start_strace(options_.strace);
    pipe_.open();
    log_.reset(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  }

  void in_program() override {
    if (joins()) allow_kernel(name_->kernel());
    const int listener = kernel::install_filter();
    if (listener < 0) throw std::runtime_error(refusal(-listener));
    pipe_.send(Descriptor(listener));
  }

  void watch(ProgramWatch& watch) override {
    if (!joins()) {
      leave_to_kernel();
      return watch.serve();
    }
    Descriptor listener = pipe_.receive();
    if (!listener) return watch.serve();  // the program has said why
    serve_by_joining(*name_, {options_.command[0], std::move(log_), std::move(listener)}, watch);
  }

  void serve(WatchedProgram& program) override {
    if (joins()) {
      leave_to_kernel();
      return program.await_end();
    }
    Descriptor listener = pipe_.receive();
    if (listener) expect_descriptor_answers(listener.get(), program);
    if (!listener && !name_) return program.await_end();
    if (log_) dup2(log_.get(), STDERR_FILENO);
    log_.reset();
    if (!options_.log.empty()) setenv("UMS_LOG", options_.log.c_str(), 1);
    // First: its objects come to lie there.
    kernel::ums_publish(kernel::KernelKind::kProcess, options_.attach.c_str());
    const int error = kernel::kernel_loop_start();
    if (error != 0) fail(error, "cannot start the kernel process");
    // Who outlives its program shall not keep that one's folder from being unmounted.
    if (name_ && chdir("/") != 0) fail(errno, "/");
    serve_all(program, std::move(listener));
    kernel::kernel_loop_stop();
  }

 private:
  bool joins() const { return name_ && !name_->is_ours(); }

  // What another process than this one needs alone.
  void leave_to_kernel() {
    pipe_.close();
    log_.reset();
  }

  void prepare_to_join() const {
    if (!options_.log.empty() || !options_.strace.empty() || !options_.proc.empty()) {
      throw std::runtime_error(fmt::format(
          "the kernel '{}' runs already: --log, --strace and --proc are for the run that starts it",
          options_.attach));
    }
    prctl(PR_SET_NAME, "ums-watch");  // no kernel process any more
    const std::string limit = limit_of_joining();
    if (!limit.empty()) complain(limit);
  }

  void serve_all(WatchedProgram& program, Descriptor descriptor) {
    std::optional<kernel::Listener> listener;
    if (descriptor) listener.emplace(descriptor.release());
    if (listener && !listener->is_added()) fail_unwatched(program);
    const EndSource end_of_program(program.pidfd());
    const EndSource end_of_all(program.watch_pidfd());
    std::optional<JoinedPrograms> joined;
    if (name_) joined.emplace(name_->socket());
    // Of the calls of all its descendants a record may be wanted there.
    const EndSource& end_of_errors = options_.strace == "-" ? end_of_all : end_of_program;
    bool needs_standard_error = true;
    do {
      kernel::kernel_loop_turn();
      if (joined) joined->forget_ended();
      if (needs_standard_error && end_of_errors.has_come()) {
        leave_standard_error();
        needs_standard_error = false;
      }
      if (end_of_all.has_come()) program.settle();
    } while (!end_of_all.has_come() || (joined && (joined->any() || !name_->give_up())));
  }

  // It is the program's, whose readers wait for its end, and not for that of a daemon that it
  // leaves behind.
  static void leave_standard_error() { dup2(STDIN_FILENO, STDERR_FILENO); }

  const RunOptions& options_;
  std::optional<KernelName> name_;
  ListenerPipe pipe_;
  Descriptor log_;  // the program's standard error, where the kernel's log goes
};

}  // namespace

int run_server(const RunOptions& options) {
  if (!options.log.empty()) check_record("--log " + options.log, options.log);
  KernelServer server(options);
  return run_front_with_proc(options.proc, options.command, server);
}

}  // namespace ums::command
