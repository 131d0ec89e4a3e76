import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from warren.wire.v1 import access_pb2 as _access_pb2
from warren.wire.v1 import call_pb2 as _call_pb2
from warren.wire.v1 import service_pb2 as _service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DeploymentState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEPLOYMENT_STATE_UNSPECIFIED: _ClassVar[DeploymentState]
    DEPLOYMENT_STATE_PENDING: _ClassVar[DeploymentState]
    DEPLOYMENT_STATE_RUNNING: _ClassVar[DeploymentState]
    DEPLOYMENT_STATE_PAUSED: _ClassVar[DeploymentState]
    DEPLOYMENT_STATE_SUCCEEDED: _ClassVar[DeploymentState]
    DEPLOYMENT_STATE_FAILED: _ClassVar[DeploymentState]
    DEPLOYMENT_STATE_ROLLED_BACK: _ClassVar[DeploymentState]
    DEPLOYMENT_STATE_CANCELLED: _ClassVar[DeploymentState]

class DeploymentReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEPLOYMENT_REASON_UNSPECIFIED: _ClassVar[DeploymentReason]
    DEPLOYMENT_REASON_CHANGE: _ClassVar[DeploymentReason]
    DEPLOYMENT_REASON_ROLLBACK: _ClassVar[DeploymentReason]
DEPLOYMENT_STATE_UNSPECIFIED: DeploymentState
DEPLOYMENT_STATE_PENDING: DeploymentState
DEPLOYMENT_STATE_RUNNING: DeploymentState
DEPLOYMENT_STATE_PAUSED: DeploymentState
DEPLOYMENT_STATE_SUCCEEDED: DeploymentState
DEPLOYMENT_STATE_FAILED: DeploymentState
DEPLOYMENT_STATE_ROLLED_BACK: DeploymentState
DEPLOYMENT_STATE_CANCELLED: DeploymentState
DEPLOYMENT_REASON_UNSPECIFIED: DeploymentReason
DEPLOYMENT_REASON_CHANGE: DeploymentReason
DEPLOYMENT_REASON_ROLLBACK: DeploymentReason

class DeploymentStep(_message.Message):
    __slots__ = ("number", "at", "message", "weight_percent")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_PERCENT_FIELD_NUMBER: _ClassVar[int]
    number: int
    at: _timestamp_pb2.Timestamp
    message: str
    weight_percent: int
    def __init__(self, number: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., message: _Optional[str] = ..., weight_percent: _Optional[int] = ...) -> None: ...

class Deployment(_message.Message):
    __slots__ = ("id", "name", "tenant", "labels", "created_at", "updated_at", "version", "service_id", "service", "release", "previous_release", "reason", "strategy", "state", "containers", "notes", "steps", "total", "updated", "failed", "started_at", "finished_at", "message")
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
    SERVICE_ID_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_RELEASE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CONTAINERS_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    UPDATED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    FINISHED_AT_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    tenant: str
    labels: _containers.ScalarMap[str, str]
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    version: int
    service_id: str
    service: str
    release: int
    previous_release: int
    reason: DeploymentReason
    strategy: _service_pb2.Strategy
    state: DeploymentState
    containers: _containers.RepeatedScalarFieldContainer[str]
    notes: str
    steps: _containers.RepeatedCompositeFieldContainer[DeploymentStep]
    total: int
    updated: int
    failed: int
    started_at: _timestamp_pb2.Timestamp
    finished_at: _timestamp_pb2.Timestamp
    message: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., tenant: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., version: _Optional[int] = ..., service_id: _Optional[str] = ..., service: _Optional[str] = ..., release: _Optional[int] = ..., previous_release: _Optional[int] = ..., reason: _Optional[_Union[DeploymentReason, str]] = ..., strategy: _Optional[_Union[_service_pb2.Strategy, str]] = ..., state: _Optional[_Union[DeploymentState, str]] = ..., containers: _Optional[_Iterable[str]] = ..., notes: _Optional[str] = ..., steps: _Optional[_Iterable[_Union[DeploymentStep, _Mapping]]] = ..., total: _Optional[int] = ..., updated: _Optional[int] = ..., failed: _Optional[int] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., finished_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., message: _Optional[str] = ...) -> None: ...

class DeploymentWritten(_message.Message):
    __slots__ = ("written", "deployment")
    WRITTEN_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    written: _call_pb2.Written
    deployment: Deployment
    def __init__(self, written: _Optional[_Union[_call_pb2.Written, _Mapping]] = ..., deployment: _Optional[_Union[Deployment, _Mapping]] = ...) -> None: ...

class GetDeploymentRequest(_message.Message):
    __slots__ = ("read", "tenant", "deployment")
    READ_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    tenant: str
    deployment: str
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., deployment: _Optional[str] = ...) -> None: ...

class ListDeploymentsRequest(_message.Message):
    __slots__ = ("read", "tenant", "all_tenants", "service", "states", "page")
    READ_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    ALL_TENANTS_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    tenant: str
    all_tenants: bool
    service: str
    states: _containers.RepeatedScalarFieldContainer[DeploymentState]
    page: _call_pb2.Page
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., all_tenants: _Optional[bool] = ..., service: _Optional[str] = ..., states: _Optional[_Iterable[_Union[DeploymentState, str]]] = ..., page: _Optional[_Union[_call_pb2.Page, _Mapping]] = ...) -> None: ...

class ListDeploymentsResponse(_message.Message):
    __slots__ = ("deployments", "page")
    DEPLOYMENTS_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    deployments: _containers.RepeatedCompositeFieldContainer[Deployment]
    page: _call_pb2.PageInfo
    def __init__(self, deployments: _Optional[_Iterable[_Union[Deployment, _Mapping]]] = ..., page: _Optional[_Union[_call_pb2.PageInfo, _Mapping]] = ...) -> None: ...

class WatchDeploymentRequest(_message.Message):
    __slots__ = ("read", "tenant", "deployment", "after_sequence")
    READ_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    AFTER_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    tenant: str
    deployment: str
    after_sequence: int
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., deployment: _Optional[str] = ..., after_sequence: _Optional[int] = ...) -> None: ...

class WatchDeploymentResponse(_message.Message):
    __slots__ = ("sequence", "deployment")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    deployment: Deployment
    def __init__(self, sequence: _Optional[int] = ..., deployment: _Optional[_Union[Deployment, _Mapping]] = ...) -> None: ...

class PauseDeploymentRequest(_message.Message):
    __slots__ = ("write", "tenant", "deployment")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    deployment: str
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., deployment: _Optional[str] = ...) -> None: ...

class ResumeDeploymentRequest(_message.Message):
    __slots__ = ("write", "tenant", "deployment")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    deployment: str
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., deployment: _Optional[str] = ...) -> None: ...

class CancelDeploymentRequest(_message.Message):
    __slots__ = ("write", "tenant", "deployment", "rollback")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    ROLLBACK_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    deployment: str
    rollback: bool
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., deployment: _Optional[str] = ..., rollback: _Optional[bool] = ...) -> None: ...

class PromoteDeploymentRequest(_message.Message):
    __slots__ = ("write", "tenant", "deployment", "fully")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    FULLY_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    deployment: str
    fully: bool
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., deployment: _Optional[str] = ..., fully: _Optional[bool] = ...) -> None: ...
