// SPDX-License-Identifier: Apache-2.0
//
// Factorizer: prime factors, by trial division, the Miller-Rabin test and Pollard's rho method. Its
// unit of work is the division; every kDivisionsPerTurn of them it offers to give up the processor.
//
//     Factorizer factorizer([] { ums::yield(); });
//     std::vector<std::uint64_t> primes = factorizer.factor(91);   // 7, 13
//
// Thread safety: each thread has its own.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace ums::demo {

inline constexpr unsigned kDivisionsPerTurn = 256;

class Factorizer {
 public:
  explicit Factorizer(std::function<void()> end_of_turn) : end_of_turn_(std::move(end_of_turn)) {}

  // The primes whose product is `number`, ascending; none for 1. `number` is 1 to kNumberMax.
  std::vector<std::uint64_t> factor(std::uint64_t number);

  bool is_prime(std::uint64_t number);

  std::uint64_t divisions() const { return divisions_; }

 private:
  void count_division();
  std::uint64_t remainder(std::uint64_t number, std::uint64_t divisor);
  std::uint64_t multiply(std::uint64_t a, std::uint64_t b, std::uint64_t modulus);
  std::uint64_t power(std::uint64_t base, std::uint64_t exponent, std::uint64_t modulus);
  bool is_witness(std::uint64_t base, std::uint64_t number);
  std::uint64_t find_divisor(std::uint64_t composite);
  std::uint64_t rho(std::uint64_t composite, std::uint64_t increment);
  void split(std::uint64_t number, std::vector<std::uint64_t>& primes);

  std::function<void()> end_of_turn_;
  std::uint64_t divisions_ = 0;
};

}  // namespace ums::demo
