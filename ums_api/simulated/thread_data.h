// SPDX-License-Identifier: Apache-2.0
//
// What a thread has of its own, and the end of it: thread_local objects and thread-specific data
// are destroyed as the C library does it for a thread that ends.
//
// The destructors of thread-specific data are known of keys that the program makes by
// pthread_key_create, which is answered here.
//
// Thread safety: about the calling thread.
#pragma once

#include "sim_kernel/sched/task.h"

namespace ums::api {

// Whether the C library lets another do this.
bool can_destroy_thread_data() noexcept;

// False: there is data left, of a key that is not known, or set in every round of destructors.
bool destroy_thread_data(const kernel::Task& me);

}  // namespace ums::api
