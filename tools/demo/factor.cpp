// SPDX-License-Identifier: Apache-2.0
#include "tools/demo/factor.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

namespace ums::demo {

namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::array<std::uint64_t, 12> kSmallPrimes = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};

}  // namespace

inline void Factorizer::count_division() {
  if (++divisions_ % kDivisionsPerTurn == 0) end_of_turn_();
}

inline std::uint64_t Factorizer::remainder(std::uint64_t number, std::uint64_t divisor) {
  count_division();
  return number % divisor;
}

inline std::uint64_t Factorizer::multiply(std::uint64_t a, std::uint64_t b, std::uint64_t modulus) {
  count_division();
  return static_cast<std::uint64_t>(static_cast<Wide>(a) * b % modulus);
}

std::uint64_t Factorizer::power(std::uint64_t base, std::uint64_t exponent, std::uint64_t modulus) {
  std::uint64_t result = 1;
  for (; exponent != 0; exponent >>= 1) {
    if ((exponent & 1) != 0) result = multiply(result, base, modulus);
    base = multiply(base, base, modulus);
  }
  return result;
}

// Whether `base` proves that `number`, odd and above base, is composite.
bool Factorizer::is_witness(std::uint64_t base, std::uint64_t number) {
  const int twos = std::countr_zero(number - 1);
  std::uint64_t x = power(base, (number - 1) >> twos, number);
  if (x == 1 || x == number - 1) return false;
  for (int i = 1; i < twos; ++i) {
    x = multiply(x, x, number);
    if (x == number - 1) return false;
  }
  return true;
}

// The bases suffice for every number below 2^64 (Sorenson and Webster, 2015).
bool Factorizer::is_prime(std::uint64_t number) {
  if (number < 2) return false;
  for (const std::uint64_t prime : kSmallPrimes) {
    if (remainder(number, prime) == 0) return number == prime;
  }
  return std::none_of(kSmallPrimes.begin(), kSmallPrimes.end(),
                      [&](std::uint64_t base) { return is_witness(base, number); });
}

// One walk x -> x * x + increment, with Brent's cycle detection; the greatest common divisor is
// taken of many differences at once. Returns a divisor above 1, which may be `composite` itself.
std::uint64_t Factorizer::rho(std::uint64_t composite, std::uint64_t increment) {
  constexpr std::uint64_t kBatch = 64;
  const auto step = [&](std::uint64_t x) {
    const std::uint64_t next = multiply(x, x, composite) + increment;  // below 2^63
    return next < composite ? next : next - composite;
  };
  const auto distance = [](std::uint64_t a, std::uint64_t b) { return a > b ? a - b : b - a; };

  std::uint64_t x = 2, y = 2, batch_start = 2, divisor = 1;
  for (std::uint64_t length = 1; divisor == 1; length *= 2) {
    x = y;
    for (std::uint64_t i = 0; i < length; ++i) y = step(y);
    for (std::uint64_t done = 0; done < length && divisor == 1; done += kBatch) {
      batch_start = y;
      std::uint64_t product = 1;
      for (std::uint64_t i = 0; i < std::min(kBatch, length - done); ++i) {
        y = step(y);
        product = multiply(product, distance(x, y), composite);
      }
      divisor = std::gcd(product, composite);
    }
  }
  if (divisor != composite) return divisor;
  // Several divisors fell into one batch: once more, step by step.
  y = batch_start;
  do {
    y = step(y);
    divisor = std::gcd(distance(x, y), composite);
  } while (divisor == 1);
  return divisor;
}

std::uint64_t Factorizer::find_divisor(std::uint64_t composite) {
  for (std::uint64_t increment = 1;; ++increment) {
    const std::uint64_t divisor = rho(composite, increment);
    if (divisor != composite) return divisor;
  }
}

void Factorizer::split(std::uint64_t number, std::vector<std::uint64_t>& primes) {
  if (number == 1) return;
  if (is_prime(number)) {
    primes.push_back(number);
    return;
  }
  const std::uint64_t divisor = find_divisor(number);
  split(divisor, primes);
  split(number / divisor, primes);
}

std::vector<std::uint64_t> Factorizer::factor(std::uint64_t number) {
  std::vector<std::uint64_t> primes;
  for (const std::uint64_t prime : kSmallPrimes) {
    while (remainder(number, prime) == 0) {
      primes.push_back(prime);
      number /= prime;
    }
  }
  split(number, primes);
  std::sort(primes.begin(), primes.end());
  return primes;
}

}  // namespace ums::demo
