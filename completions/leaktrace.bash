# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for leaktrace

_leaktrace() {
	local cur prev words cword split
	_init_completion -s -n : || return

	# Behind the command's name, its own completion takes over.
	local i word mode=
	for ((i = 1; i < cword; i++)); do
		word=${words[i]}
		case $word in
		--)
			_command_offset $((i + 1))
			return
			;;
		-p | --pid | --pid=* | -p?*)
			mode=pid
			[[ $word == -p || $word == --pid ]] && ((i++))
			;;
		-r | -u | --user | --kinds | --resource | -d | --duration | -i | --interval | -o | --output | --attach | \
			--events | --output-of-command | --show-kinds | --scan-every | --max-pause | \
			--leak-check-heuristics | --scan-way | --fail-on | \
			--alloc-prefix | --object | --max-live | --max-sites | --max-stack | --max-stacks | \
			--unwind | --top | \
			--min-size | --max-size | --min-age | --sort | --json | --color | --placement)
			((i++))
			;;
		-*) ;;
		compare) ;;
		report | diff) [[ $mode ]] || mode=report ;;
		*)
			if [[ $mode != report ]]; then
				_command_offset "$i"
				return
			fi
			;;
		esac
	done

	case $prev in
	-p | --pid)
		_pids
		return
		;;
	-u | --user)
		mapfile -t COMPREPLY < <(compgen -u -- "$cur")
		return
		;;
	--attach)
		mapfile -t COMPREPLY < <(compgen -W 'auto session multi single' -- "$cur")
		return
		;;
	--kinds)
		mapfile -t COMPREPLY < <(compgen -W 'heap mmap fd thread' -- "$cur")
		return
		;;
	--show-kinds)
		mapfile -t COMPREPLY < <(compgen -W 'definite indirect possible reachable all none' -- "$cur")
		return
		;;
	--fail-on)
		mapfile -t COMPREPLY < <(compgen -W 'heap:definite heap:any heap fd mmap thread' -- "$cur")
		return
		;;
	--default-suppressions)
		mapfile -t COMPREPLY < <(compgen -W 'yes no' -- "$cur")
		return
		;;
	--leak-check-heuristics)
		mapfile -t COMPREPLY < <(compgen -W 'stdstring length64 newarray multipleinheritance all none' -- "$cur")
		return
		;;
	--events)
		mapfile -t COMPREPLY < <(compgen -W 'exact pages' -- "$cur")
		return
		;;
	--unwind)
		mapfile -t COMPREPLY < <(compgen -W 'dwarf fp' -- "$cur")
		return
		;;
	--sort)
		mapfile -t COMPREPLY < <(compgen -W 'bytes count age' -- "$cur")
		return
		;;
	--color)
		mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
		return
		;;
	--placement)
		mapfile -t COMPREPLY < <(compgen -W 'best entry' -- "$cur")
		return
		;;
	--object | --suppressions | --resource | --json | -o | --output | --output-of-command)
		_filedir
		return
		;;
	-d | --duration | -i | --interval | --tolerance | --scan-every | --max-pause | --alloc-prefix | --max-live | --max-sites | \
		--max-stack | --max-stacks | --top | --min-size | --max-size | --min-age)
		return
		;;
	esac
	$split && return

	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '-p --pid -r -u --user --no-follow
			-d --duration -i --interval --attach --alloc-prefix --object --no-pause --no-namespace
			--no-scan --show-kinds --scan-every --max-pause --leak-check-heuristics
			--events --live --growth --output-of-command --kinds --resource --max-live --max-sites --max-stack --max-stacks --unwind --top --min-size --max-size --min-age
			--sort --json -o --output --no-demangle --color -v --verbose -V --version
			--check
			--fail-on
			--tolerance
			--error-exitcode
			--ignore-process
			--only-process
			--suppressions
			--default-suppressions
			--gen-suppressions
			--call
			--warmup-calls
			--retries
			--junit
			--valgrind-xml
			--sarif
			--markdown
			--baseline
			--update-baseline
			--warmup
			--growth-limits
			--runs
			--allow
			--sample
			--help' -- "$cur")
	elif [[ $mode == report ]]; then
		_filedir
	elif [[ ! $mode ]]; then
		mapfile -t COMPREPLY < <(compgen -c -W 'report diff compare' -- "$cur")
	fi
} && complete -F _leaktrace leaktrace
