# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_elbtail_global_optspecs
    string join \n kubeconfig= context= cluster= user= n/namespace= as= as-group= as-uid= as-user-extra= s/server= token= username= password= client-certificate= client-key= certificate-authority= insecure-skip-tls-verify insecure-skip-tls-verify-backend tls-server-name= request-timeout= cache-dir= disable-compression match-server-version warnings-as-errors db= db-table= db-key= db-payload= db-header= color= h/help V/version
end

function __fish_elbtail_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_elbtail_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_elbtail_using_subcommand
    set -l cmd (__fish_elbtail_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c elbtail -n "__fish_elbtail_needs_command" -l kubeconfig -d 'Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]' -r -F
complete -c elbtail -n "__fish_elbtail_needs_command" -l context -d 'The name of the kubeconfig context to use' -r
complete -c elbtail -n "__fish_elbtail_needs_command" -l cluster -d 'The name of the kubeconfig cluster to use' -r
complete -c elbtail -n "__fish_elbtail_needs_command" -l user -d 'The name of the kubeconfig user to use' -r
complete -c elbtail -n "__fish_elbtail_needs_command" -s n -l namespace -d 'The namespace the job runs in [default: the context\'s, the row\'s, then "default"]' -r
complete -c elbtail -n "__fish_elbtail_needs_command" -l as -d 'Username to impersonate: a user or a service account' -r
complete -c elbtail -n "__fish_elbtail_needs_command" -l as-group -d 'Group to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_needs_command" -l as-uid -d 'UID to impersonate' -r
complete -c elbtail -n "__fish_elbtail_needs_command" -l as-user-extra -d 'Extra of the user to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_needs_command" -s s -l server -d 'The address and port of the Kubernetes API server' -r -f
complete -c elbtail -n "__fish_elbtail_needs_command" -l token -d 'Bearer token for authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_needs_command" -l username -d 'Username for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_needs_command" -l password -d 'Password for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_needs_command" -l client-certificate -d 'Path to a client certificate file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_needs_command" -l client-key -d 'Path to a client key file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_needs_command" -l certificate-authority -d 'Path to a certificate file for the certificate authority' -r -F
complete -c elbtail -n "__fish_elbtail_needs_command" -l tls-server-name -d 'Name to check the server\'s certificate against [default: the server\'s host name]' -r
complete -c elbtail -n "__fish_elbtail_needs_command" -l request-timeout -d 'How long a single request may take, such as 5s, 2m or 30; 0 waits for ever' -r
complete -c elbtail -n "__fish_elbtail_needs_command" -l cache-dir -d 'Where kubectl caches the API\'s description' -r -F
complete -c elbtail -n "__fish_elbtail_needs_command" -l db -d 'Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service; JOB is the row\'s id then' -r
complete -c elbtail -n "__fish_elbtail_needs_command" -l db-table -d 'The table that holds the rows [default: jobstate]' -r
complete -c elbtail -n "__fish_elbtail_needs_command" -l db-key -d 'The column that holds a row\'s id [default: job_id, else PartitionKey]' -r
complete -c elbtail -n "__fish_elbtail_needs_command" -l db-payload -d 'The column that holds the payload [default: payload, else payload_json]' -r
complete -c elbtail -n "__fish_elbtail_needs_command" -l db-header -d 'A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name' -r
complete -c elbtail -n "__fish_elbtail_needs_command" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless the environment says otherwise'
always\t'Also into a pipe'
never\t'Not at all'"
complete -c elbtail -n "__fish_elbtail_needs_command" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection can be listened to and altered'
complete -c elbtail -n "__fish_elbtail_needs_command" -l insecure-skip-tls-verify-backend -d 'Let the API server read logs from kubelets whose certificate it cannot check'
complete -c elbtail -n "__fish_elbtail_needs_command" -l disable-compression -d 'Answers are never compressed'
complete -c elbtail -n "__fish_elbtail_needs_command" -l match-server-version -d 'elbtail has no version of the server'
complete -c elbtail -n "__fish_elbtail_needs_command" -l warnings-as-errors -d 'The server\'s warnings are not shown'
complete -c elbtail -n "__fish_elbtail_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c elbtail -n "__fish_elbtail_needs_command" -s V -l version -d 'Print version'
complete -c elbtail -n "__fish_elbtail_needs_command" -f -a "logs" -d 'Print the lines of all containers of a job; with -f until the job has ended'
complete -c elbtail -n "__fish_elbtail_needs_command" -f -a "resolve" -d 'Print the ElasticBLAST id of a job, and which mirror field says so'
complete -c elbtail -n "__fish_elbtail_needs_command" -f -a "targets" -d 'List the pods and containers of a job with their state'
complete -c elbtail -n "__fish_elbtail_needs_command" -f -a "jobs" -d 'List the jobs of the cluster, with --db those of a database, or of both with what they disagree on'
complete -c elbtail -n "__fish_elbtail_needs_command" -f -a "doctor" -d 'Say why a job has no logs or does not go on, with the evidence and the next command to type'
complete -c elbtail -n "__fish_elbtail_needs_command" -f -a "save" -d 'Keep all lines of a job, and its objects, in a directory or an object store; with -f until it has ended'
complete -c elbtail -n "__fish_elbtail_needs_command" -f -a "archives" -d 'List the jobs of an archive with their size, and whether they are complete'
complete -c elbtail -n "__fish_elbtail_needs_command" -f -a "replay" -d 'Print the lines of an archived job by time, as logs prints those of a cluster'
complete -c elbtail -n "__fish_elbtail_needs_command" -f -a "verify" -d 'Check every hash, count and gap of an archive, and say what is missing and why'
complete -c elbtail -n "__fish_elbtail_needs_command" -f -a "prune" -d 'Delete old jobs from an archive'
complete -c elbtail -n "__fish_elbtail_needs_command" -f -a "completion" -d 'Print the completion script of a shell'
complete -c elbtail -n "__fish_elbtail_needs_command" -f -a "version" -d 'Print the version of elbtail and of the cluster'
complete -c elbtail -n "__fish_elbtail_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l job -d 'Which of several rows, by its id or the first 6 or more characters of it' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -s c -l container -d 'Only containers of this name (regular expression on the whole name), can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l pod -d 'Only pods with this in their name, or in the short one that is printed (regular expression), can be repeated; POD/CONTAINER as lines begin and pod/NAME are understood' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l phase -d 'Only containers that work on this step, can be repeated' -r -f -a "submitting\t'Making the batch Jobs'
warming_up\t'Loading a database ahead of time'
staging_db\t'Copying the database and the queries to the nodes'
running\t'Searching'
exporting_results\t'Uploading results, and finishing the job'"
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -s E -l exclude-container -d 'No containers of this name (regular expression on the whole name), can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l exclude-pod -d 'No pods with this in their name, as --pod understands it, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l node -d 'Only pods on this node, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l container-state -d 'Only containers that are in this state when they are found, can be repeated; with -f also later' -r -f -a "running\t'They run'
waiting\t'They wait to be started'
terminated\t'They have ended'
all\t'Any of these'"
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -s l -l selector -d 'Only pods of the job with these labels, such as app=blast,shard!=03' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l tail -d 'Only the last N lines of each container; -1 for all' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l since -d 'Only lines newer than this, such as 5s, 2h30m, 1d' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l since-time -d 'Only lines at or after this time (RFC 3339)' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l until -d 'Only lines older than this, such as 5s, 2h30m, 1d' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l until-time -d 'Only lines at or before this time (RFC 3339)' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -s i -l include -d 'Only lines that match (regular expression, (?i) ignores case), can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -s e -l exclude -d 'No lines that match (regular expression), can be repeated; it beats --include' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -s C -l context-lines -d 'With --include: also the N lines of the container before and after each (--context is kubectl\'s)' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -s B -l before-context -d 'With --include: also the N lines before each' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -s A -l after-context -d 'With --include: also the N lines after each' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l stream -d 'Only lines written to this stream, where that is known: the log API does not tell, the files of nodes do' -r -f -a "stdout\t'Standard output'
stderr\t'Standard error'"
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l limit-bytes -d 'At most so many bytes of each container, in whole lines' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -s t -l timestamps -d 'Print the time of each line: default (RFC 3339), short, relative to the first line, or a strftime format such as %H:%M:%S' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l timezone -d 'The zone of these times: UTC, Local, +02:00, or a name such as Asia/Seoul [default: UTC]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -s o -l output -d 'How to print lines' -r -f -a "default\t'Pod, container and phase in columns, then the text'
raw\t'The text alone'
json\t'One JSON object a line'"
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -s H -l highlight -d 'Let what matches stand out (regular expression), as what --include matches does; can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l node-logs -d 'Whether to read from the files of a node what the log API no longer has; auto: where nodes/proxy is permitted' -r -f -a "auto\t'Where that is permitted'
never\t'Never'
always\t'Yes, and it is an error when it is not permitted'"
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l order -d 'In which order lines of different containers come [default: time, with -f arrival]' -r -f -a "time\t'By their stamps'
arrival\t'As they arrive'"
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l archive -d 'Read an archive of \'elbtail save\' and the cluster as one sequence: each line once, also those whose pods are gone' -r -f -a "(__fish_complete_directories)"
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l kubeconfig -d 'Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l context -d 'The name of the kubeconfig context to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l cluster -d 'The name of the kubeconfig cluster to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l user -d 'The name of the kubeconfig user to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -s n -l namespace -d 'The namespace the job runs in [default: the context\'s, the row\'s, then "default"]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l as -d 'Username to impersonate: a user or a service account' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l as-group -d 'Group to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l as-uid -d 'UID to impersonate' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l as-user-extra -d 'Extra of the user to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -s s -l server -d 'The address and port of the Kubernetes API server' -r -f
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l token -d 'Bearer token for authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l username -d 'Username for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l password -d 'Password for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l client-certificate -d 'Path to a client certificate file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l client-key -d 'Path to a client key file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l certificate-authority -d 'Path to a certificate file for the certificate authority' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l tls-server-name -d 'Name to check the server\'s certificate against [default: the server\'s host name]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l request-timeout -d 'How long a single request may take, such as 5s, 2m or 30; 0 waits for ever' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l cache-dir -d 'Where kubectl caches the API\'s description' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l db -d 'Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service; JOB is the row\'s id then' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l db-table -d 'The table that holds the rows [default: jobstate]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l db-key -d 'The column that holds a row\'s id [default: job_id, else PartitionKey]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l db-payload -d 'The column that holds the payload [default: payload, else payload_json]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l db-header -d 'A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless the environment says otherwise'
always\t'Also into a pipe'
never\t'Not at all'"
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l latest -d 'Take the newest row that has not ended, or without --db the newest job of the cluster, instead of naming one'
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -s f -l follow -d 'Go on until the job has ended, through restarts and new pods'
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l no-follow -d 'Print what there is and end: what happens without -f, and takes back one before it'
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -s p -l previous -d 'Only the instance before the latest of each container that was started again; -f has no effect on it'
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l include-setup -d 'Take NCBI\'s setup pods too, which carry no id: right when the cluster runs a single search'
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -s q -l only-log-lines -l quiet -d 'Print log lines only: nothing on stderr but errors and what is missing'
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l exit-code -d 'Exit with 9 when the job failed'
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -s v -l verbose -d 'Tell on stderr what happens underneath, such as streams that are opened again'
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection can be listened to and altered'
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l insecure-skip-tls-verify-backend -d 'Let the API server read logs from kubelets whose certificate it cannot check'
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l disable-compression -d 'Answers are never compressed'
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l match-server-version -d 'elbtail has no version of the server'
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -l warnings-as-errors -d 'The server\'s warnings are not shown'
complete -c elbtail -n "__fish_elbtail_using_subcommand logs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l job -d 'Which of several rows, by its id or the first 6 or more characters of it' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -s o -l output -d 'How to print it; name prints the id alone' -r -f -a "name\t'The id alone'
json\t'One object, valid also without an id'
yaml\t'The same object'
table\t'Each place, its verdict and what stands there'"
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l kubeconfig -d 'Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l context -d 'The name of the kubeconfig context to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l cluster -d 'The name of the kubeconfig cluster to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l user -d 'The name of the kubeconfig user to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -s n -l namespace -d 'The namespace the job runs in [default: the context\'s, the row\'s, then "default"]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l as -d 'Username to impersonate: a user or a service account' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l as-group -d 'Group to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l as-uid -d 'UID to impersonate' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l as-user-extra -d 'Extra of the user to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -s s -l server -d 'The address and port of the Kubernetes API server' -r -f
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l token -d 'Bearer token for authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l username -d 'Username for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l password -d 'Password for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l client-certificate -d 'Path to a client certificate file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l client-key -d 'Path to a client key file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l certificate-authority -d 'Path to a certificate file for the certificate authority' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l tls-server-name -d 'Name to check the server\'s certificate against [default: the server\'s host name]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l request-timeout -d 'How long a single request may take, such as 5s, 2m or 30; 0 waits for ever' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l cache-dir -d 'Where kubectl caches the API\'s description' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l db -d 'Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service; JOB is the row\'s id then' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l db-table -d 'The table that holds the rows [default: jobstate]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l db-key -d 'The column that holds a row\'s id [default: job_id, else PartitionKey]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l db-payload -d 'The column that holds the payload [default: payload, else payload_json]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l db-header -d 'A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless the environment says otherwise'
always\t'Also into a pipe'
never\t'Not at all'"
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l latest -d 'Take the newest row that has not ended, or without --db the newest job of the cluster, instead of naming one'
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection can be listened to and altered'
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l insecure-skip-tls-verify-backend -d 'Let the API server read logs from kubelets whose certificate it cannot check'
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l disable-compression -d 'Answers are never compressed'
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l match-server-version -d 'elbtail has no version of the server'
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -l warnings-as-errors -d 'The server\'s warnings are not shown'
complete -c elbtail -n "__fish_elbtail_using_subcommand resolve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l job -d 'Which of several rows, by its id or the first 6 or more characters of it' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -s c -l container -d 'Only containers of this name (regular expression on the whole name), can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l pod -d 'Only pods with this in their name, or in the short one that is printed (regular expression), can be repeated; POD/CONTAINER as lines begin and pod/NAME are understood' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l phase -d 'Only containers that work on this step, can be repeated' -r -f -a "submitting\t'Making the batch Jobs'
warming_up\t'Loading a database ahead of time'
staging_db\t'Copying the database and the queries to the nodes'
running\t'Searching'
exporting_results\t'Uploading results, and finishing the job'"
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -s E -l exclude-container -d 'No containers of this name (regular expression on the whole name), can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l exclude-pod -d 'No pods with this in their name, as --pod understands it, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l node -d 'Only pods on this node, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l container-state -d 'Only containers that are in this state when they are found, can be repeated; with -f also later' -r -f -a "running\t'They run'
waiting\t'They wait to be started'
terminated\t'They have ended'
all\t'Any of these'"
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -s l -l selector -d 'Only pods of the job with these labels, such as app=blast,shard!=03' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -s o -l output -d 'How to print them' -r -f -a "table\t'A line for each container'
wide\t'The same with all there is to know'
name\t'`<namespace>/<pod>/<container>` for each container'
json\t'One object; with `-w` one for each container, a line each'
yaml\t'The same object; with `-w` a document for each container'"
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l kubeconfig -d 'Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l context -d 'The name of the kubeconfig context to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l cluster -d 'The name of the kubeconfig cluster to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l user -d 'The name of the kubeconfig user to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -s n -l namespace -d 'The namespace the job runs in [default: the context\'s, the row\'s, then "default"]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l as -d 'Username to impersonate: a user or a service account' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l as-group -d 'Group to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l as-uid -d 'UID to impersonate' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l as-user-extra -d 'Extra of the user to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -s s -l server -d 'The address and port of the Kubernetes API server' -r -f
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l token -d 'Bearer token for authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l username -d 'Username for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l password -d 'Password for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l client-certificate -d 'Path to a client certificate file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l client-key -d 'Path to a client key file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l certificate-authority -d 'Path to a certificate file for the certificate authority' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l tls-server-name -d 'Name to check the server\'s certificate against [default: the server\'s host name]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l request-timeout -d 'How long a single request may take, such as 5s, 2m or 30; 0 waits for ever' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l cache-dir -d 'Where kubectl caches the API\'s description' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l db -d 'Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service; JOB is the row\'s id then' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l db-table -d 'The table that holds the rows [default: jobstate]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l db-key -d 'The column that holds a row\'s id [default: job_id, else PartitionKey]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l db-payload -d 'The column that holds the payload [default: payload, else payload_json]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l db-header -d 'A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless the environment says otherwise'
always\t'Also into a pipe'
never\t'Not at all'"
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l latest -d 'Take the newest row that has not ended, or without --db the newest job of the cluster, instead of naming one'
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l include-setup -d 'Take NCBI\'s setup pods too, which carry no id: right when the cluster runs a single search'
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -s w -l watch -d 'Go on and print what changes, until interrupted'
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l no-headers -d 'Print no line of headers above a table'
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection can be listened to and altered'
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l insecure-skip-tls-verify-backend -d 'Let the API server read logs from kubelets whose certificate it cannot check'
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l disable-compression -d 'Answers are never compressed'
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l match-server-version -d 'elbtail has no version of the server'
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -l warnings-as-errors -d 'The server\'s warnings are not shown'
complete -c elbtail -n "__fish_elbtail_using_subcommand targets" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -s o -l output -d 'Output format' -r -f -a "table\t'A line for each job'
wide\t'The same with all there is to know'
name\t'What JOB may be for each: its row\'s id, else its own'
json\t'An array, empty without jobs'
yaml\t'The same array'"
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l status -d 'Only jobs with this status, such as running; several with commas' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l limit -d 'At most so many jobs, the newest' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l kubeconfig -d 'Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l context -d 'The name of the kubeconfig context to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l cluster -d 'The name of the kubeconfig cluster to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l user -d 'The name of the kubeconfig user to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -s n -l namespace -d 'The namespace the job runs in [default: the context\'s, the row\'s, then "default"]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l as -d 'Username to impersonate: a user or a service account' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l as-group -d 'Group to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l as-uid -d 'UID to impersonate' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l as-user-extra -d 'Extra of the user to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -s s -l server -d 'The address and port of the Kubernetes API server' -r -f
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l token -d 'Bearer token for authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l username -d 'Username for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l password -d 'Password for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l client-certificate -d 'Path to a client certificate file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l client-key -d 'Path to a client key file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l certificate-authority -d 'Path to a certificate file for the certificate authority' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l tls-server-name -d 'Name to check the server\'s certificate against [default: the server\'s host name]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l request-timeout -d 'How long a single request may take, such as 5s, 2m or 30; 0 waits for ever' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l cache-dir -d 'Where kubectl caches the API\'s description' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l db -d 'Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service; JOB is the row\'s id then' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l db-table -d 'The table that holds the rows [default: jobstate]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l db-key -d 'The column that holds a row\'s id [default: job_id, else PartitionKey]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l db-payload -d 'The column that holds the payload [default: payload, else payload_json]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l db-header -d 'A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless the environment says otherwise'
always\t'Also into a pipe'
never\t'Not at all'"
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l no-headers -d 'Print no line of headers above a table'
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -s A -l all-namespaces -d 'Look for jobs in all namespaces of the cluster'
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection can be listened to and altered'
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l insecure-skip-tls-verify-backend -d 'Let the API server read logs from kubelets whose certificate it cannot check'
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l disable-compression -d 'Answers are never compressed'
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l match-server-version -d 'elbtail has no version of the server'
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -l warnings-as-errors -d 'The server\'s warnings are not shown'
complete -c elbtail -n "__fish_elbtail_using_subcommand jobs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l job -d 'Which of several rows, by its id or the first 6 or more characters of it' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -s o -l output -d 'How to print it; json follows docs/doctor.schema.json' -r -f -a "text\t'A few lines for a person'
json\t'One object, as `docs/doctor.schema.json` describes it'"
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l bundle -d 'Pack row, findings, pods, Jobs, events and last lines into FILE.tar.zst, secrets masked, to attach to a ticket; - is stdout, and the report goes to stderr then' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l wait-healthy -d 'Look again until the job has pods and no problem, at most so long, such as 2m' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l kubeconfig -d 'Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l context -d 'The name of the kubeconfig context to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l cluster -d 'The name of the kubeconfig cluster to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l user -d 'The name of the kubeconfig user to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -s n -l namespace -d 'The namespace the job runs in [default: the context\'s, the row\'s, then "default"]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l as -d 'Username to impersonate: a user or a service account' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l as-group -d 'Group to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l as-uid -d 'UID to impersonate' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l as-user-extra -d 'Extra of the user to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -s s -l server -d 'The address and port of the Kubernetes API server' -r -f
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l token -d 'Bearer token for authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l username -d 'Username for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l password -d 'Password for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l client-certificate -d 'Path to a client certificate file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l client-key -d 'Path to a client key file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l certificate-authority -d 'Path to a certificate file for the certificate authority' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l tls-server-name -d 'Name to check the server\'s certificate against [default: the server\'s host name]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l request-timeout -d 'How long a single request may take, such as 5s, 2m or 30; 0 waits for ever' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l cache-dir -d 'Where kubectl caches the API\'s description' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l db -d 'Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service; JOB is the row\'s id then' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l db-table -d 'The table that holds the rows [default: jobstate]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l db-key -d 'The column that holds a row\'s id [default: job_id, else PartitionKey]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l db-payload -d 'The column that holds the payload [default: payload, else payload_json]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l db-header -d 'A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless the environment says otherwise'
always\t'Also into a pipe'
never\t'Not at all'"
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l latest -d 'Take the newest row that has not ended, or without --db the newest job of the cluster, instead of naming one'
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l all-contexts -d 'If the job\'s pods are not here, look in all contexts of the kubeconfig'
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -s v -l verbose -d 'Name the other searches of the namespace'
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection can be listened to and altered'
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l insecure-skip-tls-verify-backend -d 'Let the API server read logs from kubelets whose certificate it cannot check'
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l disable-compression -d 'Answers are never compressed'
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l match-server-version -d 'elbtail has no version of the server'
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -l warnings-as-errors -d 'The server\'s warnings are not shown'
complete -c elbtail -n "__fish_elbtail_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l job -d 'Which of several rows, by its id or the first 6 or more characters of it' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l listen -d 'With --all: where /healthz and /metrics (Prometheus) are answered [default: 127.0.0.1:8080, or a free port if it is in use]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l lease-duration -d 'With --all: how long a job is left alone whose Lease is not renewed' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l max-age -d 'How long a line may wait for others before it is made durable: less means more and smaller files' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l node-logs -d 'Whether to read from the files of a node what the log API no longer has; auto: where nodes/proxy is permitted' -r -f -a "auto\t'Where that is permitted'
never\t'Never'
always\t'Yes, and it is an error when it is not permitted'"
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l kubeconfig -d 'Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l context -d 'The name of the kubeconfig context to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l cluster -d 'The name of the kubeconfig cluster to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l user -d 'The name of the kubeconfig user to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -s n -l namespace -d 'The namespace the job runs in [default: the context\'s, the row\'s, then "default"]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l as -d 'Username to impersonate: a user or a service account' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l as-group -d 'Group to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l as-uid -d 'UID to impersonate' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l as-user-extra -d 'Extra of the user to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -s s -l server -d 'The address and port of the Kubernetes API server' -r -f
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l token -d 'Bearer token for authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l username -d 'Username for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l password -d 'Password for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l client-certificate -d 'Path to a client certificate file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l client-key -d 'Path to a client key file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l certificate-authority -d 'Path to a certificate file for the certificate authority' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l tls-server-name -d 'Name to check the server\'s certificate against [default: the server\'s host name]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l request-timeout -d 'How long a single request may take, such as 5s, 2m or 30; 0 waits for ever' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l cache-dir -d 'Where kubectl caches the API\'s description' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l db -d 'Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service; JOB is the row\'s id then' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l db-table -d 'The table that holds the rows [default: jobstate]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l db-key -d 'The column that holds a row\'s id [default: job_id, else PartitionKey]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l db-payload -d 'The column that holds the payload [default: payload, else payload_json]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l db-header -d 'A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless the environment says otherwise'
always\t'Also into a pipe'
never\t'Not at all'"
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l all -d 'Keep every job that runs: those whose rows --db has, else those that have pods in the namespace, or with -A in any; until it is asked to end'
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -s A -l all-namespaces -d 'With --all: the jobs of all namespaces; -n is where the Leases are'
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -s f -l follow -d 'Go on until the job has ended, through restarts and new pods'
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l redact -d 'Mask secrets before lines and objects are kept'
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l dashboard-chunks -d 'At the end, also write the last lines of each container as the dashboard keeps them, masked: ROW/execution-steps/logs in DEST'
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l include-setup -d 'Take NCBI\'s setup pods too, which carry no id: right when the cluster runs a single search'
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -s v -l verbose -d 'Tell on stderr what happens underneath, such as streams that are opened again'
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection can be listened to and altered'
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l insecure-skip-tls-verify-backend -d 'Let the API server read logs from kubelets whose certificate it cannot check'
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l disable-compression -d 'Answers are never compressed'
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l match-server-version -d 'elbtail has no version of the server'
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -l warnings-as-errors -d 'The server\'s warnings are not shown'
complete -c elbtail -n "__fish_elbtail_using_subcommand save" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -s o -l output -d 'How to print them' -r -f -a "table\t'A line for each job'
wide\t'The same with all there is to know'
name\t'The jobs\' ids alone'
json\t'An array, empty without jobs'
yaml\t'The same array'"
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l kubeconfig -d 'Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l context -d 'The name of the kubeconfig context to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l cluster -d 'The name of the kubeconfig cluster to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l user -d 'The name of the kubeconfig user to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -s n -l namespace -d 'The namespace the job runs in [default: the context\'s, the row\'s, then "default"]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l as -d 'Username to impersonate: a user or a service account' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l as-group -d 'Group to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l as-uid -d 'UID to impersonate' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l as-user-extra -d 'Extra of the user to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -s s -l server -d 'The address and port of the Kubernetes API server' -r -f
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l token -d 'Bearer token for authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l username -d 'Username for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l password -d 'Password for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l client-certificate -d 'Path to a client certificate file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l client-key -d 'Path to a client key file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l certificate-authority -d 'Path to a certificate file for the certificate authority' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l tls-server-name -d 'Name to check the server\'s certificate against [default: the server\'s host name]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l request-timeout -d 'How long a single request may take, such as 5s, 2m or 30; 0 waits for ever' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l cache-dir -d 'Where kubectl caches the API\'s description' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l db -d 'Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service; JOB is the row\'s id then' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l db-table -d 'The table that holds the rows [default: jobstate]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l db-key -d 'The column that holds a row\'s id [default: job_id, else PartitionKey]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l db-payload -d 'The column that holds the payload [default: payload, else payload_json]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l db-header -d 'A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless the environment says otherwise'
always\t'Also into a pipe'
never\t'Not at all'"
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l no-headers -d 'Print no line of headers above a table'
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection can be listened to and altered'
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l insecure-skip-tls-verify-backend -d 'Let the API server read logs from kubelets whose certificate it cannot check'
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l disable-compression -d 'Answers are never compressed'
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l match-server-version -d 'elbtail has no version of the server'
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -l warnings-as-errors -d 'The server\'s warnings are not shown'
complete -c elbtail -n "__fish_elbtail_using_subcommand archives" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -s c -l container -d 'Only containers of this name (regular expression on the whole name), can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l pod -d 'Only pods with this in their name, or in the short one that is printed (regular expression), can be repeated; POD/CONTAINER as lines begin and pod/NAME are understood' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l phase -d 'Only containers that work on this step, can be repeated' -r -f -a "submitting\t'Making the batch Jobs'
warming_up\t'Loading a database ahead of time'
staging_db\t'Copying the database and the queries to the nodes'
running\t'Searching'
exporting_results\t'Uploading results, and finishing the job'"
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -s E -l exclude-container -d 'No containers of this name (regular expression on the whole name), can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l exclude-pod -d 'No pods with this in their name, as --pod understands it, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l node -d 'Only pods on this node, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l container-state -d 'Only containers that are in this state when they are found, can be repeated; with -f also later' -r -f -a "running\t'They run'
waiting\t'They wait to be started'
terminated\t'They have ended'
all\t'Any of these'"
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l tail -d 'Only the last N lines of each container; -1 for all' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l since -d 'Only lines newer than this, such as 5s, 2h30m, 1d' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l since-time -d 'Only lines at or after this time (RFC 3339)' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l until -d 'Only lines older than this, such as 5s, 2h30m, 1d' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l until-time -d 'Only lines at or before this time (RFC 3339)' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -s i -l include -d 'Only lines that match (regular expression, (?i) ignores case), can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -s e -l exclude -d 'No lines that match (regular expression), can be repeated; it beats --include' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -s C -l context-lines -d 'With --include: also the N lines of the container before and after each (--context is kubectl\'s)' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -s B -l before-context -d 'With --include: also the N lines before each' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -s A -l after-context -d 'With --include: also the N lines after each' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l stream -d 'Only lines written to this stream, where that is known: the log API does not tell, the files of nodes do' -r -f -a "stdout\t'Standard output'
stderr\t'Standard error'"
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l limit-bytes -d 'At most so many bytes of each container, in whole lines' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -s t -l timestamps -d 'Print the time of each line: default (RFC 3339), short, relative to the first line, or a strftime format such as %H:%M:%S' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l timezone -d 'The zone of these times: UTC, Local, +02:00, or a name such as Asia/Seoul [default: UTC]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -s o -l output -d 'How to print lines' -r -f -a "default\t'Pod, container and phase in columns, then the text'
raw\t'The text alone'
json\t'One JSON object a line'"
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -s H -l highlight -d 'Let what matches stand out (regular expression), as what --include matches does; can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l speed -d 'Let time pass between lines as it did, so many times faster: 1 is as it was [default: no waiting]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l kubeconfig -d 'Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l context -d 'The name of the kubeconfig context to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l cluster -d 'The name of the kubeconfig cluster to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l user -d 'The name of the kubeconfig user to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -s n -l namespace -d 'The namespace the job runs in [default: the context\'s, the row\'s, then "default"]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l as -d 'Username to impersonate: a user or a service account' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l as-group -d 'Group to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l as-uid -d 'UID to impersonate' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l as-user-extra -d 'Extra of the user to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -s s -l server -d 'The address and port of the Kubernetes API server' -r -f
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l token -d 'Bearer token for authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l username -d 'Username for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l password -d 'Password for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l client-certificate -d 'Path to a client certificate file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l client-key -d 'Path to a client key file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l certificate-authority -d 'Path to a certificate file for the certificate authority' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l tls-server-name -d 'Name to check the server\'s certificate against [default: the server\'s host name]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l request-timeout -d 'How long a single request may take, such as 5s, 2m or 30; 0 waits for ever' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l cache-dir -d 'Where kubectl caches the API\'s description' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l db -d 'Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service; JOB is the row\'s id then' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l db-table -d 'The table that holds the rows [default: jobstate]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l db-key -d 'The column that holds a row\'s id [default: job_id, else PartitionKey]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l db-payload -d 'The column that holds the payload [default: payload, else payload_json]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l db-header -d 'A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless the environment says otherwise'
always\t'Also into a pipe'
never\t'Not at all'"
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -s p -l previous -d 'Only the instance before the latest of each container that was started again'
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -s q -l only-log-lines -l quiet -d 'Print log lines only: nothing on stderr but errors and what is missing'
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection can be listened to and altered'
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l insecure-skip-tls-verify-backend -d 'Let the API server read logs from kubelets whose certificate it cannot check'
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l disable-compression -d 'Answers are never compressed'
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l match-server-version -d 'elbtail has no version of the server'
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -l warnings-as-errors -d 'The server\'s warnings are not shown'
complete -c elbtail -n "__fish_elbtail_using_subcommand replay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -s o -l output -d 'How to print it' -r -f -a "text\t'A line for each job, and one for each fault'
json\t'An array with an object for each job'"
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l kubeconfig -d 'Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l context -d 'The name of the kubeconfig context to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l cluster -d 'The name of the kubeconfig cluster to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l user -d 'The name of the kubeconfig user to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -s n -l namespace -d 'The namespace the job runs in [default: the context\'s, the row\'s, then "default"]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l as -d 'Username to impersonate: a user or a service account' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l as-group -d 'Group to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l as-uid -d 'UID to impersonate' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l as-user-extra -d 'Extra of the user to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -s s -l server -d 'The address and port of the Kubernetes API server' -r -f
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l token -d 'Bearer token for authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l username -d 'Username for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l password -d 'Password for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l client-certificate -d 'Path to a client certificate file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l client-key -d 'Path to a client key file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l certificate-authority -d 'Path to a certificate file for the certificate authority' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l tls-server-name -d 'Name to check the server\'s certificate against [default: the server\'s host name]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l request-timeout -d 'How long a single request may take, such as 5s, 2m or 30; 0 waits for ever' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l cache-dir -d 'Where kubectl caches the API\'s description' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l db -d 'Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service; JOB is the row\'s id then' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l db-table -d 'The table that holds the rows [default: jobstate]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l db-key -d 'The column that holds a row\'s id [default: job_id, else PartitionKey]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l db-payload -d 'The column that holds the payload [default: payload, else payload_json]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l db-header -d 'A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless the environment says otherwise'
always\t'Also into a pipe'
never\t'Not at all'"
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection can be listened to and altered'
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l insecure-skip-tls-verify-backend -d 'Let the API server read logs from kubelets whose certificate it cannot check'
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l disable-compression -d 'Answers are never compressed'
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l match-server-version -d 'elbtail has no version of the server'
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -l warnings-as-errors -d 'The server\'s warnings are not shown'
complete -c elbtail -n "__fish_elbtail_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l older-than -d 'Delete jobs to which nothing was added for so long, such as 30d' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l kubeconfig -d 'Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l context -d 'The name of the kubeconfig context to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l cluster -d 'The name of the kubeconfig cluster to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l user -d 'The name of the kubeconfig user to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -s n -l namespace -d 'The namespace the job runs in [default: the context\'s, the row\'s, then "default"]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l as -d 'Username to impersonate: a user or a service account' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l as-group -d 'Group to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l as-uid -d 'UID to impersonate' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l as-user-extra -d 'Extra of the user to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -s s -l server -d 'The address and port of the Kubernetes API server' -r -f
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l token -d 'Bearer token for authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l username -d 'Username for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l password -d 'Password for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l client-certificate -d 'Path to a client certificate file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l client-key -d 'Path to a client key file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l certificate-authority -d 'Path to a certificate file for the certificate authority' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l tls-server-name -d 'Name to check the server\'s certificate against [default: the server\'s host name]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l request-timeout -d 'How long a single request may take, such as 5s, 2m or 30; 0 waits for ever' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l cache-dir -d 'Where kubectl caches the API\'s description' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l db -d 'Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service; JOB is the row\'s id then' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l db-table -d 'The table that holds the rows [default: jobstate]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l db-key -d 'The column that holds a row\'s id [default: job_id, else PartitionKey]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l db-payload -d 'The column that holds the payload [default: payload, else payload_json]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l db-header -d 'A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless the environment says otherwise'
always\t'Also into a pipe'
never\t'Not at all'"
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l dry-run -d 'Only tell what would be deleted'
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection can be listened to and altered'
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l insecure-skip-tls-verify-backend -d 'Let the API server read logs from kubelets whose certificate it cannot check'
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l disable-compression -d 'Answers are never compressed'
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l match-server-version -d 'elbtail has no version of the server'
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -l warnings-as-errors -d 'The server\'s warnings are not shown'
complete -c elbtail -n "__fish_elbtail_using_subcommand prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l kubeconfig -d 'Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l context -d 'The name of the kubeconfig context to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l cluster -d 'The name of the kubeconfig cluster to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l user -d 'The name of the kubeconfig user to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -s n -l namespace -d 'The namespace the job runs in [default: the context\'s, the row\'s, then "default"]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l as -d 'Username to impersonate: a user or a service account' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l as-group -d 'Group to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l as-uid -d 'UID to impersonate' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l as-user-extra -d 'Extra of the user to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -s s -l server -d 'The address and port of the Kubernetes API server' -r -f
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l token -d 'Bearer token for authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l username -d 'Username for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l password -d 'Password for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l client-certificate -d 'Path to a client certificate file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l client-key -d 'Path to a client key file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l certificate-authority -d 'Path to a certificate file for the certificate authority' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l tls-server-name -d 'Name to check the server\'s certificate against [default: the server\'s host name]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l request-timeout -d 'How long a single request may take, such as 5s, 2m or 30; 0 waits for ever' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l cache-dir -d 'Where kubectl caches the API\'s description' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l db -d 'Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service; JOB is the row\'s id then' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l db-table -d 'The table that holds the rows [default: jobstate]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l db-key -d 'The column that holds a row\'s id [default: job_id, else PartitionKey]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l db-payload -d 'The column that holds the payload [default: payload, else payload_json]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l db-header -d 'A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless the environment says otherwise'
always\t'Also into a pipe'
never\t'Not at all'"
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection can be listened to and altered'
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l insecure-skip-tls-verify-backend -d 'Let the API server read logs from kubelets whose certificate it cannot check'
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l disable-compression -d 'Answers are never compressed'
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l match-server-version -d 'elbtail has no version of the server'
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -l warnings-as-errors -d 'The server\'s warnings are not shown'
complete -c elbtail -n "__fish_elbtail_using_subcommand completion" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -s o -l output -d 'How to print it' -r -f -a "json\t'One object'
yaml\t'The same object'"
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l kubeconfig -d 'Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l context -d 'The name of the kubeconfig context to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l cluster -d 'The name of the kubeconfig cluster to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l user -d 'The name of the kubeconfig user to use' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -s n -l namespace -d 'The namespace the job runs in [default: the context\'s, the row\'s, then "default"]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l as -d 'Username to impersonate: a user or a service account' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l as-group -d 'Group to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l as-uid -d 'UID to impersonate' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l as-user-extra -d 'Extra of the user to impersonate, can be repeated' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -s s -l server -d 'The address and port of the Kubernetes API server' -r -f
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l token -d 'Bearer token for authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l username -d 'Username for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l password -d 'Password for basic authentication to the API server' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l client-certificate -d 'Path to a client certificate file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l client-key -d 'Path to a client key file for TLS' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l certificate-authority -d 'Path to a certificate file for the certificate authority' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l tls-server-name -d 'Name to check the server\'s certificate against [default: the server\'s host name]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l request-timeout -d 'How long a single request may take, such as 5s, 2m or 30; 0 waits for ever' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l cache-dir -d 'Where kubectl caches the API\'s description' -r -F
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l db -d 'Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service; JOB is the row\'s id then' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l db-table -d 'The table that holds the rows [default: jobstate]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l db-key -d 'The column that holds a row\'s id [default: job_id, else PartitionKey]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l db-payload -d 'The column that holds the payload [default: payload, else payload_json]' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l db-header -d 'A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name' -r
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless the environment says otherwise'
always\t'Also into a pipe'
never\t'Not at all'"
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l client -d 'elbtail\'s own version alone, without asking the cluster'
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l insecure-skip-tls-verify -d 'Do not check the server\'s certificate: the connection can be listened to and altered'
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l insecure-skip-tls-verify-backend -d 'Let the API server read logs from kubelets whose certificate it cannot check'
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l disable-compression -d 'Answers are never compressed'
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l match-server-version -d 'elbtail has no version of the server'
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -l warnings-as-errors -d 'The server\'s warnings are not shown'
complete -c elbtail -n "__fish_elbtail_using_subcommand version" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c elbtail -n "__fish_elbtail_using_subcommand help; and not __fish_seen_subcommand_from logs resolve targets jobs doctor save archives replay verify prune completion version help" -f -a "logs" -d 'Print the lines of all containers of a job; with -f until the job has ended'
complete -c elbtail -n "__fish_elbtail_using_subcommand help; and not __fish_seen_subcommand_from logs resolve targets jobs doctor save archives replay verify prune completion version help" -f -a "resolve" -d 'Print the ElasticBLAST id of a job, and which mirror field says so'
complete -c elbtail -n "__fish_elbtail_using_subcommand help; and not __fish_seen_subcommand_from logs resolve targets jobs doctor save archives replay verify prune completion version help" -f -a "targets" -d 'List the pods and containers of a job with their state'
complete -c elbtail -n "__fish_elbtail_using_subcommand help; and not __fish_seen_subcommand_from logs resolve targets jobs doctor save archives replay verify prune completion version help" -f -a "jobs" -d 'List the jobs of the cluster, with --db those of a database, or of both with what they disagree on'
complete -c elbtail -n "__fish_elbtail_using_subcommand help; and not __fish_seen_subcommand_from logs resolve targets jobs doctor save archives replay verify prune completion version help" -f -a "doctor" -d 'Say why a job has no logs or does not go on, with the evidence and the next command to type'
complete -c elbtail -n "__fish_elbtail_using_subcommand help; and not __fish_seen_subcommand_from logs resolve targets jobs doctor save archives replay verify prune completion version help" -f -a "save" -d 'Keep all lines of a job, and its objects, in a directory or an object store; with -f until it has ended'
complete -c elbtail -n "__fish_elbtail_using_subcommand help; and not __fish_seen_subcommand_from logs resolve targets jobs doctor save archives replay verify prune completion version help" -f -a "archives" -d 'List the jobs of an archive with their size, and whether they are complete'
complete -c elbtail -n "__fish_elbtail_using_subcommand help; and not __fish_seen_subcommand_from logs resolve targets jobs doctor save archives replay verify prune completion version help" -f -a "replay" -d 'Print the lines of an archived job by time, as logs prints those of a cluster'
complete -c elbtail -n "__fish_elbtail_using_subcommand help; and not __fish_seen_subcommand_from logs resolve targets jobs doctor save archives replay verify prune completion version help" -f -a "verify" -d 'Check every hash, count and gap of an archive, and say what is missing and why'
complete -c elbtail -n "__fish_elbtail_using_subcommand help; and not __fish_seen_subcommand_from logs resolve targets jobs doctor save archives replay verify prune completion version help" -f -a "prune" -d 'Delete old jobs from an archive'
complete -c elbtail -n "__fish_elbtail_using_subcommand help; and not __fish_seen_subcommand_from logs resolve targets jobs doctor save archives replay verify prune completion version help" -f -a "completion" -d 'Print the completion script of a shell'
complete -c elbtail -n "__fish_elbtail_using_subcommand help; and not __fish_seen_subcommand_from logs resolve targets jobs doctor save archives replay verify prune completion version help" -f -a "version" -d 'Print the version of elbtail and of the cluster'
complete -c elbtail -n "__fish_elbtail_using_subcommand help; and not __fish_seen_subcommand_from logs resolve targets jobs doctor save archives replay verify prune completion version help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
