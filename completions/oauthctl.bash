# Completion of oauthctl for bash. It asks the program, so it is the same in every version.
_oauthctl() {
    local line native=
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ -z $native ]]; then native=$line; else COMPREPLY+=("$line"); fi
    done < <(command oauthctl __complete bash "$COMP_TYPE" "$COMP_WORDBREAKS" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
    case $native in
        *nospace) compopt -o nospace 2>/dev/null ;;
        files) compopt -o default 2>/dev/null ;;
        folders) compopt -o dirnames 2>/dev/null ;;
        commands) while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -c -- "$2") ;;
    esac
}
complete -F _oauthctl oauthctl
