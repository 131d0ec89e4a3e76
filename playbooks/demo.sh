#!/usr/bin/env bash
# What `make demo` does once everything is installed: hosts, playbook, result.
#   demo.sh STATE
set -euo pipefail
cd "$(dirname "$0")/.."
state=$1
python=.venv/bin/python
hosts=3

running() { "$python" -m tests.fleet.hosts status --state "$state" 2>/dev/null | grep -cw up || true; }

if [ "$(running)" != "$hosts" ]; then
  # New hosts: what the state of an earlier demo remembers is gone with the old ones.
  rm -rf inventory/demo/.warren
  echo "== bringing up $hosts real hosts (sshd and Podman, each in its own namespaces)"
  "$python" -m tests.fleet.hosts up "$hosts" --state "$state"
else
  echo "== the $hosts hosts of the last demo are up"
fi

inside() { "$python" -m tests.fleet.hosts run --state "$state" "$@"; }

echo "== warren-playbook -i inventory/demo playbooks/site.yml"
inside .venv/bin/warren-playbook -i inventory/demo playbooks/site.yml
echo "== warren status -i inventory/demo"
inside .venv/bin/warren status -i inventory/demo
echo
echo "Again: make demo (changed=0). Away with the hosts: make demo-down."
