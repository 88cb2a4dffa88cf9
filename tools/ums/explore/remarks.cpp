// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/explore/remarks.h"

#include <fmt/format.h>

namespace ums::command {

void Remarks::note(const Outcome& outcome) {
  forks_ |= outcome.forks;
  uncontrolled_.insert(outcome.uncontrolled.begin(), outcome.uncontrolled.end());
}

void Remarks::told(const Outcome& outcome) {
  told_.insert(outcome.uncontrolled.begin(), outcome.uncontrolled.end());
}

std::string Remarks::text() const {
  std::string text;
  if (forks_) text += "Note: it forks: what its children do is not explored.\n";
  for (const std::string& name : uncontrolled_) {
    if (told_.contains(name)) continue;
    text += fmt::format(
        "Note: {} is not controlled: while it waits nobody goes on, and what comes of it may "
        "differ.\n",
        name);
  }
  return text;
}

}  // namespace ums::command
