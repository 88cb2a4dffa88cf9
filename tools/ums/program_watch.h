// SPDX-License-Identifier: Apache-2.0
//
// ProgramWatch: the watch process's view of the program that it has started: it reaps the program
// and the orphans among its descendants, and tells the front process (front.h) what the program
// does. It waits for nothing: a loop waits on its two descriptors, and calls it.
//
//     poll:  watch.children_fd() readable -> watch.on_children();
//            watch.front_fd() readable    -> watch.on_front();
//     until watch.childless()
//
// 1. The watch process is the subreaper of the program's descendants: while one lives, it or an
//    ancestor is our child. `childless` means that none is left.
// 2. The program's end is told before anything that `on_children` reaps after it.
// 3. Only this process stops and continues the front process on the program's behalf, in the order
//    in which Linux tells: the last one wins, and is the program's state.
// 4. If the front process is killed, the program is killed: to who started it they are one.
//
// Stops: the front process is told (kStopped), makes itself ready and answers (kReadyToStop), is
// sent the signal if that stop of the program still lasts, and is told so (kStopDone). In between
// it takes no signal, so none that it has from before the stop can be mistaken for a later one.
// Its GroupSentinel stops first (its invariant 3): if it is stopped already, a SIGSTOP was for the
// whole group, the front included. A SIGCONT that the front passes on is void if a stop came after
// it.
//
// Thread safety: one thread.
#pragma once

#include <sys/types.h>

#include <functional>

#include "tools/ums/descriptor.h"

namespace ums::command {

// What a watch process knows of its front process.
struct FrontEnd {
  Descriptor socket;
  pid_t front;
  pid_t sentinel;
};

class ProgramWatch {
 public:
  // All signals must be blocked, and SIGCHLD not ignored. Throws std::system_error.
  explicit ProgramWatch(FrontEnd front);

  // The program has been forked: tells the front process. Throws std::system_error.
  void started(pid_t program);

  // Readable when a child has changed its state; call `on_children`.
  int children_fd() const { return children_.get(); }
  // Reaps what has ended; tells of the program's states; calls `reaped`.
  void on_children();

  // Readable when the front process has something to say, or is gone; call `on_front`, unless -1.
  // It calls `on_children` first: what the front says may be out of date.
  int front_fd() const { return front_is_gone_ ? -1 : front_.get(); }
  void on_front();

  // No descendant of the program is left: there is nobody to serve.
  bool childless() const { return childless_; }

  // The program's process id while it has not been reaped, then -1; and its pidfd.
  pid_t program() const { return program_; }
  int program_pidfd() const { return program_pidfd_.get(); }

  // Called before the front process is told that the program has ended, if it is set; may throw.
  std::function<void()> before_end;

  // Called for each process that was reaped, program and orphans: its id and wait status.
  std::function<void(pid_t, int)> reaped;

  // Watches until `childless`.
  void serve();

 private:
  void on_state(int code, int status);
  void on_reaped(pid_t pid);
  void on_ready_to_stop(int stop);
  void stop_front(int signal);
  void continue_front();

  Descriptor front_;
  Descriptor front_pidfd_;
  const pid_t sentinel_;
  Descriptor sentinel_pidfd_;
  Descriptor children_;
  Descriptor program_pidfd_;
  pid_t program_ = -1;
  int stopped_by_ = 0;
  int stops_ = 0;  // that the front has been told of
  bool childless_ = false;
  bool front_is_gone_ = false;
};

}  // namespace ums::command
