// SPDX-License-Identifier: Apache-2.0
//
// explore: `ums explore`: runs a program under many schedules, until one fails.
//
// replay: `ums replay`: runs it once, as a schedule says.
//
// Thread safety: one thread.
#pragma once

#include "tools/ums/explore/explore_options.h"

namespace ums::command {

// Exit statuses of `ums explore`.
inline constexpr int kNothingFound = 0;
inline constexpr int kFailureFound = 1;
inline constexpr int kInterrupted = 130;  // by SIGINT, as of a shell

// Returns the exit status. Throws std::exception if the program cannot be explored.
int run_explore(const ExploreOptions& options);

// Returns the program's exit status, 128 and the signal that ended it, or 1 where it was ended
// because it could not go on. Throws std::exception if the program cannot be run, or the schedule
// is of another one.
int run_replay(const ReplayOptions& options);

}  // namespace ums::command
