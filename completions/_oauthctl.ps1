# Completion of oauthctl for PowerShell. It asks the program, so it is the same in every version.
Register-ArgumentCompleter -Native -CommandName oauthctl -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $program = Get-Command oauthctl -CommandType Application -ErrorAction Ignore | Select-Object -First 1
    if (-not $program) { return }
    # Nothing of the line is evaluated: a constant has its value, and all else its text.
    $words = @(foreach ($element in $commandAst.CommandElements) {
        if ($element.Extent.EndOffset -ge $cursorPosition) { break }
        if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) { '=' + $element.Value }
        else { '=' + $element.Extent.Text }
    })
    $lines = @(& $program __complete powershell -- @words ('=' + $wordToComplete) 2>$null)
    $lines | Select-Object -Skip 1 | ForEach-Object {
        $word, $shown, $help = $_ -split "`t", 3
        [System.Management.Automation.CompletionResult]::new($word, $shown, 'ParameterValue', $help)
    }
}
