// The circuit with its verdicts: pictures, groups of rows, profiles. Data stands in <script type="application/json">.
const SVG = "http://www.w3.org/2000/svg";
const CELL = 46, ROW = 40, LEFT = 52, TOP = 8, WIDE = 38, HIGH = 30;

function make(tag, attributes = {}, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

function element(tag, attributes = {}, ...inside) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...inside);
  return node;
}

function figure(value, digits = 3) {
  if (value === null || value === undefined) return "–";
  if (Math.abs(value) >= 1e308) return value > 0 ? "∞" : "-∞";
  const short = Number(value.toPrecision(digits));
  return short !== 0 && (Math.abs(short) < 1e-4 || Math.abs(short) >= 1e7) ? short.toExponential().replace("e+", "e") : String(short);
}

class Report { // one report's data: columns over its parameters, and its gates
  constructor(id) {
    this.id = id;
    Object.assign(this, JSON.parse($(`#data-${id}`).textContent));
    this.gatesOf = this.names.map(() => []);
    this.gates.forEach((gate, g) => gate[3].forEach((k) => this.gatesOf[k]?.push(g)));
    this.words = this.names.map((name, k) => `${k} ${name} ${this.causes[this.cause[k]][0]} ${this.qubits[k].map((q) => `q${q}`).join(" ")}`.toLowerCase());
    this.chosen = this.names.map(() => true);
    this.pictures = []; this.groups = [];
  }
  kind(k) { return this.causes[this.cause[k]][1]; }
  interval(k) {
    const [value, low, high] = [this.v[k], this.lo[k], this.hi[k]];
    if (low === high && value !== null) return "exact";
    return value === null && !(low > 0) ? `≤ ${figure(high, 2)}` : `${figure(low, 2)} … ${figure(high, 2)}`;
  }
  figures(k) { return `V ${figure(this.v[k])} (${this.interval(k)}), β ${figure(this.b[k], 2)}, φ ${figure(this.p[k], 2)}`; }
  advised(k) { return this.kind(k) === "healthy" || !this.advice[this.a[k]] ? "" : `Advice: ${this.advice[this.a[k]]}.`; }
  said(k) { return this.plain ? [this.names[k], this.causes[this.cause[k]][0]].filter(Boolean).join(": ") : [`${this.names[k]} (#${k}): ${this.causes[this.cause[k]][0]}`, this.figures(k), this.advised(k)].filter(Boolean).join("\n"); }
  label(g) {
    const [name, , qubits, driven, angle] = this.gates[g];
    const where = `${this.gateNames[name]} on qubit${qubits.length > 1 ? "s" : ""} ${qubits.slice(0, 8).join(", ")}${qubits.length > 8 ? ", …" : ""}`;
    return [where + (angle ? `, angle ${angle}` : ""), ...driven.slice(0, 3).map((k) => this.said(k)), ...(driven.length > 3 ? [`and ${driven.length - 3} more`] : [])].join("\n");
  }
  // the gates through which what a gate does reaches the observable: those it touches later, inside the light cone
  signal(g) {
    const touched = new Set(this.gates[g][2]), found = new Set([g]);
    if (!this.gates[g][5]) return found;
    for (let h = g + 1; h < this.gates.length; h += 1) {
      const [name, , qubits, , , inside] = this.gates[h];
      if (!inside || this.gateNames[name] === "barrier" || !qubits.some((q) => touched.has(q))) continue;
      qubits.forEach((q) => touched.add(q)); found.add(h);
    }
    return found;
  }
  go(k) { this.groups.forEach((group) => group.go(k)); }
  pick(g) { const picture = this.pictures[0]; if (picture) { picture.pick(g, true); picture.box.scrollIntoView({ block: "center" }); picture.view.focus({ preventScroll: true }); } }
  choose(words, kinds) {
    this.names.forEach((_, k) => { this.chosen[k] = kinds.has(this.kind(k)) && words.every((word) => this.words[k].includes(word)); });
    const all = this.chosen.every(Boolean);
    this.groups.forEach((group) => group.refresh(!all));
    this.pictures.forEach((picture) => picture.dim(!all));
    return this.chosen.filter(Boolean).length;
  }
}

class Picture {
  constructor(box, report) {
    this.box = box; this.report = report; this.view = $(".view", box); this.panel = $(".panel", box);
    this.columns = Math.max(0, ...report.gates.map((gate) => gate[1])) + 1;
    this.width = LEFT + this.columns * CELL + 40; this.height = 2 * TOP + report.n * ROW;
    this.nodes = []; this.at = -1;
    this.draw(); this.listen();
    this.fit();
    report.pictures.push(this);
  }
  x(column) { return LEFT + column * CELL + CELL / 2; }
  y(qubit) { return TOP + qubit * ROW + ROW / 2; }
  draw() {
    const { report } = this;
    this.svg = make("svg", { viewBox: `0 0 ${this.width} ${this.height}`, role: "img", "aria-label": this.box.dataset.title });
    this.svg.append(make("title", {}, this.box.dataset.title), make("desc", {}, this.box.dataset.desc));
    for (let q = 0; q < report.n; q += 1) {
      this.svg.append(make("line", { class: "wire", x1: LEFT - 8, x2: this.width - 34, y1: this.y(q), y2: this.y(q) }));
      this.svg.append(make("text", { class: "qubit", x: 6, y: this.y(q) + 4 }, `q${q}`));
      if (report.measured[q]) this.svg.append(make("text", { class: "measured", x: this.width - 26, y: this.y(q) + 5 }, report.measured[q]));
    }
    report.gates.forEach((gate, g) => { const node = this.gate(gate, g); this.nodes.push(node); this.svg.append(node); });
    this.view.replaceChildren(this.svg);
  }
  gate([name, column, qubits, driven, , inside], g) {
    const { report } = this, word = report.gateNames[name], kind = driven.length ? report.kind(this.worst(driven)) : "";
    const node = make("g", { class: `gate${kind ? ` lit k-${kind}` : ""}${inside ? "" : " outside"}`, "data-g": g });
    const x = this.x(column), low = Math.min(...qubits), high = Math.max(...qubits);
    if (word === "barrier") {
      node.append(make("line", { class: "bar-line", x1: x + CELL / 2, x2: x + CELL / 2, y1: this.y(low) - ROW / 2, y2: this.y(high) + ROW / 2 }));
      return node;
    }
    if (high > low) node.append(make("line", { class: "join", x1: x, x2: x, y1: this.y(low), y2: this.y(high) }));
    const [controls, shown] = this.shape(word, qubits);
    qubits.forEach((q, i) => {
      if (i < controls) node.append(make("circle", { class: "dot", cx: x, cy: this.y(q), r: 6 }));
      else if (shown === "⊕") node.append(make("circle", { class: "ring", cx: x, cy: this.y(q), r: 12 }), make("path", { class: "cross", d: `M${x - 12} ${this.y(q)}h24M${x} ${this.y(q) - 12}v24` }));
      else if (shown === "×") node.append(make("path", { class: "cross", d: `M${x - 7} ${this.y(q) - 7}l14 14m0 -14l-14 14` }));
      else this.square(node, x, this.y(q), shown, kind, driven);
    });
    return node;
  }
  // the verdict that stands for a gate with several parameters: the one that most needs a look
  worst(driven) { return driven.reduce((a, b) => (this.report.rank[this.report.cause[b]] > this.report.rank[this.report.cause[a]] ? b : a)); }
  shape(word, qubits) {
    const controlled = { cx: "⊕", ccx: "⊕", cz: "", ccz: "", cswap: "×", swap: "×", cy: "Y", ch: "H", crx: "RX", cry: "RY", crz: "RZ", cp: "P", csx: "√X", cs: "S" };
    if (word === "swap") return [0, "×"];
    if (word === "cz" || word === "ccz") return [qubits.length, ""];
    if (word === "cswap") return [1, "×"];
    if (word in controlled) return [qubits.length - 1, controlled[word]];
    const plain = { sx: "√X", sdg: "S†", tdg: "T†", sxdg: "√X†", PauliEvolution: "exp", unitary: "U" };
    return [0, plain[word] ?? (word.length <= 5 ? word.toUpperCase() : `${word.slice(0, 4)}…`)];
  }
  square(node, x, y, shown, kind, driven) {
    const place = { x: x - WIDE / 2, y: y - HIGH / 2, width: WIDE, height: HIGH, rx: 4 };
    node.append(make("rect", { class: "box", ...place }));
    if (kind && kind !== "healthy") node.append(make("rect", { class: "hatch", fill: `url(#hatch-${kind})`, ...place }));
    node.append(make("text", { class: "name", x: x - (kind ? 3 : 0), y: driven.length ? y - 1 : y + 4 }, shown));
    if (!driven.length) return;
    const label = this.report.names[driven[0]], many = driven.length > 1;
    node.append(make("text", { class: "angle", x, y: y + 11 }, many ? `${driven.length} angles` : [...label].length <= 7 ? label : `#${driven[0]}`));
    if (kind) node.append(make("text", { class: "mark", x: x + WIDE / 2 - 2, y: y - 4 }, this.report.marks[kind]));
  }
  fit() {
    const room = this.view.clientWidth || 900, tall = Math.min(innerHeight * 0.72, 736);
    const least = this.report.gates.length <= 300 ? 0.6 : 0.08;
    this.zoom(Math.max(least, Math.min(1.15, room / this.width, tall / this.height)));
  }
  zoom(scale, px = this.view.clientWidth / 2, py = this.view.clientHeight / 2) {
    const old = this.scale ?? scale;
    const [x, y] = [(this.view.scrollLeft + px) / old, (this.view.scrollTop + py) / old];
    this.scale = Math.max(0.03, Math.min(4, scale));
    this.svg.setAttribute("width", this.width * this.scale); this.svg.setAttribute("height", this.height * this.scale);
    this.svg.classList.toggle("far", this.scale < 0.42);
    this.view.scrollLeft = x * this.scale - px; this.view.scrollTop = y * this.scale - py;
  }
  listen() {
    const { view } = this, of = (event) => { const node = event.target.closest?.("g.gate"); return node ? Number(node.dataset.g) : -1; };
    const steps = { in: () => this.zoom(this.scale * 1.4), out: () => this.zoom(this.scale / 1.4), fit: () => this.fit(), one: () => this.zoom(1) };
    $$("button[data-zoom]", this.box).forEach((button) => button.addEventListener("click", () => steps[button.dataset.zoom]()));
    view.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const place = view.getBoundingClientRect();
      this.zoom(this.scale * Math.exp(-event.deltaY / 300), event.clientX - place.left, event.clientY - place.top);
    }, { passive: false });
    view.addEventListener("pointerover", (event) => { const g = of(event); if (g >= 0 && !this.drag) { this.light(g); hints.show(this.report.label(g), event.clientX, event.clientY); } });
    view.addEventListener("pointerout", (event) => { if (of(event) >= 0) { this.light(this.at); hints.hide(); } });
    view.addEventListener("pointerdown", (event) => { if (event.pointerType === "mouse" && event.button === 0) this.drag = [event.clientX, event.clientY, view.scrollLeft, view.scrollTop, false]; });
    addEventListener("pointermove", (event) => {
      if (!this.drag) return;
      const [dx, dy] = [event.clientX - this.drag[0], event.clientY - this.drag[1]];
      if (Math.hypot(dx, dy) > 4) { this.drag[4] = true; view.classList.add("drag"); hints.hide(); }
      if (this.drag[4]) { view.scrollLeft = this.drag[2] - dx; view.scrollTop = this.drag[3] - dy; }
    });
    addEventListener("pointerup", () => { this.moved = this.drag?.[4]; this.drag = null; view.classList.remove("drag"); });
    view.addEventListener("click", (event) => { if (!this.moved) this.pick(of(event)); });
    view.addEventListener("keydown", (event) => this.key(event));
  }
  key(event) {
    const { at, report } = this, keys = {
      ArrowRight: () => this.step(1), ArrowLeft: () => this.step(-1), ArrowDown: () => this.aside(1), ArrowUp: () => this.aside(-1),
      Home: () => this.pick(0, true), End: () => this.pick(report.gates.length - 1, true), Escape: () => this.pick(-1),
      Enter: () => { const [k] = report.gates[at]?.[3] ?? []; if (k !== undefined) report.go(k); },
      "+": () => this.zoom(this.scale * 1.4), "=": () => this.zoom(this.scale * 1.4), "-": () => this.zoom(this.scale / 1.4), 0: () => this.fit(), 1: () => this.zoom(1),
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys) || !report.gates.length) return;
    event.preventDefault(); keys[event.key]();
  }
  step(way) { // along the wire of the gate that is picked
    const { at, report: { gates } } = this, wire = at < 0 ? null : gates[at][2][0];
    for (let g = at < 0 ? (way > 0 ? 0 : gates.length - 1) : at + way; g >= 0 && g < gates.length; g += way) if (wire === null || gates[g][2].includes(wire)) return this.pick(g, true);
  }
  aside(way) { // the gate nearest in time on the next wire that has one
    const { at, report: { gates, n } } = this;
    if (at < 0) return this.pick(0, true);
    const column = gates[at][1];
    for (let q = (way > 0 ? Math.max(...gates[at][2]) : Math.min(...gates[at][2])) + way; q >= 0 && q < n; q += way) {
      let best = -1;
      gates.forEach((gate, g) => { if (gate[2].includes(q) && (best < 0 || Math.abs(gate[1] - column) < Math.abs(gates[best][1] - column))) best = g; });
      if (best >= 0) return this.pick(best, true);
    }
  }
  light(g) {
    this.view.classList.toggle("cone", g >= 0);
    this.lit?.forEach((h) => this.nodes[h].classList.remove("signal"));
    this.lit = g >= 0 ? this.report.signal(g) : null;
    this.lit?.forEach((h) => this.nodes[h].classList.add("signal"));
  }
  pick(g, follow = false) {
    this.nodes[this.at]?.classList.remove("picked");
    this.at = g; this.light(g);
    const node = this.nodes[g];
    node?.classList.add("picked");
    if (follow && node) {
      if (this.scale < 0.42) this.zoom(0.8);
      const [, column, qubits] = this.report.gates[g];
      this.view.scrollLeft = this.x(column) * this.scale - this.view.clientWidth / 2;
      this.view.scrollTop = this.y(qubits[0] ?? 0) * this.scale - this.view.clientHeight / 2;
    }
    this.tell(g);
  }
  tell(g) {
    if (g < 0) { this.panel.replaceChildren(element("p", { class: "soft" }, this.panel.dataset.empty)); return; }
    const { report } = this, [, , , driven, , inside] = report.gates[g];
    const parts = [element("p", {}, element("b", {}, report.label(g).split("\n")[0]), inside ? "" : " – outside the observable's light cone")];
    if (!driven.length) parts.push(element("p", { class: "soft" }, "No parameter."));
    for (const k of driven.slice(0, 12)) {
      const link = element("a", { href: `#p${report.id}-${k}` }, report.names[k]);
      link.addEventListener("click", (event) => { event.preventDefault(); report.go(k); });
      if (report.plain) parts.push(element("p", {}, ...(report.kind(k) ? [badge(report, report.kind(k)), " "] : []), report.said(k)));
      else parts.push(element("p", {}, badge(report, report.kind(k)), " ", link, `: ${report.causes[report.cause[k]][0]}. ${report.figures(k)}. ${report.advised(k)}`));
    }
    if (driven.length > 12) parts.push(element("p", {}, `and ${driven.length - 12} more parameters`));
    this.panel.replaceChildren(...parts);
  }
  dim(some) { this.nodes.forEach((node, g) => { const driven = this.report.gates[g][3]; node.classList.toggle("dim", some && !driven.some((k) => this.report.chosen[k])); }); }
}

function badge(report, kind) { return element("span", { class: `k k-${kind}`, "aria-hidden": "true" }, report.marks[kind]); }

class Group { // the parameters of one cause; its rows are made when it is first opened
  constructor(box, report) {
    this.box = box; this.report = report; this.cause = Number(box.dataset.cause); this.said = $(".chosen", box);
    this.own = report.names.map((_, k) => k).filter((k) => report.cause[k] === this.cause);
    box.addEventListener("toggle", () => { if (box.open) this.fill(); });
    report.groups.push(this);
  }
  fill() {
    if (this.rows) return;
    const { report } = this, body = $("tbody", this.box);
    this.rows = new Map(this.own.map((k) => [k, this.row(k)]));
    body.append(...this.rows.values());
    sortable($("table", this.box));
    this.refresh(!report.chosen.every(Boolean));
  }
  row(k) {
    const { report } = this, cell = (value, attributes = {}) => element("td", attributes, value);
    const number = (value, digits) => cell(figure(value, digits), { class: "n", "data-v": value ?? "" });
    const gates = report.gatesOf[k].slice(0, 4).map((g) => {
      const link = element("a", { href: `#circuit-${report.id}`, "aria-label": `show gate ${g} of ${report.names[k]} in the circuit` }, `${report.gateNames[report.gates[g][0]]}`);
      link.addEventListener("click", (event) => { event.preventDefault(); report.pick(g); });
      return link;
    });
    const more = report.gatesOf[k].length > 4 ? `, … (${report.gatesOf[k].length})` : "";
    const place = element("td", {}, ...gates.flatMap((link, i) => (i ? [", ", link] : [link])), `${more} on ${report.qubits[k].slice(0, 8).map((q) => `q${q}`).join(", ")}${report.qubits[k].length > 8 ? ", …" : ""}`);
    const row = element("tr", { id: `p${report.id}-${k}`, tabindex: "-1" }, cell(String(k), { class: "n", "data-v": k }), element("th", { scope: "row" }, report.names[k]), place, number(report.v[k], 3), cell(report.interval(k), { "data-v": report.lo[k] ?? "" }), number(report.b[k], 2), number(report.p[k], 2));
    if ($("th.advice", this.box)) row.append(cell(report.advice[report.a[k]], { class: "w" }));
    return row;
  }
  refresh(some) {
    const shown = this.own.filter((k) => this.report.chosen[k]).length;
    this.rows?.forEach((row, k) => { row.hidden = !this.report.chosen[k]; });
    this.box.hidden = some && shown === 0;
    this.said.textContent = some ? `${shown} of ` : "";
  }
  go(k) {
    if (this.report.cause[k] !== this.cause) return;
    this.box.hidden = false; this.box.open = true; this.fill();
    $$("tr.here").forEach((row) => row.classList.remove("here"));
    const row = this.rows.get(k);
    row.hidden = false; row.classList.add("here"); row.scrollIntoView({ block: "center" }); row.focus({ preventScroll: true });
  }
}

function chooser(box, report) { // the box of words and the buttons of causes, over groups and picture
  const input = $("input", box), chips = $$(".chip", box), said = $("[role=status]", box);
  const run = () => {
    const kinds = new Set(chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => chip.dataset.kind));
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean), shown = report.choose(words, kinds);
    said.textContent = shown === report.names.length ? "" : `${shown} of ${report.names.length} shown`;
  };
  input.addEventListener("input", run);
  chips.forEach((chip) => chip.addEventListener("click", () => { chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true")); run(); }));
}

function profile(box, report) { // the parameter under the pointer, by its place on the axis
  const svg = $("svg", box), [left, step] = [Number(svg.dataset.left), Number(svg.dataset.step)], line = $(".here", svg);
  const order = report.names.map((_, k) => k).sort((a, b) => report.first[a] - report.first[b] || a - b);
  const under = (event) => { const place = svg.getBoundingClientRect(); return Math.round(((event.clientX - place.left) * svg.viewBox.baseVal.width / place.width - left) / step); };
  svg.addEventListener("pointermove", (event) => {
    const i = under(event), k = order[i];
    line.style.display = k === undefined ? "none" : "";
    if (k === undefined) { hints.hide(); return; }
    line.setAttribute("x1", left + i * step); line.setAttribute("x2", left + i * step);
    hints.show(report.said(k), event.clientX, event.clientY);
  });
  svg.addEventListener("pointerleave", () => { line.style.display = "none"; hints.hide(); });
  svg.addEventListener("click", (event) => { const k = order[under(event)]; if (k !== undefined) report.go(k); });
}

const reports = new Map($$("script[data-report]").map((node) => [node.dataset.report, new Report(node.dataset.report)]));
const each = (selector, start) => $$(selector).forEach((box) => { const report = reports.get(box.dataset.of); if (report) start(box, report); });
// pictures in closed groups are drawn when they are opened
each(".picture", (box, report) => {
  const closed = box.closest("details:not([open])");
  if (closed) closed.addEventListener("toggle", () => new Picture(box, report), { once: true }); else new Picture(box, report);
});
each(".group", (box, report) => new Group(box, report));
each(".chooser", chooser);
each(".profile", profile);
const place = /^#p([\w]+)-(\d+)$/.exec(location.hash);
if (place) reports.get(place[1])?.go(Number(place[2]));
