// SPDX-License-Identifier: Apache-2.0
//
// Mirror: the /proc/ums of kernels in other processes, as entries of this process's own /proc
// (procfs_emul/proc_node.h), for whoever serves or reads that.
//
//     Mirror mirror;
//     complain_of(mirror.refresh());
//     ProcFile* const file = proc_open(ProcPath(), "/proc/ums/17/workers/18/info", O_RDONLY)...
//
// All kernels of the user are shown in one folder: theirs have the names of threads, which no two
// have. Texts, links and states are read from the kernel's memory when they are asked for, and
// come out by the functions that the kernel itself uses (sim_kernel/ums/proc_show.h).
//
// Invariants:
// 1. refresh() makes and removes entries so that they are those of the kernels that run. Without
//    it none comes or goes, and a file whose thread has ended since is empty.
// 2. A kernel whose entries have not changed costs a look at the beginning of its file.
//
// Thread safety: one thread, which reads the entries too. One Mirror in a process, and no kernel.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tools/ums/inspect/kernels.h"

namespace ums::command {

class MirroredKernel;

class Mirror {
 public:
  // Which kernels it shows, asked once of each; all, if the function is empty.
  using Filter = std::function<bool(const StateReader&)>;

  // Makes /proc/ums.
  explicit Mirror(Filter filter = {});
  ~Mirror();  // takes out what it has put in
  Mirror(const Mirror&) = delete;
  Mirror& operator=(const Mirror&) = delete;

  // Brings the entries up to date. Returns what could not be read, and why. Throws std::exception:
  // it cannot be seen what runs; kernels that are shown stay.
  std::vector<std::string> refresh();

  // How many kernels it shows.
  std::size_t size() const { return kernels_.size(); }

 private:
  Filter filter_;
  std::map<std::string, std::unique_ptr<MirroredKernel>> kernels_;  // by the path of the file
};

}  // namespace ums::command
