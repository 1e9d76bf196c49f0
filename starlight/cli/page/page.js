"use strict";
// Shows the answers that the page holds: filtered, sorted, a handful at a time.
const answers = JSON.parse(document.getElementById("answers").textContent);
const totals = JSON.parse(document.getElementById("totals").textContent);
const ORDER = ["stego", "forged", "cannot tell", "unreadable", "clean", "authentic"];
const SORTS = {
  "what was found first": (a, b) => rank(a) - rank(b) || sure(b) - sure(a) || byPath(a, b),
  "probability": (a, b) => sure(b) - sure(a) || byPath(a, b),
  "path": byPath,
  "technique": (a, b) => (a.technique || "\uffff").localeCompare(b.technique || "\uffff") || byPath(a, b),
  "slowest first": (a, b) => (b.ms || 0) - (a.ms || 0),
};
const STEP = 40;
const state = { verdicts: new Set(), text: "", sort: "what was found first", shown: 0, found: [] };

function rank(answer) { const at = ORDER.indexOf(answer.verdict); return at < 0 ? ORDER.length : at; }
function sure(answer) { return answer.probability === undefined ? -1 : answer.probability; }
function byPath(a, b) { return a.path < b.path ? -1 : a.path > b.path ? 1 : 0; }

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function percent(probability) { return Math.min(Math.max(100 * probability, 0.01), 99.99).toFixed(2) + " %"; }

function picture(answer) {
  if (!answer.picture) return make("div", { class: "picture" }, "no picture");
  const source = "data:image/webp;base64," + answer.picture;
  return make("div", { class: "picture" }, make("img", { src: source, alt: "", loading: "lazy", decoding: "async" }));
}

function item(answer) {
  const first = make("p", {}, make("span", { class: "verdict" }, answer.verdict));
  if (answer.technique) first.append(" · ", answer.technique);
  if (answer.probability !== undefined) {
    first.append(" · ", make("span", { class: "number" }, percent(answer.probability)));
  }
  const said = make("div", { class: "said" }, first, make("p", { class: "path" }, answer.path));
  if (answer.reason) said.append(make("p", {}, answer.reason));
  if (answer.payload_preview) said.append(make("p", {}, "Payload begins: ", make("code", {}, answer.payload_preview)));
  if (answer.notes && answer.notes.length) {
    const count = answer.notes.length === 1 ? "1 note" : answer.notes.length + " notes";
    said.append(make("details", {}, make("summary", {}, count), ...answer.notes.map((note) => make("p", {}, note))));
  }
  if (answer.explained) said.append(make("p", {}, make("a", { href: answer.explained }, "why (explain)")));
  return make("li", { class: answer.verdict.replace(" ", "-"), tabindex: "-1" }, picture(answer), said);
}

const list = make("ol", { "aria-label": "answers" });
const status = make("p", { class: "status", role: "status" });
const end = make("div", {});

function more() {
  const next = state.found.slice(state.shown, state.shown + STEP);
  list.append(...next.map(item));
  state.shown += next.length;
}

function holds(answer) {
  if (state.verdicts.size && !state.verdicts.has(answer.verdict)) return false;
  if (!state.text) return true;
  const words = [answer.path, answer.technique, answer.reason, answer.payload_preview, ...(answer.notes || [])];
  return words.some((word) => word && word.toLowerCase().includes(state.text));
}

function show() {
  state.found = answers.filter(holds).sort(SORTS[state.sort]);
  state.shown = 0;
  list.replaceChildren();
  more();
  if (list.firstChild) list.firstChild.tabIndex = 0;
  const count = state.found.length.toLocaleString("en");
  status.textContent = state.found.length === answers.length
    ? `${count} files, ${state.sort}` : `${count} of ${answers.length.toLocaleString("en")} files, ${state.sort}`;
}

function tools() {
  const bar = make("div", { class: "tools" });
  for (const verdict of Object.keys(totals).sort((a, b) => rank({ verdict: a }) - rank({ verdict: b }))) {
    const button = make("button", { type: "button", "aria-pressed": "false", class: verdict.replace(" ", "-") },
      make("b", {}, totals[verdict].toLocaleString("en")), " ", verdict);
    button.addEventListener("click", () => {
      const on = !state.verdicts.delete(verdict);
      if (on) state.verdicts.add(verdict);
      button.setAttribute("aria-pressed", String(on));
      show();
    });
    bar.append(button);
  }
  const search = make("input", { type: "search", placeholder: "filter: path, technique, text (/)", "aria-label": "filter" });
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { state.text = search.value.trim().toLowerCase(); show(); }, 80);
  });
  const sort = make("select", { "aria-label": "sort by" }, ...Object.keys(SORTS).map((name) => make("option", {}, name)));
  sort.addEventListener("change", () => { state.sort = sort.value; show(); });
  bar.append(search, sort);
  document.addEventListener("keydown", (event) => keys(event, search));
  return bar;
}

// `/` to the filter; arrows or j and k from answer to answer; Enter opens what the answer has to open.
function keys(event, search) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = ["INPUT", "SELECT"].includes(document.activeElement.tagName);
  if (event.key === "Escape" && typing) { document.activeElement.blur(); return; }
  if (typing) return;
  if (event.key === "/") { event.preventDefault(); search.focus(); return; }
  const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
  const here = document.activeElement.closest("li");
  if (step) {
    event.preventDefault();
    if (here && step > 0 && !here.nextElementSibling) more();
    const next = !here ? list.firstElementChild : step > 0 ? here.nextElementSibling : here.previousElementSibling;
    if (next) { if (here) here.tabIndex = -1; next.tabIndex = 0; next.focus(); next.scrollIntoView({ block: "nearest" }); }
  } else if (event.key === "Enter" && here && document.activeElement === here) {
    const opens = here.querySelector("a, summary");
    if (opens) opens.click();
  }
}

document.getElementById("app").append(tools(), status, list, end);
show();
new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) more(); }, { rootMargin: "800px" }).observe(end);
