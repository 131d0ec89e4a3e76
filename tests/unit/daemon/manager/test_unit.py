"""The systemd unit."""

from configparser import ConfigParser
from pathlib import Path

from warren.cli.exits import code_of
from warren.daemon.manager.unit import REMOVED_CODE, unit_text
from warren.model.errors import Denied


def test_unit_runs_the_manager_and_is_not_restarted_once_it_was_removed() -> None:
    unit = ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # as its documentation has it
    unit.read_string(unit_text(Path("/opt/warren/bin/warren"), Path("/srv/my $5 100%/data")))
    service = unit["Service"]
    assert service["ExecStart"] == (
        '"/opt/warren/bin/warren" manager run --data-dir "/srv/my $$5 100%%/data"'
    )
    assert service["RestartPreventExitStatus"] == str(code_of(Denied("removed")))
    assert code_of(Denied("removed")) == REMOVED_CODE
    assert unit["Install"]["WantedBy"] == "multi-user.target"
