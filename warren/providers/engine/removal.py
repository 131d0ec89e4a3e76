"""Stopping and removing what belongs to instances.

The host itself looks for containers that carry both the cluster's label and one of the instances', at
the moment it removes them. So whatever the record or the caller believes, nothing else can be hit; a
leftover that nobody recorded is found as well; and nothing found is success.
"""

import math
from collections.abc import Sequence

from warren.fleet.command import Command
from warren.providers.engine import labels
from warren.providers.engine.dialect import Dialect

MARGIN_SECONDS = 60.0
"""What an engine may take beyond the stop timeout."""

# "stop" takes all of them at once; what it cannot stop, "rm" kills.
_SCRIPT = """\
cluster=$1 seconds=$2; shift 2; wanted=" $* "
ours() {{ {engine} ps --all --no-trunc --filter "label={cluster}=$cluster" --format '{fields}'; }}
pick() {{ while read -r id instance; do case $wanted in *" $instance "*) echo "$id $instance"; esac; done; }}
seen=$(ours) || exit
ids=$(echo "$seen" | pick | cut -d ' ' -f 1)
[ "$ids" ] || exit 0
{engine} stop -t "$seconds" $ids >/dev/null 2>&1
{engine} rm --force --volumes $ids >/dev/null && exit 0
seen=$(ours) || exit
left=$(echo "$seen" | pick | cut -d ' ' -f 2)
[ "$left" ] || exit 0
echo "$left"; exit 1"""


def remove(
    dialect: Dialect, instances: Sequence[str], *, cluster: str, stop_timeout_seconds: float
) -> Command:
    """The command that removes all containers of some instances; it prints those still there.

    Containers are stopped side by side. Volumes without a name go with their container, named ones
    stay.
    """
    assert instances, "an empty selection never means all"
    assert not any(" " in instance or not instance for instance in instances), instances
    fields = f"{{{{.ID}}}} {dialect.label % labels.INSTANCE}"
    script = _SCRIPT.format(engine=dialect.name, cluster=labels.CLUSTER, fields=fields)
    seconds = math.ceil(stop_timeout_seconds)
    return Command(
        argv=("sh", "-c", script, "sh", cluster, str(seconds), *instances),
        timeout_seconds=seconds + MARGIN_SECONDS,
    )


def still_there(stdout: bytes) -> frozenset[str]:
    """The instances that the command could not remove, from what it printed."""
    return frozenset(stdout.decode(errors="replace").split())
