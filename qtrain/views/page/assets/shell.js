"use strict";
// What every page does: its theme, tables that sort and filter, hints on hover and focus.
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

const store = { // a page opened from disk or inside a frame may have none
  get(key) { try { return localStorage.getItem(key); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(key, value); } catch { /* not kept */ } },
};

function theme() {
  const root = document.documentElement, button = $("#theme");
  const dark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const say = () => { button.textContent = dark() ? "Light" : "Dark"; button.setAttribute("aria-label", `Show the page ${dark() ? "light" : "dark"}`); };
  const kept = store.get("qtrain-theme");
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  button.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; store.set("qtrain-theme", root.dataset.theme); say(); });
  say();
}

// Figures sort by data-v (what is not a number stays last), all else as text.
function order(a, b, column, sign) {
  const [x, y] = [a, b].map((row) => row.cells[column]);
  if (x.dataset.v === undefined && y.dataset.v === undefined) return sign * x.textContent.localeCompare(y.textContent, undefined, { numeric: true });
  const [p, q] = [x, y].map((cell) => (cell.dataset.v ? Number(cell.dataset.v) : NaN));
  if (Number.isNaN(p) || Number.isNaN(q)) return Number.isNaN(p) - Number.isNaN(q);
  return p === q ? 0 : sign * (p < q ? -1 : 1);
}

function sortable(table) {
  $$("thead th", table).forEach((head, column) => {
    const button = $("button", head);
    button?.addEventListener("click", () => {
      const next = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
      $$("thead th", table).forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", next);
      const rows = $$("tbody > tr", table).sort((a, b) => order(a, b, column, next === "ascending" ? 1 : -1));
      $("tbody", table).append(...rows);
    });
  });
}

// Rows stay where every word of the box is found; `data-filter` names the tables.
function filter(box) {
  const said = $(`#${box.id}-said`);
  const run = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0, all = 0;
    for (const row of $$(box.dataset.filter)) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      all += 1; shown += row.hidden ? 0 : 1;
    }
    if (said) said.textContent = words.length ? `${shown} of ${all}` : "";
    box.dispatchEvent(new CustomEvent("filtered", { bubbles: true, detail: { shown, all, words } }));
  };
  box.addEventListener("input", run);
}

const hints = {
  box: null,
  show(text, x, y) {
    this.box ??= $("#tip");
    this.box.textContent = text; this.box.hidden = false;
    const { width, height } = this.box.getBoundingClientRect();
    const left = Math.max(8, Math.min(x + 14, document.documentElement.clientWidth - width - 8));
    const top = y + 18 + height > innerHeight ? y - height - 12 : y + 18;
    this.box.style.left = `${left}px`; this.box.style.top = `${Math.max(4, top)}px`;
  },
  hide() { if (this.box) this.box.hidden = true; },
};

function tips() {
  const text = (target) => {
    const owner = target.closest?.("[data-tip], a.term");
    return owner && (owner.dataset.tip ?? $(owner.getAttribute("href") + " + dd")?.textContent);
  };
  document.addEventListener("pointerover", (event) => { const found = text(event.target); if (found) hints.show(found, event.clientX, event.clientY); });
  document.addEventListener("pointerout", (event) => { if (text(event.target)) hints.hide(); });
  document.addEventListener("focusin", (event) => {
    const found = event.target.matches?.(":focus-visible") && text(event.target);
    if (found) { const place = event.target.getBoundingClientRect(); hints.show(found, place.left, place.bottom - 10); }
  });
  document.addEventListener("focusout", () => hints.hide());
  document.addEventListener("scroll", () => hints.hide(), { capture: true, passive: true }); // it would stay behind
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hints.hide(); });
}

// A link to something inside closed groups opens them first.
function reveal(id) {
  const target = id ? document.getElementById(id) : null;
  for (let group = target?.closest("details"); group; group = group.parentElement.closest("details")) group.open = true;
  return target;
}

theme(); tips();
$$("table.sortable").forEach(sortable);
$$("input[data-filter]").forEach(filter);
addEventListener("hashchange", () => reveal(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView({ block: "center" }));
reveal(decodeURIComponent(location.hash.slice(1)));
