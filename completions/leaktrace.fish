# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for leaktrace

set -l none "not __fish_seen_subcommand_from report; and not __fish_contains_opt -s p pid"
set -l report "__fish_seen_subcommand_from report"

complete -c leaktrace -f
complete -c leaktrace -n "$none" -a report -d "Show a recording"
complete -c leaktrace -n "$none" -a "(__fish_complete_subcommand)"
complete -c leaktrace -n "$report" -F

complete -c leaktrace -s p -l pid -x -a "(__fish_complete_pids)" -d "Attach to running processes"
complete -c leaktrace -s u -l user -x -a "(__fish_complete_users)" -d "Run the command as this user"
complete -c leaktrace -l no-follow -d "Leave child processes alone"
complete -c leaktrace -s d -l duration -x -d "Stop tracing after this time"
complete -c leaktrace -s i -l interval -x -d "Report, or sample, every so often"
complete -c leaktrace -l events -x -a "exact pages" -d "What memory is watched by"
complete -c leaktrace -l live -d "Watch what grows on a screen"
complete -c leaktrace -l growth -d "Print a line of figures every so often"
complete -c leaktrace -l output-of-command -r -d "Where the command writes, with --live"
complete -c leaktrace -l attach -x -a "auto session multi single" -d "Kind of probes"
complete -c leaktrace -l alloc-prefix -x -d "Also probe PREFIXmalloc and so on"
complete -c leaktrace -l object -r -F -d "Also probe the allocator in this file"
complete -c leaktrace -l no-pause -d "Never stop a process"
complete -c leaktrace -l no-namespace -d "Attach process by process"
complete -c leaktrace -l kinds -x -a "heap mmap fd thread" -d "What to trace"
complete -c leaktrace -l resource -r -F -d "Also trace the kinds that this file defines"
complete -c leaktrace -l max-live -x -d "Resources tracked at a time"
complete -c leaktrace -l max-sites -x -d "Call sites tracked"
complete -c leaktrace -l max-stack -x -d "Frames kept of a call stack"
complete -c leaktrace -l max-stacks -x -d "Distinct stacks kept"
complete -c leaktrace -l unwind -x -a "dwarf fp" -d "How stacks are walked"
complete -c leaktrace -l top -x -d "Call sites shown per process"
complete -c leaktrace -l min-size -x -d "Only blocks of at least this size"
complete -c leaktrace -l max-size -x -d "Only blocks of at most this size"
complete -c leaktrace -l min-age -x -d "Only what has been held for this long"
complete -c leaktrace -l sort -x -a "bytes count age" -d "Order of call sites"
complete -c leaktrace -l json -r -F -d "Also write the report as JSON"
complete -c leaktrace -s o -l output -r -F -d "Write a recording"
complete -c leaktrace -l no-demangle -d "Show C++ and Rust symbols as they are"
complete -c leaktrace -l color -x -a "auto always never" -d Colours
complete -c leaktrace -s v -l verbose -d "Say more"
complete -c leaktrace -s V -l version -d "Print the version"
complete -c leaktrace -l help -d "Print help"
