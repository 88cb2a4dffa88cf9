// SPDX-License-Identifier: Apache-2.0
//
// Remarks: what who explores a program has to know of it besides its failures: what has been seen
// there, and is not controlled or not explored. Each is said once.
//
// Thread safety: one thread.
#pragma once

#include <map>
#include <set>
#include <string>

#include "tools/ums/explore/outcome.h"
#include "tools/ums/explore/symbols.h"

namespace ums::command {

class Remarks {
 public:
  void note(const Outcome& outcome);

  // A report has named what is not controlled in it.
  void told(const Outcome& outcome);

  // There is something that decides besides the schedule, or that no schedule decides.
  bool are_any() const { return forks_ || !uncontrolled_.empty(); }

  // A line for each that has not been told, and where that is.
  std::string text(Symbols& symbols) const;

 private:
  std::map<std::string, Stack> uncontrolled_;  // calls
  std::set<std::string> told_;                 // of these
  bool forks_ = false;
};

}  // namespace ums::command
