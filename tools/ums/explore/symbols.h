// SPDX-License-Identifier: Apache-2.0
//
// Symbols: what places in a program are called in its source, as far as its files say so (elfutils'
// libdw).
//
// Thread safety: one thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tools/ums/explore/outcome.h"

struct Dwfl;
struct Dwfl_Module;

namespace ums::command {

class Symbols {
 public:
  // `program`: the file that is meant by a place in a file without a path.
  explicit Symbols(std::string program);
  ~Symbols();
  Symbols(const Symbols&) = delete;
  Symbols& operator=(const Symbols&) = delete;

  // `lock_both (prog.c:24)`, or as much of it as is known, and the file and offset otherwise.
  std::string code(const Place& place);

  // The same, behind what is inlined there, from the innermost on: each called by the next one.
  std::vector<std::string> calls(const Place& place);

  // The function, or empty.
  std::string function(const Place& place);

  // The variable, or several of the 8 bytes from there on, or empty.
  std::string variable(const Place& place);

 private:
  Dwfl_Module* module(const std::string& file);
  std::string symbol(const Place& place);

  const std::string program_;
  Dwfl* const dwfl_;
  std::map<std::string, Dwfl_Module*> modules_;
};

}  // namespace ums::command
