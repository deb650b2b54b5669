#!/usr/bin/env bash
# The steps of action.yml: `action.sh install` and `action.sh check`. Its inputs come as variables of the environment.
set -euo pipefail

install() {
    if command -v elbtail >/dev/null && [[ -z ${ELBTAIL_VERSION:-} ]]; then
        echo "elbtail is here already: $(elbtail --version)"
        return
    fi
    local version=${ELBTAIL_VERSION:-$(sed -n 's/^version = "\(.*\)"/\1/p' "$GITHUB_ACTION_PATH/Cargo.toml" | head -1)}
    version=${version#v}
    local name
    name=elbtail-$version-$(uname -m)-linux
    local from=$GITHUB_SERVER_URL/$ELBTAIL_REPOSITORY/releases/download/v$version
    cd "$(mktemp -d "${RUNNER_TEMP:-/tmp}/elbtail.XXXXXX")"
    curl -sSfL --retry 3 -O "$from/$name.tar.gz" -O "$from/SHA256SUMS" || {
        echo "::error::elbtail $version cannot be had from $from; install it in a step before this one, or set the input version"
        exit 1
    }
    sha256sum --quiet --ignore-missing -c SHA256SUMS
    tar -xzf "$name.tar.gz"
    echo "$PWD/$name" >>"$GITHUB_PATH"
    "./$name/elbtail" --version
}

check() {
    local code=0 words flags=() job=(--latest)
    # No input is a flag but those of args.
    [[ -z ${ELBTAIL_JOB:-} ]] || job=(-- "$ELBTAIL_JOB")
    # Words in quotes may hold spaces, and nothing in them is run.
    words=$(xargs -n 1 printf '%s\n' <<<"${ELBTAIL_ARGS:-}") || {
        echo "::error::args are no words of a shell: is a quote open?"
        exit 2
    }
    [[ -z $words ]] || mapfile -t flags <<<"$words"
    if [[ $ELBTAIL_JUNIT == *$'\n'* ]]; then
        echo "::error::junit is the name of a file, in one line"
        exit 2
    fi
    elbtail doctor --wait-healthy "$ELBTAIL_WAIT" -o junit "${flags[@]}" "${job[@]}" >"$ELBTAIL_JUNIT" || code=$?
    echo "junit=$ELBTAIL_JUNIT" >>"$GITHUB_OUTPUT"
    if ((code == 0)) && [[ $ELBTAIL_FOLLOW == true ]]; then
        # Who may read the log of a workflow may not know the job's secrets.
        elbtail logs -f --redact --only-log-lines --exit-code "${flags[@]}" "${job[@]}" || code=$?
    fi
    echo "exit-code=$code" >>"$GITHUB_OUTPUT"
    if ((code != 0)); then
        # For a person; its own exit code is known.
        elbtail doctor "${flags[@]}" "${job[@]}" || true
        echo "::error::elbtail ended with $code: see docs/ci.md for what that means"
    fi
    exit "$code"
}

"$1"
