// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/inspect/mirror.h"

#include <set>

#include "sim_kernel/sched/task.h"
#include "sim_kernel/sync/rcu.h"
#include "sim_kernel/ums/proc.h"
#include "tools/ums/inspect/mirrored_kernel.h"

namespace ums::command {

// Of the kernel only what stands under the tree.
Mirror::Mirror(Filter filter) : filter_(std::move(filter)) {
  kernel::rcu_init();
  kernel::task_init();
  kernel::ums_proc_init();
}

Mirror::~Mirror() = default;

std::vector<std::string> Mirror::refresh() {
  Kernels found = find_kernels();
  std::set<std::string> running;
  for (StateReader& reader : found.running) {
    const std::string path = reader.path();
    const auto shown = kernels_.find(path);
    const bool is_shown =
        shown != kernels_.end() && shown->second->reader().inode() == reader.inode();
    if (!is_shown && filter_ && !filter_(reader)) continue;
    running.insert(path);
    if (is_shown) continue;
    if (shown != kernels_.end()) kernels_.erase(shown);  // first: names may be the same
    kernels_.emplace(path, std::make_unique<MirroredKernel>(std::move(reader)));
  }
  std::erase_if(kernels_, [&](const auto& entry) { return !running.contains(entry.first); });
  kernel::ProcNode* const folder = kernel::proc_child(kernel::proc_root(), "ums");
  for (auto at = kernels_.begin(); folder != nullptr && at != kernels_.end();) {
    try {
      at->second->refresh(folder);
      ++at;
    } catch (const StateError& error) {
      found.faults.emplace_back(error.what());
      at = kernels_.erase(at);
    }
  }
  if (folder != nullptr) kernel::proc_put(folder);
  return std::move(found.faults);
}

}  // namespace ums::command
