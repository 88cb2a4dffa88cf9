// SPDX-License-Identifier: Apache-2.0
//
// read and its kin in a simulation: see descriptors.h.
// LIMIT: where another process reads what a task has seen, the task blocks all.
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

#include "ums_api/simulated/descriptors.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

// The headers of optimised programs define some of these inline, and rename others.
UMS_EXPORT ssize_t ums_read(int fd, void* bytes, size_t count) asm("read");
UMS_EXPORT ssize_t ums___read(int fd, void* bytes, size_t count) asm("__read");
UMS_EXPORT ssize_t ums___read_chk(int fd, void* bytes, size_t count, size_t room) asm("__read_chk");
UMS_EXPORT ssize_t ums_readv(int fd, const iovec* parts, int count) asm("readv");
UMS_EXPORT ssize_t ums_recv(int fd, void* bytes, size_t count, int flags) asm("recv");
UMS_EXPORT ssize_t ums___recv_chk(int fd, void* bytes, size_t count, size_t room,
                                  int flags) asm("__recv_chk");
UMS_EXPORT ssize_t ums_recvfrom(int fd, void* bytes, size_t count, int flags, sockaddr* address,
                                socklen_t* length) asm("recvfrom");
UMS_EXPORT ssize_t ums___recvfrom_chk(int fd, void* bytes, size_t count, size_t room, int flags,
                                      sockaddr* address, socklen_t* length) asm("__recvfrom_chk");
UMS_EXPORT ssize_t ums_recvmsg(int fd, msghdr* message, int flags) asm("recvmsg");
UMS_EXPORT int ums_recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags,
                            timespec* limit) asm("recvmmsg");
UMS_EXPORT int ums_accept(int fd, sockaddr* address, socklen_t* length) asm("accept");
UMS_EXPORT int ums_accept4(int fd, sockaddr* address, socklen_t* length, int flags) asm("accept4");
UMS_EXPORT int ums_eventfd_read(int fd, eventfd_t* value) asm("eventfd_read");

namespace {

using namespace ums::api;

constinit NextSymbol<ssize_t(int, void*, size_t)> next_read{"read"};
constinit NextSymbol<ssize_t(int, void*, size_t, size_t)> next_read_chk{"__read_chk"};
constinit NextSymbol<ssize_t(int, const iovec*, int)> next_readv{"readv"};
constinit NextSymbol<ssize_t(int, void*, size_t, int)> next_recv{"recv"};
constinit NextSymbol<ssize_t(int, void*, size_t, size_t, int)> next_recv_chk{"__recv_chk"};
constinit NextSymbol<ssize_t(int, void*, size_t, int, sockaddr*, socklen_t*)> next_recvfrom{
    "recvfrom"};
constinit NextSymbol<ssize_t(int, void*, size_t, size_t, int, sockaddr*, socklen_t*)>
    next_recvfrom_chk{"__recvfrom_chk"};
constinit NextSymbol<ssize_t(int, msghdr*, int)> next_recvmsg{"recvmsg"};
constinit NextSymbol<int(int, mmsghdr*, unsigned, int, timespec*)> next_recvmmsg{"recvmmsg"};
constinit NextSymbol<int(int, sockaddr*, socklen_t*)> next_accept{"accept"};
constinit NextSymbol<int(int, sockaddr*, socklen_t*, int)> next_accept4{"accept4"};

// Makes the call when there is something to read.
template <typename Call>
auto read_by(int fd, Blocking blocking, Call call) -> decltype(call()) {
  return await_descriptor(fd, POLLIN, blocking) ? call() : -1;
}

Blocking blocking_by(int flags) noexcept {
  return (flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) != 0 ? Blocking::kNever : Blocking::kByDescriptor;
}

// One that shall wait for all bytes takes what is there, again and again.
template <typename Call>
ssize_t receive(int fd, void* bytes, size_t count, int flags, Call call) {
  const bool wants_all =
      (flags & MSG_WAITALL) != 0 && (flags & (MSG_PEEK | MSG_DONTWAIT)) == 0 && is_stream(fd);
  size_t done = 0;
  do {
    const ssize_t got = read_by(fd, blocking_by(flags), [&] {
      return call(static_cast<char*>(bytes) + done, count - done, flags & ~MSG_WAITALL);
    });
    if (got <= 0) return done > 0 ? static_cast<ssize_t>(done) : got;
    done += static_cast<size_t>(got);
  } while (wants_all && done < count);
  return static_cast<ssize_t>(done);
}

}  // namespace

ssize_t ums_read(int fd, void* bytes, size_t count) {
  return read_by(fd, Blocking::kByDescriptor, [=] { return next_read(fd, bytes, count); });
}

ssize_t ums___read(int fd, void* bytes, size_t count) { return ums_read(fd, bytes, count); }

// The C library ends the program where there is no room.
ssize_t ums___read_chk(int fd, void* bytes, size_t count, size_t room) {
  if (count > room) return next_read_chk(fd, bytes, count, room);
  return ums_read(fd, bytes, count);
}

ssize_t ums_readv(int fd, const iovec* parts, int count) {
  return read_by(fd, Blocking::kByDescriptor, [=] { return next_readv(fd, parts, count); });
}

ssize_t ums_recv(int fd, void* bytes, size_t count, int flags) {
  return receive(fd, bytes, count, flags,
                 [=](void* to, size_t room, int how) { return next_recv(fd, to, room, how); });
}

ssize_t ums___recv_chk(int fd, void* bytes, size_t count, size_t room, int flags) {
  if (count > room) return next_recv_chk(fd, bytes, count, room, flags);
  return ums_recv(fd, bytes, count, flags);
}

ssize_t ums_recvfrom(int fd, void* bytes, size_t count, int flags, sockaddr* address,
                     socklen_t* length) {
  return receive(fd, bytes, count, flags, [=](void* to, size_t room, int how) {
    return next_recvfrom(fd, to, room, how, address, length);
  });
}

ssize_t ums___recvfrom_chk(int fd, void* bytes, size_t count, size_t room, int flags,
                           sockaddr* address, socklen_t* length) {
  if (count > room) return next_recvfrom_chk(fd, bytes, count, room, flags, address, length);
  return ums_recvfrom(fd, bytes, count, flags, address, length);
}

// LIMIT: with MSG_WAITALL it may return less, as it does elsewhere when a signal comes.
ssize_t ums_recvmsg(int fd, msghdr* message, int flags) {
  return read_by(fd, blocking_by(flags),
                 [=] { return next_recvmsg(fd, message, flags & ~MSG_WAITALL); });
}

// LIMIT: it does not wait for more messages than there are, as with MSG_WAITFORONE.
int ums_recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags, timespec* limit) {
  return read_by(fd, blocking_by(flags),
                 [=] { return next_recvmmsg(fd, messages, count, flags | MSG_WAITFORONE, limit); });
}

int ums_accept(int fd, sockaddr* address, socklen_t* length) {
  return read_by(fd, Blocking::kByDescriptor, [=] { return next_accept(fd, address, length); });
}

int ums_accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  return read_by(fd, Blocking::kByDescriptor,
                 [=] { return next_accept4(fd, address, length, flags); });
}

int ums_eventfd_read(int fd, eventfd_t* value) {
  return ums_read(fd, value, sizeof *value) == sizeof *value ? 0 : -1;
}
