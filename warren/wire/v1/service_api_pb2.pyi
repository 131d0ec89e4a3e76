import datetime

from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from warren.wire.v1 import access_pb2 as _access_pb2
from warren.wire.v1 import call_pb2 as _call_pb2
from warren.wire.v1 import container_pb2 as _container_pb2
from warren.wire.v1 import deployment_pb2 as _deployment_pb2
from warren.wire.v1 import service_pb2 as _service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class HealthStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HEALTH_STATUS_UNSPECIFIED: _ClassVar[HealthStatus]
    HEALTH_STATUS_HEALTHY: _ClassVar[HealthStatus]
    HEALTH_STATUS_DEGRADED: _ClassVar[HealthStatus]
    HEALTH_STATUS_UNHEALTHY: _ClassVar[HealthStatus]
HEALTH_STATUS_UNSPECIFIED: HealthStatus
HEALTH_STATUS_HEALTHY: HealthStatus
HEALTH_STATUS_DEGRADED: HealthStatus
HEALTH_STATUS_UNHEALTHY: HealthStatus

class ServiceWritten(_message.Message):
    __slots__ = ("written", "service", "deployment")
    WRITTEN_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    written: _call_pb2.Written
    service: _service_pb2.Service
    deployment: _deployment_pb2.Deployment
    def __init__(self, written: _Optional[_Union[_call_pb2.Written, _Mapping]] = ..., service: _Optional[_Union[_service_pb2.Service, _Mapping]] = ..., deployment: _Optional[_Union[_deployment_pb2.Deployment, _Mapping]] = ...) -> None: ...

class CreateServiceRequest(_message.Message):
    __slots__ = ("write", "tenant", "spec", "notes")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    spec: _service_pb2.ServiceSpec
    notes: str
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., spec: _Optional[_Union[_service_pb2.ServiceSpec, _Mapping]] = ..., notes: _Optional[str] = ...) -> None: ...

class CreateServiceFromTemplateRequest(_message.Message):
    __slots__ = ("write", "tenant", "template", "name", "variables")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    template: str
    name: str
    variables: _containers.ScalarMap[str, str]
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., template: _Optional[str] = ..., name: _Optional[str] = ..., variables: _Optional[_Mapping[str, str]] = ...) -> None: ...

class GetServiceRequest(_message.Message):
    __slots__ = ("read", "tenant", "service")
    READ_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    tenant: str
    service: str
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., service: _Optional[str] = ...) -> None: ...

class ListServicesRequest(_message.Message):
    __slots__ = ("read", "tenant", "all_tenants", "states", "labels", "provider", "node", "region", "page", "fields")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    READ_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    ALL_TENANTS_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    tenant: str
    all_tenants: bool
    states: _containers.RepeatedScalarFieldContainer[_service_pb2.ServiceState]
    labels: _containers.ScalarMap[str, str]
    provider: str
    node: str
    region: str
    page: _call_pb2.Page
    fields: _field_mask_pb2.FieldMask
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., all_tenants: _Optional[bool] = ..., states: _Optional[_Iterable[_Union[_service_pb2.ServiceState, str]]] = ..., labels: _Optional[_Mapping[str, str]] = ..., provider: _Optional[str] = ..., node: _Optional[str] = ..., region: _Optional[str] = ..., page: _Optional[_Union[_call_pb2.Page, _Mapping]] = ..., fields: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class ListServicesResponse(_message.Message):
    __slots__ = ("services", "page")
    SERVICES_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    services: _containers.RepeatedCompositeFieldContainer[_service_pb2.Service]
    page: _call_pb2.PageInfo
    def __init__(self, services: _Optional[_Iterable[_Union[_service_pb2.Service, _Mapping]]] = ..., page: _Optional[_Union[_call_pb2.PageInfo, _Mapping]] = ...) -> None: ...

class WatchServicesRequest(_message.Message):
    __slots__ = ("read", "tenant", "all_tenants", "after_sequence")
    READ_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    ALL_TENANTS_FIELD_NUMBER: _ClassVar[int]
    AFTER_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    tenant: str
    all_tenants: bool
    after_sequence: int
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., all_tenants: _Optional[bool] = ..., after_sequence: _Optional[int] = ...) -> None: ...

class WatchServicesResponse(_message.Message):
    __slots__ = ("sequence", "verb", "service", "synced")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    VERB_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    SYNCED_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    verb: _call_pb2.Verb
    service: _service_pb2.Service
    synced: bool
    def __init__(self, sequence: _Optional[int] = ..., verb: _Optional[_Union[_call_pb2.Verb, str]] = ..., service: _Optional[_Union[_service_pb2.Service, _Mapping]] = ..., synced: _Optional[bool] = ...) -> None: ...

class UpdateServiceRequest(_message.Message):
    __slots__ = ("write", "tenant", "spec", "hold", "keep_replicas", "notes")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    HOLD_FIELD_NUMBER: _ClassVar[int]
    KEEP_REPLICAS_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    spec: _service_pb2.ServiceSpec
    hold: bool
    keep_replicas: bool
    notes: str
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., spec: _Optional[_Union[_service_pb2.ServiceSpec, _Mapping]] = ..., hold: _Optional[bool] = ..., keep_replicas: _Optional[bool] = ..., notes: _Optional[str] = ...) -> None: ...

class UpdateServiceImageRequest(_message.Message):
    __slots__ = ("write", "tenant", "service", "container", "image", "update", "notes")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    service: str
    container: str
    image: str
    update: _service_pb2.UpdateConfig
    notes: str
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., service: _Optional[str] = ..., container: _Optional[str] = ..., image: _Optional[str] = ..., update: _Optional[_Union[_service_pb2.UpdateConfig, _Mapping]] = ..., notes: _Optional[str] = ...) -> None: ...

class ScaleServiceRequest(_message.Message):
    __slots__ = ("write", "tenant", "service", "replicas")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    REPLICAS_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    service: str
    replicas: int
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., service: _Optional[str] = ..., replicas: _Optional[int] = ...) -> None: ...

class PauseServiceRequest(_message.Message):
    __slots__ = ("write", "tenant", "service")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    service: str
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., service: _Optional[str] = ...) -> None: ...

class ResumeServiceRequest(_message.Message):
    __slots__ = ("write", "tenant", "service")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    service: str
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., service: _Optional[str] = ...) -> None: ...

class RestartServiceRequest(_message.Message):
    __slots__ = ("write", "tenant", "service", "slots")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    service: str
    slots: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., service: _Optional[str] = ..., slots: _Optional[_Iterable[int]] = ...) -> None: ...

class DeployServiceRequest(_message.Message):
    __slots__ = ("write", "tenant", "service", "containers", "update", "force", "supersede", "notes")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    CONTAINERS_FIELD_NUMBER: _ClassVar[int]
    UPDATE_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    SUPERSEDE_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    service: str
    containers: _containers.RepeatedCompositeFieldContainer[_container_pb2.ContainerSpec]
    update: _service_pb2.UpdateConfig
    force: bool
    supersede: bool
    notes: str
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., service: _Optional[str] = ..., containers: _Optional[_Iterable[_Union[_container_pb2.ContainerSpec, _Mapping]]] = ..., update: _Optional[_Union[_service_pb2.UpdateConfig, _Mapping]] = ..., force: _Optional[bool] = ..., supersede: _Optional[bool] = ..., notes: _Optional[str] = ...) -> None: ...

class RollbackServiceRequest(_message.Message):
    __slots__ = ("write", "tenant", "service", "release", "notes")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    service: str
    release: int
    notes: str
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., service: _Optional[str] = ..., release: _Optional[int] = ..., notes: _Optional[str] = ...) -> None: ...

class RebalanceServiceRequest(_message.Message):
    __slots__ = ("write", "tenant", "service")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    service: str
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., service: _Optional[str] = ...) -> None: ...

class DeleteServiceRequest(_message.Message):
    __slots__ = ("write", "tenant", "service", "allow_missing")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    service: str
    allow_missing: bool
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., service: _Optional[str] = ..., allow_missing: _Optional[bool] = ...) -> None: ...

class ListReleasesRequest(_message.Message):
    __slots__ = ("read", "tenant", "service")
    READ_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    tenant: str
    service: str
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., service: _Optional[str] = ...) -> None: ...

class ListReleasesResponse(_message.Message):
    __slots__ = ("releases",)
    RELEASES_FIELD_NUMBER: _ClassVar[int]
    releases: _containers.RepeatedCompositeFieldContainer[_service_pb2.Release]
    def __init__(self, releases: _Optional[_Iterable[_Union[_service_pb2.Release, _Mapping]]] = ...) -> None: ...

class WatchProgressRequest(_message.Message):
    __slots__ = ("read", "tenant", "services")
    READ_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SERVICES_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    tenant: str
    services: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., services: _Optional[_Iterable[str]] = ...) -> None: ...

class ServiceProgress(_message.Message):
    __slots__ = ("service_id", "service", "tenant", "desired", "running", "failed", "complete", "message")
    SERVICE_ID_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    DESIRED_FIELD_NUMBER: _ClassVar[int]
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    service_id: str
    service: str
    tenant: str
    desired: int
    running: int
    failed: int
    complete: bool
    message: str
    def __init__(self, service_id: _Optional[str] = ..., service: _Optional[str] = ..., tenant: _Optional[str] = ..., desired: _Optional[int] = ..., running: _Optional[int] = ..., failed: _Optional[int] = ..., complete: _Optional[bool] = ..., message: _Optional[str] = ...) -> None: ...

class WatchProgressResponse(_message.Message):
    __slots__ = ("sequence", "services", "settled", "problems")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    SERVICES_FIELD_NUMBER: _ClassVar[int]
    SETTLED_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    services: _containers.RepeatedCompositeFieldContainer[ServiceProgress]
    settled: bool
    problems: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, sequence: _Optional[int] = ..., services: _Optional[_Iterable[_Union[ServiceProgress, _Mapping]]] = ..., settled: _Optional[bool] = ..., problems: _Optional[_Iterable[str]] = ...) -> None: ...

class ServiceHealth(_message.Message):
    __slots__ = ("service_id", "service", "status", "instances", "healthy", "degraded", "unhealthy", "unknown")
    SERVICE_ID_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    HEALTHY_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    UNHEALTHY_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    service_id: str
    service: str
    status: HealthStatus
    instances: int
    healthy: int
    degraded: int
    unhealthy: int
    unknown: int
    def __init__(self, service_id: _Optional[str] = ..., service: _Optional[str] = ..., status: _Optional[_Union[HealthStatus, str]] = ..., instances: _Optional[int] = ..., healthy: _Optional[int] = ..., degraded: _Optional[int] = ..., unhealthy: _Optional[int] = ..., unknown: _Optional[int] = ...) -> None: ...

class GetServiceHealthRequest(_message.Message):
    __slots__ = ("read", "tenant", "service")
    READ_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    tenant: str
    service: str
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., service: _Optional[str] = ...) -> None: ...

class WatchServiceHealthRequest(_message.Message):
    __slots__ = ("read", "tenant", "service", "after_sequence")
    READ_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    AFTER_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    tenant: str
    service: str
    after_sequence: int
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., service: _Optional[str] = ..., after_sequence: _Optional[int] = ...) -> None: ...

class WatchServiceHealthResponse(_message.Message):
    __slots__ = ("sequence", "instance_id", "slot", "status", "message", "checked_at")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    SLOT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    CHECKED_AT_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    instance_id: str
    slot: int
    status: HealthStatus
    message: str
    checked_at: _timestamp_pb2.Timestamp
    def __init__(self, sequence: _Optional[int] = ..., instance_id: _Optional[str] = ..., slot: _Optional[int] = ..., status: _Optional[_Union[HealthStatus, str]] = ..., message: _Optional[str] = ..., checked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
