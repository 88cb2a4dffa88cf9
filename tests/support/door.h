// SPDX-License-Identifier: Apache-2.0
//
// The door: the calls on the device that the bodies of the system tests are written in. Who answers
// them only the first few know: each machine brings its own, in a door_KIND.cpp, and each system
// test is a program for each kind.
//
//     const int fd = dev_open();                                   // or -errno
//     EXPECT_EQ(dev_ioctl(fd, IOCTL_EXIT_UMS), -ESRCH);
//     EXPECT_EQ(execute(fd, worker), 0);                           // typed
//
// Every result is that of the system call, with -errno in the place of -1: an expectation then
// shows the errno, and errno itself is free for tests about errno.
//
// While a call is inside the device it is on a list that the watchdog prints (watchdog.h).
//
// Thread safety: that of the calls.
#pragma once

#include <fcntl.h>
#include <sys/types.h>
#include <ums/ums_ioctl.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace ums::test {

// ---- of the machine (door_KIND.cpp)

int dev_open(int flags = O_RDONLY);
int dev_dup(int fd);
int dev_close(int fd);

// The call as it is, for those that a signal handler leaves.
int dev_ioctl_unlisted(int fd, unsigned long request, unsigned long argument);

// ---- the same for all

int dev_ioctl(int fd, unsigned long request, unsigned long argument = 0);

inline int dev_ioctl(int fd, unsigned long request, const void* argument) {
  return dev_ioctl(fd, request, reinterpret_cast<unsigned long>(argument));
}

// Opens the device on a thread that ends at once: a pool beside that of the caller.
int dev_open_elsewhere();

// ---- the nine requests with C++ arguments

int create_list(int fd);  // the id, or -errno
int delete_list(int fd, int id);
int enter(int fd, int flags, int list);
int enter_scheduler(int fd, int list);
int enter_worker(int fd, int list);  // returns when executed
int dequeue(int fd, int list);       // the first worker, or -errno
int next(int fd, pid_t worker);      // the next worker, 0 at the end, or -errno
int execute(int fd, pid_t worker);
int yield(int fd, const void* parameter = nullptr);
int exit_worker(int fd);
int take_event(int fd, ums_sched_event& event);

// ---- several of them, for tests that are about something else

// Dequeues `list` and walks the batch to its end. Fails the test on an error.
std::vector<pid_t> take_batch(int fd, int list);

// Takes the next event and returns its type; -errno.
int take_event_type(int fd);

// Makes the caller a scheduler of `list` and takes its STARTUP event.
void become_scheduler(int fd, int list);

// Takes batches of `list` and executes everything in them until `ended` workers have terminated.
void run_workers(int fd, int list, int ended);

// Prints the calls that are inside the device: "thread 17 in YIELD(0xbeef) on 3".
void print_calls_in_flight();

// The calling thread's id, as it was at its first call here: in a worker too its own.
// forget_thread_id is for a forked child.
pid_t thread_id();
void forget_thread_id();

}  // namespace ums::test
