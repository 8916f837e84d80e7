// The graph of a cluster: places come from the server, the browser draws. The table beside it says the same.
"use strict";

async function drawCluster() {
  const place = find("[data-cluster-graph]"), told = find("#graph-told");
  if (!place || typeof cytoscape === "undefined") return;
  const address = place.dataset.clusterGraph;
  told.textContent = "The graph is being drawn …";
  const answer = await fetch(address);
  if (!answer.ok) { told.textContent = "The graph could not be loaded; the table below says the same."; return; }
  const graph = await answer.json();
  const names = { allow: "--good", step_up: "--warn", review: "--look", deny: "--bad", recorded: "--quiet", strong: "--ink", medium: "--quiet" };
  const fill = Object.fromEntries(Object.entries(names).map(([kind, name]) => [kind, colour(name)]));
  const ink = colour("--ink"), accent = colour("--accent"), paper = colour("--paper");
  const many = graph.nodes.length > 500;
  const element = ({ x, y, ...data }) => ({ data, position: { x, y } });
  // Names of everything would hide a dense graph: the widest have them, large enough to be read when all of it is seen.
  const xs = graph.nodes.map(({ x }) => x), ys = graph.nodes.map(({ y }) => y);
  const span = (all) => Math.max(...all) - Math.min(...all) + 60;
  const scale = Math.max(1, 0.85 / Math.min(place.clientWidth / span(xs), place.clientHeight / span(ys)));
  const shared = graph.nodes.filter(({ count }) => count).sort((a, b) => (a.kind === "strong" ? 0 : 1) - (b.kind === "strong" ? 0 : 1) || b.count - a.count);
  for (const [place, data] of shared.entries()) data.named = shared.length < 90 || place < 24 ? 1 : 0;
  const words = (node) => `${node.data("label")} ${node.data("count")}`;
  const tall = (node) => scale * (7 + Math.min(9, 1.2 * Math.sqrt(node.data("count"))));
  const drawn = cytoscape({
    container: place,
    elements: [...graph.nodes.map(element), ...graph.edges.map((data) => ({ data }))],
    layout: { name: "preset", padding: 20 },
    minZoom: 0.05, maxZoom: 2, boxSelectionEnabled: false, autounselectify: true, autoungrabify: many,
    textureOnViewport: many, hideEdgesOnViewport: graph.edges.length > 4000, pixelRatio: many ? 1 : "auto",
    style: [
      { selector: "node", style: { width: 14, height: 14, "background-color": (node) => fill[node.data("kind")] ?? fill.recorded, label: "data(label)", "font-size": 8, "min-zoomed-font-size": 14, color: ink, "text-valign": "bottom", "text-margin-y": 2, "text-outline-color": paper, "text-outline-width": 1.5 } },
      { selector: "node[count]", style: { shape: "round-rectangle", label: words, width: 13, height: 13, "font-weight": 600 } },
      { selector: "node[named = 1], node.chosen[count]", style: { "z-index": 5, "font-size": tall, height: (node) => 1.7 * tall(node), width: (node) => (0.58 * words(node).length + 1) * tall(node), color: paper, "min-zoomed-font-size": 6, "font-weight": 600, "text-valign": "center", "text-margin-y": 0, "text-outline-width": 0 } },
      { selector: "node[count][frauds > 0]", style: { "border-width": 2.5, "border-color": fill.deny } },
      { selector: "node[known = 'fraud']", style: { shape: "diamond", width: 22, height: 22, "background-color": fill.deny } },
      { selector: "node[known = 'good']", style: { shape: "star", width: 24, height: 24, "background-color": fill.allow } },
      { selector: "edge", style: { width: (edge) => Math.min(8, 1 + Math.sqrt((edge.data("count") ?? 1) - 1)), "line-color": fill.recorded, opacity: 0.45, "curve-style": "haystack" } },
      { selector: ".faded", style: { opacity: 0.12, "text-opacity": 0 } },
      { selector: "node.chosen", style: { "border-width": 3, "border-color": accent } },
      { selector: ".near", style: { "z-index": 9 } },
      { selector: "node.near[^count], node.near[named = 0]", style: { "min-zoomed-font-size": 5 } },
      { selector: "edge.near", style: { "line-color": accent, width: 2, opacity: 1 } },
    ],
  });
  const general = graph.summarised
    ? `One box for each thing that accounts share, with how many carry it${graph.left_out ? `; ${graph.left_out.toLocaleString()} that tie fewer are left out` : ""}. Choose one to see its accounts.`
    : "Boxes are what accounts share. Choose one to see whom it ties.";
  const walk = drawn.nodes("[count]").sort((a, b) => b.data("count") - a.data("count") || (a.id() < b.id() ? -1 : 1));
  let at = -1;

  function rest() {
    drawn.elements().removeClass("faded chosen near");
    for (const row of all("tr.found")) row.classList.remove("found");
    told.textContent = general;
  }

  async function expand(node) {
    if (!graph.summarised || node.data("expanded")) return;
    node.data("expanded", true);
    const more = await (await fetch(`${address}?tie=${encodeURIComponent(node.id())}`)).json();
    const centre = node.position();
    const fresh = more.nodes.filter((data) => drawn.getElementById(data.id).empty());
    // A sunflower around what they share: every account is seen, however many there are.
    drawn.add(fresh.map((data, i) => ({ data, position: { x: centre.x + 11 * Math.sqrt(i + 6) * Math.cos(2.4 * i), y: centre.y + 11 * Math.sqrt(i + 6) * Math.sin(2.4 * i) } })));
    drawn.add(more.edges.filter(({ source, target }) => drawn.edges(`[source = "${source}"][target = "${target}"]`).empty()).map((data) => ({ data })));
    node.data("left_out", more.left_out);
    place.dataset.drawn = String(drawn.nodes().length);
  }

  async function choose(node) {
    const tie = node.data("count") !== undefined;
    if (tie) { at = walk.toArray().findIndex((each) => each.id() === node.id()); await expand(node); }
    rest();
    const near = node.closedNeighborhood();
    drawn.elements().not(near).addClass("faded");
    near.addClass("near");
    node.addClass("chosen");
    const { label, count, frauds, left_out: left, href, known } = node.data();
    if (tie) {
      for (const handle of node.id().split("+")) find(`tr[data-shared="${handle}"]`)?.classList.add("found");
      told.textContent = `${label}: ${count.toLocaleString()} accounts${frauds ? `, ${frauds.toLocaleString()} known fraud` : ""}${left ? `; the newest ${(count - left).toLocaleString()} are drawn` : ""}.`;
      drawn.stop().animate({ fit: { eles: near, padding: 80 } }, { duration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 250 });
    } else {
      const shares = near.nodes("[count]").map((each) => each.data("label"));
      told.textContent = `${label}${known ? `, ${known === "fraud" ? "known fraud" : "verified good"}` : ""}: shares ${shares.join(", ") || "nothing that is drawn"}. `;
      if (href) { const link = document.createElement("a"); link.href = href; link.textContent = "Open it"; told.append(link); }
    }
    place.dataset.chosen = node.id();
  }

  const zoom = (by) => drawn.zoom({ level: drawn.zoom() * by, renderedPosition: { x: place.clientWidth / 2, y: place.clientHeight / 2 } });
  const steps = {
    in: () => zoom(1.3), out: () => zoom(1 / 1.3),
    fit: () => { rest(); at = -1; delete place.dataset.chosen; drawn.fit(undefined, 24); },
    next: () => walk.length && choose(walk[(at + 1) % walk.length]),
    before: () => walk.length && choose(walk[(at - 1 + walk.length) % walk.length]),
  };
  drawn.on("tap", "node", (event) => choose(event.target));
  drawn.on("tap", (event) => { if (event.target === drawn) rest(); });
  for (const button of all("[data-graph-step]")) button.addEventListener("click", () => steps[button.dataset.graphStep]());
  for (const button of all("[data-find]")) button.addEventListener("click", () => {
    const node = drawn.nodes("[count]").filter((each) => each.id().split("+").includes(button.dataset.find)).first();
    if (node.empty()) told.textContent = "This one ties nobody, so it is not drawn.";
    else choose(node);
    place.scrollIntoView({ block: "center" });
    place.focus({ preventScroll: true });
  });
  place.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
    const step = { "+": "in", "=": "in", "-": "out", 0: "fit", n: "next", b: "before", Escape: "fit" }[event.key];
    if (by) drawn.panBy({ x: by[0], y: by[1] });
    else if (step) steps[step]();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  rest();
  place.dataset.summarised = graph.summarised ? "yes" : "no";
  place.dataset.drawn = String(graph.nodes.length);
}

addEventListener("DOMContentLoaded", drawCluster);
