// A workflow's form: its fields by group, the values set in them, and their form on the wire.
import { makeField } from "./fields.js";

const GROUPS = { basic: "Parameters", advanced: "Advanced", unused: "Without effect" };

export function makeForm(root, about, check) {
  const fields = about.fields.map((field) => makeField(field));
  const byName = new Map(fields.map((each) => [each.about.name, each]));
  for (const [group, title] of Object.entries(GROUPS)) {
    const members = fields.filter((each) => each.about.group === group);
    if (members.length) root.append(section(group, title, members));
  }
  for (const each of fields) {
    const image =
      each.about.image && fields.find((other) => other.about.keys[0] === each.about.image);
    if (image) each.paintOver(image);
  }

  const follow = () => {
    for (const each of fields) each.element.hidden = !counts(each, byName);
  };
  const counting = () => fields.filter((each) => !each.element.hidden);
  follow();

  let waiting = 0;
  root.addEventListener("input", follow);
  root.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const faults = await check(checked(counting()));
      for (const each of fields) each.show(each.problem() || faults[each.about.name] || "");
    }, 250);
  });

  return {
    fields,
    drawSeeds: () => counting().forEach((each) => each.draw()),
    missing: () => {
      const found = counting().filter((each) => each.problem());
      for (const each of fields) each.show(each.problem());
      found[0]?.focus();
      return found.map((each) => each.about.label);
    },
    changed: () => fields.filter((each) => each.changed()),
    snapshot: () => new Map(fields.map((each) => [each.about.name, each.get()])),
    restore: (values) => {
      for (const [name, each] of byName) each.set(values ? values.get(name) : each.initial());
      root.dispatchEvent(new Event("input"));
    },
    asCode: (language) => asCode(counting(), language),
    showFaultsByKey: (faults) => {
      for (const each of fields) {
        const key = each.about.keys.find((key) => key in faults);
        if (key) {
          each.show(faults[key]);
          each.focus();
        }
      }
    },
    wire: () => wire(counting()),
  };
}

// Whether the choices that are made bring a field's input at all.
function counts(field, byName) {
  const { when } = field.about;
  return (
    !when.length ||
    when.some((each) =>
      Object.entries(each).every(([name, keys]) => {
        const choice = byName.get(name);
        const key = choice?.get();
        if (key && !choice.about.options?.includes(key)) return true;
        return keys.includes(key) && counts(choice, byName);
      }),
    )
  );
}

function section(group, title, members) {
  const root = document.createElement(group === "basic" ? "fieldset" : "details");
  const head = document.createElement(group === "basic" ? "legend" : "summary");
  head.textContent = group === "basic" ? title : `${title} (${members.length})`;
  root.append(head, ...members.map((each) => each.element));
  return root;
}

// JSON is composed as text: a number's digits are the user's, of which a browser would lose some.
function checked(fields) {
  const parts = fields
    .filter((each) => each.about.kind !== "file" && !each.problem())
    .map((each) => `${JSON.stringify(each.about.name)}: ${each.json()}`);
  return `{${parts.join(", ")}}`;
}

// The position of the chosen option, where the node takes that beside the option.
function placed(field) {
  const { places = [], options = [] } = field.about;
  const at = options.indexOf(field.get());
  return at < 0 ? [] : places.map((key) => `${JSON.stringify(key)}: ${at}`);
}

function wire(fields) {
  const values = fields.filter((each) => each.about.kind !== "file");
  let sent = values.filter((each) => each.changed());
  // ViewComfy refuses a call that sets nothing.
  if (!sent.length) sent = [values.find((each) => each.about.seed) ?? values[0]].filter(Boolean);
  const parts = sent.flatMap((each) => [
    ...each.about.keys.map((key) => `${JSON.stringify(key)}: ${each.wire()}`),
    ...placed(each),
  ]);
  const files = fields
    .filter((each) => each.about.kind === "file" && each.get())
    .flatMap((each) => each.about.keys.map((key) => [key, each.get()]));
  return { params: `{${parts.join(", ")}}`, files };
}

// What the server is to write as code: what was set and is right, and the names of the files.
function asCode(fields, language) {
  const values = fields.filter(
    (each) => each.about.kind !== "file" && each.changed() && !each.problem(),
  );
  const parts = values.map((each) => `${JSON.stringify(each.about.name)}: ${each.json()}`);
  const files = fields.filter((each) => each.about.kind === "file" && each.get());
  const names = Object.fromEntries(files.map((each) => [each.about.name, each.get().name]));
  const about = `"language": ${JSON.stringify(language)}, "files": ${JSON.stringify(names)}`;
  return `{${about}, "values": {${parts.join(", ")}}}`;
}
