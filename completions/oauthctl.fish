# Completion of oauthctl for fish. It asks the program, so it is the same in every version.
function __oauthctl_complete
    set -l current (commandline -ct)
    set -l lines (command oauthctl __complete fish -- (commandline -opc) "$current" 2>/dev/null)
    switch "$lines[1]"
        case files
            __fish_complete_path "$current"
        case folders
            __fish_complete_directories "$current"
        case commands
            complete -C "$current" 2>/dev/null
    end
    test (count $lines) -gt 1; and printf '%s\n' $lines[2..-1]
end
complete -c oauthctl -e
complete -c oauthctl -f -k -a '(__oauthctl_complete)'
