"""A form made from the module: labels, sentences, bounds, choices and defaults.

python -m apps.form > form.html
"""

from __future__ import annotations

from html import escape

from portrait import WORKFLOW
from viewcomfy_runtime import Field


def form(action: str = "/portraits") -> str:
    """The form; parameters that people rarely set are folded away."""
    rows = {"basic": "", "advanced": ""}
    for field in WORKFLOW.fields:
        if field.group in rows:
            label = f"<label>{escape(field.label)} {control(field)}</label>"
            rows[field.group] += f"<p>{label}<br>{escape(field.help)}</p>"
    return (
        f'<form action="{escape(action)}" method="post" enctype="multipart/form-data">'
        f"{rows['basic']}<details><summary>More</summary>{rows['advanced']}</details>"
        "<button>Run</button></form>"
    )


def control(field: Field) -> str:
    name = f'name="{field.name}"' + (" required" if field.required else "")
    value = "" if field.required or field.is_seed else escape(str(field.default))
    if field.media is not None:
        return f'<input type="file" accept="{escape(field.media)}" {name}>'
    if field.kind == "bool":
        return f"<select {name}>{options(field, ('True', 'False'))}</select>"
    if field.kind == "choice":
        return f"<select {name}>{options(field, field.choices)}</select>"
    if field.multiline:
        return f"<textarea {name}>{value}</textarea>"
    if field.is_seed:
        return f'<input {name} value="random">'
    if field.kind in ("int", "float"):
        bounds = {"min": field.minimum, "max": field.maximum, "step": field.step}
        name += "".join(f' {k}="{v}"' for k, v in bounds.items() if v is not None)
        return f'<input type="number" {name} value="{value}">'
    return f'<input {name} value="{value}">'


def options(field: Field, choices: tuple[object, ...]) -> str:
    return "".join(
        f"<option{' selected' * (each == field.default)}>{escape(str(each))}"
        for each in choices
    )


if __name__ == "__main__":
    print(form())
