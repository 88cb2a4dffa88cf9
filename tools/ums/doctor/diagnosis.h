// SPDX-License-Identifier: Apache-2.0
//
// Diagnosis: what `ums doctor` has found out about this host: a row for each check, in a fixed
// order.
//
// Thread safety: one thread.
#pragma once

#include <string>
#include <vector>

#include "tools/ums/doctor/finding.h"

namespace ums::command {

class Diagnosis {
 public:
  void add(std::string name, Finding finding) {
    rows_.push_back({std::move(name), std::move(finding)});
  }

  // Whether `ums run` works here in its default mode: no check fails.
  bool works() const;

  // One line a check, and the conclusion.
  std::string text() const;

  // {"works": bool, "checks": [{"name", "verdict", "found", "remedy"}...]}, where a verdict is
  // "ok", "limited" or "fails".
  std::string json() const;

 private:
  struct Row {
    std::string name;
    Finding finding;
  };

  std::vector<Row> rows_;
};

// Makes all checks.
Diagnosis examine_host();

}  // namespace ums::command
