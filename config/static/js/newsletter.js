// The weekly mail's form in place, and following. Without this file both lead to pages of their own.
const place = document.querySelector("[data-newsletter]");
const form = place.querySelector("form");
const { email, subject_line: trap } = form.elements;
const news = place.querySelector("[role=status]");
const link = place.querySelector("[data-follow]");
const PATIENCE = 2200; // milliseconds: what is sent faster than this counts as a machine's
let stamp, held;

function ready() {
  stamp ??= fetch("/newsletter/stamp/")
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer)))
    .then((made) => ({ ...made, at: performance.now() }));
  return stamp;
}

function post(work = "") {
  const fields = { email: email.value, subject_line: trap.value, place: form.elements.place?.value, stamp: held.stamp, work };
  return fetch(form.action, { method: "POST", body: JSON.stringify(fields), headers: { "Content-Type": "application/json" } });
}

async function send() {
  held = await ready();
  await new Promise((done) => setTimeout(done, held.at + PATIENCE - performance.now()));
  let answer = await post();
  let said = await answer.json();
  if (answer.status === 428) { // very many ask: compute a little first
    news.textContent = said.detail;
    const { solve } = await import(said.script);
    answer = await post(await solve(said.work));
    said = await answer.json();
  }
  if (said.errors && !said.errors.email) throw new Error("the page was open for long");
  email.ariaInvalid = said.errors ? "true" : null;
  news.textContent = said.detail ?? said.errors.email[0].message;
  if (answer.ok) form.reset();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  news.textContent = "One moment.";
  send()
    .catch(() => form.submit()) // the answer is a page then
    .finally(() => { form.ariaBusy = "false"; });
});

async function follow() {
  const state = await (await fetch(link.href, { headers: { Accept: "application/json" } })).json();
  if (!state.known || state.follows) throw new Error("there is more to choose");
  const headers = { Accept: "application/json", "X-CSRFToken": state.token };
  const answer = await fetch(link.href, { method: "POST", body: new URLSearchParams({ do: "follow" }), headers });
  if (!(await answer.json()).follows) throw new Error("it was not taken");
  news.textContent = "You follow it: what changes comes with your weekly mail.";
}

link?.addEventListener("click", (event) => {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return; // into a tab of its own
  event.preventDefault();
  follow().catch(() => location.assign(link.href));
});

ready().catch(() => { stamp = undefined; });
