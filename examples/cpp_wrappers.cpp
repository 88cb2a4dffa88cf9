// SPDX-License-Identifier: Apache-2.0
//
// The C++ wrappers of ums/ums.hpp: a policy object, workers that are joined by their destructors,
// and a scheduler that leaves by itself when its list is closed and no worker is left.
//
//     c++ -std=c++20 cpp_wrappers.cpp $(pkg-config --cflags --libs libums) && ./a.out
#include <deque>
#include <iostream>
#include <string>
#include <ums/ums.hpp>
#include <vector>

namespace {

// First in, first out; but a worker that yields with a parameter is executed again at once.
class UrgentFirst {
 public:
  void on_startup() {}
  void on_yield(ums_context_t worker, void* parameter) { urgent_ = parameter ? worker : 0; }
  void on_end(ums_context_t /*worker*/) {
    urgent_ = 0;
    ++ended_;
  }

  ums_context_t next(ums::CompletionList& list) {
    if (urgent_ != 0 || queue_.empty()) list.dequeue_into(queue_);  // waits if the list is empty
    const ums_context_t worker = urgent_ != 0 ? urgent_ : queue_.front();
    std::erase(queue_, worker);
    return worker;
  }

  int ended() const { return ended_; }

 private:
  std::deque<ums_context_t> queue_;
  ums_context_t urgent_ = 0;  // has just yielded, and wants to go on
  int ended_ = 0;
};

}  // namespace

int main() {
  std::vector<std::string> said;
  ums::CompletionList list;
  ums::Scheduler<UrgentFirst> scheduler(list);
  std::vector<ums::Worker> children;
  {
    const auto speak = [&said](const std::string& name, bool urgent) {
      for (int i = 0; i < 3; ++i) {
        said.push_back(name);
        ums::yield(urgent ? &said : nullptr);
      }
    };
    const ums::Worker calm(list, speak, "calm", false);
    const ums::Worker urgent(list, speak, "urgent", true);
    const ums::Worker parent(list, [&] { children.emplace_back(list, speak, "child", false); });
  }  // joins the three

  list.close();
  scheduler.join();  // all four have ended

  for (const std::string& name : said) std::cout << name << ' ';
  std::cout << '\n';
  const bool in_a_row = [&] {
    for (std::size_t i = 0; i + 2 < said.size(); ++i) {
      if (said[i] == "urgent") return said[i + 1] == "urgent" && said[i + 2] == "urgent";
    }
    return false;
  }();
  return said.size() == 9 && in_a_row && scheduler.policy().ended() == 4 ? 0 : 1;
}
