// The results of a run: images to enlarge and compare, video, audio, 3D models, texts, downloads;
// the log; earlier runs.

const MOST_LINES = 2000;
const MOST_TEXT = 100_000;
const at = (id) => document.getElementById(id);

export function makeLog(root) {
  let lines = [];
  let drawn = true;
  const draw = () => {
    drawn = true;
    const end = root.scrollTop + root.clientHeight >= root.scrollHeight - 8;
    root.textContent = lines.join("\n");
    if (end) root.scrollTop = root.scrollHeight;
  };
  const soon = () => {
    if (drawn) {
      drawn = false;
      requestAnimationFrame(draw);
    }
  };
  return {
    add: (line) => {
      lines.push(line);
      if (lines.length > 2 * MOST_LINES) lines = lines.slice(-MOST_LINES);
      soon();
    },
    clear: () => {
      lines = [];
      soon();
    },
  };
}

export function showResults(root, outputs, before) {
  const earlier = before.filter((each) => each.content_type.startsWith("image/"));
  let image = 0;
  root.replaceChildren(
    ...outputs.map((output) => {
      const isImage = output.content_type.startsWith("image/");
      return figure(output, isImage ? earlier[image++] : undefined);
    }),
  );
}

function figure(output, before) {
  const root = document.createElement("figure");
  const caption = document.createElement("figcaption");
  const link = document.createElement("a");
  link.href = output.filepath;
  link.download = output.filename;
  link.textContent = "Download";
  link.setAttribute("aria-label", `Download ${output.filename}`);
  caption.append(`${output.filename}, ${size(output.size)} `, link);
  root.append(media(output, before), caption);
  return root;
}

function media(output, before) {
  const [kind, subtype] = output.content_type.split("/");
  if (kind === "image") return image(output, before);
  if (kind === "video" || kind === "audio") {
    const player = document.createElement(kind);
    player.controls = true;
    player.src = output.filepath;
    player.setAttribute("aria-label", output.filename);
    return player;
  }
  if (kind === "model" && subtype.startsWith("gltf")) return model(output);
  return text(output);
}

// glTF alone: what the viewer can't show is there to download.
function model(output) {
  const viewer = document.createElement("model-viewer");
  viewer.setAttribute("camera-controls", "");
  viewer.setAttribute("touch-action", "pan-y");
  viewer.setAttribute("alt", output.filename);
  viewer.setAttribute("src", output.filepath);
  viewer.addEventListener("error", () => viewer.replaceWith(text(output)));
  import("./vendor/model-viewer.min.js").catch(() => viewer.replaceWith(text(output)));
  return viewer;
}

function text(output) {
  const [kind, subtype] = output.content_type.split("/");
  const shown = document.createElement("pre");
  shown.tabIndex = 0;
  shown.setAttribute("role", "region");
  shown.setAttribute("aria-label", output.filename);
  if (kind === "text" || subtype === "json") {
    fetch(output.filepath)
      .then((each) => each.text())
      .then((each) => {
        shown.textContent = each.slice(0, MOST_TEXT);
      });
  } else {
    shown.textContent = `${output.content_type}: download it to open it.`;
  }
  return shown;
}

function image(output, before) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "image";
  button.setAttribute("aria-label", `Enlarge ${output.filename}`);
  const shown = document.createElement("img");
  shown.src = output.filepath;
  shown.alt = output.filename;
  button.append(shown);
  button.addEventListener("click", () => enlarge(output, before));
  return button;
}

function enlarge(output, before) {
  at("large").src = output.filepath;
  at("large").alt = output.filename;
  at("compare").hidden = at("before").hidden = !before;
  if (before) at("before").src = before.filepath;
  at("viewer").showModal();
}

at("split").addEventListener("input", () => {
  at("before").style.clipPath = `inset(0 ${100 - at("split").value}% 0 0)`;
});
at("close").addEventListener("click", () => at("viewer").close());

function size(bytes) {
  return bytes < 1024
    ? `${bytes} B`
    : bytes < 1 << 20
      ? `${(bytes / 1024).toFixed(0)} KiB`
      : `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}

export function showHistory(root, past, { again, show }) {
  root.replaceChildren(
    ...[...past].reverse().map((each) => {
      const item = document.createElement("li");
      const row = document.createElement("div");
      row.className = "row";
      row.append(
        `${each.at.toLocaleTimeString()}: ${each.message}`,
        button("Show results", () => show(each)),
        button("Use these values again", () => again(each)),
      );
      item.append(row);
      return item;
    }),
  );
}

function button(text, action) {
  const found = document.createElement("button");
  found.type = "button";
  found.textContent = text;
  found.addEventListener("click", action);
  return found;
}
