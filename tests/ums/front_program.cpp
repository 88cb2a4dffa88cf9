// SPDX-License-Identifier: Apache-2.0
//
// front_program [--fail PLACE] PROGRAM ARGUMENTS...: runs a program under a kernel process that
// serves nobody. PLACE is where that fails: prepare, in_program, watch or serve.
#include <stdexcept>
#include <string>
#include <vector>

#include "tools/ums/front.h"
#include "tools/ums/program_watch.h"
#include "tools/ums/watched_program.h"

namespace {

class Idle : public ums::command::KernelBody {
 public:
  explicit Idle(std::string fail) : fail_(std::move(fail)) {}
  void prepare() override { here("prepare"); }
  void in_program() override { here("in_program"); }
  void watch(ums::command::ProgramWatch& watch) override {
    here("watch");
    watch.serve();
  }
  void serve(ums::command::WatchedProgram& program) override {
    here("serve");
    program.await_end();
  }

 private:
  void here(const char* place) const {
    if (fail_ == place) throw std::runtime_error("failed in " + fail_);
  }

  const std::string fail_;
};

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  std::string fail;
  if (words.at(0) == "--fail") {
    fail = words.at(1);
    words.erase(words.begin(), words.begin() + 2);
  }
  Idle body(fail);
  return ums::command::run_front(words, body);
}
