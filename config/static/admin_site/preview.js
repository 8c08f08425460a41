// A live preview under every Markdown text area. Without script, or without an answer, the text area stays as it is.
"use strict";
{
  const WAIT = 400;

  const attach = (area) => {
    const token = area.form && area.form.querySelector("[name=csrfmiddlewaretoken]");
    if (!token || area.previewed) return;
    area.previewed = true;
    const box = document.createElement("details");
    const title = document.createElement("summary");
    const body = document.createElement("div");
    title.textContent = "Preview";
    body.className = "rendered";
    box.className = "preview";
    box.append(title, body);
    area.after(box);

    let timer;
    let asked = 0;
    const show = async () => {
      if (!box.open) return;
      const turn = ++asked;
      try {
        const answer = await fetch(area.dataset.previewUrl, {
          method: "POST",
          body: new URLSearchParams({ text: area.value }),
          headers: { "X-CSRFToken": token.value },
        });
        const html = await answer.text();
        if (turn !== asked) return;
        if (answer.ok && !answer.redirected) body.innerHTML = html;
        else body.textContent = "No preview just now.";
      } catch {
        body.textContent = "No preview just now.";
      }
    };
    box.addEventListener("toggle", show);
    area.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(show, WAIT);
    });
  };

  const attachAll = () => document.querySelectorAll("textarea.markdown").forEach(attach);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", attachAll);
  else attachAll();
}
