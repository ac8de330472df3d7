// The page: it asks the server what the workflow takes, and brings form, run and results together.
import { makeForm } from "./form.js";
import { run } from "./run.js";
import { makeLog, showHistory, showResults } from "./results.js";
import { connectCalls } from "./calls.js";

const at = (id) => document.getElementById(id);
const status = (text) => {
  at("status").textContent = text;
};

// On a narrow screen the run is below the form.
function intoView() {
  if (matchMedia("(max-width: 56rem)").matches) at("outcome").scrollIntoView();
}

async function main() {
  const listing = await (await fetch("./", { headers: { Accept: "application/json" } })).json();
  const names = Object.keys(listing);
  const asked = decodeURIComponent(location.pathname.split("/").pop());
  const name = names.includes(asked) ? asked : names[0];
  showWorkflows(names, name);
  const about = await (await fetch(`./${encodeURIComponent(name)}/form`)).json();
  document.title = about.title;
  at("title").textContent = about.title;
  const form = makeForm(at("form"), about, (values) => check(name, values));
  const page = {
    name,
    url: new URL(`./${encodeURIComponent(name)}`, location.href).href,
    about,
    form,
  };
  connect(page);
  document.body.dataset.ready = String(performance.now());
}

function showWorkflows(names, current) {
  if (names.length < 2) return;
  for (const name of names) {
    const link = document.createElement("a");
    link.href = `./${encodeURIComponent(name)}`;
    link.textContent = name;
    if (name === current) link.setAttribute("aria-current", "page");
    at("workflows").append(link);
  }
  at("workflows").hidden = false;
}

async function check(name, text) {
  return (await asked(name, "check", text))?.json() ?? {};
}

async function written(name, text) {
  return (await asked(name, "call", text))?.text() ?? null;
}

// What the server answers to a form's values; null where it refuses them.
async function asked(name, what, text) {
  const answer = await fetch(`./${encodeURIComponent(name)}/${what}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: text,
  });
  if (answer.status === 401)
    status("Open the link that serve printed, which logs this browser in.");
  return answer.ok ? answer : null;
}

function connect(page) {
  const log = makeLog(at("log"));
  const past = [];
  let running = null;

  at("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (running) return;
    page.form.drawSeeds();
    const faults = page.form.missing();
    if (faults.length) {
      status(`Missing: ${faults.join(", ")}.`);
      return;
    }
    running = new AbortController();
    busy(true);
    log.clear();
    const values = page.form.snapshot();
    const result = await run(page.url, page.form.wire(), running.signal, watcher(log));
    running = null;
    busy(false);
    finish(result, values);
  });
  at("cancel").addEventListener("click", () => running?.abort());
  at("reset").addEventListener("click", () => page.form.restore(null));

  function finish(result, values) {
    status(result.message);
    intoView();
    if (result.faults) page.form.showFaultsByKey(result.faults);
    if (!result.outputs) return;
    showResults(at("results"), result.outputs, past.at(-1)?.outputs ?? []);
    past.push({ ...result, values, at: new Date() });
    showHistory(at("history"), past, {
      again: (each) => {
        page.form.restore(each.values);
        status("The values of that run are in the form.");
      },
      show: (each) => showResults(at("results"), each.outputs, []),
    });
    at("past").hidden = false;
  }
  connectCalls(page, (asked) => written(page.name, asked), status);
}

function watcher(log) {
  return {
    log: log.add,
    progress: ({ value, total }) => {
      at("progress").max = total;
      at("progress").value = value;
      status(`Running: step ${value} of ${total}.`);
    },
    preview: ({ content_type, data }) => {
      if (!/^image\/(jpeg|png|webp)$/.test(content_type)) return;
      at("preview").src = `data:${content_type};base64,${data}`;
      at("preview").hidden = false;
    },
  };
}

function busy(is) {
  at("run").disabled = is;
  at("cancel").disabled = !is;
  at("progress").hidden = !is;
  at("progress").value = 0;
  at("preview").hidden = true;
  if (!is) return;
  status("Running.");
  intoView();
}

main().catch((error) => status(`The page cannot be shown: ${error.message}`));
