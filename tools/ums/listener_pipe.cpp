// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/listener_pipe.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "sim_kernel/base/descriptor_passing.h"

namespace ums::command {
namespace {

[[noreturn]] void fail(int error, const char* what) {
  throw std::system_error(error, std::generic_category(), what);
}

}  // namespace

void ListenerPipe::open() {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    fail(errno, "cannot make a socket pair");
  }
  ours_.reset(pair[0]);
  program_s_.reset(pair[1]);
}

void ListenerPipe::send(Descriptor listener) {
  const int error = kernel::send_descriptor(program_s_.get(), listener.get());
  if (error != 0) fail(error, "cannot reach the kernel process");
}

Descriptor ListenerPipe::receive() {
  program_s_.reset();
  return Descriptor(kernel::receive_descriptor(ours_.get()));
}

void ListenerPipe::close() {
  ours_.reset();
  program_s_.reset();
}

}  // namespace ums::command
