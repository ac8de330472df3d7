"""The tests of `app.py`: pytest's fixture `viewcomfy_server` stands in for ViewComfy."""

from __future__ import annotations

from pathlib import Path

import pytest

import app
from viewcomfy_codegen.pytest_plugin import StartServer

WORKFLOW = Path(__file__).with_name("workflow_api.json")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    image = pytest.importorskip("PIL.Image")
    image.new("RGB", (64, 48), (200, 120, 40)).save(tmp_path / "me.png")
    return tmp_path


def test_each_photo_is_painted_in_each_style(
    viewcomfy_server: StartServer, photos: Path
) -> None:
    server = viewcomfy_server(WORKFLOW)
    assert app.main(photos, photos / "out") == 0
    prompts = [call.parameters["positive_prompt"] for call in server.calls]
    assert prompts == list(app.STYLES.values())
    assert len(list(photos.glob("out/*/*.png"))) == len(app.STYLES)


def test_a_run_that_fails_is_told_and_ends_the_app(
    viewcomfy_server: StartServer,
    photos: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server = viewcomfy_server(WORKFLOW)
    server.fail_next("fail-at=2")
    assert app.main(photos, photos / "out") == 1
    assert "me.png, dutch: the workflow failed" in capsys.readouterr().err
