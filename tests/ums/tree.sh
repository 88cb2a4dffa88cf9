#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# tree.sh, to be sourced: /proc/ums as `ls -lR` shows it, and the specification says: of a program P
# whose scheduler S has dequeued its workers A and B.

# An awk program: what is the same on all systems of a line of `ls -l`.
# shellcheck disable=SC2016,SC2034 # it is awk, for who sources this
columns_of_ls='/^[-dl]/ { $3 = $4 = "-"; if (/^l/) $5 = "SIZE"; $6 = $7 = $8 = ""; gsub(/ +/, " ") }
{ print }'

# tree_of S: the text.
tree_of() {
  cat <<EOT
/proc/ums:
total 0
dr-xr-xr-x 4 - - 0 P

/proc/ums/P:
total 0
dr-xr-xr-x 3 - - 0 schedulers
dr-xr-xr-x 4 - - 0 workers

/proc/ums/P/schedulers:
total 0
dr-xr-xr-x 3 - - 0 $1

/proc/ums/P/schedulers/$1:
total 0
-rwsrwsrwt 1 - - 0 info
dr-xr-xr-x 2 - - 0 workers

/proc/ums/P/schedulers/$1/workers:
total 0
lrwxrwxrwx 1 - - SIZE 1 -> /proc/ums/P/workers/A
lrwxrwxrwx 1 - - SIZE 2 -> /proc/ums/P/workers/B

/proc/ums/P/workers:
total 0
dr-xr-xr-x 2 - - 0 A
dr-xr-xr-x 2 - - 0 B

/proc/ums/P/workers/A:
total 0
-rwsrwsrwt 1 - - 0 info

/proc/ums/P/workers/B:
total 0
-rwsrwsrwt 1 - - 0 info
EOT
}
