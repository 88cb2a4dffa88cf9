// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/explore/remarks.h"

#include <fmt/format.h>

namespace ums::command {

void Remarks::note(const Outcome& outcome) {
  forks_ |= outcome.forks;
  for (const UncontrolledCall& call : outcome.uncontrolled) {
    uncontrolled_.try_emplace(call.name, call.stack);
  }
}

void Remarks::told(const Outcome& outcome) {
  for (const UncontrolledCall& call : outcome.uncontrolled) told_.insert(call.name);
}

std::string Remarks::text(Symbols& symbols) const {
  std::string text;
  if (forks_) text += "Note: it forks: what its children do is not explored.\n";
  for (const auto& [name, stack] : uncontrolled_) {
    if (told_.contains(name)) continue;
    text += fmt::format(
        "Note: {} is not controlled: while it waits nobody goes on, and what comes of it may "
        "differ.\n",
        name);
    if (!stack.empty()) text += fmt::format("  {} calls it\n", symbols.calls(stack[0])[0]);
  }
  return text;
}

}  // namespace ums::command
