// SPDX-License-Identifier: Apache-2.0
//
// Screen: a terminal on which a program shows one page again and again, and which is as it was
// before when the program ends, by whatever key or signal.
//
//     Screen screen;
//     do screen.show(page()); while (screen.wait(2.0));
//     return screen.finish();
//
// It uses the alternate screen, and reads keys as they are typed: q ends, and any other shows the
// page at once. Control-Z works as usual, and a new size shows the page at once.
//
// Thread safety: one Screen in a process of one thread, which blocks the signals that it waits for.
#pragma once

#include <sys/types.h>
#include <termios.h>

#include <csignal>
#include <string>

#include "tools/ums/descriptor.h"

namespace ums::command {

class Screen {
 public:
  // Whether standard output is a terminal that can do this.
  static bool there_is_one();

  // Throws std::system_error.
  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // Shows the beginning of a page: as many lines as fit, and of each as much as fits.
  void show(const std::string& page) const;

  // Waits, until the time is over, the size changes, or a key or signal comes. Returns false if it
  // is the end.
  bool wait(double seconds);

  // Makes the terminal as it was. Returns 0, unless a signal has ended it that is no key: then that
  // signal ends the process.
  int finish();

 private:
  void enter();
  void leave();
  void stop();
  bool take_signal();
  bool take_key() const;

  bool keys_;  // standard input is the terminal, too
  bool entered_ = false;
  int ended_by_ = 0;
  termios before_{};
  sigset_t mask_before_{};
  Descriptor signals_;
};

}  // namespace ums::command
