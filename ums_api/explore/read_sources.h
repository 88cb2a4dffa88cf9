// SPDX-License-Identifier: Apache-2.0
//
// ReadSources: what ReadsFromStrategy remembers of all executions until now: the places of the
// program that read, those that write the same objects, and which write each has read of late.
//
//     sources.begin_execution();
//     const Place place = sources.place(key);          // of a step
//     sources.note_access(reader, object), note_read(reader, writer, way)
//     const ArenaVector<Wish> wishes = sources.draw(random);
//
// Invariants:
// 1. All tables have limits; what comes later is not learnt.
//
// Thread safety: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ums_api/explore/arena.h"
#include "ums_api/explore/random_numbers.h"

namespace ums::explore {

// A place of the program; 0: none, or one too many.
using Place = std::uint32_t;

// That the read at one place shall see the write at another; 0: shall come before all writes.
struct Wish {
  Place reader = 0;
  Place writer = 0;
};

class ReadSources {
 public:
  ReadSources() : places_(1) {}

  void begin_execution();

  // The place that `key` names.
  Place place(std::uint64_t key);

  // `reader` has read what `writer` wrote; `way`: what its task had read before.
  void note_read(Wish read, std::span<const Wish> way);

  // Both are about the same object.
  void note_candidate(Place reader, Place writer);
  bool is_candidate(Place reader, Place writer) const { return find(reader, writer) != nullptr; }

  // How often the place has read at most in an execution.
  std::uint32_t reads_most(Place reader) const { return places_[reader].most; }

  // Some wishes that have seldom come true or been drawn together; with them what is to be read on
  // the way there. One at most for each reader.
  ArenaVector<Wish> draw(RandomNumbers& random);

 private:
  // Bit n: the last execution of a number that is n modulo 64.
  using Lately = std::uint64_t;

  struct Source {
    Place writer;
    Lately seen = 0;
    Lately drawn = 0;
  };
  struct Reader {
    ArenaVector<Source> sources;
    ArenaVector<Wish> way;  // what the task that came here last had read before
    std::uint32_t count = 0;
    std::uint32_t most = 0;
  };
  struct Key {
    std::uint64_t key;
    Place place;
  };
  struct Candidate {
    Place reader;
    std::uint32_t source;  // index
  };

  const Source* find(Place reader, Place writer) const;
  Source& source_of(Candidate candidate) {
    return places_[candidate.reader].sources[candidate.source];
  }
  void draw_set(RandomNumbers& random, ArenaVector<Candidate>& set) const;
  int times(const ArenaVector<Candidate>& set);

  ArenaVector<Key> keys_;       // by key
  ArenaVector<Reader> places_;  // by place
  ArenaVector<Candidate> candidates_;
  std::uint64_t execution_ = 0;
};

}  // namespace ums::explore
