// SPDX-License-Identifier: Apache-2.0
//
// What Linux says of a process of the user, in words for people.
//
// Thread safety: any thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace ums::command {

// The process that a thread belongs to; the thread's own id if it is gone.
pid_t process_of(pid_t thread);

// The words of its command line; empty if it is gone.
std::vector<std::string> command_words(pid_t process);

// Words as one line, of which nothing controls a terminal: what the locale (LC_CTYPE) does not
// print is `?`.
std::string shown_command(const std::vector<std::string>& words);

// A span of time: 59s, 59m, 23h, 9d.
std::string shown_age(double seconds);

}  // namespace ums::command
