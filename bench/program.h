// SPDX-License-Identifier: Apache-2.0
//
// Program: another program, started for a measurement, and what it prints.
//
//     return number_of({UMS_BENCH_CLIENT, "delete"});   // the number that it prints, as a Sample
//
// Thread safety: one thread each.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "bench/sample.h"

namespace ums::bench {

using Words = std::vector<std::string>;

inline constexpr int kCannotServe = 125;  // the exit status where `ums run` itself has failed

class Program {
 public:
  explicit Program(const Words& command);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Waits for its end. Returns its exit status, -1 for another end.
  int wait() const;

  // All that it and its kernel process print. Waits until both have ended.
  std::string printed() const;

 private:
  pid_t pid_ = -1;
  int output_ = -1;
};

// Why a program that ended with `status` has measured nothing: the first line of its complaint.
Sample without_value(int status, const std::string& printed);

// The number that the program prints.
Sample number_of(const Words& command);

}  // namespace ums::bench
