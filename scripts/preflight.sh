#!/bin/sh
# Checks what an installation needs before 3 GB are downloaded: Python, its headers, a C++ compiler, free disk.
# Prints the Python to use, and nothing else, on standard output; each missing thing is one line on standard error.
# Environment: PYTHON chooses the Python; TORCH_INDEX the torch build (one for the CPU needs less disk).

minimum=11          # Python 3.11
need_gb=11         # 7 GB stay; 3 GB of wheels lie beside them until the end
case "${TORCH_INDEX:-}" in */cpu | */cpu/) need_gb=4 ;; esac
failed=0

missing() { # missing WHAT APT DNF BREW: one line with the command of the package manager that is here
    if command -v apt-get >/dev/null 2>&1; then how="apt-get install $2"
    elif command -v dnf >/dev/null 2>&1; then how="dnf install $3"
    elif command -v brew >/dev/null 2>&1; then how="$4"
    else how="Debian/Ubuntu: apt-get install $2; Fedora: dnf install $3; macOS: $4"
    fi
    echo "set-up: $1. Install it: $how" >&2
    failed=1
}

recent() { "$1" -c "import sys; sys.exit(sys.version_info < (3, $minimum))" >/dev/null 2>&1; }

python=
for candidate in ${PYTHON:+"$PYTHON"} python3.11 python3.12 python3.13 python3.14 python3; do
    if recent "$candidate"; then python=$candidate; break; fi
    # A Python that was asked for is never silently replaced by another one.
    if [ -n "${PYTHON:-}" ]; then break; fi
done

if [ -z "$python" ]; then
    found="no Python 3.$minimum or newer found"
    if [ -n "${PYTHON:-}" ]; then found="PYTHON=$PYTHON is no Python 3.$minimum or newer"; fi
    missing "$found (or name one: make PYTHON=/path/to/python3)" "python3 python3-venv python3-dev" \
        "python3.12 python3.12-devel" "brew install python@3.12"
else
    if ! "$python" -c "import ensurepip, venv" >/dev/null 2>&1; then
        missing "$python cannot make virtual environments" "python3-venv" "python3-pip" "brew install python@3.12"
    fi
    if ! "$python" -c "import os, sys, sysconfig as s
sys.exit(not os.path.exists(os.path.join(s.get_path('include'), 'Python.h')))" >/dev/null 2>&1; then
        missing "the headers of $python are missing (Python.h)" "python3-dev" "python3-devel" "brew install python@3.12"
    fi
fi

compiler=
for candidate in ${CXX:+"$CXX"} c++ g++ clang++; do
    # Run it: on macOS the name exists before the compiler does.
    if echo "#include <vector>" | $candidate -x c++ -fsyntax-only - >/dev/null 2>&1; then compiler=$candidate; break; fi
done
if [ -z "$compiler" ]; then
    missing "no working C++ compiler (it builds pydensecrf2, the DenseCRF)" "g++" "gcc-c++" "xcode-select --install"
fi

free_gb=$(df -Pk . 2>/dev/null | awk 'NR == 2 { print int($4 / 976562) }')
if [ -n "$free_gb" ] && [ "$free_gb" -lt "$need_gb" ]; then
    echo "set-up: $free_gb GB are free here, $need_gb GB are needed: free some, or choose a smaller torch build" \
        "(make TORCH_INDEX=https://…/cpu needs 4 GB)" >&2
    failed=1
fi

if [ "$failed" -ne 0 ]; then exit 1; fi
echo "$python"
