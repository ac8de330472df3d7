// The form's call in other words: what to paste into a program or a shell.

export const languages = ["Python", "TypeScript", "curl", "JSON"];

export function call(language, page) {
  return { Python: python, TypeScript: typescript, curl, JSON: json }[language](page);
}

function shown(page) {
  return page.form.fields.filter((each) => (each.about.kind === "file" ? each.get() || each.about.required : each.changed() || each.about.required));
}

function python(page) {
  const fields = shown(page);
  const files = fields.some((each) => each.about.kind === "file");
  const values = fields.map((each) => `        ${each.about.name}=${pythonValue(each)},`);
  const parameters = values.length ? `\n    Parameters(\n${values.join("\n")}\n    )\n` : "Parameters()";
  return [
    ...(files ? ["from pathlib import Path", ""] : []),
    `from ${page.name} import Parameters, run`,
    "",
    `result = run(${parameters})`,
    'result.save("outputs")',
    "",
  ].join("\n");
}

function pythonValue(field) {
  if (field.about.kind === "file") return `Path(${text(fileName(field))})`;
  if (field.about.kind === "json") return pythonOf(field.json());
  const value = field.json();
  return { true: "True", false: "False", null: "None" }[value] ?? (value.startsWith('"') ? text(JSON.parse(value)) : value);
}

// JSON's words for what Python writes otherwise, outside of texts.
function pythonOf(value) {
  const words = { true: "True", false: "False", null: "None" };
  return value.replace(/"(?:[^"\\]|\\.)*"|\b(?:true|false|null)\b/g, (each) => words[each] ?? text(JSON.parse(each)));
}

// A text between double quotes in which what cannot be seen is written out.
function text(value) {
  return JSON.stringify(value).replace(/[^\x20-\x7e]/gu, (each) => {
    const code = each.codePointAt(0);
    const visible = /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(each);
    return visible || code > 0xffff ? each : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

function fileName(field) {
  return field.get()?.name ?? "FILE";
}

function typescript(page) {
  const { params } = page.form.wire();
  const files = shown(page).filter((each) => each.about.kind === "file");
  const wanted = files.flatMap((each) => each.about.keys.map((key) => `form.set(${text(key)}, new Blob([await readFile(${text(fileName(each))})]), ${text(fileName(each))});`));
  return [
    ...(files.length ? ['import { readFile } from "node:fs/promises";', ""] : []),
    "const form = new FormData();",
    `form.set("params", ${text(params)});`,
    'form.set("logs", "false");',
    ...wanted,
    `const answer = await fetch(${text(page.url)}, {`,
    '  method: "POST",',
    "  headers: {",
    '    client_id: process.env.VIEWCOMFY_CLIENT_ID ?? "",',
    '    client_secret: process.env.VIEWCOMFY_CLIENT_SECRET ?? "",',
    "  },",
    "  body: form,",
    "});",
    "console.log(await answer.json());",
    "",
  ].join("\n");
}

function curl(page) {
  const { params } = page.form.wire();
  const files = shown(page).filter((each) => each.about.kind === "file");
  const parts = files.flatMap((each) => each.about.keys.map((key) => ["-F", quoted(`${key}=@"${fileName(each).replace(/["\\]/g, "\\$&")}"`)]));
  return [
    ["curl", quoted(page.url)],
    ["-H", '"client_id: $VIEWCOMFY_CLIENT_ID"'],
    ["-H", '"client_secret: $VIEWCOMFY_CLIENT_SECRET"'],
    ["--form-string", quoted(`params=${params}`)],
    ...parts,
  ].map((each) => each.join(" ")).join(" \\\n  ") + "\n";
}

function quoted(value) {
  return `'${value.replaceAll("'", "'\\''")}'`;
}

function json(page) {
  const values = shown(page).map((each) => `  ${JSON.stringify(each.about.name)}: ${each.about.kind === "file" ? JSON.stringify(`data:… ${fileName(each)}`) : each.json()}`);
  return values.length ? `{\n${values.join(",\n")}\n}\n` : "{}\n";
}
