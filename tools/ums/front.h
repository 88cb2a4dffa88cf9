// SPDX-License-Identifier: Apache-2.0
//
// run_front: runs a program under a kernel process so that whoever started us sees the program.
//
//   F, the front process: what the shell started. It looks as if it were the program.
//   K, the kernel process: child of F, in F's session and a group of its own. Runs a KernelBody.
//   W, the watch process: child of K, in a session of its own, subreaper. Runs a ProgramWatch.
//   P, the program: child of W, in F's session and process group, with all that F inherited.
//
//     class Server : public KernelBody { void serve(ProgramWatch& watch) override; ... };
//     return run_front({"sh", "-c", "exit 7"}, server);     // 7
//
// What F does for P:
// 1. Exit status; death by a signal, which F raises on itself (it dumps no core).
// 2. Stop and continue: F stops when P does, by the same signal, and goes on when P does.
// 3. Signals to F alone are passed to P, a queued one's value and sender too; those to F's process
//    group are not, since P has them (GroupSentinel). SIGKILL to F kills P; SIGSTOP to F alone
//    stops only F: nobody can notice these two.
// 4. P inherits exactly F's descriptors, signal mask, ignored signals, limits, umask, folder and
//    environment. F keeps standard error, for what it may have to say; F, K and W keep no other
//    inherited descriptor open, so that the other end of a pipe sees it closed when P closes it.
// 5. F ends when P has ended. K lives until no descendant of P is left.
// 6. If K or W ends while P runs, F says so, kills P (its calls have nobody to answer them) and
//    exits with 125.
//
// P can see that it is not F: by its process id, by W as its parent (and its orphans'), and in that
// it never is the leader of a session or group that F leads.
//
// Why two: Linux lets K look into P if K is an ancestor, and schedules sessions as groups, so that
// a call from one into another costs more (docs/decisions/0019). But a parent in P's session and in
// another group would keep P's group from being an orphaned one, and Ctrl-Z would stop a P that
// nobody continues. W has forked P before it left the session.
//
// Thread safety: one thread, and the process must have no other.
#pragma once

#include <string>
#include <vector>

namespace ums::command {

class ProgramWatch;
class WatchedProgram;

// What the kernel process does, and what W and P do for it. Every function may throw
// std::exception: F prints what() as `ums run: ...` and exits with 125. In K and W all signals are
// blocked.
class KernelBody {
 public:
  virtual ~KernelBody() = default;
  // In K, before W and P are forked: P inherits what is opened here without O_CLOEXEC, so use that.
  // P's descriptors are still open.
  virtual void prepare() {}
  // In P, right before it is executed: to install a filter, for example. Descriptors that `prepare`
  // has opened are there. What it throws, P says itself, and exits with 125.
  virtual void in_program() {}
  // In W, until `watch.childless()`. What K alone is to have of what `prepare` has opened is to be
  // closed here. Descriptors without O_CLOEXEC are closed by now; 0, 1 and 2 are /dev/null.
  virtual void watch(ProgramWatch& watch);
  // In K: serves until the watch process has ended, or longer; then K ends with status 0.
  // Descriptors as in `watch`.
  virtual void serve(WatchedProgram& program);
};

// Returns the exit status for F, or ends F by the signal that ended P. `command` is not empty.
int run_front(const std::vector<std::string>& command, KernelBody& body);

}  // namespace ums::command
