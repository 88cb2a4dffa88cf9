// SPDX-License-Identifier: Apache-2.0
//
// Progress: while it lives, a line on standard error that shows how far a Job is. Only where
// standard error is a terminal, and gone without a trace afterwards.
//
// Thread safety: it has a thread of its own, and reads the Job's counter.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "tools/demo/job.h"

namespace ums::demo {

class Progress {
 public:
  Progress(std::string label, const Job& job);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  void show(const std::stop_token& stop);

  const std::string label_;
  const Job& job_;
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;
};

}  // namespace ums::demo
