// SPDX-License-Identifier: Apache-2.0
//
// served: runs a function as a program of the kernel process, which is the calling process.
//
//     EXPECT_EQ(served([] { EXPECT_GE(open("/dev/ums", O_RDONLY), 0); }), 0);
//
// The function runs in a forked child, whose failed expectations become its exit status; the caller
// is the kernel loop until nobody with the filter is left, and expects that nothing is left then in
// the kernel.
//
// Thread safety: one thread.
#pragma once

#include <functional>

namespace ums::test {

// Returns the child's status as waitpid gives it; 0 if all went well. `meanwhile` runs after each
// turn of the kernel loop, in the kernel process.
int served(
    const std::function<void()>& program, const std::function<void()>& meanwhile = [] {});

}  // namespace ums::test
