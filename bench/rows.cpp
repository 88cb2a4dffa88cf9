// SPDX-License-Identifier: Apache-2.0
#include "bench/rows.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <fmt/core.h>

namespace ums::bench {
namespace {

// The counter in which a repetition that measured by itself returns its sample.
constexpr const char* kValue = "value";

// How long a repetition lasts that Google Benchmark times.
constexpr double kLoopSeconds = 0.03;

// Shows on a terminal that the run goes on, and with what.
void show_progress(const RowSpec& spec) {
  if (isatty(STDERR_FILENO) == 1) {
    fmt::print(stderr, "\r\033[K{}", spec.name);
    std::fflush(stderr);
  }
}

// One repetition of a row that measures by itself. Where one had no value the row has none, and
// the others are not tried.
void take_once(Row& row, const std::function<Sample()>& take, benchmark::State& state) {
  for ([[maybe_unused]] auto iteration : state) {
    if (row.outcome == Outcome::kMeasured) {
      show_progress(row.spec);
      const Sample sample = take();
      if (sample.outcome == Outcome::kMeasured) {
        state.counters[kValue] = sample.value;
        continue;
      }
      row.outcome = sample.outcome;
      row.reason = sample.reason;
    }
    state.SkipWithError(row.reason.c_str());
    break;
  }
}

void clear_progress() {
  if (isatty(STDERR_FILENO) == 1) {
    fmt::print(stderr, "\r\033[K");
  }
}

// Files what the repetitions came to under their rows.
class SampleCollector : public benchmark::BenchmarkReporter {
 public:
  explicit SampleCollector(std::deque<Row>& rows) : rows_(rows) {}

  bool ReportContext(const Context& /*context*/) override { return true; }

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type == Run::RT_Iteration) {
        file(run);
      }
    }
  }

 private:
  void file(const Run& run) {
    const auto row = std::find_if(rows_.begin(), rows_.end(), [&run](const Row& each) {
      return each.spec.name == run.run_name.function_name;
    });
    if (row == rows_.end()) {
      return;
    }
    if (run.error_occurred) {
      note_missing(*row, run.error_message);
      return;
    }
    const auto value = run.counters.find(kValue);
    row->samples.push_back(value == run.counters.end() ? run.GetAdjustedCPUTime()
                                                       : value->second.value);
  }

  // A row that measures by itself has said already why it has no value.
  static void note_missing(Row& row, const std::string& reason) {
    if (row.outcome == Outcome::kMeasured) {
      row.outcome = Outcome::kUnavailable;
      row.reason = reason;
    }
  }

  std::deque<Row>& rows_;
};

void register_repetitions(const Row& row) {
  auto* const registered =
      benchmark::RegisterBenchmark(row.spec.name.c_str(), row.measure)->Repetitions(kRepetitions);
  if (row.measures_itself) {
    registered->Iterations(1);
  } else {
    registered->MinTime(kLoopSeconds);
  }
}

void run_registered(std::deque<Row>& rows) {
  std::string arguments[] = {"ums-bench", "--benchmark_enable_random_interleaving=true"};
  char* argv[] = {arguments[0].data(), arguments[1].data(), nullptr};
  int argc = 2;
  benchmark::Initialize(&argc, argv);
  SampleCollector samples(rows);
  benchmark::RunSpecifiedBenchmarks(&samples, "all");
  clear_progress();
}

}  // namespace

double Row::median() const {
  std::vector<double> sorted = samples;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

double Row::minimum() const { return *std::min_element(samples.begin(), samples.end()); }

double Row::maximum() const { return *std::max_element(samples.begin(), samples.end()); }

Row& RowTable::append(RowSpec spec) {
  rows_.emplace_back();
  rows_.back().spec = std::move(spec);
  return rows_.back();
}

void RowTable::add(RowSpec spec, std::function<Sample()> take) {
  Row& row = append(std::move(spec));
  row.measure = [&row, take = std::move(take)](benchmark::State& state) {
    take_once(row, take, state);
  };
  row.measures_itself = true;
}

void RowTable::add_loop(RowSpec spec, std::function<void(benchmark::State&)> loop) {
  Row& row = append(std::move(spec));
  row.measure = [&row, loop = std::move(loop)](benchmark::State& state) {
    show_progress(row.spec);
    loop(state);
  };
}

std::size_t RowTable::run(const std::regex& filter) {
  std::size_t matched = 0;
  for (const Row& row : rows_) {
    if (std::regex_search(row.spec.name, filter)) {
      register_repetitions(row);
      ++matched;
    }
  }
  if (matched != 0) {
    run_registered(rows_);
  }
  return matched;
}

const Row* RowTable::find(std::string_view name) const {
  const auto found = std::find_if(rows_.begin(), rows_.end(),
                                  [name](const Row& row) { return row.spec.name == name; });
  return found == rows_.end() ? nullptr : &*found;
}

}  // namespace ums::bench
