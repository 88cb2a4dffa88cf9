// SPDX-License-Identifier: Apache-2.0
//
// write and its kin in a simulation: see descriptors.h. Room for some bytes need not be room for
// all: what is long goes to a pipe, a socket or a terminal in pieces that are not held up.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "ums_api/simulated/current_simulated.h"
#include "ums_api/simulated/descriptors.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

UMS_EXPORT ssize_t ums_write(int fd, const void* bytes, size_t count) asm("write");
UMS_EXPORT ssize_t ums___write(int fd, const void* bytes, size_t count) asm("__write");
UMS_EXPORT ssize_t ums_writev(int fd, const iovec* parts, int count) asm("writev");
UMS_EXPORT ssize_t ums_send(int fd, const void* bytes, size_t count, int flags) asm("send");
UMS_EXPORT ssize_t ums___send(int fd, const void* bytes, size_t count, int flags) asm("__send");
UMS_EXPORT ssize_t ums_sendto(int fd, const void* bytes, size_t count, int flags,
                              const sockaddr* address, socklen_t length) asm("sendto");
UMS_EXPORT ssize_t ums_sendmsg(int fd, const msghdr* message, int flags) asm("sendmsg");
UMS_EXPORT int ums_sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) asm("sendmmsg");
UMS_EXPORT int ums_connect(int fd, const sockaddr* address, socklen_t length) asm("connect");
UMS_EXPORT int ums___connect(int fd, const sockaddr* address, socklen_t length) asm("__connect");
UMS_EXPORT int ums_eventfd_write(int fd, eventfd_t value) asm("eventfd_write");

namespace {

using namespace ums::api;
using ums::kernel::Task;

constinit NextSymbol<ssize_t(int, const void*, size_t)> next_write{"write"};
constinit NextSymbol<ssize_t(int, const iovec*, int)> next_writev{"writev"};
constinit NextSymbol<ssize_t(int, const void*, size_t, int)> next_send{"send"};
constinit NextSymbol<ssize_t(int, const void*, size_t, int, const sockaddr*, socklen_t)>
    next_sendto{"sendto"};
constinit NextSymbol<ssize_t(int, const msghdr*, int)> next_sendmsg{"sendmsg"};
constinit NextSymbol<int(int, mmsghdr*, unsigned, int)> next_sendmmsg{"sendmmsg"};
constinit NextSymbol<int(int, const sockaddr*, socklen_t)> next_connect{"connect"};

Blocking blocking_by(int flags) noexcept {
  return (flags & MSG_DONTWAIT) != 0 ? Blocking::kNever : Blocking::kByDescriptor;
}

template <typename Call>
auto write_by(int fd, Blocking blocking, Call call) -> decltype(call()) {
  return await_descriptor(fd, POLLOUT, blocking) ? call() : -1;
}

// Whether a long write to it may be held up in the middle: no file, which is never.
bool takes_pieces(int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return false;
  return S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode) || S_ISSOCK(status.st_mode);
}

// The bytes in pieces; the first comes as it comes. `call(from, count)` writes one.
template <typename Call>
ssize_t write_pieces(int fd, const void* bytes, size_t count, Call call) {
  size_t done = 0;
  do {
    const size_t piece = std::min<size_t>(count - done, PIPE_BUF);
    const ssize_t got = write_by(fd, Blocking::kByDescriptor, [&] {
      return call(static_cast<const char*>(bytes) + done, piece);
    });
    if (got < 0) return done > 0 ? static_cast<ssize_t>(done) : got;
    done += static_cast<size_t>(got);
  } while (done < count);
  return static_cast<ssize_t>(done);
}

bool is_long(int fd, size_t count) {
  return count > PIPE_BUF && current_simulated() != nullptr && is_blocking(fd) &&
         takes_pieces(fd) && is_stream(fd);
}

// Makes a call that must not block, though the descriptor is one that blocks.
template <typename Call>
int without_blocking(int fd, Call call) {
  const int flags = fcntl(fd, F_GETFL);
  fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  const int result = call();
  const int error = errno;
  fcntl(fd, F_SETFL, flags);
  errno = error;
  return result;
}

struct Connection {
  int fd;
  const sockaddr* address;
  socklen_t length;
  int error = EAGAIN;  // of the last attempt

  // Attempts it, unless an attempt has come to a result.
  int attempt() noexcept {
    if (error != EAGAIN) return error;
    const int result = without_blocking(fd, [this] { return next_connect(fd, address, length); });
    error = result == 0 ? 0 : errno;
    return error;
  }
};

// A listener of this machine takes no more for the moment.
bool is_answered(void* connection) noexcept {
  return static_cast<Connection*>(connection)->attempt() != EAGAIN;
}

int result_of(int error) {
  if (error != 0) errno = error;
  return error == 0 ? 0 : -1;
}

// A connection that has begun, and goes on though the caller gives up.
int finish_connection(int fd) {
  if (!await_descriptor(fd, POLLOUT)) return result_of(errno == EAGAIN ? EINPROGRESS : errno);
  int error = 0;
  socklen_t bytes = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0) return -1;
  return result_of(error);
}

int connect_task(Task& me, Connection connection) {
  descriptor_step(me);
  descriptors_tell_others(me);
  const std::uint64_t deadline = socket_deadline(connection.fd, POLLOUT);
  const bool restarts = deadline == ums::kernel::kNever;
  const int error = await_outside(me, {is_answered, &connection, nullptr, 0}, deadline, restarts);
  if (error == ETIMEDOUT) return result_of(EAGAIN);
  if (error != 0) return result_of(error);
  if (connection.error == EINPROGRESS) return finish_connection(connection.fd);
  return result_of(connection.error);
}

}  // namespace

ssize_t ums_write(int fd, const void* bytes, size_t count) {
  const auto write = [fd](const void* from, size_t n) { return next_write(fd, from, n); };
  if (is_long(fd, count)) return write_pieces(fd, bytes, count, write);
  return write_by(fd, Blocking::kByDescriptor, [&] { return write(bytes, count); });
}

ssize_t ums___write(int fd, const void* bytes, size_t count) { return ums_write(fd, bytes, count); }

ssize_t ums_writev(int fd, const iovec* parts, int count) {
  size_t bytes = 0;
  for (int i = 0; i < count && bytes <= PIPE_BUF; ++i) bytes += parts[i].iov_len;
  if (!is_long(fd, bytes)) {
    return write_by(fd, Blocking::kByDescriptor, [=] { return next_writev(fd, parts, count); });
  }
  ssize_t done = 0;
  for (int i = 0; i < count; ++i) {
    const ssize_t got = ums_write(fd, parts[i].iov_base, parts[i].iov_len);
    if (got < 0) return done > 0 ? done : got;
    done += got;
    if (static_cast<size_t>(got) < parts[i].iov_len) break;
  }
  return done;
}

ssize_t ums_send(int fd, const void* bytes, size_t count, int flags) {
  const auto send = [=](const void* from, size_t n) { return next_send(fd, from, n, flags); };
  if (blocking_by(flags) == Blocking::kByDescriptor && is_long(fd, count)) {
    return write_pieces(fd, bytes, count, send);
  }
  return write_by(fd, blocking_by(flags), [&] { return send(bytes, count); });
}

ssize_t ums___send(int fd, const void* bytes, size_t count, int flags) {
  return ums_send(fd, bytes, count, flags);
}

ssize_t ums_sendto(int fd, const void* bytes, size_t count, int flags, const sockaddr* address,
                   socklen_t length) {
  if (address == nullptr) return ums_send(fd, bytes, count, flags);
  return write_by(fd, blocking_by(flags),
                  [=] { return next_sendto(fd, bytes, count, flags, address, length); });
}

// LIMIT: a message of a stream that finds room for a part only holds up all.
ssize_t ums_sendmsg(int fd, const msghdr* message, int flags) {
  return write_by(fd, blocking_by(flags), [=] { return next_sendmsg(fd, message, flags); });
}

int ums_sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) {
  return write_by(fd, blocking_by(flags),
                  [=] { return next_sendmmsg(fd, messages, count, flags); });
}

int ums_connect(int fd, const sockaddr* address, socklen_t length) {
  Task* const me = current_simulated();
  if (me == nullptr || !is_blocking(fd)) {
    return write_by(fd, Blocking::kNever, [=] { return next_connect(fd, address, length); });
  }
  return connect_task(*me, {fd, address, length});
}

int ums___connect(int fd, const sockaddr* address, socklen_t length) {
  return ums_connect(fd, address, length);
}

int ums_eventfd_write(int fd, eventfd_t value) {
  return ums_write(fd, &value, sizeof value) == sizeof value ? 0 : -1;
}
