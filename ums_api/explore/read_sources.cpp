// SPDX-License-Identifier: Apache-2.0
#include "ums_api/explore/read_sources.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace ums::explore {

namespace {

constexpr std::size_t kPlacesMax = 1 << 14;
constexpr std::size_t kCandidatesMax = 1 << 14;
constexpr std::uint64_t kWishesMax = 4;  // in a set
constexpr int kDraws = 16;               // sets, of which one is taken

bool has_wish_for(const ArenaVector<Wish>& wishes, Place reader) {
  return std::any_of(wishes.begin(), wishes.end(),
                     [reader](const Wish& wish) { return wish.reader == reader; });
}

}  // namespace

void ReadSources::begin_execution() {
  const Lately others = ~(Lately{1} << (++execution_ % 64));
  for (Reader& reader : places_) {
    reader.most = std::max(reader.most, reader.count);
    reader.count = 0;
    for (Source& source : reader.sources) {
      source.seen &= others;
      source.drawn &= others;
    }
  }
}

Place ReadSources::place(std::uint64_t key) {
  const auto at = std::lower_bound(keys_.begin(), keys_.end(), key,
                                   [](const Key& a, std::uint64_t b) { return a.key < b; });
  if (at != keys_.end() && at->key == key) return at->place;
  if (places_.size() == kPlacesMax) return 0;
  const auto place = static_cast<Place>(places_.size());
  keys_.insert(at, {key, place});
  places_.emplace_back();
  return place;
}

const ReadSources::Source* ReadSources::find(Place reader, Place writer) const {
  const ArenaVector<Source>& sources = places_[reader].sources;
  const auto found = std::find_if(sources.begin(), sources.end(), [writer](const Source& source) {
    return source.writer == writer;
  });
  return found == sources.end() ? nullptr : &*found;
}

void ReadSources::note_candidate(Place reader, Place writer) {
  if (reader == 0 || is_candidate(reader, writer) || candidates_.size() == kCandidatesMax) return;
  ArenaVector<Source>& sources = places_[reader].sources;
  candidates_.push_back({reader, static_cast<std::uint32_t>(sources.size())});
  sources.push_back({writer});
}

void ReadSources::note_read(Wish read, std::span<const Wish> way) {
  Reader& reader = places_[read.reader];
  ++reader.count;
  reader.way.assign(way.begin(), way.end());
  for (Source& source : reader.sources) {
    if (source.writer == read.writer) source.seen |= Lately{1} << (execution_ % 64);
  }
}

void ReadSources::draw_set(RandomNumbers& random, ArenaVector<Candidate>& set) const {
  set.clear();
  for (std::uint64_t i = 1 + random.below(kWishesMax); i > 0; --i) {
    const Candidate drawn = candidates_[random.below(candidates_.size())];
    const bool is_new = std::none_of(set.begin(), set.end(), [&](const Candidate& other) {
      return other.reader == drawn.reader;
    });
    if (is_new) set.push_back(drawn);
  }
}

// How often two of them have been seen or drawn together of late, on average and in hundredths.
int ReadSources::times(const ArenaVector<Candidate>& set) {
  int sum = 0;
  int pairs = 0;
  for (std::size_t i = 0; i < set.size(); ++i) {
    for (std::size_t j = set.size() == 1 ? i : i + 1; j < set.size(); ++j) {
      const Source& a = source_of(set[i]);
      const Source& b = source_of(set[j]);
      sum += std::popcount(a.seen & b.seen) + std::popcount(a.drawn & b.drawn);
      ++pairs;
    }
  }
  return sum * 100 / pairs;
}

ArenaVector<Wish> ReadSources::draw(RandomNumbers& random) {
  ArenaVector<Wish> wishes;
  if (candidates_.empty()) return wishes;
  ArenaVector<Candidate> best;
  ArenaVector<Candidate> set;
  int least = std::numeric_limits<int>::max();
  for (int i = 0; i < kDraws; ++i) {
    draw_set(random, set);
    const int its_times = times(set);
    if (its_times >= least) continue;
    least = its_times;
    best.swap(set);
  }
  for (const Candidate& each : best) {
    Source& source = source_of(each);
    source.drawn |= Lately{1} << (execution_ % 64);
    wishes.push_back({each.reader, source.writer});
  }
  if (random.below(2) == 0) return wishes;  // the way may be in the way of what is rarer
  for (const Candidate& each : best) {
    for (const Wish& before : places_[each.reader].way) {
      if (!has_wish_for(wishes, before.reader)) wishes.push_back(before);
    }
  }
  return wishes;
}

}  // namespace ums::explore
