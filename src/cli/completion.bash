# SPDX-License-Identifier: Apache-2.0
# bash completion for errand(1): verbs, options, contexts, job ids.

_errand_jobs() {
  # Only what starts as the word does; the newest of a place with many jobs.
  local ids
  ids=$(errand jobs --quiet "${_errand_place[@]}" 2>/dev/null | tail -n 500)
  mapfile -t COMPREPLY < <(compgen -W "last $ids" -- "$1")
}

_errand_options() {
  local all="--json --quiet --context --share-dir --color --help"
  case $1 in
    exec) echo "$all --tasks --seed --chunk --stop-on-failure --cores --wait --no-wait --dry-run --cleanup" \
               "--time-limit --memory-limit --console-limit --env --retries --" ;;
    status) echo "$all --check" ;;
    results) echo "$all --task --partial --cleanup --raw --console --output --no-output" ;;
    output) echo "$all --follow --task" ;;
    wait) echo "$all --timeout" ;;
    jobs) echo "$all --status --since --until" ;;
    cleanup) echo "$all --status --force" ;;
    launchpad) echo "$all --database --scratch --workers --memory --time-limit --identities --role" ;;
    database) echo "$all --workers --user --dry-run" ;;
    "") echo "$all --version" ;;
    *) echo "$all" ;;
  esac
}

# Completes the value of the option before the word; fails if that takes none.
_errand_value() {
  case $1 in
    --context) mapfile -t COMPREPLY < <(compgen -W "$(errand contexts --quiet 2>/dev/null)" -- "$2") ;;
    --share-dir | --scratch) mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
    --color) mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$2") ;;
    --status) mapfile -t COMPREPLY < <(
      compgen -W "queued running finished failed canceled undetermined none" -- "$2") ;;
    --env) mapfile -t COMPREPLY < <(compgen -v -- "$2") ;;
    --seed) mapfile -t COMPREPLY < <(compgen -W "auto" -- "$2") ;;
    --tasks | --chunk | --cores | --time-limit | --memory-limit | --console-limit | --retries | --task | \
      --timeout | --since | --until | --workers | --user | --database | \
      --memory | --identities | --role) COMPREPLY=() ;;
    *) return 1 ;;
  esac
}

_errand() {
  local verbs="exec status results output wait cancel retry jobs cleanup info inspect contexts database launchpad doctor"
  local word=${COMP_WORDS[COMP_CWORD]} verb="" i
  local -a _errand_place=()
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --)
        # The program's own completion knows its arguments.
        if declare -F _command_offset >/dev/null; then
          _command_offset $((i + 1))
        else
          mapfile -t COMPREPLY < <(compgen -f -- "$word")
        fi
        return
        ;;
      --context | --share-dir)
        ((i + 1 < COMP_CWORD)) && _errand_place+=("${COMP_WORDS[i]}" "${COMP_WORDS[i + 1]}")
        ((++i))
        ;;
      --color) ((++i)) ;;
      -*) ;;
      *) [[ -z $verb ]] && verb=${COMP_WORDS[i]} ;;
    esac
  done
  _errand_value "${COMP_WORDS[COMP_CWORD - 1]}" "$word" && return
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_errand_options "$verb")" -- "$word")
  elif [[ -z $verb ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$word")
  else
    case $verb in
      status | results | output | wait | cancel | retry | cleanup | info | inspect) _errand_jobs "$word" ;;
      doctor) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
      database) mapfile -t COMPREPLY < <(compgen -W "init" -- "$word") ;;
    esac
  fi
}

complete -F _errand errand
