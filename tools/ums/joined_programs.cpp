// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/joined_programs.h"

#include <fmt/core.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "sim_kernel/server/call.h"
#include "tools/ums/front_message.h"
#include "tools/ums/join_kernel.h"

namespace ums::command {
namespace {

void watch(int descriptor, kernel::EventSource& source) {
  if (!kernel::watch_events(descriptor, EPOLLIN, source)) {
    throw std::system_error(errno, std::generic_category(), "cannot watch who joins");
  }
}

}  // namespace

JoinedPrograms::JoinedPrograms(int socket) : EventSource(Kind::kAsks), socket_(socket) {
  watch(socket, *this);
}

void JoinedPrograms::on_event(std::uint32_t /*events*/) noexcept {
  Descriptor connection(accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!connection) return;
  try {
    programs_.emplace_back(std::move(connection));
  } catch (const std::exception&) {  // no memory: it sees that we hang up
  }
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
  if (message.kind == FrontMessage::kErrors) errors_ = std::move(message.descriptor);
  if (message.kind == FrontMessage::kJoin && message.descriptor) {
    take(message.value, std::move(message.descriptor));
  }
}

void JoinedPrograms::Program::take(int version, Descriptor listener) {
  if (version == kJoinVersion && !listener_) {
    listener_ = std::make_unique<kernel::Listener>(listener.release(), errors_.get());
    return;
  }
  send_message(connection_.get(), {.kind = FrontMessage::kFailed,
                                   .text = "the kernel that runs under this name is of another "
                                           "version of ums: use another name"});
}

}  // namespace ums::command
