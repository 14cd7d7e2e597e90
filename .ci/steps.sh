# Sourced by run and full: named, timed steps, and what is said at the end.

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/onsale}"
export SAM_CLI_TELEMETRY=0
export K6_NO_USAGE_REPORT=true
log="$(mktemp -d)"
current=""
times=()
skips=()

# step NAME COMMAND...: the first step that fails ends the run.
step() {
    current="$1"
    local began=$SECONDS
    shift
    printf '\n==> %s\n' "$current"
    "$@"
    times+=("$((SECONDS - began)) $current")
    current=""
}

# skip WHAT REASON: said where it happens and again at the end.
skip() {
    skips+=("$1: $2")
    printf '\nSKIPPED %s: %s\n' "$1" "$2"
}

summary() {
    local status=$?
    stop_engine
    printf '\n==> slowest steps\n'
    printf '%s\n' "${times[@]:-0 none}" | sort -rn | head -8 | while read -r seconds name; do
        printf '%6d s  %s\n' "$seconds" "$name"
    done
    printf '%6d s  in all\n' "$SECONDS"
    for reason in "${skips[@]:+${skips[@]}}"; do
        printf 'SKIPPED %s\n' "$reason"
    done
    if [ -n "$current" ]; then
        printf 'FAILED: %s\n' "$current"
    else
        # The test runner's own words.
        cat "$log"/*.log 2>/dev/null | grep '^test result:' | grep -v ' 0 passed; 0 failed' || true
    fi
    rm -rf "$log"
    exit "$status"
}
trap summary EXIT
source tools/shared/install.sh
source tools/deployment/engine.sh

# tested COMMAND...: runs it and keeps its output for the summary.
tested() {
    "$@" 2>&1 | tee "$log/${#times[@]}.log"
}

# install_llvm: the two programs that read which lines ran, of the LLVM that the compiler has: from the toolchain
# (`rustup component add llvm-tools`), from the machine, or by apt-get where that is allowed. Leaves their names in
# $llvm_profdata and $llvm_cov, or the reason in $log/llvm when they cannot be had.
install_llvm() {
    local major toolchain
    major="$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')"
    toolchain="$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin"
    llvm_profdata="llvm-profdata-$major" llvm_cov="llvm-cov-$major"
    if [ -x "$toolchain/llvm-profdata" ] && [ -x "$toolchain/llvm-cov" ]; then
        llvm_profdata="$toolchain/llvm-profdata" llvm_cov="$toolchain/llvm-cov"
    else
        install_package "llvm-$major" "$llvm_profdata" "$llvm_cov"
        if [ -e "$log/llvm-$major" ]; then
            echo "$(cat "$log/llvm-$major"); or: rustup component add llvm-tools" >"$log/llvm"
        fi
    fi
    if [ ! -e "$log/llvm" ]; then
        echo "present: $("$llvm_cov" --version | sed -n 's/.*\(LLVM version.*\)/\1/p')"
        mkdir "$log/profiles"
        # Also for what is started later: without it a program leaves its counts where it is started.
        export LLVM_PROFILE_FILE="$log/profiles/%m-%p.profraw"
    fi
}

# counted COMMAND...: runs it, and cargo in it builds our own crates so that they count the lines that run.
counted() {
    if [ -e "$log/llvm" ]; then
        "$@"
    else
        RUSTC_WORKSPACE_WRAPPER="$PWD/tools/correctness/instrumented" "$@"
    fi
}

# coverage: which share of lines the counted runs so far have run.
coverage() {
    local programs=() program
    # The programs that cargo names when it has built them, and the one that tests start.
    while read -r program; do
        programs+=(--object "$program")
    done < <(counted cargo test --no-run 2>&1 | sed -n 's/^ *Executable .*(\(.*\))$/\1/p')
    [ "${#programs[@]}" -gt 0 ] || { echo "no program was counted"; return 1; }
    find "$log/profiles" -name '*.profraw' >"$log/profiles/list"
    "$llvm_profdata" merge --sparse --failure-mode=all --input-files="$log/profiles/list" --output="$log/profiles/all"
    "$llvm_cov" export --format=lcov --instr-profile="$log/profiles/all" "${programs[@]}" \
        --object "$CARGO_TARGET_DIR/debug/onsale" >"$log/lcov"
    python3 tools/correctness/coverage.py "$log/lcov"
}

# need WHAT PROGRAM...: whether the programs of a step are there; if not, it is skipped.
need() {
    local what="$1" program
    shift
    for program in "$@"; do
        if ! command -v "$program" >/dev/null; then
            skip "$what" "$program is not here; $(tail -n 1 "$log/sam" 2>/dev/null || true)"
            return 1
        fi
    done
}

# find_browser WHAT: a browser in $CHROMIUM, and what drives it in $cache/page, for WHAT; if they cannot be had, that is
# skipped.
find_browser() {
    local program
    for program in chromium chromium-browser google-chrome; do
        if [ -z "${CHROMIUM:-}" ] && command -v "$program" >/dev/null; then
            CHROMIUM="$(command -v "$program")"
            export CHROMIUM
        fi
    done
    if [ -z "${CHROMIUM:-}" ]; then
        step "chromium" install_package chromium chromium
        if [ -e "$log/chromium" ]; then
            skip "$1" "$(tail -n 1 "$log/chromium")"
            return 1
        fi
        CHROMIUM="$(command -v chromium)"
        export CHROMIUM
    fi
    step "what drives it" install_node_packages page playwright-core@1.65.1 axe-core@4.14.1 typescript@5.9.3
    if [ -e "$log/page" ]; then
        skip "$1" "$(tail -n 1 "$log/page")"
        return 1
    fi
}

# build_functions: the release build of each function, as it is uploaded.
build_functions() {
    cargo lambda build --release --locked --package functions
    local binary
    for binary in $(sed -n 's/.*Binary: \([a-z_]*\).*/\1/p' template.yaml); do
        [ -x "$CARGO_TARGET_DIR/lambda/$binary/bootstrap" ] || { echo "not built: $binary"; return 1; }
    done
}
