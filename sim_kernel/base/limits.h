// SPDX-License-Identifier: Apache-2.0
//
// Every limit of the kernel, in one place. Sizes are in bytes unless the name says otherwise.
#pragma once

#include <cstddef>

namespace ums::kernel {

inline constexpr std::size_t kCacheLineBytes = 64;

// The stack on which the kernel thread of a captured task waits. The waiting code needs 500 to
// 700 bytes in a release build, what Boost.Context saves in a switch 64 to 176
// (tests/system/park_stack_test).
// Builds without optimisation or with instrumentation need more room for the same code.
#if !defined(__OPTIMIZE__) || UMS_SANITIZE_ADDRESS || UMS_SANITIZE_THREAD
inline constexpr std::size_t kParkStackBytes = 8192;
#elif defined(__x86_64__)
inline constexpr std::size_t kParkStackBytes = 768;
#else
inline constexpr std::size_t kParkStackBytes = 1024;
#endif

// Descriptors from 0 to this one, exclusive, can name an open device file. Linux's own ceiling
// (fs.nr_open) is the same number by default.
inline constexpr int kDescriptorsMax = 1 << 20;

// glibc runs the destructors of thread-specific data in four rounds (PTHREAD_DESTRUCTOR_
// ITERATIONS). The kernel ends a thread's task in this one: the last, after the program had its
// chance. ThreadSanitizer ends its own view of the thread in the last, so there it is the third.
inline constexpr int kTsdRounds = UMS_SANITIZE_THREAD ? 3 : 4;

// With this many RCU callbacks waiting, a task that queues another runs them on its way out of the
// kernel. A grace period looks at every task: among many this spreads the cost of the look.
inline constexpr int kRcuCallbacksMax = 512;

// The kernel log: records kept in memory, and the text of one record. A longer text is cut.
inline constexpr std::size_t kPrintkRecords = 256;
inline constexpr std::size_t kPrintkTextBytes = 512;

// How much of a path is shown in a message.
inline constexpr int kShownPathBytes = 256;

// How often it is printed that a call of a signal handler was refused.
inline constexpr unsigned kNestedCallReportsMax = 3;

// How often one kind of misuse is printed before it is only counted.
inline constexpr unsigned kMisuseReportsMax = 5;

// Descriptors that the kernel keeps for itself (UMS_LOG, UMS_TRACE) are this one or above, where
// they are allowed: low numbers are the program's.
inline constexpr int kOwnDescriptorMin = 512;

// The first region of a slab cache; each further one is twice as large, up to the maximum.
inline constexpr std::size_t kSlabFirstBytes = std::size_t{64} * 1024;
inline constexpr std::size_t kSlabRegionBytesMax = std::size_t{64} * 1024 * 1024;
inline constexpr std::size_t kSlabRegionsMax = 32;

// Published memory (publish/publish.h): all of it, and what regions are aligned to. Each step makes
// this much of a region usable, or a part of it if that is more.
inline constexpr std::size_t kPublishBytes = std::size_t{1} * 1024 * 1024 * 1024;
inline constexpr std::size_t kRegionAlign = std::size_t{64} * 1024;
inline constexpr std::size_t kPublishStepBytes = std::size_t{16} * 1024;
inline constexpr std::size_t kPublishStepsMax = 32;

// How many files that others have left behind a kernel looks for when it starts to publish.
inline constexpr int kLeftFilesMax = 32;

// User objects up to this size are written completely or not at all, wherever they lie.
inline constexpr std::size_t kUserObjectBytesMax = 64;

}  // namespace ums::kernel
