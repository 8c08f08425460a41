// Suggestions under the search box: a combobox with a list, as the ARIA practices describe it. Fetched by site.js when
// the box is first used; the form works without.
const form = document.querySelector("form[data-suggest]");
const input = form.querySelector("input[type=search]");
const list = document.createElement("ul");
const said = document.createElement("p");
const kept = new Map();
let places = [];
let chosen = -1;
let asked = 0;
let timer;

const style = document.createElement("link");
style.rel = "stylesheet";
style.href = form.dataset.style;
document.head.append(style);

list.id = "search-suggestions";
list.className = "suggestions-box";
list.setAttribute("role", "listbox");
list.setAttribute("aria-label", "Suggested tools");
list.hidden = true;
said.className = "visually-hidden";
said.setAttribute("role", "status");
form.append(list, said);
for (const [name, value] of Object.entries({
  role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false",
})) input.setAttribute(name, value);

function choose(place) {
  chosen = place;
  [...list.children].forEach((option, n) => option.setAttribute("aria-selected", String(n === place)));
  if (place < 0) return input.removeAttribute("aria-activedescendant");
  input.setAttribute("aria-activedescendant", list.children[place].id);
  list.children[place].scrollIntoView({ block: "nearest" });
}

function open(isOpen) {
  list.hidden = !isOpen;
  input.setAttribute("aria-expanded", String(isOpen));
  if (!isOpen) choose(-1);
}

function show([, names, lines, urls]) {
  places = urls.map((url) => new URL(url).pathname);
  list.replaceChildren(...names.map((name, n) => {
    const option = document.createElement("li");
    const title = document.createElement("strong");
    const line = document.createElement("small");
    title.textContent = name;
    line.textContent = lines[n];
    option.id = `search-suggestion-${n}`;
    option.setAttribute("role", "option");
    option.append(title, line);
    return option;
  }));
  choose(-1);
  open(names.length > 0);
  said.textContent = names.length ? `${names.length} suggestion${names.length > 1 ? "s" : ""}, arrow keys to choose` : "No suggestions";
}

async function suggest() {
  const typed = input.value.trim();
  const turn = ++asked;
  if (typed.length < 2) return open(false);
  try {
    if (!kept.has(typed)) {
      const answer = await fetch(`${form.dataset.suggest}?q=${encodeURIComponent(typed)}`);
      if (!answer.ok) return open(false);
      kept.set(typed, await answer.json());
    }
    if (turn === asked && document.activeElement === input) show(kept.get(typed));
  } catch { open(false); /* away: the form still works */ }
}

input.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(suggest, 120);
});
input.addEventListener("keydown", (event) => {
  const last = places.length - 1;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (list.hidden) { if (places.length && input.value.trim().length > 1) open(true); else return suggest(); }
    event.preventDefault();
    const down = event.key === "ArrowDown";
    choose(down ? (chosen === last ? -1 : chosen + 1) : (chosen === -1 ? last : chosen - 1));
  } else if (event.key === "Enter" && chosen >= 0) {
    event.preventDefault();
    location.assign(places[chosen]);
  } else if (event.key === "Escape" && !list.hidden) {
    event.preventDefault();
    open(false);
  }
});
input.addEventListener("blur", () => open(false));
list.addEventListener("pointerdown", (event) => event.preventDefault());  // the box keeps the focus
list.addEventListener("click", (event) => {
  const place = [...list.children].indexOf(event.target.closest("[role=option]"));
  if (place >= 0) location.assign(places[place]);
});
if (document.activeElement === input) suggest();
