"""Calls as code: what is pasted is the call that was meant, whatever its values hold."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import black
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcomfy_codegen import generate
from viewcomfy_codegen.model import Module
from viewcomfy_codegen.planning.options import Options
from viewcomfy_codegen.planning.wishes import Wish
from viewcomfy_codegen.targets.calls import LANGUAGES, SampleCall, example
from viewcomfy_codegen.targets.calls.wire import shell

from ...helpers.cases import CASES, image_to_image, only_files
from ...helpers.json_values import json_values
from ...helpers.support import imported, node, text_to_image

TEXTS = st.text(st.characters(codec=None), max_size=40)
VALUES = json_values(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(-9, 9) | TEXTS,
    TEXTS,
    most=6,
)


def module_of(workflow: dict[str, Any]) -> Module:
    return generate(json.dumps(workflow), name="made").module


PLAIN = module_of(text_to_image())
FILES = module_of(image_to_image())


def arguments(code: str) -> dict[str, Any]:
    """What a Python program passes to Parameters; a file as its path."""
    [call] = [
        each
        for each in ast.walk(ast.parse(code))
        if isinstance(each, ast.Call) and ast.unparse(each.func) == "Parameters"
    ]
    return {
        str(each.arg): ast.literal_eval(
            each.value.args[0] if isinstance(each.value, ast.Call) else each.value
        )
        for each in call.keywords
    }


@given(st.dictionaries(st.sampled_from(["positive_prompt", "seed", "cfg"]), VALUES))
def test_python_passes_the_values_and_nothing_else(values: dict[str, Any]) -> None:
    call = SampleCall(PLAIN, values)
    for language in ("python", "async"):
        code = LANGUAGES[language](call)
        assert arguments(code) == values
        assert all(char.isprintable() or char == "\n" for char in code)


@given(st.dictionaries(st.sampled_from(["positive_prompt", "seed", "cfg"]), VALUES))
def test_json_is_the_values(values: dict[str, Any]) -> None:
    assert json.loads(LANGUAGES["json"](SampleCall(PLAIN, values))) == values


@pytest.mark.parametrize("case", sorted(CASES))
def test_an_example_in_python_is_laid_out_as_black_would(case: str) -> None:
    call = example(module_of(CASES[case]()))
    for language in ("python", "async"):
        code = LANGUAGES[language](call)
        assert black.format_str(code, mode=black.Mode()) == code


def test_an_example_gives_what_must_be_given_and_some_of_what_people_set() -> None:
    assert dict(example(FILES).values) == {
        "image": "example.png",
        "positive_prompt": "a lighthouse",
        "negative_prompt": "blurry",
    }


def test_an_example_of_what_must_be_given_is_accepted_by_the_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflow = {
        **text_to_image(),
        "20": node("LoadAudio", audio="song.flac"),
        "21": node("SaveAudio", audio=["20", 0], filename_prefix="song"),
        "22": node("Odd", on=True, table={"a": 1}, rows={"__value__": [1]}),
        "23": node("SaveOdd", odd=["22", 0]),
    }
    keys = [key for each in module_of(workflow).parameters for key in each.inputs]
    options = Options(
        all=True, wanted={key: Wish("a table", required=True) for key in keys}
    )
    generated = generate(json.dumps(workflow), name="made", options=options)
    call = example(generated.module)
    assert len(call.values) == len(generated.module.parameters)
    client = imported(generated.files["made.py"], tmp_path)
    monkeypatch.setattr(client, "run", client.WORKFLOW.check)
    monkeypatch.setitem(sys.modules, "made", client)
    monkeypatch.chdir(tmp_path)
    Path("song.flac").write_bytes(b"fLaC")
    program, _, _ = LANGUAGES["python"](call).partition("result.save")
    names: dict[str, Any] = {}
    exec(program, names)
    assert not names["result"]


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_values_in_typescript_are_the_values_in_json() -> None:
    value = {"__proto__": [1, {}], "a": {}, "b": 'é"\u2028', "c": [None, True, 1.5]}
    module = module_of({"1": node("SaveOdd", table={"a": 1})})
    [parameter] = module.parameters
    code = LANGUAGES["typescript"](SampleCall(module, {parameter.name: value}))
    start = code.index("{", code.index("await run("))
    found, _, _ = code[start:].partition(",\n  { client }")
    shown = f"process.stdout.write(JSON.stringify(({found}).table))"
    done = subprocess.run(["node", "-e", shown], capture_output=True, check=True)
    assert json.loads(done.stdout) == value


def test_a_file_is_a_path_in_programs_and_a_part_of_the_form_in_curl() -> None:
    call = SampleCall(FILES, {"image": 'a"b.png'})
    assert "image=Path('a\"b.png')" in LANGUAGES["python"](call)
    assert "image: await openAsBlob('a\"b.png')" in LANGUAGES["typescript"](call)
    assert """-F '10-inputs-image=@"a\\"b.png"'""" in LANGUAGES["curl"](call)


def test_curl_sends_something_where_a_call_sets_nothing() -> None:
    assert '{"3-inputs-seed": 156680208700286}' in LANGUAGES["curl"](
        SampleCall(PLAIN, {})
    )
    assert "params={}" not in LANGUAGES["curl"](SampleCall(module_of(only_files()), {}))


def test_a_bare_list_goes_over_the_wire_as_a_value() -> None:
    module = module_of({"1": node("Somebodys", items={"__value__": [1]})})
    [parameter] = module.parameters
    assert '{"1-inputs-items": {"__value__": [2]}}' in LANGUAGES["curl"](
        SampleCall(module, {parameter.name: [2]})
    )


def test_typescript_keeps_all_digits_of_a_seed() -> None:
    code = LANGUAGES["typescript"](SampleCall(PLAIN, {"seed": 2**64 - 1}))
    assert "    seed: 18446744073709551615n," in code


@given(TEXTS)
def test_a_word_of_the_shell_holds_nothing_that_a_terminal_obeys(text: str) -> None:
    assert shell(text).isprintable()


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("text", ["a'b$HOME`x`", "a\n\x1b[2J'\\", "画 é", "'; x #"])
def test_a_word_of_the_shell_is_the_text(text: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"printf %s {shell(text)}"], capture_output=True, check=True
    )
    assert done.stdout == text.encode()
