// A mask painter: painted areas become transparent in an image of the same size, the form in which
// ComfyUI keeps masks.

const at = (id) => document.getElementById(id);

export async function paint(file) {
  const url = URL.createObjectURL(file);
  const under = at("under");
  under.src = url;
  await under.decode();
  const canvas = at("canvas");
  canvas.width = under.naturalWidth;
  canvas.height = under.naturalHeight;
  const context = canvas.getContext("2d");
  const stop = new AbortController();
  canvas.addEventListener(
    "pointerdown",
    (event) => {
      canvas.setPointerCapture(event.pointerId);
      stroke(canvas, context, event, event);
      let last = event;
      const move = (next) => {
        stroke(canvas, context, last, next);
        last = next;
      };
      canvas.addEventListener("pointermove", move, { signal: stop.signal });
      canvas.addEventListener("pointerup", () => canvas.removeEventListener("pointermove", move), {
        once: true,
      });
    },
    { signal: stop.signal },
  );
  at("wipe").addEventListener("click", () => context.clearRect(0, 0, canvas.width, canvas.height), {
    signal: stop.signal,
  });
  at("painter").showModal();
  const used = await new Promise((resolve) => {
    at("use").addEventListener("click", () => resolve(true), { signal: stop.signal });
    at("leave").addEventListener("click", () => resolve(false), { signal: stop.signal });
    at("painter").addEventListener("close", () => resolve(false), { signal: stop.signal });
  });
  stop.abort();
  at("painter").close();
  URL.revokeObjectURL(url);
  return used ? mask(canvas) : null;
}

function stroke(canvas, context, from, to) {
  const box = canvas.getBoundingClientRect();
  const scale = canvas.width / box.width;
  context.globalCompositeOperation = at("erase").checked ? "destination-out" : "source-over";
  context.strokeStyle = "#d81b60";
  context.lineWidth = (at("brush").value * scale) / 2;
  context.lineCap = "round";
  context.beginPath();
  context.moveTo((from.clientX - box.left) * scale, (from.clientY - box.top) * scale);
  context.lineTo((to.clientX - box.left) * scale, (to.clientY - box.top) * scale);
  context.stroke();
}

async function mask(painted) {
  const canvas = new OffscreenCanvas(painted.width, painted.height);
  const context = canvas.getContext("2d");
  context.fillStyle = "#000";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.globalCompositeOperation = "destination-out";
  context.drawImage(painted, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return new File([blob], "mask.png", { type: "image/png" });
}
