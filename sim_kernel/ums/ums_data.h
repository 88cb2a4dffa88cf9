// SPDX-License-Identifier: Apache-2.0
//
// UmsData: what one open file of the UMS device holds (the original's struct ums_data): a private
// pool of completion lists, schedulers and workers. Descriptors that share a File share the pool.
//
// Thread safety: the tables have their own locks; lookups are under RCU. Readers of /proc look into
// it under RCU until a grace period after its release.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <boost/intrusive/list_hook.hpp>
#include <cstdint>

#include "sim_kernel/lib/idr.h"
#include "sim_kernel/lib/rhashtable.h"
#include "sim_kernel/ums/complist.h"
#include "sim_kernel/ums/scheduler.h"
#include "sim_kernel/ums/worker.h"

namespace ums::kernel {

// How the tables find an object by the id of its thread.
template <typename T>
struct ByThread {
  using Object = T;
  using Key = pid_t;
  static constexpr RhashNode T::*kNode = &T::node;
  static Key key(const T& object) noexcept { return object.id; }
  static std::uint64_t hash(Key key) noexcept { return static_cast<std::uint32_t>(key); }
};

class UmsData {
 public:
  UmsData(const File& owner, pid_t opener_tid) noexcept
      : file(owner), serial(owner.serial), opener(opener_tid) {}

  const File& file;
  const std::uint64_t serial;  // of the File
  const pid_t opener;          // thread
  Idr<Complist> complists;
  Rhashtable<ByThread<Scheduler>> schedulers;
  Rhashtable<ByThread<Worker>> workers;
  boost::intrusive::list_member_hook<> hook;  // in the list of all pools
  RcuHead rcu;

  // Its folder in /proc/ums, and those in it; constant once it is open.
  ProcNode* proc_folder = nullptr;
  ProcNode* proc_schedulers = nullptr;
  ProcNode* proc_workers = nullptr;
  std::atomic<bool> shown{false};  // in /proc/ums (proc.h)
};

}  // namespace ums::kernel
