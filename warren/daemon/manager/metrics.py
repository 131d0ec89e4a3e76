"""A manager's figures, in the text format that Prometheus reads (version 0.0.4).

Labels hold states only, never names, so their number is bounded whatever the cluster holds.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from warren.daemon.manager.credentials import Credentials
from warren.model.states import InstanceState, NodeState, ServiceState
from warren.raft.core.ready import Role
from warren.raft.node.node import Node
from warren.raft.node.statistics import Durations
from warren.store.store import Store

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One figure, or one for each value of a label.

    Attributes:
        name: in words that end with the unit.
        kind: whether it only rises.
        text: what it is.
        value: without a label.
        by_state: values by the label ``state``; empty if there is no label.
    """

    name: str
    kind: Literal["gauge", "counter"]
    text: str
    value: float = 0.0
    by_state: Mapping[str, float] = field(default_factory=dict)


def measure(node: Node, store: Store, credentials: Credentials) -> list[Metric]:
    """The figures of a manager as they are now."""
    status, statistics = node.status, node.statistics
    until = credentials.certificate.not_valid_after_utc
    return [
        _gauge("warren_raft_is_leader", "Whether this manager leads.", status.role is Role.LEADER),
        _gauge("warren_raft_has_leader", "Whether it knows who leads.", status.leader != 0),
        _gauge("warren_raft_term", "The term that it is in.", status.term),
        _gauge("warren_raft_voters", "Managers that vote.", len(status.configuration.voters)),
        _gauge("warren_raft_learners", "Managers that catch up.", len(status.configuration.learners)),
        _gauge("warren_raft_committed_index", "Up to where the log is agreed on.", status.committed),
        _gauge("warren_raft_applied_index", "Up to where it has taken effect.", status.applied),
        _gauge("warren_raft_snapshot_index", "Of the newest snapshot.", status.snapshot_index),
        _gauge("warren_raft_waiting", "Proposals and reads without an answer.", status.waiting),
        _gauge("warren_raft_disk_full", "Whether nothing can be written.", status.is_disk_full),
        *_durations("warren_raft_write", "writing to the log", statistics.writes),
        *_durations("warren_raft_turn", "handling what came in", statistics.turns),
        *_durations("warren_raft_lag", "waiting for a busy loop", statistics.lags),
        *_durations("warren_raft_snapshot", "taking snapshots", statistics.snapshots),
        _gauge("warren_store_sequence", "Of the last change of the record.", store.sequence),
        _counted("warren_nodes", "Nodes.", NodeState, (each.state for each in store.nodes)),
        _counted("warren_services", "Services.", ServiceState, (each.state for each in store.services)),
        _counted(
            "warren_instances", "Instances.", InstanceState, (each.state for each in store.instances)
        ),
        _gauge(
            "warren_certificate_expiry_timestamp_seconds",
            "Until when this manager's certificate is valid, in Unix time.",
            until.timestamp(),
        ),
    ]  # fmt: skip


def write(metrics: Iterable[Metric]) -> str:
    """The figures as text."""
    lines: list[str] = []
    for metric in metrics:
        lines.append(f"# HELP {metric.name} {metric.text}")
        lines.append(f"# TYPE {metric.name} {metric.kind}")
        if metric.by_state:
            lines += [
                f'{metric.name}{{state="{state}"}} {_number(value)}'
                for state, value in metric.by_state.items()
            ]
        else:
            lines.append(f"{metric.name} {_number(metric.value)}")
    return "\n".join([*lines, ""])


def _gauge(name: str, text: str, value: float) -> Metric:
    return Metric(name=name, kind="gauge", text=text, value=float(value))


def _counted(
    name: str,
    text: str,
    states: type[NodeState] | type[ServiceState] | type[InstanceState],
    found: Iterable[str],
) -> Metric:
    counts = Counter(str(state) for state in found)
    every = {state.value: float(counts[state.value]) for state in states}
    return Metric(name=name, kind="gauge", text=text, by_state=every)


def _durations(stem: str, what: str, durations: Durations) -> list[Metric]:
    return [
        Metric(
            name=f"{stem}_seconds_total",
            kind="counter",
            text=f"Time spent {what}.",
            value=durations.total_seconds,
        ),
        Metric(
            name=f"{stem}s_total", kind="counter", text=f"Times of {what}.", value=durations.count
        ),
        _gauge(
            f"{stem}_seconds_max", f"The longest time of {what}.", durations.longest_seconds
        ),
    ]  # fmt: skip


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
