// SPDX-License-Identifier: Apache-2.0
//
// Calls about descriptors in a simulation. A call that would block waits for its descriptor first,
// and others go on; then the C library makes it.
//
//     ssize_t read(int fd, ...) {
//       if (!await_descriptor(fd, POLLIN)) return -1;
//       return next_read(fd, ...);
//     }
//
// Each is one step, and conflicts with each other: two descriptors may be ends of one pipe. What
// never blocks, by O_NONBLOCK or MSG_DONTWAIT, is a step too. A call that has got a signal fails
// with EINTR, as the C library's does, after the handler has run. The limits of a socket are in
// virtual time: SO_RCVTIMEO and SO_SNDTIMEO.
//
// LIMIT: of a call that comes in pieces each has the whole limit of the socket.
//
// Thread safety: any thread.
#pragma once

#include <poll.h>

#include <cstdint>

#include "ums_api/simulated/cancellation.h"

namespace ums::api {

// A step of a task of the simulation about descriptors, which is a cancellation point.
void descriptor_step(kernel::Task& me);

// What `me` has done happens before what others do when they have read, or waited, from now on.
void descriptors_tell_others(kernel::Task& me) noexcept;

enum class Blocking { kByDescriptor, kNever };

// Waits until one of `events` is there, or an error. False, with errno: EINTR; EAGAIN where the
// socket's limit has passed. For who is no task of the simulation there is nothing to wait for.
bool await_descriptor(int fd, short events, Blocking blocking = Blocking::kByDescriptor);

// The same without a step, and whether it blocks or not: an error number.
int await_events(kernel::Task& me, int fd, short events);

// When a call gives up that waits for `events` of a socket from now on; kNever: it has no limit, or
// is none.
std::uint64_t socket_deadline(int fd, short events) noexcept;

// Whether calls about `fd` may block.
bool is_blocking(int fd) noexcept;

// Whether what is written to it comes as bytes, not as messages.
bool is_stream(int fd) noexcept;

// Waits until `look` succeeds; `restarts`: also beyond handlers that allow it (SA_RESTART).
// Returns 0, EINTR, or ETIMEDOUT.
int await_outside(kernel::Task& me, const kernel::OutsideWait& wait, std::uint64_t deadline,
                  bool restarts);

}  // namespace ums::api
