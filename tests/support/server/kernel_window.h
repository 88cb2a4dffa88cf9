// SPDX-License-Identifier: Apache-2.0
//
// The kernel process's side of kernel_view.h: a socket at which the tests ask it.
#pragma once

#include <sys/types.h>

namespace ums::test {

// Opens it in the calling process, whose kernel loop answers; its children ask.
void open_kernel_window();

// The calling process asks at the window of this kernel process, not at an ancestor's.
void use_kernel_window(pid_t kernel_process);

}  // namespace ums::test
