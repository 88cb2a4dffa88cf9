// SPDX-License-Identifier: Apache-2.0
//
// ForkServer: runs the program again and again, each time in a child of its own, as who explores it
// says (AFL's fork server: the program is loaded and linked once).
//
// It is begun before main, while the process has one thread, and never comes to main itself.
// Whoever explores is at the other end of a stream socket (tools/ums/explore/program_server.h).
// Both talk in lines:
//
//     strategy pct:3 7             the strategy (make_strategy.h) and its seed
//     limits 1000000 5000          the most steps, and milliseconds without one
//     next                         an execution as the strategy says
//     replay 3.2,1.0 steps 14 17   one with this schedule (`-`: an empty one); its steps and the
//                                  stacks at two of them are to be noted (`-`: no steps)
//
// The last two are answered: `done` if the strategy has seen all, else
//
//     exit 3                       how the child ended: `exit`, `signal` or `hung`
//     counts 71 2 1f00ba          steps, preemptions, hash of the path
//     schedule 3.2,1.0             empty: nothing after the word
//     strayed                      if the schedule wanted a task to go on that could not
//     unfinished                   if it ended before all turns of its schedule had come
//     executed PATH                another program has taken its place
//     forks                        it has forked: what its children do, no schedule decides
//     left 0.25                    exhaustive: about how much is to be seen yet
//     ...                          what the execution has noted (program_execution.h)
//     .
//
// Thread safety: one thread.
#pragma once

namespace ums::api {

// Serves whoever explores, at the other end of `socket`, until it hangs up: then the process ends.
// Returns in each child: its simulation has begun.
void serve_executions(int socket);

// Another program is about to take the place of this one, if this is an execution; `path` empty:
// that has failed.
void note_executed(const char* path) noexcept;

}  // namespace ums::api
