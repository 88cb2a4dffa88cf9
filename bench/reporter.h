// SPDX-License-Identifier: Apache-2.0
//
// Reporter: the run as a table for people and as JSON for programs.
//
// Both show the same: each row's median, least and greatest sample (JSON: every sample), why a row
// has no value, and each target with what was measured, its figure, limit, goal and verdict.
//
// Thread safety: pure functions, apart from the stream written to.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "bench/rows.h"
#include "bench/targets.h"

namespace ums::bench {

// A value of this row with its unit, as the table shows it: "11.6 ns", "8.3 KiB", "10.2 M/s".
std::string with_unit(const Row& row, double value);

// Writes the rows under their headings, then the targets.
void print_table(std::FILE* out, const RowTable& table, const std::vector<TargetResult>& targets);

// The same as one JSON object: "machine", "rows", "targets". Times in nanoseconds, memory in bytes.
std::string as_json(const RowTable& table, const std::vector<TargetResult>& targets);

}  // namespace ums::bench
