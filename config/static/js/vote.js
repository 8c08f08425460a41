// Votes in place. Without this file the buttons lead to a page of their own.
const forms = [...document.querySelectorAll("form[data-vote]")];
let page;

// A token and a stamp for each tool of the page, fetched when a reader first comes near one.
function ready() {
  const tools = forms.map((form) => form.dataset.vote).join(",");
  page ??= fetch(`/votes/stamps/?tools=${tools}`).then((answer) => answer.ok ? answer.json() : Promise.reject(answer));
  return page;
}

async function send(form, choice, work = "") {
  const { token, stamps } = await ready();
  const body = new URLSearchParams({ choice, stamp: stamps[form.dataset.vote], next: form.elements.next.value, origin: document.referrer, work });
  return fetch(form.action, { method: "POST", body, headers: { Accept: "application/json", "X-CSRFToken": token } });
}

async function vote(form, choice) {
  let answer = await send(form, choice);
  if (answer.status === 400 || answer.status === 403) { // the page was open for long, or the cookie is gone
    page = undefined;
    answer = await send(form, choice);
  }
  let said = await answer.json();
  if (answer.status === 428) { // very many votes come in: compute a little first; without, the page that asks holds the vote
    const { solve } = await import(said.script);
    answer = await send(form, choice, await solve(said.work));
    said = await answer.json();
  }
  const news = form.querySelector(".vote-news");
  news.classList.toggle("visually-hidden", answer.ok); // what went well stands in the control
  if (!answer.ok) {
    news.textContent = Object.values(said.errors)[0][0].message;
    return;
  }
  form.parentElement.querySelector("[data-figure]").innerHTML = said.figure;
  form.querySelector(".vote-choices").innerHTML = said.control;
  form.querySelector(`[value=${choice === "withdraw" ? "ship" : choice}]`).focus();
  news.textContent = said.words;
  document.querySelector(`form[data-renew="${form.dataset.vote}"]`)?.remove(); // whatever was said now is about today
}

for (const form of forms) {
  const near = form.closest("article, section");
  const prepare = () => ready().catch(() => { page = undefined; });
  for (const kind of ["pointerenter", "touchstart", "focusin"]) near.addEventListener(kind, prepare, { once: true, passive: true });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (form.ariaBusy === "true") return;
    const choice = event.submitter.value;
    form.ariaBusy = "true";
    vote(form, choice)
      .catch(() => location.assign(`${form.action}?${new URLSearchParams({ choice, next: form.elements.next.value })}`))
      .finally(() => { form.ariaBusy = "false"; });
  });
}

// A vote from before a break, said once more.
for (const form of document.querySelectorAll("form[data-renew]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const main = forms.find((it) => it.dataset.vote === form.dataset.renew);
    vote(main, form.elements.choice.value).catch(() => form.submit());
  });
}
