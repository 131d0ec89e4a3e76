"""What every provider promises, on real engines: it converges, it is fenced, it touches only its own."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.fleet.engines import ENGINES, EPOCH, Ground, ground_of, instance_of, service
from warren.fleet.command import Command
from warren.model.errors import (
    CommandTimedOut,
    Conflict,
    NotFound,
    PermanentError,
    StaleEpoch,
    Unsupported,
)
from warren.model.observed import ObservedContainer
from warren.providers.contract import EngineEvent, ExecOptions, LogOptions
from warren.providers.engine import labels


@pytest.fixture(params=ENGINES)
async def ground(request: pytest.FixtureRequest) -> AsyncIterator[Ground]:
    async with ground_of(request) as found:
        yield found


async def settle() -> None:
    await asyncio.sleep(0.5)


async def lasting(ground: Ground) -> ObservedContainer:
    """The only container, once it is not about to change by itself."""
    while True:
        ((container,),) = [one.containers for one in await ground.seen()]
        if container.state != "restarting":
            return container
        await asyncio.sleep(0.3)


# Provision


async def test_provision_starts_and_the_listing_shows_it(ground: Ground) -> None:
    spec = service(labels={"tier": "front"})
    instance = instance_of(spec, slot=3)

    engine_id = await ground.start(spec, instance)

    (seen,) = await ground.seen()
    (container,) = seen.containers
    assert (seen.instance, seen.service, seen.slot, seen.release, seen.spec_hash) == (
        instance.id, "web", 3, 1, instance.spec_hash,
    )  # fmt: skip
    assert (container.name, container.engine_id, container.state) == ("main", engine_id, "running")
    assert container.address
    assert ground.names() == [f"web.3.{instance.id[-8:]}"]
    found = ground.inspect(engine_id)["Config"]["Labels"]
    assert labels.unpack(found[labels.SPEC]) == spec


async def test_provision_twice_leaves_one_container(ground: Ground) -> None:
    spec = service()
    instance = instance_of(spec)
    first = await ground.start(spec, instance)

    second = await ground.start(spec, instance)

    assert first != second
    (seen,) = await ground.seen()
    assert [one.engine_id for one in seen.containers] == [second]


async def test_provision_replaces_a_half_made_container(ground: Ground) -> None:
    spec = service()
    instance = instance_of(spec)
    step = ground.provider.provision(ground.target, instance, spec)
    run = step.commands[-1].argv
    create = [word for word in (*run[:1], "create", *run[2:]) if word != "--detach"]
    ground.fleet.exec(ground.target.node.name, create)
    assert (await ground.seen())[0].containers[0].state == "created"

    await ground.start(spec, instance)

    (seen,) = await ground.seen()
    assert [one.state for one in seen.containers] == ["running"]


async def test_container_of_the_same_name_without_our_label_is_never_touched(
    ground: Ground,
) -> None:
    spec = service()
    instance = instance_of(spec)
    name = f"web.1.{instance.id[-8:]}"
    theirs = ground.ask("run", "--detach", "--name", name, "localhost/web:1").splitlines()[-1]

    error = await ground.fail(spec, instance)

    assert isinstance(error, Conflict)
    assert name in error.message
    assert ground.target.node.name in error.message
    assert ground.inspect(theirs)["State"]["Status"] == "running"
    assert await ground.seen() == ()


async def test_one_failure_does_not_stop_the_others(ground: Ground) -> None:
    good, bad = service(), service(name="bad", image="localhost/missing:1")
    instances = [instance_of(good, slot=1), instance_of(bad), instance_of(good, slot=2)]
    steps = [
        ground.provider.provision(ground.target, instance, spec)
        for instance, spec in zip(instances, (good, bad, good), strict=True)
    ]

    results = await ground.perform(*steps)

    assert [sorted(result.errors) for result in results] == [[], [instances[1].id], []]
    assert sorted(one.slot for one in await ground.seen()) == [1, 2]


async def test_missing_image_names_image_node_and_the_engines_words(ground: Ground) -> None:
    error = await ground.fail(service(image="localhost/missing:1"))

    assert isinstance(error, NotFound)
    assert "image localhost/missing:1" in error.message
    assert f"node {ground.target.node.name}" in error.message
    assert "refused" in error.message or "not" in error.message
    assert ground.names() == []


async def test_missing_program_is_a_clear_error_and_leaves_nothing(ground: Ground) -> None:
    error = await ground.fail(service(command=["/nosuch"]))

    assert isinstance(error, PermanentError)
    assert "/nosuch" in error.message
    assert ground.names() == []


async def test_taken_port_is_a_conflict_and_leaves_nothing(ground: Ground) -> None:
    ports = [{"container_port": 8080, "host_port": 9090}]
    ground.ask("run", "--detach", "--name", "theirs", "--publish", "9090:80", "localhost/web:1")

    error = await ground.fail(service(ports=ports))

    assert isinstance(error, Conflict)
    assert "port" in error.message
    assert ground.names() == ["theirs"]


async def test_missing_bind_source_is_a_clear_error(ground: Ground) -> None:
    mount = {"type": "bind", "source": "/srv/none", "target": "/in"}

    error = await ground.fail(service(volumes=[mount]))

    assert "/srv/none" in error.message
    assert "bind mount" in error.message
    assert ground.names() == []


async def test_container_that_dies_at_start_is_seen_with_status_and_last_words(
    ground: Ground,
) -> None:
    spec = service(
        image="localhost/oneshot:1", env={"EXIT_CODE": "3"}, restart={"condition": "never"}
    )

    engine_id = await ground.start(spec)
    await settle()

    ((container,),) = [one.containers for one in await ground.seen()]
    assert (container.state, container.exit_code) == ("exited", 3)
    assert container.finished_at is not None
    assert await ground.provider.tail(ground.target, engine_id, 1) == (
        "oneshot runs for 0 s, then exits with 3",
    )


async def test_engine_restarts_what_dies_and_the_listing_counts_it(ground: Ground) -> None:
    await ground.start(service())
    pid = (await ground.seen())[0].containers[0].engine_id
    ground.fleet.exec(
        ground.target.node.name, ["kill", "-9", str(ground.inspect(pid)["State"]["Pid"])]
    )

    states = []
    async with asyncio.timeout(20):
        while True:
            container = (await ground.seen())[0].containers[0]
            states.append(container.state)
            if container.restarts and container.state == "running":
                break

    assert (container.restarts, container.engine_id) == (1, pid)
    assert set(states) <= {"running", "restarting"}


# Deprovision


async def test_deprovision_removes_what_is_asked_and_nothing_else(ground: Ground) -> None:
    spec = service(volumes=[{"source": "data", "target": "/data"}])
    instances = [instance_of(spec, slot=slot) for slot in (1, 2, 3)]
    for instance in instances:
        await ground.start(spec, instance)
    ground.ask("run", "--detach", "--name", "theirs", "localhost/web:1")

    wanted = [instances[0].id, instances[2].id, "ins_unknown"]
    step = ground.provider.deprovision(ground.target, wanted, stop_timeout_seconds=2)
    (result,) = await ground.perform(step)

    assert result.errors == {}
    assert [one.instance for one in await ground.seen()] == [instances[1].id]
    assert "theirs" in ground.names()
    assert "data" in ground.ask("volume", "ls", "--quiet").split()


async def test_deprovision_of_another_cluster_touches_nothing(ground: Ground) -> None:
    instance = instance_of(service())
    await ground.start(service(), instance)
    other = replace(ground.target, cluster="clu_other")

    step = ground.provider.deprovision(other, [instance.id], stop_timeout_seconds=2)
    (result,) = await ground.provider.perform(other, [step], epoch=EPOCH)

    assert result.errors == {}
    assert len(await ground.seen()) == 1


async def test_deprovision_of_what_is_gone_is_success(ground: Ground) -> None:
    instance = instance_of(service())
    await ground.start(service(), instance)
    step = ground.provider.deprovision(ground.target, [instance.id], stop_timeout_seconds=2)

    first, second = await ground.perform(step, replace(step, title="again"))

    assert (first.errors, second.errors) == ({}, {})
    assert await ground.seen() == ()


async def test_deprovision_waits_the_stop_timeout_once_for_all(ground: Ground) -> None:
    spec = service(image="localhost/stubborn:1", stop_timeout_seconds=2)
    instances = [instance_of(spec, slot=slot) for slot in range(1, 4)]
    for instance in instances:
        await ground.start(spec, instance)
    loop = asyncio.get_running_loop()

    started = loop.time()
    step = ground.provider.deprovision(
        ground.target, [one.id for one in instances], stop_timeout_seconds=2
    )
    (result,) = await ground.perform(step)

    assert result.errors == {}
    assert await ground.seen() == ()
    assert 2 <= loop.time() - started < 5.5


async def test_container_that_heeds_sigterm_is_not_waited_for(ground: Ground) -> None:
    instance = instance_of(service())
    await ground.start(service(), instance)
    await settle()
    loop = asyncio.get_running_loop()

    started = loop.time()
    step = ground.provider.deprovision(ground.target, [instance.id], stop_timeout_seconds=30)
    await ground.perform(step)

    assert loop.time() - started < 10
    assert await ground.seen() == ()


# In place


async def test_start_stop_and_restart_keep_the_container(ground: Ground) -> None:
    spec = service()
    instance = instance_of(spec)
    engine_id = await ground.start(spec, instance)
    await settle()
    states = []

    for kind in ("stop", "start", "restart"):
        (result,) = await ground.perform(
            ground.provider.operate(kind, instance, [engine_id], stop_timeout_seconds=2)
        )
        assert result.errors == {}
        container = await lasting(ground)
        states.append((container.engine_id == engine_id, container.state))

    assert states == [(True, "exited"), (True, "running"), (True, "running")]


async def test_start_of_a_container_that_is_gone_is_not_found(ground: Ground) -> None:
    instance = instance_of(service())
    (result,) = await ground.perform(ground.provider.operate("start", instance, ["f" * 64]))
    assert isinstance(result.errors[instance.id], NotFound)


async def test_resize_changes_limits_of_the_running_container(ground: Ground) -> None:
    spec = service(resources={"cpu_limit": 0.5, "memory_limit_bytes": "64MiB"})
    instance = instance_of(spec)
    engine_id = await ground.start(spec, instance)
    pid = ground.inspect(engine_id)["State"]["Pid"]
    seen = []

    for wanted in (
        {"cpu_limit": 1.5, "memory_limit_bytes": "128MiB"},
        {"cpu_limit": 0.25, "memory_limit_bytes": "32MiB", "memory_reservation_bytes": "16MiB"},
        {},
        {"cpu_limit": 1, "memory_limit_bytes": "48MiB"},
    ):
        resources = service(resources=wanted).main.resources
        (result,) = await ground.perform(ground.provider.resize(instance, engine_id, resources))
        assert result.errors == {}
        ((container,),) = [one.containers for one in await ground.seen()]
        seen.append((container.cpu_limit, container.memory_limit_bytes))
        assert container.engine_id == engine_id

    assert seen == [(1.5, 128 << 20), (0.25, 32 << 20), (None, None), (1.0, 48 << 20)]
    assert ground.inspect(engine_id)["State"]["Pid"] == pid
    script = f"cat /sys/fs/cgroup/memory/*/*{engine_id}*/memory.limit_in_bytes"
    enforced = ground.fleet.exec(ground.target.node.name, ["sh", "-c", script])
    assert int(enforced) == 48 << 20


# Fencing and time


async def test_older_controller_is_refused_and_changes_nothing(ground: Ground) -> None:
    spec = service()
    instance = instance_of(spec)
    step = ground.provider.provision(ground.target, instance, spec)
    await ground.provider.perform(ground.target, [step], epoch=7)
    removal = ground.provider.deprovision(ground.target, [instance.id], stop_timeout_seconds=1)

    with pytest.raises(StaleEpoch) as caught:
        await ground.provider.perform(ground.target, [removal], epoch=6)

    assert (caught.value.ours, caught.value.theirs) == (6, 7)
    assert len(await ground.seen()) == 1


async def test_step_that_hangs_does_not_keep_the_others_from_running(ground: Ground) -> None:
    spec = service()
    instances = [instance_of(spec, slot=slot) for slot in (1, 2, 3)]
    steps = [ground.provider.provision(ground.target, one, spec) for one in instances]
    hung = replace(
        steps[1],
        commands=(Command(argv=("sleep", "300"), timeout_seconds=1.5),),
        title="start hung",
    )

    results = await ground.perform(steps[0], hung, steps[2])

    assert isinstance(results[1].errors[instances[1].id], CommandTimedOut)
    assert (results[0].errors, results[2].errors) == ({}, {})
    shown = {one.instance: one.containers[0].engine_id for one in await ground.seen()}
    assert shown == {
        instances[0].id: results[0].engine_ids["main"],
        instances[2].id: results[2].engine_ids["main"],
    }


# Looking


async def test_events_tell_of_a_death(ground: Ground) -> None:
    spec = service(restart={"condition": "never"})
    instance = instance_of(spec)
    engine_id = await ground.start(spec, instance)
    found: list[EngineEvent] = []

    async with ground.provider.events(ground.target) as events, asyncio.timeout(20):
        await asyncio.sleep(0.5)
        ground.ask("kill", "--signal", "KILL", engine_id)
        async for event in events:
            found.append(event)
            if event.what == "died":
                break

    assert found[-1] == EngineEvent(
        instance=instance.id, engine_id=engine_id, what="died", exit_code=137
    )


async def test_logs_hold_both_outputs_and_can_be_followed(ground: Ground) -> None:
    script = "echo one; echo two >&2; sleep 1; echo three; exec sleep 60"
    engine_id = await ground.start(service(command=["/bin/sh", "-c", script]))
    text = b""

    async with ground.provider.logs(ground.target, engine_id, LogOptions(follow=True)) as chunks:
        async with asyncio.timeout(20):
            async for chunk in chunks:
                text += chunk
                if b"three" in text:
                    break

    assert sorted(text.decode().split()) == ["one", "three", "two"]
    assert await ground.provider.tail(ground.target, engine_id, 1) == ("three",)
    stamped = b""
    options = LogOptions(tail=1, timestamps=True)
    async with ground.provider.logs(ground.target, engine_id, options) as chunks:
        async for chunk in chunks:
            stamped += chunk
    assert stamped.startswith(b"20")
    assert stamped.rstrip().endswith(b"three")


async def test_exec_gives_output_status_and_input(ground: Ground) -> None:
    engine_id = await ground.start(service())
    options = ExecOptions(
        stdin=b"\0binary\n", environment=(("A", "b c"),), user="1000", directory="/dev"
    )

    result = await ground.provider.exec(
        ground.target,
        engine_id,
        ["sh", "-c", 'cat; echo "$A" $(id -u) $(pwd); echo wrong >&2; exit 5'],
        options,
    )

    assert (result.stdout, result.status) == (b"\0binary\nb c 1000 /dev\n", 5)
    assert b"wrong" in result.stderr


async def test_ping_tells_version_and_latency(ground: Ground) -> None:
    answer = await ground.provider.ping(ground.target)
    assert answer.healthy
    assert answer.message.startswith(f"{ground.engine} ")
    assert 0 < answer.latency_seconds < 15


async def test_capabilities_refuse_before_anything_is_sent(ground: Ground) -> None:
    spec = service(resources={"gpus": 1})
    with pytest.raises(Unsupported, match=f"provider {ground.engine} .* node .*gpus"):
        ground.provider.provision(ground.target, instance_of(spec), spec)


async def test_host_without_the_engine_says_so(ground: Ground) -> None:
    if ground.engine == "podman":
        ground.fleet.exec(
            ground.target.node.name, ["mv", "/usr/bin/podman", "/usr/bin/podman.away"]
        )
        with pytest.raises(Unsupported, match="podman is not installed"):
            await ground.seen()
    else:
        ground.fleet.exec(ground.target.node.name, ["mv", "/run/docker.sock", "/run/docker.away"])
        try:
            answer = await ground.provider.ping(ground.target)
        finally:
            ground.fleet.exec(
                ground.target.node.name, ["mv", "/run/docker.away", "/run/docker.sock"]
            )
        assert not answer.healthy
        assert "docker" in answer.message
