// SPDX-License-Identifier: Apache-2.0
//
// What ums_pthread_create remembers of a worker's thread, for a thread that ends unusually.
//
// Thread safety: about the calling thread.
#pragma once

namespace ums::api {

// The calling thread, which may be one of ums_pthread_create, is about to end without destructors:
// what they would do is done or not needed.
void forget_calling_worker() noexcept;

}  // namespace ums::api
