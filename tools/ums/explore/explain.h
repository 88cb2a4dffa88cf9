// SPDX-License-Identifier: Apache-2.0
//
// explain: all that can be said about a failing schedule: the simplest one that fails so, who waits
// for what, and which steps matter.
//
// Thread safety: one thread.
#pragma once

#include <string>
#include <vector>

#include "tools/ums/explore/explore_options.h"
#include "tools/ums/explore/outcome.h"
#include "tools/ums/explore/symbols.h"

namespace ums::command {

struct Explanation {
  std::string text;      // several lines
  Outcome outcome;       // of the simplest, with its trace
  std::string schedule;  // the simplest
  bool comes_again = false;
};

// `server` runs other executions for it.
Explanation explain(ProgramServer& server, const Outcome& failure, Symbols& symbols);

}  // namespace ums::command
