// SPDX-License-Identifier: Apache-2.0
#include "tools/demo/report.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "tools/demo/clock.h"

namespace ums::demo {

namespace {

bool is_factorization(std::uint64_t number, const Primes& primes) {
  Factorizer checker([] {});
  std::uint64_t rest = number;
  for (const std::uint64_t prime : primes) {
    if (!checker.is_prime(prime) || rest % prime != 0) return false;
    rest /= prime;
  }
  return rest == 1;
}

std::uint64_t total(const std::vector<Lane>& lanes, std::uint64_t Lane::*field) {
  std::uint64_t sum = 0;
  for (const Lane& lane : lanes) sum += lane.*field;
  return sum;
}

std::string counted(std::uint64_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string bits_of(const std::vector<std::uint64_t>& numbers) {
  const auto [least, largest] = std::minmax_element(numbers.begin(), numbers.end());
  const auto from = static_cast<std::uint64_t>(std::bit_width(*least));
  const auto to = static_cast<std::uint64_t>(std::bit_width(*largest));
  return (from == to ? "" : fmt::format("{} to ", from)) + counted(to, "bit");
}

// The median switch, without the clock's own cost; none if there was no switch.
std::string median_gap(const std::vector<Lane>& lanes) {
  std::vector<std::uint32_t> gaps;
  for (const Lane& lane : lanes) gaps.insert(gaps.end(), lane.gaps.begin(), lane.gaps.end());
  if (gaps.empty()) return "-";
  const auto middle = gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2);
  std::nth_element(gaps.begin(), middle, gaps.end());
  return fmt::format("{}", std::max<std::int64_t>(*middle - clock_cost_ns(), 0));
}

std::string lanes_table(const std::vector<Lane>& lanes) {
  const auto divisions =
      static_cast<double>(std::max<std::uint64_t>(total(lanes, &Lane::divisions), 1));
  std::string text = fmt::format("{:<12}{:>12}{:>14}{:>12}{:>10}\n", "scheduler", "numbers",
                                 "divisions", "switches", "share");
  for (const Lane& lane : lanes) {
    const double share = 100 * static_cast<double>(lane.divisions) / divisions;
    text += fmt::format("{:<12}{:>12}{:>14}{:>12}{:>8.1f} %\n", fmt::format("on CPU {}", lane.cpu),
                        lane.numbers, lane.divisions, lane.switches, share);
  }
  return text;
}

}  // namespace

void verify(const std::vector<std::uint64_t>& numbers, const Job& ums, const Job& pthreads) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (ums.results()[i] != pthreads.results()[i]) {
      throw std::runtime_error(
          fmt::format("UMS workers and pthreads differ in the factors of {}", numbers[i]));
    }
    if (!is_factorization(numbers[i], ums.results()[i])) {
      throw std::runtime_error(fmt::format("the factors of {} are wrong", numbers[i]));
    }
  }
}

std::string report(const std::vector<std::uint64_t>& numbers, const UmsRun& ums,
                   const PthreadsRun& pthreads) {
  const std::uint64_t switches = total(ums.lanes, &Lane::switches);
  const auto per_second = [](std::uint64_t count, double seconds) {
    return static_cast<double>(count) / seconds;
  };
  const auto row = [](const char* name, const std::string& left, const std::string& right) {
    return fmt::format("{:<24}{:>14}{:>14}\n", name, left, right);
  };
  std::string text = fmt::format(
      "{} of {}, {}, a turn every {} divisions.\n"
      "UMS workers and pthreads agree; every factor is prime, every product is right.\n\n",
      counted(numbers.size(), "number"), bits_of(numbers), counted(ums.workers, "worker"),
      kDivisionsPerTurn);
  text += row("", "UMS", "pthreads");
  text += row("wall time, s", fmt::format("{:.3f}", ums.seconds),
              fmt::format("{:.3f}", pthreads.seconds));
  text += row("switches", fmt::format("{}", switches), fmt::format("{}", pthreads.switches));
  text += row("switches a second", fmt::format("{:.0f}", per_second(switches, ums.seconds)),
              fmt::format("{:.0f}", per_second(pthreads.switches, pthreads.seconds)));
  text += row("ns a switch, median", median_gap(ums.lanes), "-");
  text += row("speed, pthreads = 1", fmt::format("{:.2f}", pthreads.seconds / ums.seconds), "1.00");
  return text + "\n" + lanes_table(ums.lanes);
}

}  // namespace ums::demo
