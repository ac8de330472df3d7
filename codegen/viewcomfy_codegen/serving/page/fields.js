// One field of the form for each kind of parameter: what it looks like, holds and accepts.
import { paint } from "./mask.js";

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/;
const INTEGER = /^-?(0|[1-9]\d*)$/;
let count = 0;
const lists = new Map();

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

export function makeField(about) {
  const id = `field-${++count}`;
  const fault = make("p", { class: "fault", id: `${id}-fault` });
  const control = { text, integer: number, number, flag, choice, file, json }[about.kind](
    about,
    id,
  );
  control.input.setAttribute("aria-describedby", `${id}-help ${id}-fault`);
  if (about.required) control.input.setAttribute("aria-required", "true");
  const label = make(
    "label",
    { for: id },
    about.required ? `${about.label} (required)` : about.label,
  );
  const help = make(
    "p",
    { class: "help", id: `${id}-help`, title: about.node },
    about.help || about.node,
  );
  const element = make(
    "div",
    { class: "field", "data-name": about.name },
    label,
    help,
    control.element ?? control.input,
    fault,
  );
  const initial = control.initial();
  return {
    ...control,
    about,
    element,
    draw: control.draw ?? (() => {}),
    changed: () => control.get() !== initial,
    wire: control.wire ?? control.json,
    show: (message) => {
      fault.textContent = message;
      if (message) control.input.setAttribute("aria-invalid", "true");
      else control.input.removeAttribute("aria-invalid");
    },
    focus: () => {
      element.closest("details")?.setAttribute("open", "");
      control.input.focus();
    },
  };
}

function written(input, initial, problem, json) {
  input.value = initial;
  return {
    input,
    get: () => input.value,
    set: (value) => {
      input.value = value;
    },
    initial: () => initial,
    problem,
    json,
  };
}

// What only another choice brings has no value of the workflow's own, and is left to the server.
function mayBeEmpty(about) {
  return about.when.length > 0 && about.default === "null";
}

function plain(about) {
  return about.default === null ? "" : String(JSON.parse(about.default) ?? "");
}

function text(about, id) {
  const input = about.multiline
    ? make("textarea", { id, rows: 4 })
    : make("input", { id, type: "text" });
  return written(
    input,
    plain(about),
    () => "",
    () => JSON.stringify(input.value),
  );
}

function number(about, id) {
  const initial = about.default === null || about.default === "null" ? "" : about.default;
  const input = make("input", {
    id,
    type: "text",
    inputmode: about.kind === "integer" ? "numeric" : "decimal",
    autocomplete: "off",
  });
  const shape = about.kind === "integer" ? INTEGER : NUMBER;
  const wanted = about.kind === "integer" ? "a whole number" : "a number";
  const problem = () => {
    const value = input.value.trim();
    if (!value) return about.seed || mayBeEmpty(about) ? "" : "must have a value";
    return shape.test(value) ? "" : `must be ${wanted}`;
  };
  const control = written(input, initial, problem, () => input.value.trim() || "null");
  if (!about.seed) return control;
  const dice = make(
    "button",
    {
      type: "button",
      "aria-label": `Draw a new ${about.label.toLowerCase()}`,
      title: "Draw a new one",
    },
    "Draw",
  );
  const draw = () => {
    const limit = BigInt(about.maximum ?? "18446744073709551615") + 1n;
    const low = BigInt(about.minimum ?? "0");
    const [high, rest] = crypto.getRandomValues(new BigUint64Array(2));
    input.value = String(low + (((high << 64n) | rest) % (limit - low)));
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  dice.addEventListener("click", draw);
  return {
    ...control,
    element: make("div", { class: "row" }, input, dice),
    draw: () => {
      if (!input.value.trim()) draw();
    },
  };
}

function flag(about, id) {
  const initial = about.default === "true";
  const input = make("input", { id, type: "checkbox" });
  input.checked = initial;
  return {
    input,
    get: () => input.checked,
    set: (value) => {
      input.checked = value;
    },
    initial: () => initial,
    problem: () => "",
    json: () => String(input.checked),
  };
}

function choice(about, id) {
  const initial = plain(about);
  const whole = typeof about.options[0] === "number";
  const options = about.options.map(String);
  const problem = () => {
    if (!input.value) return mayBeEmpty(about) ? "" : "must have a value";
    if (whole && !INTEGER.test(input.value)) return "must be a whole number";
    return about.open || options.includes(input.value) ? "" : "must be one of the choices";
  };
  const json = () =>
    !input.value && mayBeEmpty(about) ? "null" : whole ? input.value : JSON.stringify(input.value);
  let input;
  if (!about.open && options.length <= 12) {
    input = make(
      "select",
      { id },
      ...options.map((each) => make("option", { value: each }, each || "(empty)")),
    );
    if (!options.includes(initial)) input.prepend(make("option", { value: "" }, "Choose"));
  } else {
    input = make("input", { id, type: "text", list: listOf(options), autocomplete: "off" });
    // A list shows only what fits the value: to choose another is to begin anew.
    input.addEventListener("focus", () => input.select());
  }
  return written(input, initial, problem, json);
}

function listOf(options) {
  const key = JSON.stringify(options);
  if (!lists.has(key)) {
    const list = make(
      "datalist",
      { id: `list-${lists.size}` },
      ...options.map((each) => make("option", { value: each })),
    );
    document.body.append(list);
    lists.set(key, list.id);
  }
  return lists.get(key);
}

function json(about, id) {
  const initial = about.default ?? "";
  const input = make("textarea", { id, rows: 3, spellcheck: "false" });
  const problem = () => {
    try {
      JSON.parse(input.value);
    } catch {
      return "must be JSON";
    }
    return "";
  };
  const control = written(input, initial, problem, () => input.value);
  const wire = () =>
    Array.isArray(JSON.parse(input.value)) ? `{"__value__": ${input.value}}` : input.value;
  return { ...control, wire };
}

function file(about, id) {
  const input = make("input", {
    id,
    type: "file",
    accept: about.media === "*/*" ? null : about.media,
  });
  const shown = make("img", { alt: `The chosen file for ${about.label}`, hidden: true });
  const remove = make(
    "button",
    { type: "button", hidden: true, "aria-label": `Remove the file for ${about.label}` },
    "Remove",
  );
  const row = make("div", { class: "row" }, input, remove);
  const drop = make("div", { class: "drop" }, row, shown);
  let chosen = null;
  const set = (value) => {
    chosen = value ?? null;
    if (!chosen) input.value = "";
    remove.hidden = !chosen;
    if (shown.src.startsWith("blob:")) URL.revokeObjectURL(shown.src);
    shown.hidden = !chosen?.type.startsWith("image/");
    if (!shown.hidden) shown.src = URL.createObjectURL(chosen);
  };
  const take = (value) => {
    set(value);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  input.addEventListener("change", () => take(input.files[0]));
  remove.addEventListener("click", () => take(null));
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });
  const paintOver = (image) => {
    const button = make("button", { type: "button" }, "Paint the mask");
    button.addEventListener("click", async () => {
      if (!image.get()) {
        image.show("choose the image first");
        image.focus();
        return;
      }
      const mask = await paint(image.get());
      if (mask) take(mask);
    });
    row.append(button);
  };
  return {
    input,
    element: drop,
    get: () => chosen,
    set,
    initial: () => null,
    problem: () => (about.required && !chosen ? "choose a file" : ""),
    json: () => "null",
    paintOver,
  };
}
