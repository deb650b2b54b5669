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
    local from=$GITHUB_SERVER_URL/$GITHUB_ACTION_REPOSITORY/releases/download/v$version
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

# The job; without one the newest.
job() {
    if [[ -n ${ELBTAIL_JOB:-} ]]; then echo "$ELBTAIL_JOB"; else echo --latest; fi
}

check() {
    local code=0 flags=()
    # Words in quotes may hold spaces, and nothing in them is run.
    mapfile -t flags < <(xargs -n 1 printf '%s\n' <<<"${ELBTAIL_ARGS:-}")
    [[ -n ${flags[*]} ]] || flags=()
    elbtail doctor "$(job)" --wait-healthy "$ELBTAIL_WAIT" -o junit "${flags[@]}" >"$ELBTAIL_JUNIT" || code=$?
    echo "junit=$ELBTAIL_JUNIT" >>"$GITHUB_OUTPUT"
    if ((code == 0)) && [[ $ELBTAIL_FOLLOW == true ]]; then
        elbtail logs -f "$(job)" --only-log-lines --exit-code "${flags[@]}" || code=$?
    fi
    echo "exit-code=$code" >>"$GITHUB_OUTPUT"
    if ((code != 0)); then
        # For a person; its own exit code is known.
        elbtail doctor "$(job)" "${flags[@]}" || true
        echo "::error::elbtail ended with $code: see docs/ci.md for what that means"
    fi
    exit "$code"
}

"$1"
