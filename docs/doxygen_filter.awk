# SPDX-License-Identifier: Apache-2.0
#
# Turns the house style's plain comments into Doxygen's: the first block of a file documents the
# file, a block before a declaration documents it, a comment behind a member documents that.

# What Doxygen would take for a command, a tag or a link; text in backticks or indented as code is
# left alone.
function escaped(text,    parts, n, i, out) {
  if (text ~ /^ ? ? ? ?    /) return text
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

FNR == 1 { header = 1; began = 0 }

/SPDX-License-Identifier/ { print ""; next }

# The block that opens the file.
header && /^\/\// {
  text = substr($0, 3)
  if (!began && text == "") { print ""; next }
  print (began ? "///" : "/// @file\n///") escaped(text)
  began = 1
  next
}

{ header = 0 }

/^ *\/\// {
  match($0, /\/\//)
  print substr($0, 1, RSTART - 1) "///" escaped(substr($0, RSTART + 2))
  next
}

# Behind a member or an enumerator.
/[;,}] +\/\/ / || /^ +[A-Za-z_0-9]+ +\/\/ / {
  match($0, / +\/\/ /)
  print substr($0, 1, RSTART) "///< " escaped(substr($0, RSTART + RLENGTH))
  next
}

{ print }
