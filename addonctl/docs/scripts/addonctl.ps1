# Completion of addonctl for PowerShell, 5.1 and later: asks the program what can stand at the cursor.

Register-ArgumentCompleter -Native -CommandName addonctl -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $current = [string] $wordToComplete
    $words = @(
        foreach ($element in $commandAst.CommandElements) {
            $extent = $element.Extent
            if ($extent.EndOffset -lt $cursorPosition) {
                if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) {
                    $element.Value
                } else {
                    $extent.Text
                }
            } elseif ($extent.StartOffset -lt $cursorPosition) {
                $current = $extent.Text.Substring(0, $cursorPosition - $extent.StartOffset)
            }
        }
    )
    $program, $words = $words
    $encoding = [Console]::OutputEncoding
    try {
        [Console]::OutputEncoding = [System.Text.Encoding]::UTF8
        # With dots: PowerShell 5.1 hands on no empty words.
        & $program __complete powershell ".$wordToComplete" @words ".$current" 2>$null | ForEach-Object {
            $text, $word, $about = $_.Split("`t")
            [System.Management.Automation.CompletionResult]::new($text, $word, 'ParameterValue', $about)
        }
    } catch {
    } finally {
        [Console]::OutputEncoding = $encoding
    }
}
