#!/bin/sh
# numba imports whatever is called "coverage" where Python looks first, be the package coverage installed or not: beside
# a script of one's own of that name (of a study's coverage, of land, of intervals) `import numba` fails, and with it
# every library that compiles by numba, in each script of that folder, with an error that names neither file nor remedy.
# A script of another name in the same folder that never imports it is enough.
# Guess before: numba asks for optional packages by what is installed, or ignores a module that is not that package.
# Seen with numba 0.68.1: AttributeError: module 'coverage' has no attribute 'types'; with the file renamed it imports.
# (Downloads numba, unless one of this version is on PYTHONPATH.)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -c 'import numba; assert numba.__version__ == "0.68.1"' 2>/dev/null ||
  "$folder/venv/bin/pip" install --quiet --disable-pip-version-check numba==0.68.1 numpy==2.4.6
mkdir "$folder/study"
cd "$folder/study"
echo 'def share(hits, all_of_them): return hits / all_of_them' > coverage.py
echo 'import numba; print("imported")' > sums.py
if said=$("$folder/venv/bin/python" sums.py 2>&1); then
  echo "numba was imported: $said"
  exit 1
fi
echo "$said" | tail -1
echo "$said" | grep -q "module 'coverage' has no attribute 'types'"
mv coverage.py shares.py
test "$("$folder/venv/bin/python" sums.py)" = imported
echo "as described"
