// SPDX-License-Identifier: Apache-2.0
//
// What the demonstration says at its end: that the results are right, then how they were reached.
//
// Thread safety: none needed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/demo/run_pthreads.h"
#include "tools/demo/run_ums.h"

namespace ums::demo {

// Checks that both jobs found the same primes, that these are prime, and that their product is the
// number. Throws std::runtime_error that names the first number where this is not so.
void verify(const std::vector<std::uint64_t>& numbers, const Job& ums, const Job& pthreads);

// The table, as text.
std::string report(const std::vector<std::uint64_t>& numbers, const UmsRun& ums,
                   const PthreadsRun& pthreads);

}  // namespace ums::demo
