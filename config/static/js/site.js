// Theme switch: three radios in the header; "system" is the absence of a choice.
const root = document.documentElement;

function choose(theme) {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  } catch { /* storage refused: the choice lasts as long as the page */ }
}

for (const radio of document.querySelectorAll("input[name=theme]")) {
  radio.checked = radio.value === (root.dataset.theme ?? "system");
  radio.addEventListener("change", () => choose(radio.value));
}

// Compare tray: count the ticked tools, stop at four, and carry them to the next page of the list.
const picker = document.querySelector("form.picker");

function recount() {
  const boxes = [...picker.querySelectorAll("input[name=tools]")];
  const ticked = boxes.filter((box) => box.checked);
  for (const box of boxes) box.disabled = !box.checked && ticked.length >= 4;
  picker.querySelector("[data-count]").textContent = ticked.length;
  picker.querySelector("[data-compare]").disabled = ticked.length < 2;
  for (const link of picker.querySelectorAll(".pager a")) {
    const url = new URL(link.href);
    url.searchParams.delete("tools");
    for (const box of ticked) url.searchParams.append("tools", box.value);
    link.href = url;
  }
}

if (picker) {
  picker.addEventListener("change", recount);
  recount();
}

// Suggestions are fetched when the search box is first used.
const searchForm = document.querySelector("form[data-suggest]");
searchForm?.addEventListener("focusin", () => import(searchForm.dataset.script).catch(() => {}), { once: true });

// The weekly mail's form is made ready when a reader first comes near it.
const letter = document.querySelector("[data-newsletter]");
for (const kind of ["pointerenter", "touchstart", "focusin"]) {
  letter?.addEventListener(kind, () => import(letter.dataset.newsletter).catch(() => {}), { once: true, passive: true });
}
