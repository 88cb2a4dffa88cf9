// SPDX-License-Identifier: Apache-2.0
//
// Mutexes of a simulation, for the other functions that release one (mutexes.cpp).
#pragma once

#include <pthread.h>

namespace ums::api {

// Releases a mutex, and lets who waits for it go on later. Nobody goes on now.
int unlock_at_once(pthread_mutex_t* mutex) noexcept;

}  // namespace ums::api
