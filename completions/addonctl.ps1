# Completion of addonctl for PowerShell, 5.1 and later.
# Written by `python -m addonctl.docgen` from the command tree. Do not edit.

Register-ArgumentCompleter -Native -CommandName addonctl -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # What can follow each command: its commands, its options, and what its arguments are.
    $tree = @{
        '' = @{
            commands = @(
                , @('results', 'What add-ons made of recordings: transcripts, sentiments, keywords')
                , @('payloads', 'The payloads of a result: what the vendors left, and the data itself')
                , @('recordings', 'The recordings that add-ons have worked on')
                , @('auth', 'Logins: kept under names, their secrets in the system''s keyring')
                , @('sandbox', 'A pretend account to try things on: -p sandbox needs no login and no network')
                , @('completion', 'Print the script that completes words, options, values and recent SIDs in a shell')
                , @('help', 'Show help on a topic, or on a command')
            )
            options = @(
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('--version', 'Show the version and exit')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = ''; words = @(
            ) }
        }
        'results' = @{
            commands = @(
                , @('list', 'List the add-on results of recordings')
                , @('get', 'Show results, whole')
                , @('download', 'Save payloads to files, each whole or not at all')
                , @('delete', 'Delete results for good, with their payloads')
                , @('wait', 'Wait until results are final; of a recording alone, until all of its results are')
                , @('payloads', 'The files of a result')
            )
            options = @(
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = ''; words = @(
            ) }
        }
        'results list' = @{
            commands = @(
            )
            options = @(
                , @('--status', 'Only results of these statuses')
                , @('--add-on', 'Only results of this add-on')
                , @('--config', 'Only results of this add-on configuration')
                , @('--created-after', 'Created after this date, time or age (7d)')
                , @('--created-before', 'Created before this date, time or age')
                , @('--expiring-within', 'Whose 30 days end within this time (3d)')
                , @('--all', 'Of every recording of the account')
                , @('--since', 'Created at or after this date, time or age')
                , @('--until', 'Created before this date, time or age')
                , @('--call', 'Only recordings of this call')
                , @('--conference', 'Only recordings of this conference')
                , @('--limit', 'At most this many')
                , @('--page-size', 'Rows to ask for at a time (1000)')
                , @('--sort', 'Sort by this field; -FIELD for descending')
                , @('--from', 'Read addresses from this file (''-'': from stdin)')
                , @('--workers', 'How many at a time (8)')
                , @('--fields', 'Only these fields, in this order')
                , @('--no-header', 'No header line')
                , @('--query', 'A JMESPath expression, with json')
                , @('--bom', 'Begin with a byte order mark, for Excel')
                , @('--exact', 'Do not defuse formulas in csv and tsv')
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = 'address'; words = @(
                , @('RE', '')
            ) }
        }
        'results get' = @{
            commands = @(
            )
            options = @(
                , @('--ignore-not-found', 'What is gone already is no failure')
                , @('--from', 'Read addresses from this file (''-'': from stdin)')
                , @('--workers', 'How many at a time (8)')
                , @('--fields', 'Only these fields, in this order')
                , @('--no-header', 'No header line')
                , @('--query', 'A JMESPath expression, with json')
                , @('--bom', 'Begin with a byte order mark, for Excel')
                , @('--exact', 'Do not defuse formulas in csv and tsv')
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = 'address'; words = @(
                , @('RE', '')
                , @('XR', '')
            ) }
        }
        'results download' = @{
            commands = @(
            )
            options = @(
                , @('--status', 'Only results of these statuses')
                , @('--add-on', 'Only results of this add-on')
                , @('--config', 'Only results of this add-on configuration')
                , @('--label', 'Only payloads whose label matches')
                , @('--content-type', 'Only payloads whose content type matches')
                , @('--created-after', 'Created after this date, time or age (7d)')
                , @('--created-before', 'Created before this date, time or age')
                , @('--expiring-within', 'Whose 30 days end within this time (3d)')
                , @('--to', 'The folder to save in (the current one)')
                , @('--name', 'What to call the files, of {recording} {result} {payload} {label} {ext}; a slash makes a folder ({recording}/{result}/{payload}.{ext})')
                , @('-o', 'The file for a single payload (''-'': stdout)')
                , @('--output', 'The file for a single payload (''-'': stdout)')
                , @('--clobber', 'Fetch again what is there; replace what -o names')
                , @('--delete-after', 'Delete each result once all its payloads are whole on disk; asks first, or needs --yes')
                , @('-y', 'Do not ask before --delete-after')
                , @('--yes', 'Do not ask before --delete-after')
                , @('--ignore-not-found', 'What is gone already is no failure')
                , @('--from', 'Read addresses from this file (''-'': from stdin)')
                , @('--workers', 'How many at a time (8)')
                , @('--fields', 'Only these fields, in this order')
                , @('--no-header', 'No header line')
                , @('--query', 'A JMESPath expression, with json')
                , @('--bom', 'Begin with a byte order mark, for Excel')
                , @('--exact', 'Do not defuse formulas in csv and tsv')
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = 'address'; words = @(
                , @('RE', '')
                , @('XR', '')
                , @('XH', '')
            ) }
        }
        'results delete' = @{
            commands = @(
            )
            options = @(
                , @('--status', 'Only results of these statuses')
                , @('--add-on', 'Only results of this add-on')
                , @('--config', 'Only results of this add-on configuration')
                , @('--created-after', 'Created after this date, time or age (7d)')
                , @('--created-before', 'Created before this date, time or age')
                , @('--expiring-within', 'Whose 30 days end within this time (3d)')
                , @('-y', 'Do not ask')
                , @('--yes', 'Do not ask')
                , @('--dry-run', 'Show what would go, and delete nothing')
                , @('--max-delete', 'If it would be more than this, delete nothing')
                , @('--ignore-not-found', 'What is gone already is no failure')
                , @('--from', 'Read addresses from this file (''-'': from stdin)')
                , @('--workers', 'How many at a time (8)')
                , @('--fields', 'Only these fields, in this order')
                , @('--no-header', 'No header line')
                , @('--query', 'A JMESPath expression, with json')
                , @('--bom', 'Begin with a byte order mark, for Excel')
                , @('--exact', 'Do not defuse formulas in csv and tsv')
                , @('--all-results', 'A recording alone stands for all its results')
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = 'address'; words = @(
                , @('RE', '')
                , @('XR', '')
            ) }
        }
        'results wait' = @{
            commands = @(
            )
            options = @(
                , @('--ignore-not-found', 'What is gone already is no failure')
                , @('--from', 'Read addresses from this file (''-'': from stdin)')
                , @('--workers', 'How many at a time (8)')
                , @('--fields', 'Only these fields, in this order')
                , @('--no-header', 'No header line')
                , @('--query', 'A JMESPath expression, with json')
                , @('--bom', 'Begin with a byte order mark, for Excel')
                , @('--exact', 'Do not defuse formulas in csv and tsv')
                , @('--timeout', 'Give up after this long (never)')
                , @('--interval', 'How often to look (1s, growing to 15s)')
                , @('--any-end', 'Failed and canceled will do as well')
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = 'address'; words = @(
                , @('RE', '')
                , @('XR', '')
            ) }
        }
        'payloads' = @{
            commands = @(
                , @('list', 'List the payloads of results: label, content type, dates')
                , @('get', 'Show the metadata of payloads, whole')
                , @('url', 'Print the signed links of payloads. Whoever has a link has the data')
                , @('show', 'Write a payload''s data to stdout; on a terminal JSON is coloured and indented')
                , @('download', 'Save payloads to files, each whole or not at all')
                , @('delete', 'Delete payloads for good, leaving their results')
            )
            options = @(
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = ''; words = @(
            ) }
        }
        'payloads list' = @{
            commands = @(
            )
            options = @(
                , @('--label', 'Only payloads whose label matches')
                , @('--content-type', 'Only payloads whose content type matches')
                , @('--created-after', 'Created after this date, time or age (7d)')
                , @('--created-before', 'Created before this date, time or age')
                , @('--expiring-within', 'Whose 30 days end within this time (3d)')
                , @('--limit', 'At most this many')
                , @('--page-size', 'Rows to ask for at a time (1000)')
                , @('--sort', 'Sort by this field; -FIELD for descending')
                , @('--from', 'Read addresses from this file (''-'': from stdin)')
                , @('--workers', 'How many at a time (8)')
                , @('--fields', 'Only these fields, in this order')
                , @('--no-header', 'No header line')
                , @('--query', 'A JMESPath expression, with json')
                , @('--bom', 'Begin with a byte order mark, for Excel')
                , @('--exact', 'Do not defuse formulas in csv and tsv')
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = 'address'; words = @(
                , @('RE', '')
                , @('XR', '')
            ) }
        }
        'payloads get' = @{
            commands = @(
            )
            options = @(
                , @('--ignore-not-found', 'What is gone already is no failure')
                , @('--from', 'Read addresses from this file (''-'': from stdin)')
                , @('--workers', 'How many at a time (8)')
                , @('--fields', 'Only these fields, in this order')
                , @('--no-header', 'No header line')
                , @('--query', 'A JMESPath expression, with json')
                , @('--bom', 'Begin with a byte order mark, for Excel')
                , @('--exact', 'Do not defuse formulas in csv and tsv')
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = 'address'; words = @(
                , @('RE', '')
                , @('XR', '')
                , @('XH', '')
            ) }
        }
        'payloads url' = @{
            commands = @(
            )
            options = @(
                , @('--from', 'Read addresses from this file (''-'': from stdin)')
                , @('--workers', 'How many at a time (8)')
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = 'address'; words = @(
                , @('RE', '')
                , @('XR', '')
                , @('XH', '')
            ) }
        }
        'payloads show' = @{
            commands = @(
            )
            options = @(
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = 'address'; words = @(
                , @('RE', '')
                , @('XR', '')
                , @('XH', '')
            ) }
        }
        'payloads download' = @{
            commands = @(
            )
            options = @(
                , @('--status', 'Only results of these statuses')
                , @('--add-on', 'Only results of this add-on')
                , @('--config', 'Only results of this add-on configuration')
                , @('--label', 'Only payloads whose label matches')
                , @('--content-type', 'Only payloads whose content type matches')
                , @('--created-after', 'Created after this date, time or age (7d)')
                , @('--created-before', 'Created before this date, time or age')
                , @('--expiring-within', 'Whose 30 days end within this time (3d)')
                , @('--to', 'The folder to save in (the current one)')
                , @('--name', 'What to call the files, of {recording} {result} {payload} {label} {ext}; a slash makes a folder ({recording}/{result}/{payload}.{ext})')
                , @('-o', 'The file for a single payload (''-'': stdout)')
                , @('--output', 'The file for a single payload (''-'': stdout)')
                , @('--clobber', 'Fetch again what is there; replace what -o names')
                , @('--delete-after', 'Delete each result once all its payloads are whole on disk; asks first, or needs --yes')
                , @('-y', 'Do not ask before --delete-after')
                , @('--yes', 'Do not ask before --delete-after')
                , @('--ignore-not-found', 'What is gone already is no failure')
                , @('--from', 'Read addresses from this file (''-'': from stdin)')
                , @('--workers', 'How many at a time (8)')
                , @('--fields', 'Only these fields, in this order')
                , @('--no-header', 'No header line')
                , @('--query', 'A JMESPath expression, with json')
                , @('--bom', 'Begin with a byte order mark, for Excel')
                , @('--exact', 'Do not defuse formulas in csv and tsv')
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = 'address'; words = @(
                , @('RE', '')
                , @('XR', '')
                , @('XH', '')
            ) }
        }
        'payloads delete' = @{
            commands = @(
            )
            options = @(
                , @('-y', 'Do not ask')
                , @('--yes', 'Do not ask')
                , @('--dry-run', 'Show what would go, and delete nothing')
                , @('--max-delete', 'If it would be more than this, delete nothing')
                , @('--ignore-not-found', 'What is gone already is no failure')
                , @('--from', 'Read addresses from this file (''-'': from stdin)')
                , @('--workers', 'How many at a time (8)')
                , @('--fields', 'Only these fields, in this order')
                , @('--no-header', 'No header line')
                , @('--query', 'A JMESPath expression, with json')
                , @('--bom', 'Begin with a byte order mark, for Excel')
                , @('--exact', 'Do not defuse formulas in csv and tsv')
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = 'address'; words = @(
                , @('RE', '')
                , @('XR', '')
                , @('XH', '')
            ) }
        }
        'recordings' = @{
            commands = @(
                , @('list', 'List the account''s recordings, newest first')
            )
            options = @(
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = ''; words = @(
            ) }
        }
        'recordings list' = @{
            commands = @(
            )
            options = @(
                , @('--since', 'Created at or after this date, time or age')
                , @('--until', 'Created before this date, time or age')
                , @('--call', 'Only recordings of this call')
                , @('--conference', 'Only recordings of this conference')
                , @('--limit', 'At most this many')
                , @('--page-size', 'Rows to ask for at a time (1000)')
                , @('--sort', 'Sort by this field; -FIELD for descending')
                , @('--fields', 'Only these fields, in this order')
                , @('--no-header', 'No header line')
                , @('--query', 'A JMESPath expression, with json')
                , @('--bom', 'Begin with a byte order mark, for Excel')
                , @('--exact', 'Do not defuse formulas in csv and tsv')
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = ''; words = @(
            ) }
        }
        'auth' = @{
            commands = @(
                , @('login', 'Log in once: the login is tried, then kept under NAME (''default'')')
                , @('status', 'Show where each login comes from, and whether the service takes it')
                , @('list', 'List the profiles, without asking keyring or service')
                , @('use', 'Make a profile the one in use (''sandbox'' is always there)')
                , @('logout', 'Forget a profile (the one in use), and its secret wherever it was kept')
            )
            options = @(
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = ''; words = @(
            ) }
        }
        'auth login' = @{
            commands = @(
            )
            options = @(
                , @('--fields', 'Only these fields, in this order')
                , @('--no-header', 'No header line')
                , @('--query', 'A JMESPath expression, with json')
                , @('--bom', 'Begin with a byte order mark, for Excel')
                , @('--exact', 'Do not defuse formulas in csv and tsv')
                , @('--account', 'The account to log in to')
                , @('--key', 'The API key; without one the secret is the auth token')
                , @('--secret-stdin', 'Read the secret from stdin')
                , @('--no-verify', 'Keep it without trying it first')
                , @('--insecure-storage', 'Keep the secret in a file of mode 0600')
                , @('--from-twilio-cli', 'Take over the profiles of the Twilio CLI')
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = 'profile'; words = @(
            ) }
        }
        'auth status' = @{
            commands = @(
            )
            options = @(
                , @('--fields', 'Only these fields, in this order')
                , @('--no-header', 'No header line')
                , @('--query', 'A JMESPath expression, with json')
                , @('--bom', 'Begin with a byte order mark, for Excel')
                , @('--exact', 'Do not defuse formulas in csv and tsv')
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = ''; words = @(
            ) }
        }
        'auth list' = @{
            commands = @(
            )
            options = @(
                , @('--fields', 'Only these fields, in this order')
                , @('--no-header', 'No header line')
                , @('--query', 'A JMESPath expression, with json')
                , @('--bom', 'Begin with a byte order mark, for Excel')
                , @('--exact', 'Do not defuse formulas in csv and tsv')
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = ''; words = @(
            ) }
        }
        'auth use' = @{
            commands = @(
            )
            options = @(
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = 'profile'; words = @(
            ) }
        }
        'auth logout' = @{
            commands = @(
            )
            options = @(
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = 'profile'; words = @(
            ) }
        }
        'sandbox' = @{
            commands = @(
                , @('serve', 'Put the pretend account on this machine''s loopback, until Ctrl-C')
                , @('reset', 'Make the pretend account anew: the sample data, or any size')
                , @('status', 'Say where the pretend account lies, and what it holds')
            )
            options = @(
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = ''; words = @(
            ) }
        }
        'sandbox serve' = @{
            commands = @(
            )
            options = @(
                , @('--port', 'Port (8010); 0: a free one')
                , @('--latency', 'Wait before each answer, such as 50ms')
                , @('--max-concurrent', 'Refuse more requests than this at once')
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = ''; words = @(
            ) }
        }
        'sandbox reset' = @{
            commands = @(
            )
            options = @(
                , @('--recordings', 'Recordings (1 if another size is given)')
                , @('--results', 'Results of each recording (1)')
                , @('--payloads', 'Payloads of each result (1)')
                , @('--payload-bytes', 'Bytes of each payload (1000)')
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = ''; words = @(
            ) }
        }
        'sandbox status' = @{
            commands = @(
            )
            options = @(
                , @('--fields', 'Only these fields, in this order')
                , @('--no-header', 'No header line')
                , @('--query', 'A JMESPath expression, with json')
                , @('--bom', 'Begin with a byte order mark, for Excel')
                , @('--exact', 'Do not defuse formulas in csv and tsv')
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = ''; words = @(
            ) }
        }
        'completion' = @{
            commands = @(
            )
            options = @(
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = 'word'; words = @(
                , @('bash', '')
                , @('zsh', '')
                , @('fish', '')
                , @('powershell', '')
            ) }
        }
        'help' = @{
            commands = @(
            )
            options = @(
                , @('-p', 'The login to use (''sandbox'' needs none)')
                , @('--profile', 'The login to use (''sandbox'' needs none)')
                , @('-f', 'How to write the answer; see: addonctl help formats')
                , @('--format', 'How to write the answer; see: addonctl help formats')
                , @('-v', 'Show each request on stderr')
                , @('--verbose', 'Show each request on stderr')
                , @('-q', 'On stderr only errors, and what makes an answer less than whole')
                , @('--quiet', 'On stderr only errors, and what makes an answer less than whole')
                , @('--no-color', 'No colours')
                , @('--no-input', 'Never ask')
                , @('--account', 'Act on this subaccount')
                , @('--region', 'The region of the API, such as ie1')
                , @('--edge', 'The edge of the API, such as dublin')
                , @('--retries', 'Tries after the first, for each request (5)')
                , @('--timeout', 'How long to wait for a single answer (30s)')
                , @('-h', 'Show this message and exit')
                , @('--help', 'Show this message and exit')
            )
            argument = @{ kind = 'word'; words = @(
                , @('environment', 'The variables that count')
                , @('exit-codes', 'What the exit code of a run says')
                , @('formats', 'How answers are written')
                , @('addresses', 'How recordings, results and payloads are named')
            ) }
        }
    }

    # What the options take, and which option takes what.
    $values = @(
        @{ kind = 'profile'; words = @(
        ) }
        @{ kind = 'word'; words = @(
                , @('table', 'Columns to read: fitted, with ages and colours on a terminal; plain and uncut in a pipe.')
                , @('csv', 'Header and rows for spreadsheets, commas between, times in UTC.')
                , @('json', 'The API''s own names, values and dates: an array of objects, or one object for one `get`.')
                , @('jsonl', 'One JSON object a line, as pages arrive.')
                , @('markdown', 'A table to paste into a document, times in UTC.')
                , @('sids', 'One address a line (RE…/XR…/XH…), for xargs, loops and `-`.')
                , @('tsv', 'Header and rows for spreadsheets, tabs between, times in UTC.')
                , @('xml', 'The API''s own document, all pages in one TwilioResponse.')
        ) }
        @{ kind = 'any'; words = @(
        ) }
        @{ kind = 'list'; words = @(
                , @('canceled', '')
                , @('completed', '')
                , @('deleted', '')
                , @('failed', '')
                , @('in-progress', '')
                , @('init', '')
                , @('processing', '')
                , @('queued', '')
        ) }
        @{ kind = 'sort'; words = @(
                , @('sid', '')
                , @('account_sid', '')
                , @('reference_sid', '')
                , @('status', '')
                , @('add_on_sid', '')
                , @('add_on_configuration_sid', '')
                , @('date_created', '')
                , @('date_updated', '')
                , @('date_completed', '')
                , @('subresource_uris', '')
                , @('expires', '')
        ) }
        @{ kind = 'sort'; words = @(
                , @('sid', '')
                , @('account_sid', '')
                , @('reference_sid', '')
                , @('add_on_result_sid', '')
                , @('label', '')
                , @('content_type', '')
                , @('add_on_sid', '')
                , @('add_on_configuration_sid', '')
                , @('date_created', '')
                , @('date_updated', '')
                , @('subresource_uris', '')
                , @('expires', '')
        ) }
        @{ kind = 'sort'; words = @(
                , @('sid', '')
                , @('account_sid', '')
                , @('call_sid', '')
                , @('conference_sid', '')
                , @('status', '')
                , @('source', '')
                , @('channels', '')
                , @('duration', '')
                , @('start_time', '')
                , @('date_created', '')
                , @('date_updated', '')
                , @('price', '')
                , @('price_unit', '')
                , @('error_code', '')
                , @('api_version', '')
                , @('uri', '')
                , @('encryption_details', '')
                , @('media_url', '')
                , @('subresource_uris', '')
        ) }
        @{ kind = 'file'; words = @(
        ) }
        @{ kind = 'list'; words = @(
                , @('sid', '')
                , @('account_sid', '')
                , @('reference_sid', '')
                , @('status', '')
                , @('add_on_sid', '')
                , @('add_on_configuration_sid', '')
                , @('date_created', '')
                , @('date_updated', '')
                , @('date_completed', '')
                , @('subresource_uris', '')
                , @('expires', '')
        ) }
        @{ kind = 'list'; words = @(
                , @('sid', '')
                , @('outcome', '')
                , @('detail', '')
        ) }
        @{ kind = 'list'; words = @(
                , @('sid', '')
                , @('account_sid', '')
                , @('reference_sid', '')
                , @('add_on_result_sid', '')
                , @('label', '')
                , @('content_type', '')
                , @('add_on_sid', '')
                , @('add_on_configuration_sid', '')
                , @('date_created', '')
                , @('date_updated', '')
                , @('subresource_uris', '')
                , @('expires', '')
        ) }
        @{ kind = 'list'; words = @(
                , @('sid', '')
                , @('account_sid', '')
                , @('call_sid', '')
                , @('conference_sid', '')
                , @('status', '')
                , @('source', '')
                , @('channels', '')
                , @('duration', '')
                , @('start_time', '')
                , @('date_created', '')
                , @('date_updated', '')
                , @('price', '')
                , @('price_unit', '')
                , @('error_code', '')
                , @('api_version', '')
                , @('uri', '')
                , @('encryption_details', '')
                , @('media_url', '')
                , @('subresource_uris', '')
        ) }
        @{ kind = 'list'; words = @(
                , @('profile', '')
                , @('account_sid', '')
                , @('outcome', '')
                , @('detail', '')
        ) }
        @{ kind = 'list'; words = @(
                , @('profile', '')
                , @('in_use', '')
                , @('source', '')
                , @('keyring', '')
                , @('account_sid', '')
                , @('key_sid', '')
                , @('secret', '')
                , @('api_url', '')
                , @('status', '')
                , @('detail', '')
        ) }
        @{ kind = 'list'; words = @(
                , @('profile', '')
                , @('in_use', '')
                , @('account_sid', '')
                , @('key_sid', '')
                , @('region', '')
                , @('edge', '')
                , @('storage', '')
        ) }
        @{ kind = 'list'; words = @(
                , @('path', '')
                , @('recordings', '')
                , @('results', '')
                , @('payloads', '')
                , @('next_expiry', '')
        ) }
        @{ kind = 'folder'; words = @(
        ) }
    )
    $takes = [System.Collections.Hashtable]::new()
    $takes['* -p'] = 0
    $takes['* --profile'] = 0
    $takes['* -f'] = 1
    $takes['* --format'] = 1
    $takes['* --account'] = 2
    $takes['* --region'] = 2
    $takes['* --edge'] = 2
    $takes['* --retries'] = 2
    $takes['* --timeout'] = 2
    $takes['* --add-on'] = 2
    $takes['* --config'] = 2
    $takes['* --created-after'] = 2
    $takes['* --created-before'] = 2
    $takes['* --expiring-within'] = 2
    $takes['* --since'] = 2
    $takes['* --until'] = 2
    $takes['* --call'] = 2
    $takes['* --conference'] = 2
    $takes['* --limit'] = 2
    $takes['* --page-size'] = 2
    $takes['* --workers'] = 2
    $takes['* --query'] = 2
    $takes['* --label'] = 2
    $takes['* --content-type'] = 2
    $takes['* --name'] = 2
    $takes['* --max-delete'] = 2
    $takes['* --interval'] = 2
    $takes['* --key'] = 2
    $takes['* --port'] = 2
    $takes['* --latency'] = 2
    $takes['* --max-concurrent'] = 2
    $takes['* --recordings'] = 2
    $takes['* --results'] = 2
    $takes['* --payloads'] = 2
    $takes['* --payload-bytes'] = 2
    $takes['* --status'] = 3
    $takes['results list --sort'] = 4
    $takes['payloads list --sort'] = 5
    $takes['recordings list --sort'] = 6
    $takes['* --from'] = 7
    $takes['* -o'] = 7
    $takes['* --output'] = 7
    $takes['results list --fields'] = 8
    $takes['results get --fields'] = 8
    $takes['results wait --fields'] = 8
    $takes['results download --fields'] = 9
    $takes['results delete --fields'] = 9
    $takes['payloads download --fields'] = 9
    $takes['payloads delete --fields'] = 9
    $takes['payloads list --fields'] = 10
    $takes['payloads get --fields'] = 10
    $takes['recordings list --fields'] = 11
    $takes['auth login --fields'] = 12
    $takes['auth status --fields'] = 13
    $takes['auth list --fields'] = 14
    $takes['sandbox status --fields'] = 15
    $takes['* --to'] = 16
    $aliases = @{
        'results payloads' = 'payloads'
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
        if ($profileName -eq 'sandbox') { return 'AC5a9d3c1e7b2f48069c1d0e4f7a8b3c65' }
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
        if (@('--profile', '-p') -ccontains $option) { $state.profile = $text }
        if (@('--account') -ccontains $option) { $state.account = $text }
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
