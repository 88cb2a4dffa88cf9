// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/joined_programs.h"

#include <fmt/core.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "sim_kernel/server/call.h"
#include "sim_kernel/server/descriptor_budget.h"
#include "tools/ums/front_message.h"
#include "tools/ums/join_kernel.h"

namespace ums::command {
namespace {

void watch(int descriptor, kernel::EventSource& source) {
  if (!kernel::watch_events(descriptor, EPOLLIN, source)) {
    throw std::system_error(errno, std::generic_category(), "cannot watch who joins");
  }
}

void refuse(int connection, std::string reason) {
  send_message(connection, {.kind = FrontMessage::kFailed, .text = std::move(reason)});
}

}  // namespace

JoinedPrograms::JoinedPrograms(int socket)
    : EventSource(Kind::kAsks), socket_(socket), spare_(eventfd(0, EFD_CLOEXEC)) {
  watch(socket, *this);
}

void JoinedPrograms::on_event(std::uint32_t /*events*/) noexcept {
  try {
    accept_one();
  } catch (const std::exception&) {  // no memory: it sees that we hang up
  }
  if (!spare_) spare_.reset(eventfd(0, EFD_CLOEXEC));
}

// Somebody who is not accepted would be an event again and again.
void JoinedPrograms::accept_one() {
  const auto accepted = [&] {
    return accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  };
  Descriptor connection(accepted());
  if (!connection && (errno == EMFILE || errno == ENFILE)) {
    spare_.reset();
    connection.reset(accepted());
  }
  if (!connection) return;
  const std::string reason = why_refused(connection.get());
  if (!reason.empty()) return refuse(connection.get(), reason);
  programs_.emplace_back(std::move(connection));
}

std::string JoinedPrograms::why_refused(int connection) const {
  if (!kernel::suffices_for_process(connection)) {
    return "the kernel that runs under this name has no descriptors for another program "
           "(RLIMIT_NOFILE): end some of its programs, or use another name";
  }
  const auto silent = std::count_if(programs_.begin(), programs_.end(),
                                    [](const Program& program) { return program.is_silent(); });
  if (silent < kSilentMax) return {};
  return fmt::format(
      "{} processes are connected to the kernel that runs under this name, and have not joined it: "
      "end them, or use another name",
      silent);
}

void JoinedPrograms::forget_ended() {
  programs_.remove_if([](const Program& program) { return program.has_ended(); });
}

JoinedPrograms::Program::Program(Descriptor connection)
    : EventSource(Kind::kAsks), connection_(std::move(connection)) {
  watch(connection_.get(), *this);
}

// A call whose thread was killed may still be under way, and would answer to its listener.
bool JoinedPrograms::Program::has_ended() const {
  if (connection_) return false;
  return !listener_ || (listener_->has_hung_up() && !kernel::any_call_of(*listener_));
}

void JoinedPrograms::Program::on_event(std::uint32_t /*events*/) noexcept {
  bool hung_up = false;
  try {
    receive(&hung_up);
  } catch (const std::exception&) {  // no memory: it sees that we hang up
    hung_up = true;
  }
  if (!hung_up) return;
  kernel::forget_events(connection_.get());
  connection_.reset();
}

void JoinedPrograms::Program::receive(bool* hung_up) {
  FrontMessage message;
  if (!receive_message(connection_.get(), &message, hung_up)) return;
  // A listener keeps the one that it has been given.
  if (message.kind == FrontMessage::kErrors && !listener_) errors_ = std::move(message.descriptor);
  if (message.kind != FrontMessage::kJoin) return;
  std::string reason = take(message.value, std::move(message.descriptor));
  if (!reason.empty()) refuse(connection_.get(), std::move(reason));
}

// Returns why it is refused; empty if it is not.
std::string JoinedPrograms::Program::take(int version, Descriptor listener) {
  if (version != kJoinVersion) {
    return "the kernel that runs under this name is of another version of ums: use another name";
  }
  if (listener_) return "a program has joined by this connection before: connect anew";
  if (!listener) {
    return "the listener of the program has not come through: end some of the kernel's programs, "
           "or use another name";
  }
  const int errors = errors_ ? errors_.get() : STDERR_FILENO;
  auto added = std::make_unique<kernel::Listener>(listener.release(), errors);
  if (!added->is_added()) {
    return "the kernel that runs under this name cannot watch another program: end some of its "
           "programs, or use another name";
  }
  listener_ = std::move(added);
  return {};
}

}  // namespace ums::command
