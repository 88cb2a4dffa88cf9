# SPDX-License-Identifier: Apache-2.0
#
# Turns the house style's plain comments into Doxygen's: the first comment of a file documents the
# file, one before a declaration documents it, one behind a member documents that. Both kinds:
# `//` and, in C headers, /* ... */ with its marks at the beginning of lines.

# What Doxygen would take for a command, a tag or a link; text in backticks or indented as code is
# left alone.
function escaped(text,    parts, n, i, out) {
  if (text ~ /^     /) return text
  n = split(text, parts, "`")
  for (i = 1; i <= n; i++) {
    if (i % 2 == 1) {
      gsub(/[\\@#]/, "\\\\&", parts[i])
      gsub(/&/, "\\&amp;", parts[i])
      gsub(/</, "\\&lt;", parts[i])
      gsub(/>/, "\\&gt;", parts[i])
    }
    out = out (i > 1 ? "`" : "") parts[i]
  }
  return out
}

# The part of the current line from `start`, escaped, but for the mark that ends a C comment.
function rest(start,    text, end) {
  text = substr($0, start)
  end = match(text, / *\*\/ *$/) ? substr(text, RSTART) : ""
  return escaped(substr(text, 1, length(text) - length(end))) end
}

function line_comment(mark) {
  match($0, /\/\//)
  print substr($0, 1, RSTART - 1) mark rest(RSTART + 2)
}

FNR == 1 { opening = 1; inside = 0 }

/SPDX-License-Identifier/ { print ""; next }

inside {
  match($0, /^ *\*?/)
  if ($0 ~ /^ *\*\//) print
  else print substr($0, 1, RLENGTH) rest(RLENGTH + 1)
  inside = $0 !~ /\*\//
  next
}

/^ *\/\*/ {
  match($0, /\/\*/)
  print substr($0, 1, RSTART - 1) "/**" (opening ? " @file\n *\n *" : "") rest(RSTART + 2)
  inside = $0 !~ /\*\//
  opening = 0
  next
}

opening && /^\/\/ ?$/ && !began[FILENAME] { print ""; next }

opening && /^\/\// {
  if (!began[FILENAME]++) print "/// @file\n///"
  line_comment("///")
  next
}

{ opening = 0 }

/^ *\/\// { line_comment("///"); next }

# Behind a member or an enumerator.
!/^}  \/\/ namespace/ && (/[;,}] +\/\/ / || /^ +[A-Za-z_0-9]+ +\/\/ /) {
  line_comment("///<")
  next
}

/[;,}] +\/\*[^*].*\*\/ *$/ {
  match($0, /\/\*/)
  print substr($0, 1, RSTART - 1) "/**<" rest(RSTART + 2)
  next
}

{ print }
