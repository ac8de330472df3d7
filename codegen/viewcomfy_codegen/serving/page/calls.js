// The form's call as code to copy, in the chosen language; the server writes it.

const at = (id) => document.getElementById(id);

export function connectCalls(page, write, status) {
  let [language] = page.about.languages;
  let waiting = 0;
  let last = 0;
  const show = async () => {
    if (!at("calls").open) return;
    const number = ++last;
    const text = await write(page.form.asCode(language.name));
    if (number === last && text !== null) at("call").textContent = text;
  };
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 150);
  };
  for (const each of page.about.languages) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = each.title;
    button.setAttribute("aria-pressed", String(each === language));
    button.addEventListener("click", () => {
      language = each;
      for (const other of at("languages").children) {
        other.setAttribute("aria-pressed", String(other === button));
      }
      show();
    });
    at("languages").append(button);
  }
  at("calls").addEventListener("toggle", show);
  at("form").addEventListener("input", soon);
  at("copy").addEventListener("click", async () => {
    await navigator.clipboard.writeText(at("call").textContent);
    status("Copied.");
  });
}
