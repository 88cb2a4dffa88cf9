// SPDX-License-Identifier: Apache-2.0
//
// Names for clang's thread-safety analysis; other compilers see nothing. A field says which lock
// guards it (GUARDED_BY), a function which locks its caller holds (REQUIRES) or must not hold
// (EXCLUDES). https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#pragma once

#if defined(__clang__)
#define UMS_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define UMS_THREAD_ANNOTATION(x)
#endif

#define CAPABILITY(name) UMS_THREAD_ANNOTATION(capability(name))
#define SCOPED_CAPABILITY UMS_THREAD_ANNOTATION(scoped_lockable)
#define GUARDED_BY(lock) UMS_THREAD_ANNOTATION(guarded_by(lock))
#define PT_GUARDED_BY(lock) UMS_THREAD_ANNOTATION(pt_guarded_by(lock))
#define ACQUIRE(...) UMS_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define TRY_ACQUIRE(...) UMS_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))
#define RELEASE(...) UMS_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define REQUIRES(...) UMS_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) UMS_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define RETURN_CAPABILITY(lock) UMS_THREAD_ANNOTATION(lock_returned(lock))
#define NO_THREAD_SAFETY_ANALYSIS UMS_THREAD_ANNOTATION(no_thread_safety_analysis)
