import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from warren.wire.v1 import container_pb2 as _container_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Mode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODE_UNSPECIFIED: _ClassVar[Mode]
    MODE_REPLICATED: _ClassVar[Mode]
    MODE_GLOBAL: _ClassVar[Mode]
    MODE_STATEFUL: _ClassVar[Mode]

class Strategy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STRATEGY_UNSPECIFIED: _ClassVar[Strategy]
    STRATEGY_ROLLING: _ClassVar[Strategy]
    STRATEGY_RECREATE: _ClassVar[Strategy]
    STRATEGY_BLUE_GREEN: _ClassVar[Strategy]
    STRATEGY_CANARY: _ClassVar[Strategy]

class FailureAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FAILURE_ACTION_UNSPECIFIED: _ClassVar[FailureAction]
    FAILURE_ACTION_PAUSE: _ClassVar[FailureAction]
    FAILURE_ACTION_ROLLBACK: _ClassVar[FailureAction]
    FAILURE_ACTION_CONTINUE: _ClassVar[FailureAction]

class RestartCondition(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESTART_CONDITION_UNSPECIFIED: _ClassVar[RestartCondition]
    RESTART_CONDITION_ALWAYS: _ClassVar[RestartCondition]
    RESTART_CONDITION_ON_FAILURE: _ClassVar[RestartCondition]
    RESTART_CONDITION_NEVER: _ClassVar[RestartCondition]

class ServiceState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SERVICE_STATE_UNSPECIFIED: _ClassVar[ServiceState]
    SERVICE_STATE_PROVISIONING: _ClassVar[ServiceState]
    SERVICE_STATE_ACTIVE: _ClassVar[ServiceState]
    SERVICE_STATE_SCALING: _ClassVar[ServiceState]
    SERVICE_STATE_DEPLOYING: _ClassVar[ServiceState]
    SERVICE_STATE_PAUSED: _ClassVar[ServiceState]
    SERVICE_STATE_FAILED: _ClassVar[ServiceState]
    SERVICE_STATE_DESTROYING: _ClassVar[ServiceState]
    SERVICE_STATE_DESTROYED: _ClassVar[ServiceState]
MODE_UNSPECIFIED: Mode
MODE_REPLICATED: Mode
MODE_GLOBAL: Mode
MODE_STATEFUL: Mode
STRATEGY_UNSPECIFIED: Strategy
STRATEGY_ROLLING: Strategy
STRATEGY_RECREATE: Strategy
STRATEGY_BLUE_GREEN: Strategy
STRATEGY_CANARY: Strategy
FAILURE_ACTION_UNSPECIFIED: FailureAction
FAILURE_ACTION_PAUSE: FailureAction
FAILURE_ACTION_ROLLBACK: FailureAction
FAILURE_ACTION_CONTINUE: FailureAction
RESTART_CONDITION_UNSPECIFIED: RestartCondition
RESTART_CONDITION_ALWAYS: RestartCondition
RESTART_CONDITION_ON_FAILURE: RestartCondition
RESTART_CONDITION_NEVER: RestartCondition
SERVICE_STATE_UNSPECIFIED: ServiceState
SERVICE_STATE_PROVISIONING: ServiceState
SERVICE_STATE_ACTIVE: ServiceState
SERVICE_STATE_SCALING: ServiceState
SERVICE_STATE_DEPLOYING: ServiceState
SERVICE_STATE_PAUSED: ServiceState
SERVICE_STATE_FAILED: ServiceState
SERVICE_STATE_DESTROYING: ServiceState
SERVICE_STATE_DESTROYED: ServiceState

class UpdateConfig(_message.Message):
    __slots__ = ("strategy", "parallelism", "delay_seconds", "failure_action", "max_surge", "max_unavailable", "health_grace_seconds", "canary_weight", "canary_steps", "canary_stability_window_seconds", "blue_green_grace_seconds", "auto_rollback", "failure_threshold_percent", "drain_seconds", "progress_deadline_seconds")
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    PARALLELISM_FIELD_NUMBER: _ClassVar[int]
    DELAY_SECONDS_FIELD_NUMBER: _ClassVar[int]
    FAILURE_ACTION_FIELD_NUMBER: _ClassVar[int]
    MAX_SURGE_FIELD_NUMBER: _ClassVar[int]
    MAX_UNAVAILABLE_FIELD_NUMBER: _ClassVar[int]
    HEALTH_GRACE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    CANARY_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    CANARY_STEPS_FIELD_NUMBER: _ClassVar[int]
    CANARY_STABILITY_WINDOW_SECONDS_FIELD_NUMBER: _ClassVar[int]
    BLUE_GREEN_GRACE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    AUTO_ROLLBACK_FIELD_NUMBER: _ClassVar[int]
    FAILURE_THRESHOLD_PERCENT_FIELD_NUMBER: _ClassVar[int]
    DRAIN_SECONDS_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_DEADLINE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    strategy: Strategy
    parallelism: int
    delay_seconds: float
    failure_action: FailureAction
    max_surge: int
    max_unavailable: int
    health_grace_seconds: float
    canary_weight: int
    canary_steps: _containers.RepeatedScalarFieldContainer[int]
    canary_stability_window_seconds: float
    blue_green_grace_seconds: float
    auto_rollback: bool
    failure_threshold_percent: int
    drain_seconds: float
    progress_deadline_seconds: float
    def __init__(self, strategy: _Optional[_Union[Strategy, str]] = ..., parallelism: _Optional[int] = ..., delay_seconds: _Optional[float] = ..., failure_action: _Optional[_Union[FailureAction, str]] = ..., max_surge: _Optional[int] = ..., max_unavailable: _Optional[int] = ..., health_grace_seconds: _Optional[float] = ..., canary_weight: _Optional[int] = ..., canary_steps: _Optional[_Iterable[int]] = ..., canary_stability_window_seconds: _Optional[float] = ..., blue_green_grace_seconds: _Optional[float] = ..., auto_rollback: _Optional[bool] = ..., failure_threshold_percent: _Optional[int] = ..., drain_seconds: _Optional[float] = ..., progress_deadline_seconds: _Optional[float] = ...) -> None: ...

class RestartPolicy(_message.Message):
    __slots__ = ("condition", "max_attempts", "delay_seconds", "delay_ceiling_seconds")
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    MAX_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    DELAY_SECONDS_FIELD_NUMBER: _ClassVar[int]
    DELAY_CEILING_SECONDS_FIELD_NUMBER: _ClassVar[int]
    condition: RestartCondition
    max_attempts: int
    delay_seconds: float
    delay_ceiling_seconds: float
    def __init__(self, condition: _Optional[_Union[RestartCondition, str]] = ..., max_attempts: _Optional[int] = ..., delay_seconds: _Optional[float] = ..., delay_ceiling_seconds: _Optional[float] = ...) -> None: ...

class Placement(_message.Message):
    __slots__ = ("constraints", "spread", "max_per_node")
    CONSTRAINTS_FIELD_NUMBER: _ClassVar[int]
    SPREAD_FIELD_NUMBER: _ClassVar[int]
    MAX_PER_NODE_FIELD_NUMBER: _ClassVar[int]
    constraints: _containers.RepeatedScalarFieldContainer[str]
    spread: _containers.RepeatedScalarFieldContainer[str]
    max_per_node: int
    def __init__(self, constraints: _Optional[_Iterable[str]] = ..., spread: _Optional[_Iterable[str]] = ..., max_per_node: _Optional[int] = ...) -> None: ...

class ServiceSpec(_message.Message):
    __slots__ = ("name", "tenant", "mode", "replicas", "containers", "networks", "placement", "update", "restart", "stop_timeout_seconds", "labels", "provider")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    REPLICAS_FIELD_NUMBER: _ClassVar[int]
    CONTAINERS_FIELD_NUMBER: _ClassVar[int]
    NETWORKS_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_FIELD_NUMBER: _ClassVar[int]
    UPDATE_FIELD_NUMBER: _ClassVar[int]
    RESTART_FIELD_NUMBER: _ClassVar[int]
    STOP_TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    name: str
    tenant: str
    mode: Mode
    replicas: int
    containers: _containers.RepeatedCompositeFieldContainer[_container_pb2.ContainerSpec]
    networks: _containers.RepeatedScalarFieldContainer[str]
    placement: Placement
    update: UpdateConfig
    restart: RestartPolicy
    stop_timeout_seconds: float
    labels: _containers.ScalarMap[str, str]
    provider: str
    def __init__(self, name: _Optional[str] = ..., tenant: _Optional[str] = ..., mode: _Optional[_Union[Mode, str]] = ..., replicas: _Optional[int] = ..., containers: _Optional[_Iterable[_Union[_container_pb2.ContainerSpec, _Mapping]]] = ..., networks: _Optional[_Iterable[str]] = ..., placement: _Optional[_Union[Placement, _Mapping]] = ..., update: _Optional[_Union[UpdateConfig, _Mapping]] = ..., restart: _Optional[_Union[RestartPolicy, _Mapping]] = ..., stop_timeout_seconds: _Optional[float] = ..., labels: _Optional[_Mapping[str, str]] = ..., provider: _Optional[str] = ...) -> None: ...

class Release(_message.Message):
    __slots__ = ("number", "spec", "spec_hash", "created_at")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    SPEC_HASH_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    number: int
    spec: ServiceSpec
    spec_hash: str
    created_at: _timestamp_pb2.Timestamp
    def __init__(self, number: _Optional[int] = ..., spec: _Optional[_Union[ServiceSpec, _Mapping]] = ..., spec_hash: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Service(_message.Message):
    __slots__ = ("id", "name", "tenant", "labels", "created_at", "updated_at", "version", "spec", "state", "releases", "previous_replicas", "paused_at", "message")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    RELEASES_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_REPLICAS_FIELD_NUMBER: _ClassVar[int]
    PAUSED_AT_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    tenant: str
    labels: _containers.ScalarMap[str, str]
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    version: int
    spec: ServiceSpec
    state: ServiceState
    releases: _containers.RepeatedCompositeFieldContainer[Release]
    previous_replicas: int
    paused_at: _timestamp_pb2.Timestamp
    message: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., tenant: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., version: _Optional[int] = ..., spec: _Optional[_Union[ServiceSpec, _Mapping]] = ..., state: _Optional[_Union[ServiceState, str]] = ..., releases: _Optional[_Iterable[_Union[Release, _Mapping]]] = ..., previous_replicas: _Optional[int] = ..., paused_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., message: _Optional[str] = ...) -> None: ...
