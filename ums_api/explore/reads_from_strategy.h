// SPDX-License-Identifier: Apache-2.0
//
// ReadsFromStrategy: towards what has not been seen yet: who reads whose writes (after Wolff, Shi,
// Duck, Mathur, Roychoudhury: Greybox fuzzing for concurrency testing, ASPLOS 2024).
//
// What a program does depends on which write each of its reads sees. From each execution the
// strategy learns which places of the program read and write the same object, and which write each
// read has seen (read_sources.h). For the next it draws some wishes: "the read here shall see the
// write there", or "shall come before all writes". Steps that would spoil a wish wait while others
// can go on; among those another strategy, the base, chooses. A lock reads what the last lock of
// the same object has written. Who has waited while others made many steps waits no longer: they
// may wait for it, in a loop.
//
// A place is known again by the site of its step (choice.h), and a step without one by the last
// site and the kinds of the last steps since then.
#pragma once

#include "ums_api/explore/arena.h"
#include "ums_api/explore/read_sources.h"
#include "ums_api/explore/strategy.h"

namespace ums::explore {

class ReadsFromStrategy final : public Strategy {
 public:
  ReadsFromStrategy(std::uint64_t seed, Strategy& base) : base_(base), random_(seed) {}

  bool new_execution() override;
  std::size_t next_task(std::span<const Choice> choices, int current) override;
  std::uint64_t next_number(std::uint64_t bound) override { return base_.next_number(bound); }

 private:
  struct Pending : Wish {
    std::uint64_t skip = 0;  // so many reads there come before the one that is meant
    bool done = false;
  };
  // This execution's, as the next three.
  struct Task {
    Event next;  // whose place `place` is, if there is one
    Place place = 0;
    std::uint64_t site = 0;   // the last one
    std::uint64_t kinds = 0;  // of the last steps since then
    ArenaVector<Wish> reads;
  };
  struct Object {
    Place writer = 0;  // the last one
    ArenaVector<Place> readers;
    ArenaVector<Place> writers;
  };

  Task& task_of(const Choice& choice);
  Object& object_of(const Event& event);
  Place place_of(const Choice& choice);
  void draw_wishes();
  bool would_spoil(const Choice& choice);
  void note(const Choice& choice);
  void note_read(const Choice& choice, Place place);
  void learn();

  Strategy& base_;
  RandomNumbers random_;
  ReadSources sources_;
  ArenaVector<Pending> wishes_;
  ArenaVector<Task> tasks_;
  ArenaVector<Object> objects_;
  ArenaVector<Choice> allowed_;
  ArenaVector<std::size_t> places_of_allowed_;  // among the choices
  std::uint64_t executions_ = 0;
  int held_ = 0;  // steps of this execution at which somebody waited
};

}  // namespace ums::explore
