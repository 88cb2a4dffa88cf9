// SPDX-License-Identifier: Apache-2.0
//
// ReplayStrategy: one execution, the way a schedule says.
#pragma once

#include <utility>

#include "ums_api/explore/schedule.h"
#include "ums_api/explore/strategy.h"

namespace ums::explore {

class ReplayStrategy final : public Strategy {
 public:
  explicit ReplayStrategy(Schedule schedule) : schedule_(std::move(schedule)) {}

  bool new_execution() override { return !std::exchange(begun_, true); }
  std::size_t next_task(std::span<const Choice> choices, int current) override;
  std::uint64_t next_number(std::uint64_t) override { return 0; }

  // The schedule wanted a task to go on that could not: it is of another program.
  bool has_strayed() const { return strayed_; }

  // Some of the schedule's turns have not come.
  bool has_turns_left() const { return turn_ < schedule_.turns().size(); }

 private:
  bool is_to_be_fair() const;

  const Schedule schedule_;
  std::size_t turn_ = 0;
  std::uint64_t steps_ = 0;  // since the last turn
  bool begun_ = false;
  bool strayed_ = false;
};

}  // namespace ums::explore
