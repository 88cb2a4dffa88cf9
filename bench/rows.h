// SPDX-License-Identifier: Apache-2.0
//
// Row: one line of the table, and how its samples are taken.
//
// Every file of this folder offers its rows to the one RowTable, which registers them with Google
// Benchmark. That library then repeats them in random interleaved order, so that a disturbance of
// the machine hits neighbours alike, and hands the samples back to the RowTable.
//
//     table.add({"pthread_create", kCreation, "pthread_create + join", 1, Unit::kNanoseconds},
//               [] { return create_and_join(...); });      // called once a repetition
//     table.add_loop({"idr_lookup", kStructures, ...}, [](benchmark::State& state) { ... });
//
// Invariants:
// 1. A row's name is unique, and is what `--filter`, the JSON file and the targets call it.
// 2. Rows are printed in the order in which they were added.
// 3. A row has a value only when every one of its repetitions was measured.
//
// Thread safety: used by the main thread only.
#pragma once

#include <benchmark/benchmark.h>

#include <deque>
#include <functional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "bench/sample.h"

namespace ums::bench {

enum class Unit { kNanoseconds, kBytes, kPerSecond, kCount };

// The heading under which a row is printed.
inline constexpr std::string_view kMachine = "What the machine charges";
inline constexpr std::string_view kDispatch = "Dispatch: one worker picked, run, and giving up";
inline constexpr std::string_view kThroughput = "Switches a second";
inline constexpr std::string_view kCreation = "Create + run + join";
inline constexpr std::string_view kMemory = "Resident memory of one that waits";
inline constexpr std::string_view kServed = "Under a kernel process";
inline constexpr std::string_view kStructures = "Kernel structures";
inline constexpr std::string_view kSimulated = "The simulated machine";

struct RowSpec {
  std::string name;
  std::string_view section;
  std::string_view what;
  int workers;
  Unit unit;
};

// What the repetitions of a row came to.
struct Row {
  RowSpec spec;
  std::vector<double> samples;
  Outcome outcome = Outcome::kMeasured;
  std::string reason;

  // One repetition, and whether it does its own timing.
  std::function<void(benchmark::State&)> measure;
  bool measures_itself = false;

  bool has_value() const { return outcome == Outcome::kMeasured && !samples.empty(); }
  bool was_run() const { return outcome != Outcome::kMeasured || !samples.empty(); }
  double median() const;
  double minimum() const;
  double maximum() const;
};

class RowTable {
 public:
  // Adds a row whose repetition is one call of `take`, which measures by itself.
  void add(RowSpec spec, std::function<Sample()> take);

  // Adds a row in nanoseconds whose repetition is a loop timed by Google Benchmark, in time of
  // the processor, which leaves out what other programs took.
  void add_loop(RowSpec spec, std::function<void(benchmark::State&)> loop);

  // Runs the rows whose name matches, once in a process. Returns how many rows that were.
  std::size_t run(const std::regex& filter);

  const std::deque<Row>& rows() const { return rows_; }

  // The row of this name, or nullptr where there is none.
  const Row* find(std::string_view name) const;

 private:
  Row& append(RowSpec spec);

  // A deque: the registered benchmarks keep references to their rows.
  std::deque<Row> rows_;
};

inline constexpr int kRepetitions = 7;

// The numbers of workers among which the dispatch rows take turns.
inline constexpr int kWorkerCounts[] = {2, 100, 1'000, 10'000};

// The rows of each file.
void add_machine_rows(RowTable& table);
void add_context_rows(RowTable& table);
void add_fiber_rows(RowTable& table);
void add_futex_rows(RowTable& table);
void add_switch_rows(RowTable& table);
void add_full_cycle_rows(RowTable& table);
void add_throughput_rows(RowTable& table);
void add_creation_rows(RowTable& table);
void add_notification_rows(RowTable& table);
void add_other_process_rows(RowTable& table);
void add_served_rows(RowTable& table);
void add_memory_rows(RowTable& table);
void add_served_memory_rows(RowTable& table);
void add_structure_rows(RowTable& table);
void add_exploration_rows(RowTable& table);

}  // namespace ums::bench
