// SPDX-License-Identifier: Apache-2.0
//
// waiting_tasks: an execution that does not go on in words: what each of its tasks waits for, and
// who has that; or, of one that could go on, what it would do.
//
//     task 1 (the body) waits for the end of task 2
//     task 2 waits to lock object 3, which task 3 has
//     task 3 could go on, to yield
//
// Thread safety: the carrier, in a Chooser.
#pragma once

#include <string>

namespace ums::explore {

// A line each, by number; the first task is left out, which only waits for the body's end.
std::string waiting_tasks();

}  // namespace ums::explore
