// SPDX-License-Identifier: Apache-2.0
//
// Mutexes of a simulation, for the other functions that release one (mutexes.cpp).
#pragma once

#include <pthread.h>

#include "ums_api/src/next_symbol.h"

namespace ums::api {

using MutexInit = NextSymbol<int(pthread_mutex_t*, const pthread_mutexattr_t*)>;

// Makes a mutex for the threads of a simulation, of any kind, by the C library's function.
int answer_mutex_init(pthread_mutex_t* mutex, const pthread_mutexattr_t* attributes,
                      MutexInit& next) noexcept;

// Releases a mutex, and lets who waits for it go on later. Nobody goes on now.
int unlock_at_once(pthread_mutex_t* mutex) noexcept;

}  // namespace ums::api
