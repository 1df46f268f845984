# Completion of addonctl for fish, 3.1 and later.
# Written by `python -m addonctl.docgen` from the command tree. Do not edit.

function __addonctl_command
    switch $argv[1]
        case 'results payloads'
            __addonctl_enter payloads
        case ''
            set -g __addonctl_commands \
                'results'\t'What add-ons made of recordings: transcripts, sentiments, keywords' \
                'payloads'\t'The payloads of a result: what the vendors left, and the data itself' \
                'recordings'\t'The recordings that add-ons have worked on' \
                'auth'\t'Logins: kept under names, their secrets in the system\'s keyring' \
                'sandbox'\t'A pretend account to try things on: -p sandbox needs no login and no network' \
                'completion'\t'Print the script that completes words, options, values and recent SIDs in a shell' \
                'help'\t'Show help on a topic, or on a command'
            set -g __addonctl_options \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '--version'\t'Show the version and exit' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind ''
        case 'results'
            set -g __addonctl_commands \
                'list'\t'List the add-on results of recordings' \
                'get'\t'Show results, whole' \
                'download'\t'Save payloads to files, each whole or not at all' \
                'delete'\t'Delete results for good, with their payloads' \
                'wait'\t'Wait until results are final; of a recording alone, until all of its results are' \
                'payloads'\t'The files of a result'
            set -g __addonctl_options \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind ''
        case 'results list'
            set -g __addonctl_options \
                '--status'\t'Only results of these statuses' \
                '--add-on'\t'Only results of this add-on' \
                '--config'\t'Only results of this add-on configuration' \
                '--created-after'\t'Created after this date, time or age (7d)' \
                '--created-before'\t'Created before this date, time or age' \
                '--expiring-within'\t'Whose 30 days end within this time (3d)' \
                '--all'\t'Of every recording of the account' \
                '--since'\t'Created at or after this date, time or age' \
                '--until'\t'Created before this date, time or age' \
                '--call'\t'Only recordings of this call' \
                '--conference'\t'Only recordings of this conference' \
                '--limit'\t'At most this many' \
                '--page-size'\t'Rows to ask for at a time (1000)' \
                '--sort'\t'Sort by this field; -FIELD for descending' \
                '--from'\t'Read addresses from this file (\'-\': from stdin)' \
                '--workers'\t'How many at a time (8)' \
                '--fields'\t'Only these fields, in this order' \
                '--no-header'\t'No header line' \
                '--query'\t'A JMESPath expression, with json' \
                '--bom'\t'Begin with a byte order mark, for Excel' \
                '--exact'\t'Do not defuse formulas in csv and tsv' \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind 'address'
            set -g __addonctl_words \
                'RE'
        case 'results get'
            set -g __addonctl_options \
                '--ignore-not-found'\t'What is gone already is no failure' \
                '--from'\t'Read addresses from this file (\'-\': from stdin)' \
                '--workers'\t'How many at a time (8)' \
                '--fields'\t'Only these fields, in this order' \
                '--no-header'\t'No header line' \
                '--query'\t'A JMESPath expression, with json' \
                '--bom'\t'Begin with a byte order mark, for Excel' \
                '--exact'\t'Do not defuse formulas in csv and tsv' \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind 'address'
            set -g __addonctl_words \
                'RE' \
                'XR'
        case 'results download'
            set -g __addonctl_options \
                '--status'\t'Only results of these statuses' \
                '--add-on'\t'Only results of this add-on' \
                '--config'\t'Only results of this add-on configuration' \
                '--label'\t'Only payloads whose label matches' \
                '--content-type'\t'Only payloads whose content type matches' \
                '--created-after'\t'Created after this date, time or age (7d)' \
                '--created-before'\t'Created before this date, time or age' \
                '--expiring-within'\t'Whose 30 days end within this time (3d)' \
                '--to'\t'The folder to save in (the current one)' \
                '--name'\t'What to call the files, of {recording} {result} {payload} {label} {ext}; a slash makes a folder ({recording}/{result}/{payload}.{ext})' \
                '-o'\t'The file for a single payload (\'-\': stdout)' \
                '--output'\t'The file for a single payload (\'-\': stdout)' \
                '--clobber'\t'Fetch again what is there; replace what -o names' \
                '--delete-after'\t'Delete each result once all its payloads are whole on disk; asks first, or needs --yes' \
                '-y'\t'Do not ask before --delete-after' \
                '--yes'\t'Do not ask before --delete-after' \
                '--ignore-not-found'\t'What is gone already is no failure' \
                '--from'\t'Read addresses from this file (\'-\': from stdin)' \
                '--workers'\t'How many at a time (8)' \
                '--fields'\t'Only these fields, in this order' \
                '--no-header'\t'No header line' \
                '--query'\t'A JMESPath expression, with json' \
                '--bom'\t'Begin with a byte order mark, for Excel' \
                '--exact'\t'Do not defuse formulas in csv and tsv' \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind 'address'
            set -g __addonctl_words \
                'RE' \
                'XR' \
                'XH'
        case 'results delete'
            set -g __addonctl_options \
                '--status'\t'Only results of these statuses' \
                '--add-on'\t'Only results of this add-on' \
                '--config'\t'Only results of this add-on configuration' \
                '--created-after'\t'Created after this date, time or age (7d)' \
                '--created-before'\t'Created before this date, time or age' \
                '--expiring-within'\t'Whose 30 days end within this time (3d)' \
                '-y'\t'Do not ask' \
                '--yes'\t'Do not ask' \
                '--dry-run'\t'Show what would go, and delete nothing' \
                '--max-delete'\t'If it would be more than this, delete nothing' \
                '--ignore-not-found'\t'What is gone already is no failure' \
                '--from'\t'Read addresses from this file (\'-\': from stdin)' \
                '--workers'\t'How many at a time (8)' \
                '--fields'\t'Only these fields, in this order' \
                '--no-header'\t'No header line' \
                '--query'\t'A JMESPath expression, with json' \
                '--bom'\t'Begin with a byte order mark, for Excel' \
                '--exact'\t'Do not defuse formulas in csv and tsv' \
                '--all-results'\t'A recording alone stands for all its results' \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind 'address'
            set -g __addonctl_words \
                'RE' \
                'XR'
        case 'results wait'
            set -g __addonctl_options \
                '--ignore-not-found'\t'What is gone already is no failure' \
                '--from'\t'Read addresses from this file (\'-\': from stdin)' \
                '--workers'\t'How many at a time (8)' \
                '--fields'\t'Only these fields, in this order' \
                '--no-header'\t'No header line' \
                '--query'\t'A JMESPath expression, with json' \
                '--bom'\t'Begin with a byte order mark, for Excel' \
                '--exact'\t'Do not defuse formulas in csv and tsv' \
                '--timeout'\t'Give up after this long (never)' \
                '--interval'\t'How often to look (1s, growing to 15s)' \
                '--any-end'\t'Failed and canceled will do as well' \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind 'address'
            set -g __addonctl_words \
                'RE' \
                'XR'
        case 'payloads'
            set -g __addonctl_commands \
                'list'\t'List the payloads of results: label, content type, dates' \
                'get'\t'Show the metadata of payloads, whole' \
                'url'\t'Print the signed links of payloads. Whoever has a link has the data' \
                'show'\t'Write a payload\'s data to stdout; on a terminal JSON is coloured and indented' \
                'download'\t'Save payloads to files, each whole or not at all' \
                'delete'\t'Delete payloads for good, leaving their results'
            set -g __addonctl_options \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind ''
        case 'payloads list'
            set -g __addonctl_options \
                '--label'\t'Only payloads whose label matches' \
                '--content-type'\t'Only payloads whose content type matches' \
                '--created-after'\t'Created after this date, time or age (7d)' \
                '--created-before'\t'Created before this date, time or age' \
                '--expiring-within'\t'Whose 30 days end within this time (3d)' \
                '--limit'\t'At most this many' \
                '--page-size'\t'Rows to ask for at a time (1000)' \
                '--sort'\t'Sort by this field; -FIELD for descending' \
                '--from'\t'Read addresses from this file (\'-\': from stdin)' \
                '--workers'\t'How many at a time (8)' \
                '--fields'\t'Only these fields, in this order' \
                '--no-header'\t'No header line' \
                '--query'\t'A JMESPath expression, with json' \
                '--bom'\t'Begin with a byte order mark, for Excel' \
                '--exact'\t'Do not defuse formulas in csv and tsv' \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind 'address'
            set -g __addonctl_words \
                'RE' \
                'XR'
        case 'payloads get'
            set -g __addonctl_options \
                '--ignore-not-found'\t'What is gone already is no failure' \
                '--from'\t'Read addresses from this file (\'-\': from stdin)' \
                '--workers'\t'How many at a time (8)' \
                '--fields'\t'Only these fields, in this order' \
                '--no-header'\t'No header line' \
                '--query'\t'A JMESPath expression, with json' \
                '--bom'\t'Begin with a byte order mark, for Excel' \
                '--exact'\t'Do not defuse formulas in csv and tsv' \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind 'address'
            set -g __addonctl_words \
                'RE' \
                'XR' \
                'XH'
        case 'payloads url'
            set -g __addonctl_options \
                '--from'\t'Read addresses from this file (\'-\': from stdin)' \
                '--workers'\t'How many at a time (8)' \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind 'address'
            set -g __addonctl_words \
                'RE' \
                'XR' \
                'XH'
        case 'payloads show'
            set -g __addonctl_options \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind 'address'
            set -g __addonctl_words \
                'RE' \
                'XR' \
                'XH'
        case 'payloads download'
            set -g __addonctl_options \
                '--status'\t'Only results of these statuses' \
                '--add-on'\t'Only results of this add-on' \
                '--config'\t'Only results of this add-on configuration' \
                '--label'\t'Only payloads whose label matches' \
                '--content-type'\t'Only payloads whose content type matches' \
                '--created-after'\t'Created after this date, time or age (7d)' \
                '--created-before'\t'Created before this date, time or age' \
                '--expiring-within'\t'Whose 30 days end within this time (3d)' \
                '--to'\t'The folder to save in (the current one)' \
                '--name'\t'What to call the files, of {recording} {result} {payload} {label} {ext}; a slash makes a folder ({recording}/{result}/{payload}.{ext})' \
                '-o'\t'The file for a single payload (\'-\': stdout)' \
                '--output'\t'The file for a single payload (\'-\': stdout)' \
                '--clobber'\t'Fetch again what is there; replace what -o names' \
                '--delete-after'\t'Delete each result once all its payloads are whole on disk; asks first, or needs --yes' \
                '-y'\t'Do not ask before --delete-after' \
                '--yes'\t'Do not ask before --delete-after' \
                '--ignore-not-found'\t'What is gone already is no failure' \
                '--from'\t'Read addresses from this file (\'-\': from stdin)' \
                '--workers'\t'How many at a time (8)' \
                '--fields'\t'Only these fields, in this order' \
                '--no-header'\t'No header line' \
                '--query'\t'A JMESPath expression, with json' \
                '--bom'\t'Begin with a byte order mark, for Excel' \
                '--exact'\t'Do not defuse formulas in csv and tsv' \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind 'address'
            set -g __addonctl_words \
                'RE' \
                'XR' \
                'XH'
        case 'payloads delete'
            set -g __addonctl_options \
                '-y'\t'Do not ask' \
                '--yes'\t'Do not ask' \
                '--dry-run'\t'Show what would go, and delete nothing' \
                '--max-delete'\t'If it would be more than this, delete nothing' \
                '--ignore-not-found'\t'What is gone already is no failure' \
                '--from'\t'Read addresses from this file (\'-\': from stdin)' \
                '--workers'\t'How many at a time (8)' \
                '--fields'\t'Only these fields, in this order' \
                '--no-header'\t'No header line' \
                '--query'\t'A JMESPath expression, with json' \
                '--bom'\t'Begin with a byte order mark, for Excel' \
                '--exact'\t'Do not defuse formulas in csv and tsv' \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind 'address'
            set -g __addonctl_words \
                'RE' \
                'XR' \
                'XH'
        case 'recordings'
            set -g __addonctl_commands \
                'list'\t'List the account\'s recordings, newest first'
            set -g __addonctl_options \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind ''
        case 'recordings list'
            set -g __addonctl_options \
                '--since'\t'Created at or after this date, time or age' \
                '--until'\t'Created before this date, time or age' \
                '--call'\t'Only recordings of this call' \
                '--conference'\t'Only recordings of this conference' \
                '--limit'\t'At most this many' \
                '--page-size'\t'Rows to ask for at a time (1000)' \
                '--sort'\t'Sort by this field; -FIELD for descending' \
                '--fields'\t'Only these fields, in this order' \
                '--no-header'\t'No header line' \
                '--query'\t'A JMESPath expression, with json' \
                '--bom'\t'Begin with a byte order mark, for Excel' \
                '--exact'\t'Do not defuse formulas in csv and tsv' \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind ''
        case 'auth'
            set -g __addonctl_commands \
                'login'\t'Log in once: the login is tried, then kept under NAME (\'default\')' \
                'status'\t'Show where each login comes from, and whether the service takes it' \
                'list'\t'List the profiles, without asking keyring or service' \
                'use'\t'Make a profile the one in use (\'sandbox\' is always there)' \
                'logout'\t'Forget a profile (the one in use), and its secret wherever it was kept'
            set -g __addonctl_options \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind ''
        case 'auth login'
            set -g __addonctl_options \
                '--fields'\t'Only these fields, in this order' \
                '--no-header'\t'No header line' \
                '--query'\t'A JMESPath expression, with json' \
                '--bom'\t'Begin with a byte order mark, for Excel' \
                '--exact'\t'Do not defuse formulas in csv and tsv' \
                '--account'\t'The account to log in to' \
                '--key'\t'The API key; without one the secret is the auth token' \
                '--secret-stdin'\t'Read the secret from stdin' \
                '--no-verify'\t'Keep it without trying it first' \
                '--insecure-storage'\t'Keep the secret in a file of mode 0600' \
                '--from-twilio-cli'\t'Take over the profiles of the Twilio CLI' \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind 'profile'
        case 'auth status'
            set -g __addonctl_options \
                '--fields'\t'Only these fields, in this order' \
                '--no-header'\t'No header line' \
                '--query'\t'A JMESPath expression, with json' \
                '--bom'\t'Begin with a byte order mark, for Excel' \
                '--exact'\t'Do not defuse formulas in csv and tsv' \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind ''
        case 'auth list'
            set -g __addonctl_options \
                '--fields'\t'Only these fields, in this order' \
                '--no-header'\t'No header line' \
                '--query'\t'A JMESPath expression, with json' \
                '--bom'\t'Begin with a byte order mark, for Excel' \
                '--exact'\t'Do not defuse formulas in csv and tsv' \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind ''
        case 'auth use'
            set -g __addonctl_options \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind 'profile'
        case 'auth logout'
            set -g __addonctl_options \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind 'profile'
        case 'sandbox'
            set -g __addonctl_commands \
                'serve'\t'Put the pretend account on this machine\'s loopback, until Ctrl-C' \
                'reset'\t'Make the pretend account anew: the sample data, or any size' \
                'status'\t'Say where the pretend account lies, and what it holds'
            set -g __addonctl_options \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind ''
        case 'sandbox serve'
            set -g __addonctl_options \
                '--port'\t'Port (8010); 0: a free one' \
                '--latency'\t'Wait before each answer, such as 50ms' \
                '--max-concurrent'\t'Refuse more requests than this at once' \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind ''
        case 'sandbox reset'
            set -g __addonctl_options \
                '--recordings'\t'Recordings (1 if another size is given)' \
                '--results'\t'Results of each recording (1)' \
                '--payloads'\t'Payloads of each result (1)' \
                '--payload-bytes'\t'Bytes of each payload (1000)' \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind ''
        case 'sandbox status'
            set -g __addonctl_options \
                '--fields'\t'Only these fields, in this order' \
                '--no-header'\t'No header line' \
                '--query'\t'A JMESPath expression, with json' \
                '--bom'\t'Begin with a byte order mark, for Excel' \
                '--exact'\t'Do not defuse formulas in csv and tsv' \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind ''
        case 'completion'
            set -g __addonctl_options \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind 'word'
            set -g __addonctl_words \
                'bash' \
                'zsh' \
                'fish' \
                'powershell'
        case 'help'
            set -g __addonctl_options \
                '-p'\t'The login to use (\'sandbox\' needs none)' \
                '--profile'\t'The login to use (\'sandbox\' needs none)' \
                '-f'\t'How to write the answer; see: addonctl help formats' \
                '--format'\t'How to write the answer; see: addonctl help formats' \
                '-v'\t'Show each request on stderr' \
                '--verbose'\t'Show each request on stderr' \
                '-q'\t'On stderr only errors, and what makes an answer less than whole' \
                '--quiet'\t'On stderr only errors, and what makes an answer less than whole' \
                '--no-color'\t'No colours' \
                '--no-input'\t'Never ask' \
                '--account'\t'Act on this subaccount' \
                '--region'\t'The region of the API, such as ie1' \
                '--edge'\t'The edge of the API, such as dublin' \
                '--retries'\t'Tries after the first, for each request (5)' \
                '--timeout'\t'How long to wait for a single answer (30s)' \
                '-h'\t'Show this message and exit' \
                '--help'\t'Show this message and exit'
            set -g __addonctl_kind 'word'
            set -g __addonctl_words \
                'environment'\t'The variables that count' \
                'exit-codes'\t'What the exit code of a run says' \
                'formats'\t'How answers are written' \
                'addresses'\t'How recordings, results and payloads are named'
    end
end

function __addonctl_value
    switch $argv[1]
        case '* -p' '* --profile'
            set -g __addonctl_kind 'profile'
        case '* -f' '* --format'
            set -g __addonctl_kind 'word'
            set -g __addonctl_words \
                'table'\t'Columns to read: fitted, with ages and colours on a terminal; plain and uncut in a pipe.' \
                'csv'\t'Header and rows for spreadsheets, commas between, times in UTC.' \
                'json'\t'The API\'s own names, values and dates: an array of objects, or one object for one `get`.' \
                'jsonl'\t'One JSON object a line, as pages arrive.' \
                'markdown'\t'A table to paste into a document, times in UTC.' \
                'sids'\t'One address a line (RE…/XR…/XH…), for xargs, loops and `-`.' \
                'tsv'\t'Header and rows for spreadsheets, tabs between, times in UTC.' \
                'xml'\t'The API\'s own document, all pages in one TwilioResponse.'
        case '* --account' '* --region' '* --edge' '* --retries' '* --timeout' '* --add-on' '* --config' '* --created-after' '* --created-before' '* --expiring-within' '* --since' '* --until' '* --call' '* --conference' '* --limit' '* --page-size' '* --workers' '* --query' '* --label' '* --content-type' '* --name' '* --max-delete' '* --interval' '* --key' '* --port' '* --latency' '* --max-concurrent' '* --recordings' '* --results' '* --payloads' '* --payload-bytes'
            set -g __addonctl_kind 'any'
        case '* --status'
            set -g __addonctl_kind 'list'
            set -g __addonctl_words \
                'canceled' \
                'completed' \
                'deleted' \
                'failed' \
                'in-progress' \
                'init' \
                'processing' \
                'queued'
        case 'results list --sort'
            set -g __addonctl_kind 'sort'
            set -g __addonctl_words \
                'sid' \
                'account_sid' \
                'reference_sid' \
                'status' \
                'add_on_sid' \
                'add_on_configuration_sid' \
                'date_created' \
                'date_updated' \
                'date_completed' \
                'subresource_uris' \
                'expires'
        case 'payloads list --sort'
            set -g __addonctl_kind 'sort'
            set -g __addonctl_words \
                'sid' \
                'account_sid' \
                'reference_sid' \
                'add_on_result_sid' \
                'label' \
                'content_type' \
                'add_on_sid' \
                'add_on_configuration_sid' \
                'date_created' \
                'date_updated' \
                'subresource_uris' \
                'expires'
        case 'recordings list --sort'
            set -g __addonctl_kind 'sort'
            set -g __addonctl_words \
                'sid' \
                'account_sid' \
                'call_sid' \
                'conference_sid' \
                'status' \
                'source' \
                'channels' \
                'duration' \
                'start_time' \
                'date_created' \
                'date_updated' \
                'price' \
                'price_unit' \
                'error_code' \
                'api_version' \
                'uri' \
                'encryption_details' \
                'media_url' \
                'subresource_uris'
        case '* --from' '* -o' '* --output'
            set -g __addonctl_kind 'file'
        case 'results list --fields' 'results get --fields' 'results wait --fields'
            set -g __addonctl_kind 'list'
            set -g __addonctl_words \
                'sid' \
                'account_sid' \
                'reference_sid' \
                'status' \
                'add_on_sid' \
                'add_on_configuration_sid' \
                'date_created' \
                'date_updated' \
                'date_completed' \
                'subresource_uris' \
                'expires'
        case 'results download --fields' 'results delete --fields' 'payloads download --fields' 'payloads delete --fields'
            set -g __addonctl_kind 'list'
            set -g __addonctl_words \
                'sid' \
                'outcome' \
                'detail'
        case 'payloads list --fields' 'payloads get --fields'
            set -g __addonctl_kind 'list'
            set -g __addonctl_words \
                'sid' \
                'account_sid' \
                'reference_sid' \
                'add_on_result_sid' \
                'label' \
                'content_type' \
                'add_on_sid' \
                'add_on_configuration_sid' \
                'date_created' \
                'date_updated' \
                'subresource_uris' \
                'expires'
        case 'recordings list --fields'
            set -g __addonctl_kind 'list'
            set -g __addonctl_words \
                'sid' \
                'account_sid' \
                'call_sid' \
                'conference_sid' \
                'status' \
                'source' \
                'channels' \
                'duration' \
                'start_time' \
                'date_created' \
                'date_updated' \
                'price' \
                'price_unit' \
                'error_code' \
                'api_version' \
                'uri' \
                'encryption_details' \
                'media_url' \
                'subresource_uris'
        case 'auth login --fields'
            set -g __addonctl_kind 'list'
            set -g __addonctl_words \
                'profile' \
                'account_sid' \
                'outcome' \
                'detail'
        case 'auth status --fields'
            set -g __addonctl_kind 'list'
            set -g __addonctl_words \
                'profile' \
                'in_use' \
                'source' \
                'keyring' \
                'account_sid' \
                'key_sid' \
                'secret' \
                'api_url' \
                'status' \
                'detail'
        case 'auth list --fields'
            set -g __addonctl_kind 'list'
            set -g __addonctl_words \
                'profile' \
                'in_use' \
                'account_sid' \
                'key_sid' \
                'region' \
                'edge' \
                'storage'
        case 'sandbox status --fields'
            set -g __addonctl_kind 'list'
            set -g __addonctl_words \
                'path' \
                'recordings' \
                'results' \
                'payloads' \
                'next_expiry'
        case '* --to'
            set -g __addonctl_kind 'folder'
    end
end

# Set the path, and the rows of its commands, its options and its argument.
function __addonctl_enter
    set -g __addonctl_path $argv[1]
    set -g __addonctl_commands
    set -g __addonctl_options
    set -g __addonctl_kind
    set -g __addonctl_words
    __addonctl_command $argv[1]
end

# Whether the option $argv[1] takes a value; sets kind and words to what it may be.
function __addonctl_takes
    set -g __addonctl_kind
    set -g __addonctl_words
    __addonctl_value "$__addonctl_path $argv[1]"
    test -n "$__addonctl_kind"
end

# Take note of the option $argv[1] having the value $argv[2].
function __addonctl_note
    switch $argv[1]
        case --profile -p
            set -g __addonctl_profile $argv[2]
        case --account
            set -g __addonctl_account $argv[2]
    end
end

# Read one word before the cursor.
function __addonctl_read --argument-names word
    if test -n "$__addonctl_pending"
        __addonctl_note $__addonctl_pending $word
        set -g __addonctl_pending
        return
    end
    if test -z "$__addonctl_plain"
        switch $word
            case --
                set -g __addonctl_plain yes
                return
            case '--*=*'
                __addonctl_note (string split -m 1 = -- $word)
                return
            case '--*'
                __addonctl_takes $word; and set -g __addonctl_pending $word
                return
            case '-?*'
                set -l first (string sub -l 2 -- $word)
                set -l last -(string sub -s -1 -- $word)
                if __addonctl_takes $first; and test (string length -- $word) -gt 2
                    __addonctl_note $first (string sub -s 3 -- $word)
                else if __addonctl_takes $last
                    set -g __addonctl_pending $last
                end
                return
        end
    end
    if test (count $__addonctl_commands) -gt 0
        if contains -- "$word" (string replace -r '\t.*' '' -- $__addonctl_commands)
            __addonctl_enter (string trim -- "$__addonctl_path $word")
        else
            __addonctl_enter '?'
        end
        return
    end
    set -ga __addonctl_given $word
    # Follow an address, so that the next one is looked for under it.
    for sid in (string split / -- $word)
        switch $sid
            case 'RE*'
                set -g __addonctl_recording $sid
                set -g __addonctl_result
                set -g __addonctl_depth 1
            case 'XR*'
                set -g __addonctl_result $sid
                set -g __addonctl_depth 2
            case 'XH*'
                set -g __addonctl_depth 3
        end
    end
end

# Print what a place takes; $argv[1] is what has been typed of it.
function __addonctl_offer
    set -l current $argv[1]
    switch "$__addonctl_kind"
        case word
            printf '%s\n' $__addonctl_words
        case sort
            if string match -q -- '-*' $current
                printf '%s\n' -$__addonctl_words
            else
                printf '%s\n' $__addonctl_words
            end
        case list
            set -l before (string match -r -- '^.*,' $current)
            printf '%s\n' "$before"$__addonctl_words
        case file
            __fish_complete_path $current
        case folder
            __fish_complete_directories $current
        case profile
            printf '%s\n' sandbox (__addonctl_profiles | string replace -r '\t.*' '')
        case address
            __addonctl_offer_addresses $current
    end
end

# Print config.toml, or nothing.
function __addonctl_config
    set -l folder $ADDONCTL_CONFIG_DIR
    if test -z "$folder"
        if test -n "$XDG_CONFIG_HOME"
            set folder $XDG_CONFIG_HOME/addonctl
        else if test -d $HOME/Library/Caches
            set folder "$HOME/Library/Application Support/addonctl"
        else
            set folder $HOME/.config/addonctl
        end
    end
    head -c 65536 -- (string replace -r '^~(?=/)' $HOME -- $folder)/config.toml 2>/dev/null
end

# Print the profiles as name, tab, account.
function __addonctl_profiles
    set -l name
    __addonctl_config | while read -l row
        set -l header (string match -r -- '^\s*\[\s*profiles\.(.*\S)\s*\]\s*(?:#.*)?$' $row)
        set -l account (string match -r -- '^\s*account\s*=\s*["\']([^"\']*)["\']' $row)
        if test (count $header) -gt 1
            test -n "$name"; and printf '%s\t\n' $name
            set name (string trim -c '"\'' -- $header[2])
        else if test (count $account) -gt 1; and test -n "$name"
            printf '%s\t%s\n' $name $account[2]
            set name
        end
    end
    test -n "$name"; and printf '%s\t\n' $name
    return 0
end

# Print the account whose lists count, as the program itself would choose it.
function __addonctl_whose
    if test -n "$__addonctl_account"
        echo $__addonctl_account
        return
    end
    set -l profile $__addonctl_profile
    test -n "$profile"; or set profile $ADDONCTL_PROFILE
    if test -z "$profile"; and test -n "$TWILIO_ACCOUNT_SID"
        echo $TWILIO_ACCOUNT_SID
        return
    end
    if test -z "$profile"
        set -l pattern '^\s*active\s*=\s*["\']([^"\']*)["\']'
        set profile (__addonctl_config | string replace -rf -- "$pattern.*" '$1')[1]
    end
    if test "$profile" = sandbox
        echo AC5a9d3c1e7b2f48069c1d0e4f7a8b3c65
        return
    end
    for row in (__addonctl_profiles)
        set -l parts (string split \t -- $row)
        test "$parts[1]" = "$profile"; and echo $parts[2]
    end
end

# Offer the SIDs that the last lists showed, each under its parent.
function __addonctl_offer_addresses
    test -z "$ADDONCTL_NO_HISTORY"; or return
    set -l most (count $__addonctl_words)
    set -l want
    set -l depth
    switch "$argv[1]"
        case '*/*/*'
            set want path
            set depth 3
        case '*/*'
            set want path
            set depth 2
        case 'RE*'
            set depth 1
        case 'XR*'
            set depth 2
        case 'XH*'
            set depth 3
        case '?*'
            return
        case '*'
            set depth (math "min($__addonctl_depth + 1, $most)")
    end
    test $depth -le $most; or return
    set -l account (__addonctl_whose)
    string match -qr '^AC[A-Za-z0-9]+$' -- "$account"; or return
    set -l folder
    if test -n "$XDG_CACHE_HOME"
        set folder $XDG_CACHE_HOME/addonctl
    else if test -d $HOME/Library/Caches
        set folder $HOME/Library/Caches/addonctl
    else
        set folder $HOME/.cache/addonctl
    end
    # One pattern for all lines: fish is slow at loops, and quick at this.
    set -l sid '[A-Za-z0-9]+'
    set -l parent
    set -l kinds RE XR XH
    if test "$want" != path
        test $depth -ge 2; and set parent "$__addonctl_recording/"
        test $depth -ge 3; and set parent "$parent$__addonctl_result/"
        set -l own "$kinds[$depth]$sid"
        head -c 131072 -- $folder/history/$account.txt 2>/dev/null |
            string match -r -- "^$parent$own(?:[/\t].*)?\$" |
            string replace -r -- "^$parent($own)(?:/.*)?" '$1' |
            __addonctl_unseen
    else
        set -l own "RE$sid/XR$sid"
        test $depth -ge 3; and set own "$own/XH$sid"
        head -c 131072 -- $folder/history/$account.txt 2>/dev/null |
            string match -r -- "^$own(?:[/\t].*)?\$" |
            string replace -r -- "^($own)(?:/.*)?" '$1' |
            __addonctl_unseen
    end
end

# Pass on the rows whose first part has neither been passed on nor typed.
function __addonctl_unseen
    set -l seen $__addonctl_given
    while read -l row
        set -l word (string split -m 1 \t -- $row)[1]
        contains -- $word $seen; and continue
        set -a seen $word
        printf '%s\n' $row
    end
end

# Print those rows after $argv[1] whose word has its letters in it; fish would look for them in the
# descriptions, too, and take a mistyped option for another one.
function __addonctl_like
    set -l letters (string split '' -- $argv[1] | string escape --style=regex)
    string match -r -- (string join '[^\t]*' '^' $letters)'.*' $argv[2..-1]
end

function __addonctl_complete
    # Of a word in quotes, or with escapes, what it says.
    set -l current (commandline -ct | string collect | string replace -r -- '(^|=)["\']' '$1')
    set current (string unescape -- "$current"; or printf '%s\n' "$current")
    set -l notes path commands options kind words pending plain profile account given
    set -a notes recording result depth
    for note in $notes
        set -g __addonctl_$note
    end
    set -g __addonctl_depth 0
    __addonctl_enter ''
    for word in (commandline -opc)[2..-1]
        __addonctl_read $word
    end
    if test -n "$__addonctl_pending"
        __addonctl_takes $__addonctl_pending
        __addonctl_offer "$current"
    else if test -z "$__addonctl_plain"; and string match -q -- '--*=*' $current
        set -l parts (string split -m 1 = -- $current)
        if __addonctl_takes $parts[1]
            __addonctl_offer "$parts[2]" | string replace -r -- '^' "$parts[1]="
        end
    else if test -z "$__addonctl_plain"; and string match -q -- '-*' $current
        __addonctl_like "$current" $__addonctl_options
    else if test (count $__addonctl_commands) -gt 0
        __addonctl_like "$current" $__addonctl_commands
    else
        __addonctl_enter "$__addonctl_path"
        __addonctl_offer "$current"
    end
    for note in $notes
        set -e __addonctl_$note
    end
end

complete -c addonctl -e
complete -c addonctl -f -k -a '(__addonctl_complete)'
