# SPDX-License-Identifier: Apache-2.0
#
# ums_needs(WHAT PACKAGE FOUND...): stops where one of the variables FOUND is false, and names WHAT
# is missing and Debian's PACKAGE that has it.
function(ums_needs what package)
  foreach(found ${ARGN})
    if(NOT ${found})
      message(FATAL_ERROR "${what} is not installed, and the command `ums` is built with it. "
        "On Debian, as root:\n    apt-get install -y --no-install-recommends ${package}")
    endif()
  endforeach()
endfunction()
