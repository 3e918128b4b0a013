#!/bin/sh
# A Slurm of one node on this machine, and on it what CLUSTER.md says of Slurm: run as root on Debian, in a container.
#
#     sh scripts/one_node_slurm.sh [PYTHON]
#
# Installs slurm-wlm and munge from the distribution, starts them for this machine alone, runs a sweep by
# hydra/launcher=submitit_slurm and a run by executor=slurm of which one job is cancelled in the middle, and compares the
# bytes with those of one process (tests/e2e/cluster/test_slurm.py). PYTHON has zgs[slurm] and pytest. Ends its daemons.
set -eu
python=${1:-.venv/bin/python}
command -v slurmctld >/dev/null || {
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge
}
host=$(hostname -s)
state=$(mktemp -d)
mkdir -p /etc/slurm /run/munge
[ -s /etc/munge/munge.key ] || { dd if=/dev/urandom bs=1 count=1024 of=/etc/munge/munge.key 2>/dev/null; }
chown munge: /etc/munge/munge.key /run/munge && chmod 400 /etc/munge/munge.key
# No accounting, as on many small clusters: Slurm's queue alone says what has become of a job.
cat >/etc/slurm/slurm.conf <<CONF
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
StateSaveLocation=$state/ctld
SlurmdSpoolDir=$state/d
SlurmctldPidFile=$state/ctld.pid
SlurmdPidFile=$state/d.pid
SlurmctldLogFile=$state/ctld.log
SlurmdLogFile=$state/d.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
KillWait=2
MinJobAge=10
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
mkdir -p "$state/ctld" "$state/d"
pgrep -x munged >/dev/null || runuser -u munge -- munged
slurmctld
slurmd
trap 'kill "$(cat "$state/d.pid")" "$(cat "$state/ctld.pid")"' EXIT INT TERM
until sinfo --noheader --format=%t | grep -q idle; do sleep 1; done
sinfo
"$python" -m pytest tests/e2e/cluster/test_slurm.py -m extra -q -p no:cacheprovider ${TESTS:+-k "$TESTS"}
