#compdef ttygate
# Completes the commands and options of ttygate(1) in zsh.

# One's machines, "living" or "deleted": silent without a login, and given up where nobody answers.
_ttygate_machines() {
  local -a lines=(${(f)"$(timeout 2 "${words[1]}" list --machines 2>/dev/null)"})
  shift 1 lines 2>/dev/null
  case $1 in
    deleted) lines=(${(M)lines:#* deleted*}) ;;
    *) lines=(${lines:#* deleted*}) ;;
  esac
  list=(${lines%% *})
}

_ttygate() {
  local before=${words[CURRENT - 1]}
  local -a said list options=(--config --help)

  case $before in
    --user)
      list=(${(f)"$("${words[1]}" user list 2>/dev/null | cut -f 1)"})
      compadd -- $list
      return
      ;;
    --config | --ca) _files; return ;;
    --prefix) _files -/; return ;;
    --at | --message | --image | --node | --session | --scopes | --days | --expires | --name) return ;;
  esac

  # The words before the one at the cursor, without options and their values.
  local -i i
  for ((i = 2; i < CURRENT; i++)); do
    case ${words[i]} in
      --config | --ca | --prefix | --at | --message | --user) ((i++)) ;;
      --image | --node | --session | --scopes | --days | --expires | --name) ((i++)) ;;
      -*) ;;
      *) said+=("${words[i]}") ;;
    esac
  done

  case ${said[1]-} in
    '')
      list=(serve agent sweep user session node drain broadcast login logout whoami list create show
        start stop rename delete restore shell run cp forward menu token key doctor config install uninstall
        version)
      options+=(--version)
      ;;
    sweep) options+=(--dry-run --json) ;;
    user)
      options+=(--force --json --expires)
      case ${#said},${said[2]-} in
        1,*) list=(add ensure passwd lock unlock remove list invite pending approve refuse) ;;
        2,ensure | 2,passwd | 2,lock | 2,unlock | 2,remove)
          list=(${(f)"$("${words[1]}" user list 2>/dev/null | cut -f 1)"})
          ;;
      esac
      ;;
    session)
      options+=(--json --user)
      case ${#said},${said[2]-} in
        1,*) list=(list show kill) ;;
        2,show | 2,kill)
          list=(${(f)"$("${words[1]}" session list 2>/dev/null | sed '1d; s/ .*//')"})
          ;;
      esac
      ;;
    agent)
      options+=(--ca)
      ((${#said} > 1)) || list=(join)
      ;;
    node)
      options+=(--json --at --message)
      case ${#said},${said[2]-} in
        1,*) list=(invite list show drain undrain remove) ;;
        2,show | 2,drain | 2,undrain | 2,remove)
          list=(${(f)"$("${words[1]}" node list 2>/dev/null | sed '1d; s/ .*//')"})
          ;;
      esac
      ;;
    drain) options+=(--at --message --wait --status --cancel --json) ;;
    broadcast) options+=(--json) ;;
    login) options+=(--user --device --token-stdin --ca --json) ;;
    create) options+=(--image --node --jobs --json) ;;
    list) options+=(--machines --json) ;;
    logout | whoami) options+=(--json) ;;
    show | start | stop | rename | delete | forward | run)
      options+=(--json)
      ((${#said} > 1)) || _ttygate_machines living
      ;;
    cp)
      options+=(--json)
      if [[ ${words[CURRENT]} != -* ]]; then # a file, or the beginning of a place in a machine
        _ttygate_machines living
        compadd -S '' -- ${^list}:
        _files
        return
      fi
      ;;
    restore)
      options+=(--json)
      ((${#said} > 1)) || _ttygate_machines deleted
      ;;
    shell)
      options+=(--image --node --session)
      ((${#said} > 1)) || _ttygate_machines living
      ;;
    token)
      options+=(--json --scopes --days)
      ((${#said} > 1)) || list=(list create revoke)
      ;;
    key)
      options+=(--json --name)
      case ${#said},${said[2]-} in
        1,*) list=(list add remove) ;;
        2,add) _files; return ;;
      esac
      ;;
    doctor) options+=(--json) ;;
    config)
      options+=(--json)
      ((${#said} > 1)) || list=(check show)
      ;;
    install) options+=(--prefix) ;;
    uninstall) options+=(--prefix --purge) ;;
  esac

  case ${words[CURRENT]} in
    -*) compadd -- $options ;;
    *) compadd -- $list ;;
  esac
}

# Loaded by compinit it is run at once; sourced, it says what it is for.
if [[ ${funcstack[1]-} == _ttygate ]]; then
  _ttygate "$@"
else
  compdef _ttygate ttygate 2>/dev/null
fi
