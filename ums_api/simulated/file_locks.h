// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace ums::api {

// Answers fcntl(2) for a task of the simulation that waits for a lock (F_SETLKW, F_OFD_SETLKW): its
// result, with errno. False: it is the C library's. One that takes a lock or looks for one at once
// is a step.
bool answer_lock_wait(int fd, int command, unsigned long argument, int& result);

}  // namespace ums::api
