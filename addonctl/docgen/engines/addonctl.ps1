# Completion of addonctl for PowerShell, 5.1 and later.
# Written by `python -m addonctl.docgen` from the command tree. Do not edit.

Register-ArgumentCompleter -Native -CommandName addonctl -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # What can follow each command: its commands, its options, and what its arguments are.
    $tree = @{
#TABLES#
    }

    function Get-Value([string] $path, [string] $option) {
        foreach ($key in "$path $option", "* $option") {
            if ($takes.ContainsKey($key)) { return $values[$takes[$key]] }
        }
        return $null
    }

    function Write-Word([string] $word, [string] $about, [string] $before = '') {
        if (-not $word.StartsWith($script:addonctlTyped, [StringComparison]::Ordinal)) { return }
        $text = "$before$word"
        if ($text -match '[^A-Za-z0-9_.:=/+-]') { $text = "'" + $text.Replace("'", "''") + "'" }
        if (-not $about) { $about = $word }
        [System.Management.Automation.CompletionResult]::new($text, $word, 'ParameterValue', $about)
    }

    function Get-Folder([string] $kind) {
        if ($env:OS -eq 'Windows_NT') {
            $folder = Join-Path $env:LOCALAPPDATA 'addonctl'
            if ($kind -eq 'cache') { return Join-Path $folder 'Cache' }
            return $folder
        }
        $named = if ($kind -eq 'cache') { $env:XDG_CACHE_HOME } else { $env:XDG_CONFIG_HOME }
        if ($named) { return Join-Path $named 'addonctl' }
        $mac = @{ cache = 'Library/Caches'; config = 'Library/Application Support' }
        $other = @{ cache = '.cache'; config = '.config' }
        $below = if ($IsMacOS) { $mac[$kind] } else { $other[$kind] }
        return Join-Path (Join-Path $HOME $below) 'addonctl'
    }

    # The profiles of config.toml by name, with their accounts; the one in use under the empty name.
    function Get-Profiles {
        $folder = if ($env:ADDONCTL_CONFIG_DIR) { $env:ADDONCTL_CONFIG_DIR } else { Get-Folder 'config' }
        $found = [ordered]@{}
        $name = ''
        $file = Join-Path $folder 'config.toml'
        foreach ($row in @(Get-Content -LiteralPath $file -TotalCount 2000 -ErrorAction SilentlyContinue)) {
            if ($row -match '^\s*\[\s*profiles\.(.*\S)\s*\]\s*(#.*)?$') {
                $name = $Matches[1].Trim('"', "'")
                $found[$name] = ''
            } elseif ($row -match '^\s*(active|account)\s*=\s*["'']([^"'']*)["'']') {
                if (($Matches[1] -eq 'active') -eq ($name -eq '')) { $found[$name] = $Matches[2] }
            }
        }
        return $found
    }

    # The account whose lists count, as the program itself would choose it.
    function Get-Account([string] $account, [string] $profileName) {
        if ($account) { return $account }
        if (-not $profileName) { $profileName = $env:ADDONCTL_PROFILE }
        if (-not $profileName -and $env:TWILIO_ACCOUNT_SID) { return $env:TWILIO_ACCOUNT_SID }
        $profiles = if ($profileName -ne 'sandbox') { Get-Profiles } else { @{} }
        if (-not $profileName) { $profileName = $profiles[''] }
        if ($profileName -eq 'sandbox') { return '#SANDBOX#' }
        if ($profileName) { return $profiles[$profileName] }
    }

    # The SIDs that the last lists showed, each under its parent.
    function Write-Addresses($value, $state) {
        if ($env:ADDONCTL_NO_HISTORY) { return }
        $typed = $script:addonctlTyped
        $most = $value.words.Count
        $slashes = $typed.Split('/').Count - 1
        $whole = $slashes -gt 0
        if ($whole) { $depth = $slashes + 1 }
        elseif ($typed.StartsWith('RE')) { $depth = 1 }
        elseif ($typed.StartsWith('XR')) { $depth = 2 }
        elseif ($typed.StartsWith('XH')) { $depth = 3 }
        elseif ($typed) { return }
        else { $depth = [Math]::Min($state.depth + 1, $most) }
        if ($depth -gt $most) { return }
        $account = Get-Account $state.account $state.profile
        if ($account -notmatch '^AC[A-Za-z0-9]+$') { return }
        $file = Join-Path (Join-Path (Get-Folder 'cache') 'history') "$account.txt"
        $seen = [System.Collections.Generic.HashSet[string]]::new()
        foreach ($row in @(Get-Content -LiteralPath $file -TotalCount 500 -ErrorAction SilentlyContinue)) {
            $address, $about = $row.Split([char] 9)
            if ($address -notmatch '^RE[A-Za-z0-9/]+$') { continue }
            $sids = $address.Split('/')
            if ($sids.Count -lt $depth) { continue }
            if ($whole) {
                $word = $sids[0..($depth - 1)] -join '/'
            } else {
                if ($depth -ge 2 -and $sids[0] -ne $state.recording) { continue }
                if ($depth -ge 3 -and $sids[1] -ne $state.result) { continue }
                $word = $sids[$depth - 1]
            }
            if ($state.given -contains $word -or -not $seen.Add($word)) { continue }
            # What is said of a result says nothing of its recording.
            if ($sids.Count -ne $depth) { $about = '' }
            Write-Word $word $about
        }
    }

    function Write-Values($value, $state, [string] $before) {
        switch ($value.kind) {
            'word' { foreach ($pair in $value.words) { Write-Word $pair[0] $pair[1] $before } }
            'sort' {
                if ($script:addonctlTyped.StartsWith('-')) {
                    $before += '-'
                    $script:addonctlTyped = $script:addonctlTyped.Substring(1)
                }
                foreach ($pair in $value.words) { Write-Word $pair[0] $pair[1] $before }
            }
            'list' {
                $cut = $script:addonctlTyped.LastIndexOf(',') + 1
                $before += $script:addonctlTyped.Substring(0, $cut)
                $script:addonctlTyped = $script:addonctlTyped.Substring($cut)
                foreach ($pair in $value.words) { Write-Word $pair[0] $pair[1] $before }
            }
            'profile' {
                foreach ($name in @('sandbox') + @((Get-Profiles).Keys)) {
                    if ($name) { Write-Word $name '' $before }
                }
            }
            'address' { Write-Addresses $value $state }
            # Of file and folder nothing is said: PowerShell then completes paths by itself.
        }
    }

    $state = @{
        path = ''; pending = ''; plain = $false; profile = ''; account = ''
        given = @(); recording = ''; result = ''; depth = 0
    }

    function Save-Option([string] $option, [string] $text) {
        if (@(#PROFILE#) -ccontains $option) { $state.profile = $text }
        if (@(#ACCOUNT#) -ccontains $option) { $state.account = $text }
    }

    $words = @(
        $commandAst.CommandElements | Select-Object -Skip 1 |
            Where-Object { $_.Extent.EndOffset -lt $cursorPosition -or $_.ToString() -ne $wordToComplete } |
            Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
            ForEach-Object { if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.ToString() } }
    )
    foreach ($word in $words) {
        if ($state.pending) {
            Save-Option $state.pending $word
            $state.pending = ''
        } elseif (-not $state.plain -and $word -eq '--') {
            $state.plain = $true
        } elseif (-not $state.plain -and $word -match '^(--[^=]+)=(.*)$') {
            Save-Option $Matches[1] $Matches[2]
        } elseif (-not $state.plain -and $word -match '^--') {
            if (Get-Value $state.path $word) { $state.pending = $word }
        } elseif (-not $state.plain -and $word -match '^-.') {
            $first = $word.Substring(0, 2)
            $last = '-' + $word[-1]
            if ($word.Length -gt 2 -and (Get-Value $state.path $first)) {
                Save-Option $first $word.Substring(2)
            } elseif (Get-Value $state.path $last) {
                $state.pending = $last
            }
        } elseif ($tree[$state.path].commands.Count -gt 0) {
            $path = "$($state.path) $word".Trim()
            if ($aliases.ContainsKey($path)) { $path = $aliases[$path] }
            $state.path = $path
            if (-not $tree.ContainsKey($path)) { return }
        } else {
            $state.given += $word
            foreach ($sid in $word.Split('/')) {
                if ($sid.StartsWith('RE')) { $state.recording = $sid; $state.result = ''; $state.depth = 1 }
                elseif ($sid.StartsWith('XR')) { $state.result = $sid; $state.depth = 2 }
                elseif ($sid.StartsWith('XH')) { $state.depth = 3 }
            }
        }
    }

    $script:addonctlTyped = ([string] $wordToComplete).Trim('"', "'")
    $entry = $tree[$state.path]
    if ($state.pending) {
        Write-Values (Get-Value $state.path $state.pending) $state ''
    } elseif (-not $state.plain -and $script:addonctlTyped -match '^(--[^=]+=)(.*)$') {
        $before = $Matches[1]
        $script:addonctlTyped = $Matches[2]
        Write-Values (Get-Value $state.path $before.TrimEnd('=')) $state $before
    } elseif (-not $state.plain -and $script:addonctlTyped.StartsWith('-')) {
        foreach ($pair in $entry.options) { Write-Word $pair[0] $pair[1] }
    } elseif ($entry.commands.Count -gt 0) {
        foreach ($pair in $entry.commands) { Write-Word $pair[0] $pair[1] }
    } else {
        Write-Values $entry.argument $state ''
    }
}
