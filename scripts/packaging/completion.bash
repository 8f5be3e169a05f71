# Completes the commands and options of ttygate(1) in bash.

# One's machines, "living" or "deleted": silent without a login, and given up where nobody answers.
_ttygate_machines() {
  local unwanted='/ deleted/d'
  [ "$1" = living ] || unwanted='/ deleted/!d'
  timeout 2 "${COMP_WORDS[0]}" list --machines 2>/dev/null | sed "1d; $unwanted; s/ .*//"
}

_ttygate() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()

  case $before in
    --user)
      local users
      users=$("${COMP_WORDS[0]}" user list 2>/dev/null | cut -f 1)
      mapfile -t COMPREPLY < <(compgen -W "$users" -- "$word")
      return
      ;;
    --config | --ca)
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      compopt -o filenames 2>/dev/null
      return
      ;;
    --prefix)
      mapfile -t COMPREPLY < <(compgen -d -- "$word")
      compopt -o filenames 2>/dev/null
      return
      ;;
  esac

  case $before in
    --at | --message | --image | --node | --session | --scopes | --days | --expires | --name) return ;;
  esac

  # The words before the one at the cursor, without options and their values.
  local -a said=()
  local i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --config | --ca | --prefix | --at | --message | --user) ((i++)) ;;
      --image | --node | --session | --scopes | --days | --expires | --name) ((i++)) ;;
      -*) ;;
      *) said+=("${COMP_WORDS[i]}") ;;
    esac
  done

  local words='' options='--config --help'
  case ${said[0]-} in
    '')
      words='serve agent sweep user session node drain broadcast login logout whoami list create show start stop rename delete restore shell run cp forward menu token key doctor config install uninstall version'
      options+=' --version'
      ;;
    sweep) options+=' --dry-run --json' ;;
    user)
      options+=' --force --json --expires'
      case ${#said[@]},${said[1]-} in
        1,*) words='add ensure passwd lock unlock remove list invite pending approve refuse' ;;
        2,ensure | 2,passwd | 2,lock | 2,unlock | 2,remove)
          words=$("${COMP_WORDS[0]}" user list 2>/dev/null | cut -f 1)
          ;;
      esac
      ;;
    session)
      options+=' --json --user'
      case ${#said[@]},${said[1]-} in
        1,*) words='list show kill' ;;
        2,show | 2,kill)
          words=$("${COMP_WORDS[0]}" session list 2>/dev/null | sed '1d; s/ .*//')
          ;;
      esac
      ;;
    agent)
      options+=' --ca'
      [ "${#said[@]}" -gt 1 ] || words='join'
      ;;
    node)
      options+=' --json --at --message'
      case ${#said[@]},${said[1]-} in
        1,*) words='invite list show drain undrain remove' ;;
        2,show | 2,drain | 2,undrain | 2,remove)
          words=$("${COMP_WORDS[0]}" node list 2>/dev/null | sed '1d; s/ .*//')
          ;;
      esac
      ;;
    drain) options+=' --at --message --wait --status --cancel --json' ;;
    broadcast) options+=' --json' ;;
    login) options+=' --user --device --token-stdin --ca --json' ;;
    create) options+=' --image --node --jobs --json' ;;
    list) options+=' --machines --json' ;;
    logout | whoami) options+=' --json' ;;
    show | start | stop | rename | delete | forward | run)
      options+=' --json'
      [ "${#said[@]}" -gt 1 ] || words=$(_ttygate_machines living)
      ;;
    restore)
      options+=' --json'
      [ "${#said[@]}" -gt 1 ] || words=$(_ttygate_machines deleted)
      ;;
    shell)
      options+=' --image --node --session'
      [ "${#said[@]}" -gt 1 ] || words=$(_ttygate_machines living)
      ;;
    cp)
      options+=' --json'
      if [[ $word != -* ]]; then # a file, or the beginning of a place in a machine
        mapfile -t COMPREPLY < <(
          compgen -f -- "$word"
          compgen -S : -W "$(_ttygate_machines living)" -- "$word"
        )
        compopt -o nospace 2>/dev/null
        return
      fi
      ;;
    token)
      options+=' --json --scopes --days'
      [ "${#said[@]}" -gt 1 ] || words='list create revoke'
      ;;
    key)
      options+=' --json --name'
      case ${#said[@]},${said[1]-} in
        1,*) words='list add remove' ;;
        2,add) mapfile -t COMPREPLY < <(compgen -f -- "$word") && return ;;
      esac
      ;;
    doctor) options+=' --json' ;;
    config)
      options+=' --json'
      [ "${#said[@]}" -gt 1 ] || words='check show'
      ;;
    install) options+=' --prefix' ;;
    uninstall) options+=' --prefix --purge' ;;
  esac

  case $word in
    -*) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word") ;;
  esac
} && complete -F _ttygate ttygate
