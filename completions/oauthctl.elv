# Completion of oauthctl for elvish. It asks the program, so it is the same in every version.
use str
set edit:completion:arg-completer[oauthctl] = {|@words|
    var lines = [(try { e:oauthctl __complete elvish -- $@words 2>/dev/null | from-lines } catch e { nop })]
    if (> (count $lines) 0) {
        if (has-value [files folders] $lines[0]) { edit:complete-filename $words[-1] }
        for line $lines[1..] {
            var value help = (str:split &max=2 "\t" $line)
            var suffix = ' '
            if (or (str:has-suffix $value '=') (str:has-suffix $value ':')) { set suffix = '' }
            var display = $value
            if (not-eq $help '') { set display = $value'  ('$help')' }
            edit:complex-candidate $value &display=$display &code-suffix=$suffix
        }
    }
}
