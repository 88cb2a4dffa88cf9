// SPDX-License-Identifier: Apache-2.0
//
// Job: numbers to factor, shared by the threads that factor them. Each takes the next number that
// nobody has taken, until there is none.
//
// Thread safety: any number of threads in take_part; the results are read after all have returned.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tools/demo/factor.h"

namespace ums::demo {

using Primes = std::vector<std::uint64_t>;

class Job {
 public:
  explicit Job(const std::vector<std::uint64_t>& numbers)
      : numbers_(numbers), results_(numbers.size()) {}

  // Factors numbers until none is left. Returns how many it did.
  std::size_t take_part(Factorizer& factorizer) {
    std::size_t count = 0;
    for (;;) {
      const std::size_t i = next_.fetch_add(1, std::memory_order_relaxed);
      if (i >= numbers_.size()) return count;
      results_[i] = factorizer.factor(numbers_[i]);
      done_.fetch_add(1, std::memory_order_relaxed);  // for progress only
      ++count;
    }
  }

  std::size_t size() const { return numbers_.size(); }
  const std::atomic<std::size_t>& done() const { return done_; }
  const std::vector<Primes>& results() const { return results_; }

 private:
  const std::vector<std::uint64_t>& numbers_;
  std::vector<Primes> results_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::size_t> done_{0};
};

}  // namespace ums::demo
