
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'elbtail' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'elbtail'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'elbtail' {
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The name of the kubeconfig context to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The name of the kubeconfig cluster to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The name of the kubeconfig user to use')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The namespace the job runs in [default: the context''s, the row''s, then "default"]')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The namespace the job runs in [default: the context''s, the row''s, then "default"]')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'Username to impersonate: a user or a service account')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate, can be repeated')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The address and port of the Kubernetes API server')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'The address and port of the Kubernetes API server')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Bearer token for authentication to the API server')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'Path to a certificate file for the certificate authority')
            [CompletionResult]::new('--tls-server-name', '--tls-server-name', [CompletionResultType]::ParameterName, 'Name to check the server''s certificate against [default: the server''s host name]')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long a single request may take, such as 5s, 2m or 30; 0 waits for ever')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service; JOB is the row''s id then')
            [CompletionResult]::new('--db-table', '--db-table', [CompletionResultType]::ParameterName, 'The table that holds the rows [default: jobstate]')
            [CompletionResult]::new('--db-key', '--db-key', [CompletionResultType]::ParameterName, 'The column that holds a row''s id [default: job_id, else PartitionKey]')
            [CompletionResult]::new('--db-payload', '--db-payload', [CompletionResultType]::ParameterName, 'The column that holds the payload [default: payload, else payload_json]')
            [CompletionResult]::new('--db-header', '--db-header', [CompletionResultType]::ParameterName, 'A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not check the server''s certificate: the connection can be listened to and altered')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('logs', 'logs', [CompletionResultType]::ParameterValue, 'Print the lines of all containers of a job; with -f until the job has ended')
            [CompletionResult]::new('resolve', 'resolve', [CompletionResultType]::ParameterValue, 'Print the ElasticBLAST id of a job, and which mirror field says so')
            [CompletionResult]::new('targets', 'targets', [CompletionResultType]::ParameterValue, 'List the pods and containers of a job with their state')
            [CompletionResult]::new('jobs', 'jobs', [CompletionResultType]::ParameterValue, 'List the rows of a database, the newest first')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Say why a job has no logs or does not go on, with the evidence and the next command to type')
            [CompletionResult]::new('completion', 'completion', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('version', 'version', [CompletionResultType]::ParameterValue, 'Print the version of elbtail and of the cluster')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'elbtail;logs' {
            [CompletionResult]::new('--job', '--job', [CompletionResultType]::ParameterName, 'Which of several rows, by its id or the first 6 or more characters of it')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Only containers of this name (regular expression on the whole name), can be repeated')
            [CompletionResult]::new('--container', '--container', [CompletionResultType]::ParameterName, 'Only containers of this name (regular expression on the whole name), can be repeated')
            [CompletionResult]::new('--pod', '--pod', [CompletionResultType]::ParameterName, 'Only pods with this in their name, or in the short one that is printed (regular expression), can be repeated')
            [CompletionResult]::new('--phase', '--phase', [CompletionResultType]::ParameterName, 'Only containers that work on this step, can be repeated')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Only pods of the job with these labels, such as app=blast,shard!=03')
            [CompletionResult]::new('--selector', '--selector', [CompletionResultType]::ParameterName, 'Only pods of the job with these labels, such as app=blast,shard!=03')
            [CompletionResult]::new('--tail', '--tail', [CompletionResultType]::ParameterName, 'Only the last N lines of each container; -1 for all')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only lines newer than this, such as 5s, 2h30m, 1d')
            [CompletionResult]::new('--since-time', '--since-time', [CompletionResultType]::ParameterName, 'Only lines at or after this time (RFC 3339)')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print lines')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print lines')
            [CompletionResult]::new('--order', '--order', [CompletionResultType]::ParameterName, 'In which order lines of different containers come [default: time, with -f arrival]')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The name of the kubeconfig context to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The name of the kubeconfig cluster to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The name of the kubeconfig user to use')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The namespace the job runs in [default: the context''s, the row''s, then "default"]')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The namespace the job runs in [default: the context''s, the row''s, then "default"]')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'Username to impersonate: a user or a service account')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate, can be repeated')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The address and port of the Kubernetes API server')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'The address and port of the Kubernetes API server')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Bearer token for authentication to the API server')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'Path to a certificate file for the certificate authority')
            [CompletionResult]::new('--tls-server-name', '--tls-server-name', [CompletionResultType]::ParameterName, 'Name to check the server''s certificate against [default: the server''s host name]')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long a single request may take, such as 5s, 2m or 30; 0 waits for ever')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service; JOB is the row''s id then')
            [CompletionResult]::new('--db-table', '--db-table', [CompletionResultType]::ParameterName, 'The table that holds the rows [default: jobstate]')
            [CompletionResult]::new('--db-key', '--db-key', [CompletionResultType]::ParameterName, 'The column that holds a row''s id [default: job_id, else PartitionKey]')
            [CompletionResult]::new('--db-payload', '--db-payload', [CompletionResultType]::ParameterName, 'The column that holds the payload [default: payload, else payload_json]')
            [CompletionResult]::new('--db-header', '--db-header', [CompletionResultType]::ParameterName, 'A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--latest', '--latest', [CompletionResultType]::ParameterName, 'Take the newest row that has not ended, instead of naming one')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Go on until the job has ended, through restarts and new pods')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Go on until the job has ended, through restarts and new pods')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Only the instance before the latest of each container that was started again; -f has no effect on it')
            [CompletionResult]::new('--previous', '--previous', [CompletionResultType]::ParameterName, 'Only the instance before the latest of each container that was started again; -f has no effect on it')
            [CompletionResult]::new('--include-setup', '--include-setup', [CompletionResultType]::ParameterName, 'Take NCBI''s setup pods too, which carry no id: right when the cluster runs a single search')
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'Print the time of each line')
            [CompletionResult]::new('--timestamps', '--timestamps', [CompletionResultType]::ParameterName, 'Print the time of each line')
            [CompletionResult]::new('--only-log-lines', '--only-log-lines', [CompletionResultType]::ParameterName, 'Print log lines only: nothing on stderr but errors and what is missing')
            [CompletionResult]::new('--exit-code', '--exit-code', [CompletionResultType]::ParameterName, 'Exit with 9 when the job failed')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell on stderr what happens underneath, such as streams that are opened again')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell on stderr what happens underneath, such as streams that are opened again')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not check the server''s certificate: the connection can be listened to and altered')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'elbtail;resolve' {
            [CompletionResult]::new('--job', '--job', [CompletionResultType]::ParameterName, 'Which of several rows, by its id or the first 6 or more characters of it')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print it; name prints the id alone')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print it; name prints the id alone')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The name of the kubeconfig context to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The name of the kubeconfig cluster to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The name of the kubeconfig user to use')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The namespace the job runs in [default: the context''s, the row''s, then "default"]')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The namespace the job runs in [default: the context''s, the row''s, then "default"]')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'Username to impersonate: a user or a service account')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate, can be repeated')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The address and port of the Kubernetes API server')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'The address and port of the Kubernetes API server')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Bearer token for authentication to the API server')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'Path to a certificate file for the certificate authority')
            [CompletionResult]::new('--tls-server-name', '--tls-server-name', [CompletionResultType]::ParameterName, 'Name to check the server''s certificate against [default: the server''s host name]')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long a single request may take, such as 5s, 2m or 30; 0 waits for ever')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service; JOB is the row''s id then')
            [CompletionResult]::new('--db-table', '--db-table', [CompletionResultType]::ParameterName, 'The table that holds the rows [default: jobstate]')
            [CompletionResult]::new('--db-key', '--db-key', [CompletionResultType]::ParameterName, 'The column that holds a row''s id [default: job_id, else PartitionKey]')
            [CompletionResult]::new('--db-payload', '--db-payload', [CompletionResultType]::ParameterName, 'The column that holds the payload [default: payload, else payload_json]')
            [CompletionResult]::new('--db-header', '--db-header', [CompletionResultType]::ParameterName, 'A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--latest', '--latest', [CompletionResultType]::ParameterName, 'Take the newest row that has not ended, instead of naming one')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not check the server''s certificate: the connection can be listened to and altered')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'elbtail;targets' {
            [CompletionResult]::new('--job', '--job', [CompletionResultType]::ParameterName, 'Which of several rows, by its id or the first 6 or more characters of it')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Only containers of this name (regular expression on the whole name), can be repeated')
            [CompletionResult]::new('--container', '--container', [CompletionResultType]::ParameterName, 'Only containers of this name (regular expression on the whole name), can be repeated')
            [CompletionResult]::new('--pod', '--pod', [CompletionResultType]::ParameterName, 'Only pods with this in their name, or in the short one that is printed (regular expression), can be repeated')
            [CompletionResult]::new('--phase', '--phase', [CompletionResultType]::ParameterName, 'Only containers that work on this step, can be repeated')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Only pods of the job with these labels, such as app=blast,shard!=03')
            [CompletionResult]::new('--selector', '--selector', [CompletionResultType]::ParameterName, 'Only pods of the job with these labels, such as app=blast,shard!=03')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print them')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print them')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The name of the kubeconfig context to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The name of the kubeconfig cluster to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The name of the kubeconfig user to use')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The namespace the job runs in [default: the context''s, the row''s, then "default"]')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The namespace the job runs in [default: the context''s, the row''s, then "default"]')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'Username to impersonate: a user or a service account')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate, can be repeated')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The address and port of the Kubernetes API server')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'The address and port of the Kubernetes API server')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Bearer token for authentication to the API server')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'Path to a certificate file for the certificate authority')
            [CompletionResult]::new('--tls-server-name', '--tls-server-name', [CompletionResultType]::ParameterName, 'Name to check the server''s certificate against [default: the server''s host name]')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long a single request may take, such as 5s, 2m or 30; 0 waits for ever')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service; JOB is the row''s id then')
            [CompletionResult]::new('--db-table', '--db-table', [CompletionResultType]::ParameterName, 'The table that holds the rows [default: jobstate]')
            [CompletionResult]::new('--db-key', '--db-key', [CompletionResultType]::ParameterName, 'The column that holds a row''s id [default: job_id, else PartitionKey]')
            [CompletionResult]::new('--db-payload', '--db-payload', [CompletionResultType]::ParameterName, 'The column that holds the payload [default: payload, else payload_json]')
            [CompletionResult]::new('--db-header', '--db-header', [CompletionResultType]::ParameterName, 'A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--latest', '--latest', [CompletionResultType]::ParameterName, 'Take the newest row that has not ended, instead of naming one')
            [CompletionResult]::new('--include-setup', '--include-setup', [CompletionResultType]::ParameterName, 'Take NCBI''s setup pods too, which carry no id: right when the cluster runs a single search')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Go on and print what changes, until interrupted')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Go on and print what changes, until interrupted')
            [CompletionResult]::new('--no-headers', '--no-headers', [CompletionResultType]::ParameterName, 'Print no line of headers above a table')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not check the server''s certificate: the connection can be listened to and altered')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'elbtail;jobs' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--status', '--status', [CompletionResultType]::ParameterName, 'Only rows with this status, such as running; several with commas')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'At most so many rows, the newest')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The name of the kubeconfig context to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The name of the kubeconfig cluster to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The name of the kubeconfig user to use')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The namespace the job runs in [default: the context''s, the row''s, then "default"]')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The namespace the job runs in [default: the context''s, the row''s, then "default"]')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'Username to impersonate: a user or a service account')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate, can be repeated')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The address and port of the Kubernetes API server')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'The address and port of the Kubernetes API server')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Bearer token for authentication to the API server')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'Path to a certificate file for the certificate authority')
            [CompletionResult]::new('--tls-server-name', '--tls-server-name', [CompletionResultType]::ParameterName, 'Name to check the server''s certificate against [default: the server''s host name]')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long a single request may take, such as 5s, 2m or 30; 0 waits for ever')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service; JOB is the row''s id then')
            [CompletionResult]::new('--db-table', '--db-table', [CompletionResultType]::ParameterName, 'The table that holds the rows [default: jobstate]')
            [CompletionResult]::new('--db-key', '--db-key', [CompletionResultType]::ParameterName, 'The column that holds a row''s id [default: job_id, else PartitionKey]')
            [CompletionResult]::new('--db-payload', '--db-payload', [CompletionResultType]::ParameterName, 'The column that holds the payload [default: payload, else payload_json]')
            [CompletionResult]::new('--db-header', '--db-header', [CompletionResultType]::ParameterName, 'A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--no-headers', '--no-headers', [CompletionResultType]::ParameterName, 'Print no line of headers above a table')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not check the server''s certificate: the connection can be listened to and altered')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'elbtail;doctor' {
            [CompletionResult]::new('--job', '--job', [CompletionResultType]::ParameterName, 'Which of several rows, by its id or the first 6 or more characters of it')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print it; json follows docs/doctor.schema.json')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print it; json follows docs/doctor.schema.json')
            [CompletionResult]::new('--bundle', '--bundle', [CompletionResultType]::ParameterName, 'Pack row, findings, pods, Jobs, events and last lines into FILE.tar.zst, secrets masked, to attach to a ticket')
            [CompletionResult]::new('--wait-healthy', '--wait-healthy', [CompletionResultType]::ParameterName, 'Look again until the job has pods and no problem, at most so long, such as 2m')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The name of the kubeconfig context to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The name of the kubeconfig cluster to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The name of the kubeconfig user to use')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The namespace the job runs in [default: the context''s, the row''s, then "default"]')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The namespace the job runs in [default: the context''s, the row''s, then "default"]')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'Username to impersonate: a user or a service account')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate, can be repeated')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The address and port of the Kubernetes API server')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'The address and port of the Kubernetes API server')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Bearer token for authentication to the API server')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'Path to a certificate file for the certificate authority')
            [CompletionResult]::new('--tls-server-name', '--tls-server-name', [CompletionResultType]::ParameterName, 'Name to check the server''s certificate against [default: the server''s host name]')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long a single request may take, such as 5s, 2m or 30; 0 waits for ever')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service; JOB is the row''s id then')
            [CompletionResult]::new('--db-table', '--db-table', [CompletionResultType]::ParameterName, 'The table that holds the rows [default: jobstate]')
            [CompletionResult]::new('--db-key', '--db-key', [CompletionResultType]::ParameterName, 'The column that holds a row''s id [default: job_id, else PartitionKey]')
            [CompletionResult]::new('--db-payload', '--db-payload', [CompletionResultType]::ParameterName, 'The column that holds the payload [default: payload, else payload_json]')
            [CompletionResult]::new('--db-header', '--db-header', [CompletionResultType]::ParameterName, 'A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--latest', '--latest', [CompletionResultType]::ParameterName, 'Take the newest row that has not ended, instead of naming one')
            [CompletionResult]::new('--all-contexts', '--all-contexts', [CompletionResultType]::ParameterName, 'If the job''s pods are not here, look in all contexts of the kubeconfig')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not check the server''s certificate: the connection can be listened to and altered')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'elbtail;completion' {
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The name of the kubeconfig context to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The name of the kubeconfig cluster to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The name of the kubeconfig user to use')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The namespace the job runs in [default: the context''s, the row''s, then "default"]')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The namespace the job runs in [default: the context''s, the row''s, then "default"]')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'Username to impersonate: a user or a service account')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate, can be repeated')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The address and port of the Kubernetes API server')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'The address and port of the Kubernetes API server')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Bearer token for authentication to the API server')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'Path to a certificate file for the certificate authority')
            [CompletionResult]::new('--tls-server-name', '--tls-server-name', [CompletionResultType]::ParameterName, 'Name to check the server''s certificate against [default: the server''s host name]')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long a single request may take, such as 5s, 2m or 30; 0 waits for ever')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service; JOB is the row''s id then')
            [CompletionResult]::new('--db-table', '--db-table', [CompletionResultType]::ParameterName, 'The table that holds the rows [default: jobstate]')
            [CompletionResult]::new('--db-key', '--db-key', [CompletionResultType]::ParameterName, 'The column that holds a row''s id [default: job_id, else PartitionKey]')
            [CompletionResult]::new('--db-payload', '--db-payload', [CompletionResultType]::ParameterName, 'The column that holds the payload [default: payload, else payload_json]')
            [CompletionResult]::new('--db-header', '--db-header', [CompletionResultType]::ParameterName, 'A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not check the server''s certificate: the connection can be listened to and altered')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'elbtail;version' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print it')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print it')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The name of the kubeconfig context to use')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The name of the kubeconfig cluster to use')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The name of the kubeconfig user to use')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The namespace the job runs in [default: the context''s, the row''s, then "default"]')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The namespace the job runs in [default: the context''s, the row''s, then "default"]')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'Username to impersonate: a user or a service account')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Group to impersonate, can be repeated')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The address and port of the Kubernetes API server')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'The address and port of the Kubernetes API server')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Bearer token for authentication to the API server')
            [CompletionResult]::new('--certificate-authority', '--certificate-authority', [CompletionResultType]::ParameterName, 'Path to a certificate file for the certificate authority')
            [CompletionResult]::new('--tls-server-name', '--tls-server-name', [CompletionResultType]::ParameterName, 'Name to check the server''s certificate against [default: the server''s host name]')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long a single request may take, such as 5s, 2m or 30; 0 waits for ever')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service; JOB is the row''s id then')
            [CompletionResult]::new('--db-table', '--db-table', [CompletionResultType]::ParameterName, 'The table that holds the rows [default: jobstate]')
            [CompletionResult]::new('--db-key', '--db-key', [CompletionResultType]::ParameterName, 'The column that holds a row''s id [default: job_id, else PartitionKey]')
            [CompletionResult]::new('--db-payload', '--db-payload', [CompletionResultType]::ParameterName, 'The column that holds the payload [default: payload, else payload_json]')
            [CompletionResult]::new('--db-header', '--db-header', [CompletionResultType]::ParameterName, 'A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--client', '--client', [CompletionResultType]::ParameterName, 'elbtail''s own version alone, without asking the cluster')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not check the server''s certificate: the connection can be listened to and altered')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'elbtail;help' {
            [CompletionResult]::new('logs', 'logs', [CompletionResultType]::ParameterValue, 'Print the lines of all containers of a job; with -f until the job has ended')
            [CompletionResult]::new('resolve', 'resolve', [CompletionResultType]::ParameterValue, 'Print the ElasticBLAST id of a job, and which mirror field says so')
            [CompletionResult]::new('targets', 'targets', [CompletionResultType]::ParameterValue, 'List the pods and containers of a job with their state')
            [CompletionResult]::new('jobs', 'jobs', [CompletionResultType]::ParameterValue, 'List the rows of a database, the newest first')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Say why a job has no logs or does not go on, with the evidence and the next command to type')
            [CompletionResult]::new('completion', 'completion', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('version', 'version', [CompletionResultType]::ParameterValue, 'Print the version of elbtail and of the cluster')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'elbtail;help;logs' {
            break
        }
        'elbtail;help;resolve' {
            break
        }
        'elbtail;help;targets' {
            break
        }
        'elbtail;help;jobs' {
            break
        }
        'elbtail;help;doctor' {
            break
        }
        'elbtail;help;completion' {
            break
        }
        'elbtail;help;version' {
            break
        }
        'elbtail;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
