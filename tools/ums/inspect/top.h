// SPDX-License-Identifier: Apache-2.0
//
// `ums top`: looks at the kernels again and again, and shows what it sees.
//
// Thread safety: one thread.
#pragma once

#include <string>

#include "tools/ums/command_line.h"
#include "tools/ums/inspect/look.h"

namespace ums::command {

// A page for people, and one line of JSON: {"kernels": number, "processes": [{"pid", "kernel",
// "kind", "command", "switches_per_second", "workers": {"running", "listed", "dequeued"},
// "schedulers": [{"id", "state", "switches", "switches_per_second", "share"}], "lists": [{"id",
// "length", "users"}]}]}. Numbers that are not known are null.
std::string top_text(const Look& look);
std::string top_json(const Look& look);

// Runs until it is ended, or what is asked for has been shown. Returns the exit status.
int run_top(const TopOptions& options);

}  // namespace ums::command
