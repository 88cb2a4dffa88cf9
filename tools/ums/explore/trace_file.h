// SPDX-License-Identifier: Apache-2.0
//
// trace_json: an execution as a trace in the format that Perfetto and Chrome's about:tracing read
// (the "Trace Event Format", JSON): a track for each CPU, with who runs there, and one for each
// task, with its steps and UMS events; an arrow leads from a worker's yield to where it is executed
// again.
//
// Times are virtual. Steps that take none are 1 ns apart, so that their order is seen.
//
// No process or thread id, real time, or address but what the program passes is in it: two runs of
// one schedule have the same trace, byte for byte.
//
// Thread safety: any thread.
#pragma once

#include <string>

#include "tools/ums/explore/outcome.h"
#include "tools/ums/explore/report.h"

namespace ums::command {

// `outcome`: with a trace.
std::string trace_json(const Outcome& outcome, Report& report);

// Throws std::system_error.
void write_trace(const std::string& path, const Outcome& outcome, Report& report);

}  // namespace ums::command
