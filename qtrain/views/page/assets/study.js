// A point of a chart shows its trial's circuit while it is pointed at, and marks the same trial in every chart.
const peek = document.createElement("div");
peek.id = "peek"; peek.hidden = true; peek.setAttribute("aria-hidden", "true");
document.body.append(peek);

function look(target) {
  const point = target.closest?.("svg [data-trial], svg a[href^='#trial-']");
  const number = point && (point.dataset.trial ?? point.getAttribute("href").slice("#trial-".length));
  $$("[data-trial].here").forEach((other) => other.classList.remove("here"));
  if (number == null) { peek.hidden = true; return; }
  $$(`[data-trial="${number}"]`).forEach((other) => other.classList.add("here"));
  const picture = $(`#trial-${number} .circuit svg`);
  peek.hidden = !picture;
  if (!picture) return;
  const name = document.createElement("p"), copy = picture.cloneNode(true);
  name.textContent = $(`#trial-${number} > summary`).textContent;
  peek.replaceChildren(name, copy);
}

document.addEventListener("pointerover", (event) => look(event.target));
document.addEventListener("focusin", (event) => { if (event.target.matches?.(":focus-visible")) look(event.target); });
document.addEventListener("focusout", () => { peek.hidden = true; });
