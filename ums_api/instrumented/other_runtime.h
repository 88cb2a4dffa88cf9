// SPDX-License-Identifier: Apache-2.0
//
// A program that is linked with ThreadSanitizer's own library: both answer the compiler's calls and
// take the place of the C library's thread functions, and each would know half of what happens.
//
// Thread safety: before there are threads.
#pragma once

namespace ums::api {

// Ends the process with a word to its user, if it is such a program.
void refuse_other_runtime() noexcept;

}  // namespace ums::api
