// SPDX-License-Identifier: Apache-2.0
//
// What a program pays under the kernel process: UMS calls without user memory, with one copy and
// with two, a whole cycle, path calls that are not ours, the start of a program, and the kernel
// process's memory for a suspended call. A program of its own measures (client/), under `ums run`
// or without; caller and kernel process share the one CPU that everything is pinned to.
#include <chrono>
#include <string>

#include "bench/program.h"
#include "bench/rows.h"

namespace ums::bench {
namespace {

constexpr int kStarts = 20;

Words served(const Words& program) {
  Words command = {UMS_BENCH_COMMAND, "run", "--"};
  command.insert(command.end(), program.begin(), program.end());
  return command;
}

// From the start of `true` to its end; the mean of some in a row.
Sample nanoseconds_of_start(const Words& command) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kStarts; ++i) {
    const Program program(command);
    const int status = program.wait();
    if (status != 0) return without_value(status, program.printed());
  }
  const std::chrono::duration<double, std::nano> passed = std::chrono::steady_clock::now() - begin;
  return Sample::measured(passed.count() / kStarts);
}

void add_served(RowTable& table, const std::string& measurement, std::string_view what) {
  table.add({"served_" + measurement, kServed, what, 1, Unit::kNanoseconds}, [measurement] {
    return number_of(served({UMS_BENCH_CLIENT, measurement}));
  });
}

void add_host(RowTable& table, const std::string& measurement, std::string_view what) {
  table.add({"host_" + measurement, kServed, what, 1, Unit::kNanoseconds}, [measurement] {
    return number_of({UMS_BENCH_CLIENT, measurement});
  });
}

}  // namespace

void add_served_rows(RowTable& table) {
  add_served(table, "delete", "UMS call without user memory (DELETE)");
  add_served(table, "create", "UMS call with one copy (CREATE)");
  add_served(table, "next", "UMS call with two copies (NEXT)");
  add_served(table, "cycle", "UMS, full cycle of five calls, 2 workers");
  add_served(table, "openat", "open + close of a host file");
  add_host(table, "openat", "the same without kernel process");
  add_served(table, "stat", "stat of a host file");
  add_host(table, "stat", "the same without kernel process");
  const Words program = {"/bin/true"};
  table.add({"served_start", kServed, "start and end of `true`", 1, Unit::kNanoseconds},
            [program] { return nanoseconds_of_start(served(program)); });
  table.add({"host_start", kServed, "the same without kernel process", 1, Unit::kNanoseconds},
            [program] { return nanoseconds_of_start(program); });
}

void add_served_memory_rows(RowTable& table) {
  table.add({"served_memory", kMemory, "kernel process, a suspended call", 2'000, Unit::kBytes},
            [] {
              return number_of(served({UMS_BENCH_CLIENT, "memory"}));
            });
}

}  // namespace ums::bench
