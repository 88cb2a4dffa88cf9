// SPDX-License-Identifier: Apache-2.0
//
// The order in which locks are taken: a thread that holds a lock may take only locks of a higher
// rank. This file is that order, from the outside in.
//
// With UMS_LOCK_DEBUG (debug and sanitizer builds; Linux: PROVE_LOCKING) a violation is asserted
// at the moment of the attempt, whether or not it would have deadlocked.
//
// Thread safety: the set of held ranks is thread-local.
#pragma once

#include <cstdint>

namespace ums::kernel {

enum class LockRank : std::uint8_t {
  kRcuGrace,    // one grace period at a time
  kFiles,       // descriptors, open and last close
  kProcFile,    // the text and the position of an open file of /proc
  kPool,        // who is registered in an open file
  kComplist,    // a completion list and the states of its workers
  kScheduler,   // a scheduler's event queue
  kBucket,      // one bucket of an rhashtable
  kBucketNext,  // the bucket that an element of it moves to in a resize
  kIdr,         // writers of an idr
  kTaskList,    // all tasks
  kProcTree,    // the shape of /proc
  kSlab,        // a slab cache
  kPublish,     // the state file
};

#if UMS_LOCK_DEBUG
// Asserts that `rank` may be taken now, and notes that it is held.
void lock_rank_acquire(LockRank rank) noexcept;
void lock_rank_release(LockRank rank) noexcept;
// Whether the calling thread holds any ranked lock.
bool lock_rank_any_held() noexcept;
#else
inline void lock_rank_acquire(LockRank) noexcept {}
inline void lock_rank_release(LockRank) noexcept {}
inline bool lock_rank_any_held() noexcept { return false; }
#endif

}  // namespace ums::kernel
