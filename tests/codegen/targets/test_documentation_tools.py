"""What Sphinx, `help()` and jedi show of a generated module."""

from __future__ import annotations

import html
import inspect
import os
import pydoc
import re
import subprocess
import sys
from pathlib import Path

import pytest

import portrait

from ...helpers.blocks import ROOT

EXAMPLE = ROOT / "generated_example"
SENTENCES = [each.help for each in portrait.WORKFLOW.fields]
CONFIGURATION = """
extensions = ["sphinx.ext.autodoc"]
html_theme = "basic"
autodoc_member_order = "bysource"
"""
PAGE = """
Portrait
========

.. automodule:: portrait
   :members:
   :undoc-members:
   :inherited-members: PromptResult
   :show-inheritance:
"""


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_there_are_sentences_to_show() -> None:
    assert len(SENTENCES) > 8
    assert all(SENTENCES)


def test_help_of_the_module_shows_the_calls_and_no_address() -> None:
    text = pydoc.plain(pydoc.render_doc(portrait))
    assert "run(parameters: 'Parameters', *" in one_line(text)
    assert one_line(inspect.getdoc(portrait.run) or "?") in one_line(text)
    assert " object at 0x" not in text


def test_help_of_the_parameters_shows_every_sentence_and_no_address() -> None:
    text = one_line(pydoc.plain(pydoc.render_doc(portrait.Parameters)))
    for sentence in SENTENCES:
        assert one_line(sentence).replace(" ", "") in text.replace("|", "").replace(
            " ", ""
        )
    assert " object at 0x" not in text


def test_jedi_completes_the_parameters_and_shows_the_signatures() -> None:
    jedi = pytest.importorskip("jedi")
    code = "import portrait\nportrait.Parameters(\nportrait.run("
    script = jedi.Script(code, project=jedi.Project(EXAMPLE))
    [made] = script.get_signatures(2, len("portrait.Parameters("))
    assert [each.name for each in made.params][:2] == ["image", "positive_prompt"]
    [run] = script.get_signatures(3, len("portrait.run("))
    assert [each.name for each in run.params][:2] == ["parameters", "client"]
    assert "Run the workflow once" in run.docstring()


def test_jedi_shows_the_sentence_of_every_attribute() -> None:
    jedi = pytest.importorskip("jedi")
    code = "import portrait\ncall = portrait.Parameters()\ncall."
    script = jedi.Script(code, project=jedi.Project(EXAMPLE))
    shown = {each.name: each.docstring() for each in script.complete(3, 5)}
    for each in portrait.WORKFLOW.fields:
        assert one_line(each.help).split(". ")[0] in one_line(shown[each.name])


def built(folder: Path) -> str:
    """The page that Sphinx makes of the example's module."""
    source = folder / "source"
    source.mkdir(parents=True)
    (source / "conf.py").write_text(CONFIGURATION, "utf-8")
    (source / "index.rst").write_text(PAGE, "utf-8")
    command = [sys.executable, "-m", "sphinx", "-q", "-E", "-b", "html"]
    done = subprocess.run(
        [*command, str(source), str(folder / "html")],
        env={**os.environ, "PYTHONPATH": str(EXAMPLE)},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return (folder / "html" / "index.html").read_text("utf-8")


@pytest.mark.heavy
def test_sphinx_shows_every_sentence_and_builds_the_same_page_twice(
    tmp_path: Path,
) -> None:
    pytest.importorskip("sphinx")
    page = built(tmp_path / "one")
    assert page == built(tmp_path / "two")
    text = one_line(_text_of(page))
    for sentence in SENTENCES:
        assert one_line(sentence) in text
    assert "run(parameters: Parameters" in text
    assert " object at 0x" not in text


def _text_of(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", page))
