from warren.wire.v1 import access_pb2 as _access_pb2
from warren.wire.v1 import call_pb2 as _call_pb2
from warren.wire.v1 import certificate_pb2 as _certificate_pb2
from warren.wire.v1 import config_pb2 as _config_pb2
from warren.wire.v1 import ingress_pb2 as _ingress_pb2
from warren.wire.v1 import network_pb2 as _network_pb2
from warren.wire.v1 import node_pb2 as _node_pb2
from warren.wire.v1 import secret_pb2 as _secret_pb2
from warren.wire.v1 import service_pb2 as _service_pb2
from warren.wire.v1 import template_pb2 as _template_pb2
from warren.wire.v1 import tenant_pb2 as _tenant_pb2
from warren.wire.v1 import volume_pb2 as _volume_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Intent(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INTENT_UNSPECIFIED: _ClassVar[Intent]
    INTENT_ENSURE: _ClassVar[Intent]
    INTENT_DELETE: _ClassVar[Intent]
INTENT_UNSPECIFIED: Intent
INTENT_ENSURE: Intent
INTENT_DELETE: Intent

class Document(_message.Message):
    __slots__ = ("service", "secret", "config", "volume", "network", "ingress", "certificate", "template", "tenant", "node")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    INGRESS_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    service: _service_pb2.ServiceSpec
    secret: _secret_pb2.SecretSpec
    config: _config_pb2.ConfigSpec
    volume: _volume_pb2.VolumeSpec
    network: _network_pb2.NetworkSpec
    ingress: _ingress_pb2.IngressSpec
    certificate: _certificate_pb2.CertificateSpec
    template: _template_pb2.TemplateSpec
    tenant: _tenant_pb2.TenantSpec
    node: _node_pb2.NodeSpec
    def __init__(self, service: _Optional[_Union[_service_pb2.ServiceSpec, _Mapping]] = ..., secret: _Optional[_Union[_secret_pb2.SecretSpec, _Mapping]] = ..., config: _Optional[_Union[_config_pb2.ConfigSpec, _Mapping]] = ..., volume: _Optional[_Union[_volume_pb2.VolumeSpec, _Mapping]] = ..., network: _Optional[_Union[_network_pb2.NetworkSpec, _Mapping]] = ..., ingress: _Optional[_Union[_ingress_pb2.IngressSpec, _Mapping]] = ..., certificate: _Optional[_Union[_certificate_pb2.CertificateSpec, _Mapping]] = ..., template: _Optional[_Union[_template_pb2.TemplateSpec, _Mapping]] = ..., tenant: _Optional[_Union[_tenant_pb2.TenantSpec, _Mapping]] = ..., node: _Optional[_Union[_node_pb2.NodeSpec, _Mapping]] = ...) -> None: ...

class ChangeSet(_message.Message):
    __slots__ = ("documents", "intent", "prune_labels", "keep_replicas")
    class PruneLabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    DOCUMENTS_FIELD_NUMBER: _ClassVar[int]
    INTENT_FIELD_NUMBER: _ClassVar[int]
    PRUNE_LABELS_FIELD_NUMBER: _ClassVar[int]
    KEEP_REPLICAS_FIELD_NUMBER: _ClassVar[int]
    documents: _containers.RepeatedCompositeFieldContainer[Document]
    intent: Intent
    prune_labels: _containers.ScalarMap[str, str]
    keep_replicas: bool
    def __init__(self, documents: _Optional[_Iterable[_Union[Document, _Mapping]]] = ..., intent: _Optional[_Union[Intent, str]] = ..., prune_labels: _Optional[_Mapping[str, str]] = ..., keep_replicas: _Optional[bool] = ...) -> None: ...

class PlannedChange(_message.Message):
    __slots__ = ("kind", "tenant", "name", "verb", "document", "before_json", "after_json", "base_version")
    KIND_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERB_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    BEFORE_JSON_FIELD_NUMBER: _ClassVar[int]
    AFTER_JSON_FIELD_NUMBER: _ClassVar[int]
    BASE_VERSION_FIELD_NUMBER: _ClassVar[int]
    kind: str
    tenant: str
    name: str
    verb: _call_pb2.Verb
    document: int
    before_json: str
    after_json: str
    base_version: int
    def __init__(self, kind: _Optional[str] = ..., tenant: _Optional[str] = ..., name: _Optional[str] = ..., verb: _Optional[_Union[_call_pb2.Verb, str]] = ..., document: _Optional[int] = ..., before_json: _Optional[str] = ..., after_json: _Optional[str] = ..., base_version: _Optional[int] = ...) -> None: ...

class HostCommand(_message.Message):
    __slots__ = ("node", "text")
    NODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    node: str
    text: str
    def __init__(self, node: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class PlanRequest(_message.Message):
    __slots__ = ("read", "tenant", "changes", "commands")
    READ_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    COMMANDS_FIELD_NUMBER: _ClassVar[int]
    read: _call_pb2.ReadOptions
    tenant: str
    changes: ChangeSet
    commands: bool
    def __init__(self, read: _Optional[_Union[_call_pb2.ReadOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., changes: _Optional[_Union[ChangeSet, _Mapping]] = ..., commands: _Optional[bool] = ...) -> None: ...

class PlanResponse(_message.Message):
    __slots__ = ("changes", "commands", "problems", "fingerprint", "sequence")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    COMMANDS_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[PlannedChange]
    commands: _containers.RepeatedCompositeFieldContainer[HostCommand]
    problems: _containers.RepeatedScalarFieldContainer[str]
    fingerprint: str
    sequence: int
    def __init__(self, changes: _Optional[_Iterable[_Union[PlannedChange, _Mapping]]] = ..., commands: _Optional[_Iterable[_Union[HostCommand, _Mapping]]] = ..., problems: _Optional[_Iterable[str]] = ..., fingerprint: _Optional[str] = ..., sequence: _Optional[int] = ...) -> None: ...

class ApplyRequest(_message.Message):
    __slots__ = ("write", "tenant", "changes", "fingerprint")
    WRITE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    write: _call_pb2.WriteOptions
    tenant: str
    changes: ChangeSet
    fingerprint: str
    def __init__(self, write: _Optional[_Union[_call_pb2.WriteOptions, _Mapping]] = ..., tenant: _Optional[str] = ..., changes: _Optional[_Union[ChangeSet, _Mapping]] = ..., fingerprint: _Optional[str] = ...) -> None: ...

class ApplyResponse(_message.Message):
    __slots__ = ("changes", "sequence")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[PlannedChange]
    sequence: int
    def __init__(self, changes: _Optional[_Iterable[_Union[PlannedChange, _Mapping]]] = ..., sequence: _Optional[int] = ...) -> None: ...
