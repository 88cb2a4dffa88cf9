// SPDX-License-Identifier: Apache-2.0
//
// ReplayString: a failure to be seen again, in one word: which version of the simulated machine has
// seen it, in which program, and by which schedule.
//
//     2:9c3f2a10:3df085:3.2,1.0       the version, the program's hash, a check, the schedule
//     2:9c3f2a10:CHECK:3.2,1.0:5000   and the most steps, if they were not what they are by default
//     2:9c3f2a10:CHECK:3.2@4          and the number of virtual CPUs, if it was given
//     2:9c3f2a10:CHECK:3.2@4/lock=12+wake_up=900      ... on which this costs time
//
// The check is a hash of the program's and of all that is behind: a schedule that is cut is another
// schedule, by which a program may end well.
//
// Thread safety: plain values.
#pragma once

#include <cstdint>
#include <string>

#include "tools/ums/cpu_choice.h"

namespace ums::command {

struct ReplayString {
  std::string program;
  std::string schedule;
  std::uint64_t steps_max = 0;  // 0: as by default
  CpuChoice cpus;

  std::string text() const;

  // Of a word, or a file that holds one. Throws std::runtime_error with the reason.
  static ReplayString parse(const std::string& word_or_file);
};

// The hash of a program's file. Throws std::system_error.
std::string hash_of_program(const std::string& path);

}  // namespace ums::command
