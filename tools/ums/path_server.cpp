// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/path_server.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include "sim_kernel/server/filter.h"
#include "sim_kernel/server/kernel_loop.h"
#include "sim_kernel/server/listener.h"
#include "sim_kernel/server/paths/mirrored_tree.h"
#include "tools/ums/doctor/checks.h"
#include "tools/ums/end_source.h"
#include "tools/ums/exec_program.h"
#include "tools/ums/inspect/mirror.h"
#include "tools/ums/own_descendants.h"
#include "tools/ums/pidfd.h"
#include "tools/ums/program_watch.h"
#include "tools/ums/stuck_watch.h"
#include "tools/ums/watched_program.h"

namespace ums::command {
namespace {

Mirror* mirror = nullptr;

// A kernel that cannot be read is not shown; `ums tree` says why.
void refresh_mirror() noexcept {
  try {
    mirror->refresh();
  } catch (const std::exception&) {  // no memory or descriptors now: the entries stay as they are
  }
}

std::string in_words(const std::string& fault) {
  return fmt::format(
      "/proc/ums is not to be found by its path, {}; 'ums tree' shows it, and "
      "'ums doctor' says more",
      fault);
}

}  // namespace

std::string path_fault() {
  try {
    const Finding finding = check_descriptor_answers();
    return finding.verdict == Finding::kFails ? in_words(finding.found) : "";
  } catch (const std::exception& error) {
    return in_words(error.what());
  }
}

// Before there is a filter, which would be for ever.
void PathServer::prepare() {
  if (!can_serve_.has_value()) {
    const std::string fault = path_fault();
    can_serve_ = fault.empty();
    if (!*can_serve_) complain(fault);
  }
  pipe_.open();
}

void PathServer::in_program() {
  if (!*can_serve_) return;
  const int listener = kernel::install_path_filter();
  if (listener >= 0) return pipe_.send(Descriptor(listener));
  if (listener == -EBUSY) return;  // inside another `ums run`, which answers for paths
  complain(in_words(fmt::format("seccomp fails: {}", std::strerror(-listener))));
}

void PathServer::watch(ProgramWatch& watch) {
  pipe_.close();
  watch.serve();
}

void PathServer::serve(WatchedProgram& program) {
  Descriptor descriptor = pipe_.receive();
  if (!descriptor) return program.await_end();
  const int error = kernel::kernel_loop_start();
  if (error != 0) {
    throw std::system_error(error, std::generic_category(), "cannot show /proc/ums");
  }
  Mirror shown([](const StateReader& reader) { return descends_from(reader.pid(), getpid()); });
  mirror = &shown;
  kernel::mirror_tree(refresh_mirror);
  kernel::Listener listener(descriptor.release());
  if (!listener.is_added()) {
    send_signal(program.pidfd(), SIGKILL);
    throw std::system_error(ENOMEM, std::generic_category(), "cannot watch the program's calls");
  }
  std::optional<StuckWatch> stuck;
  if (!simulated_.empty()) stuck.emplace(program, simulated_);
  const EndSource end(program.watch_pidfd());
  while (!end.has_come()) kernel::kernel_loop_turn();
  kernel::kernel_loop_stop();
}

}  // namespace ums::command
