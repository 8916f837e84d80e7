// What the pages do beyond HTML: keys, times in the reader's zone, the lease, the graph and the plot. Without it everything works but the drawings.
"use strict";
const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
// The sheet's colours are light-dark() pairs; a probe tells which of the two holds now.
function colour(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
const token = () => find("[name=form_token]")?.value ?? "";

function localTimes(within = document) {
  for (const time of all("time[datetime]", within)) {
    const instant = new Date(time.dateTime);
    if (!Number.isNaN(instant.getTime())) time.title = instant.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
  }
}

const typing = (target) => target.matches("input:not([type=radio], [type=checkbox]), textarea, select");
let here = -1;

function moveTo(place) {
  const rows = all("tr[data-row]");
  if (!rows.length) return;
  rows[here]?.classList.remove("here");
  here = Math.max(0, Math.min(rows.length - 1, place));
  rows[here].classList.add("here");
  const link = find("[data-open]", rows[here]);
  link.focus({ preventScroll: true });
  rows[here].scrollIntoView({ block: "nearest" });
}

function act(element) {
  const form = element.closest("form");
  if (element.dataset.opens) find("#" + element.dataset.opens).showModal();
  else if (element.matches("input[type=radio]")) { element.checked = true; element.focus(); element.dispatchEvent(new Event("change", { bubbles: true })); }
  else if (element.matches("input, textarea, select")) element.focus();
  else if (form && element.type === "submit") form.requestSubmit(element);
  else element.click();
}

document.addEventListener("keydown", (event) => {
  const verdict = find("#verdict");
  const sent = verdict ?? find("form[data-send]");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && sent) { event.preventDefault(); sent.requestSubmit(); return; }
  if (event.key === "Escape" && typing(event.target)) { event.target.blur(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || find("dialog[open]")) return;
  if (event.key === "j" || event.key === "k") { event.preventDefault(); moveTo(here + (event.key === "j" ? 1 : -1)); return; }
  if (event.key === "x") { const box = find(".pick input", all("tr[data-row]")[here] ?? document.createElement("i")); if (box) box.click(); return; }
  if (event.key === "q") { find("header nav a")?.click(); return; }
  if (/^[1-9]$/.test(event.key) && verdict) {
    const chosen = find("[name=verdict]:checked", verdict);
    const reason = chosen && find(`[name=reason_${chosen.value}][data-digit="${event.key}"]`, verdict);
    if (reason) { event.preventDefault(); act(reason); }
    return;
  }
  const element = all("[data-key]").find((each) => each.dataset.key === event.key && each.offsetParent !== null);
  if (element) { event.preventDefault(); act(element); }
});

function keepLease() {
  const lease = find("#lease");
  if (!lease) return;
  let active = Date.now();
  for (const kind of ["keydown", "pointerdown", "scroll"]) addEventListener(kind, () => { active = Date.now(); }, { passive: true });
  let until = new Date(lease.dataset.until).getTime();
  const renewEvery = (until - Date.now()) / 3;
  let renewed = Date.now();
  setInterval(async () => {
    const now = Date.now(), time = find("time", lease);
    const left = Math.max(0, Math.round((until - now) / 1000));
    if (time) time.textContent = left >= 60 ? `${Math.floor(left / 60)} m` : `${left} s`;
    if (!left) { lease.textContent = "Your lease has ended. What you have written stays here; claim the case again to go on."; lease.setAttribute("role", "alert"); lease.className = "problem"; until = Infinity; return; }
    if (now - renewed > renewEvery && now - active < renewEvery) {
      renewed = now;
      const answer = await fetch(lease.dataset.extend, { method: "POST", body: new URLSearchParams({ form_token: token(), quiet: "1" }) });
      if (answer.status === 204) until = now + renewEvery * 3;
    }
  }, 1000);
}

// What scrolls sideways on a narrow screen must be reachable by the keyboard.
function reachable() {
  for (const card of all(".card")) if (card.scrollWidth > card.clientWidth) card.tabIndex = 0;
}

async function drawGraph(address) {
  const place = find("[data-graph]");
  if (!place || typeof cytoscape === "undefined") return;
  const graph = await (await fetch(address ?? place.dataset.graph)).json();
  place.replaceChildren();
  const named = { here: "--accent", allow: "--good", step_up: "--warn", review: "--look", deny: "--bad", recorded: "--quiet", strong: "--ink", medium: "--quiet" };
  const fill = Object.fromEntries(Object.entries(named).map(([kind, name]) => [kind, colour(name)]));
  const ink = colour("--ink"), line = colour("--line");
  const drawn = cytoscape({
    container: place,
    elements: [...graph.nodes.map((data) => ({ data })), ...graph.edges.map((data) => ({ data }))],
    layout: { name: graph.nodes.length > 400 ? "grid" : "cose", animate: false, padding: 24, nodeRepulsion: () => 9000, idealEdgeLength: () => 60 },
    minZoom: 0.2, maxZoom: 3,
    style: [
      { selector: "node", style: { label: "data(label)", "font-size": 11, "min-zoomed-font-size": 9, color: ink, width: 16, height: 16, "text-valign": "bottom", "text-margin-y": 3, "background-color": (node) => fill[node.data("kind")] ?? fill.recorded } },
      { selector: "node[href]", style: { "font-size": 8 } },
      { selector: "node[kind='strong'], node[kind='medium']", style: { shape: "round-rectangle", width: 12, height: 12 } },
      { selector: "node[kind='here']", style: { width: 24, height: 24, "font-weight": 700 } },
      { selector: "edge", style: { width: 1.2, "line-color": line } },
    ],
  });
  drawn.on("tap", "node", (event) => { const target = event.target.data("href"); if (target) location.assign(target); });
  place.dataset.drawn = String(graph.nodes.length);
}

function widenGraph() {
  const button = find("[data-expand-graph]");
  button?.addEventListener("click", async () => { await drawGraph(button.dataset.expandGraph); button.parentElement.remove(); });
}

function drawPlots() {
  if (typeof uPlot === "undefined") return;
  for (const place of all("[data-plot]")) {
    const rows = all("tbody tr", find("#" + place.dataset.plot));
    const counts = rows.map((row) => all("td", row).map((cell) => Number(cell.textContent.replaceAll(",", ""))));
    const share = (column) => counts.map((row) => { const sum = row.reduce((a, b) => a + b, 0); return sum ? (100 * row[column]) / sum : null; });
    const days = rows.map((row) => Date.parse(find("th", row).textContent + "T00:00:00Z") / 1000);
    const series = [["step up", "--warn"], ["review", "--look"], ["deny", "--bad"]].map(([label, name]) => ({ label, stroke: colour(name), width: 2, value: (_, value) => (value === null ? "—" : value.toFixed(1) + " %") }));
    const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") } };
    new uPlot({ width: place.clientWidth, height: 200, series: [{ value: "{YYYY}-{MM}-{DD}" }, ...series], axes: [axis, { ...axis, values: (_, values) => values.map((value) => value + " %") }], scales: { y: { range: (_, low, high) => [0, Math.max(high, 1)] } } }, [days, share(1), share(2), share(3)], place);
  }
}

function countPicked() {
  const told = find("#picked");
  if (told) document.addEventListener("change", () => { told.textContent = all(".pick :checked").length; });
}

function savedViews() {
  const nav = find("#views"), save = find("#save-view");
  if (!nav) return;
  const kept = JSON.parse(localStorage.getItem("gatehouse.views") ?? "[]");
  for (const view of kept) {
    const link = document.createElement("a");
    link.textContent = view.name;
    link.href = "/console/queue?" + view.query;
    if (location.search === "?" + view.query) link.setAttribute("aria-current", "true");
    nav.insertBefore(link, save);
  }
  if (location.search.length < 2) return;
  save.hidden = false;
  save.addEventListener("click", () => {
    const name = prompt("Name this view");
    if (!name) return;
    localStorage.setItem("gatehouse.views", JSON.stringify([...kept.filter((view) => view.name !== name), { name: name.slice(0, 40), query: location.search.slice(1) }]));
    location.reload();
  });
}

document.addEventListener("htmx:after:swap", () => localTimes());
addEventListener("DOMContentLoaded", async () => {
  localTimes();
  savedViews();
  countPicked();
  keepLease();
  drawPlots();
  await drawGraph();
  widenGraph();
  reachable();
  document.documentElement.dataset.ready = "yes";
});
