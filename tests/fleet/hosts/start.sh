# Leads one host into its own cgroups and namespaces; its last words are init.sh.
# A group that is gone means the fleet was taken down meanwhile: then nothing must start.
set -eu
for group in $HOST_GROUPS; do echo $$ >"$group/cgroup.procs"; done
# shellcheck disable=SC2016  # expanded by the shell inside the new cgroup namespace
exec nsenter --net="$HOST_NETNS" unshare --cgroup sh -euc '
    for group in $HOST_ENTRANCES; do echo $$ >"$group/cgroup.procs"; done
    exec unshare --mount --uts --ipc --pid --fork --kill-child --propagation private sh "$HOST_INIT"'
