// SPDX-License-Identifier: Apache-2.0
//
// The kernel process's side of kernel_view.h: a socket at which the tests ask it.
#pragma once

namespace ums::test {

// Opens it in the calling process, whose kernel loop answers; its children ask.
void open_kernel_window();

}  // namespace ums::test
