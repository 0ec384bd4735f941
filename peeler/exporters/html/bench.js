const bench = document.getElementById("bench");
const find = (selector, from = bench) => from.querySelector(selector);
const all = (selector, from = bench) => [...from.querySelectorAll(selector)];
const MISSED = 2;

const stage = find(".stage");
const live = find(".live");
const heat = find("canvas.heat");
const toldHeat = find("img.heat");
const outline = find(".outline");
const factor = Number(stage.dataset.factor);
const planes = all(".pulled img");
const rows = all(".layers tr[aria-level]");
const layers = rows
  .filter((row) => row.dataset.layer !== undefined)
  .map((row) => ({
    row,
    id: row.dataset.layer,
    name: find("b", row).textContent,
    plane: planes[row.dataset.place],
    eye: find("input", row),
    place: row.dataset.at.split(" ").map(Number),
    opacity: Number(row.dataset.opacity),
    role: row.dataset.role,
    group: row.parentElement.classList.contains("group") ? row.parentElement : null,
  }))
  .reverse();
const layerOf = new Map(layers.map((layer) => [layer.row, layer]));
const largest = find(".largest").textContent;

let only = null; // what is shown alone: a set of layers, whatever the boxes say
let picked = null;
let near = null; // what the pointer is on

const choice = (name) => find(`[name="${name}"]:checked`).value;
const dial = (name) => find(`[name="${name}"]`);
const isShown = (layer) => (only ? only.has(layer) : layer.eye.checked);
const asItWas = () => !only && layers.every((layer) => layer.eye.checked === layer.eye.defaultChecked);
const membersOf = (row) => layers.filter((layer) => layer.group === row.parentElement);
const meant = (row) => (layerOf.has(row) ? [layerOf.get(row)] : membersOf(row));

/* What is seen */

function paint() {
  const pen = live.getContext("2d");
  pen.clearRect(0, 0, live.width, live.height);
  for (const layer of layers) {
    layer.plane.hidden = !isShown(layer);
    if (!isShown(layer)) continue;
    pen.globalAlpha = layer.opacity;
    pen.drawImage(layer.plane, ...layer.place.map((value) => value / factor));
  }
  compare();
}

function pixelsOf(picture) {
  const canvas = Object.assign(document.createElement("canvas"), { width: live.width, height: live.height });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return pen.getImageData(0, 0, canvas.width, canvas.height).data;
}

/* Of all layers the page holds a map that was measured; of fewer it is made here, of what is seen. */
function compare() {
  const measured = asItWas();
  heat.hidden = measured;
  toldHeat.hidden = !measured;
  if (measured) find(".largest").textContent = largest;
  if (measured || choice("view") !== "difference") return;
  const one = pixelsOf(live), other = pixelsOf(find(".before"));
  const map = new ImageData(live.width, live.height);
  let most = 0;
  for (let at = 0; at < one.length; at += 4) {
    let off = Math.abs(one[at + 3] - other[at + 3]);
    for (let channel = at; channel < at + 3; channel++)
      off = Math.max(off, Math.abs(one[channel] * one[at + 3] - other[channel] * other[at + 3]) / 255);
    off = Math.round(off);
    most = Math.max(most, off);
    const warmth = Math.min(1, Math.max(0, (off - MISSED) / 60));
    const colour = off <= MISSED ? [148, 163, 184, off ? 120 : 0] : [245 - 60 * warmth, 158 * (1 - warmth), 11 + 20 * warmth, 255];
    map.data.set(colour, at);
  }
  heat.getContext("2d").putImageData(map, 0, 0);
  find(".largest").textContent = `${most} of 255, of what is shown here`;
}

/* A line around a layer, just outside of it: its shape moved all ways, less the shape. */
function drawOutlines() {
  const ratio = devicePixelRatio || 1;
  outline.width = Math.round(stage.clientWidth * ratio);
  outline.height = Math.round(stage.clientHeight * ratio);
  if (near && near !== picked) drawOutline(near, ratio);
  if (picked) drawOutline(picked, 2 * ratio);
  for (const layer of layers) layer.plane.classList.toggle("near", layer === near || layer === picked);
}

function drawOutline(layer, thick) {
  const { width, height } = outline;
  const across = width / (live.width * factor), down = height / (live.height * factor);
  const [left, top, wide, high] = layer.place;
  const style = getComputedStyle(bench);
  for (const [reach, colour] of [[1.8 * thick, "#fff"], [1.2 * thick, style.getPropertyValue("--accent")]]) {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const pen = canvas.getContext("2d");
    const put = (x, y) => pen.drawImage(layer.plane, left * across + x, top * down + y, wide * across, high * down);
    for (let turn = 0; turn < 16; turn++) put(reach * Math.cos((turn * Math.PI) / 8), reach * Math.sin((turn * Math.PI) / 8));
    pen.globalCompositeOperation = "source-in";
    pen.fillStyle = colour;
    pen.fillRect(0, 0, width, height);
    pen.globalCompositeOperation = "destination-out";
    put(0, 0);
    // Where a layer ends with the canvas there is nothing outside of it, so the line is drawn within.
    const frame = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
    frame.strokeStyle = colour;
    frame.lineWidth = 2 * reach;
    frame.strokeRect(0, 0, width, height);
    frame.globalCompositeOperation = "destination-in";
    frame.drawImage(layer.plane, left * across, top * down, wide * across, high * down);
    for (const part of [canvas, frame.canvas]) outline.getContext("2d").drawImage(part, 0, 0);
  }
}

const probe = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });

/* The uppermost layer shown at a point of the stage; a residual is nothing one would want to choose. */
function at(event) {
  const box = stage.getBoundingClientRect();
  const x = Math.floor(((event.clientX - box.left) / box.width) * live.width * factor);
  const y = Math.floor(((event.clientY - box.top) / box.height) * live.height * factor);
  return layers.findLast((layer) => {
    const [left, top, wide, high] = layer.place;
    if (layer.role === "residual" || !isShown(layer) || x < left || y < top || x >= left + wide || y >= top + high) return false;
    probe.clearRect(0, 0, 1, 1);
    probe.drawImage(layer.plane, left - x, top - y, wide, high);
    return probe.getImageData(0, 0, 1, 1).data[3] * layer.opacity > 24;
  });
}

/* What is told: rows, the line under the stage, the address */

function tell() {
  for (const row of rows) {
    const of = meant(row);
    const on = of.filter((layer) => layer.eye.checked).length;
    const eye = find("input", row);
    row.classList.toggle("off", !of.some(isShown));
    eye.checked = on > 0;
    eye.indeterminate = on > 0 && on < of.length;
    find(".solo", row).setAttribute("aria-pressed", Boolean(only) && of.length === only.size && of.every((layer) => only.has(layer)));
    row.setAttribute("aria-selected", Boolean(picked) && row === picked.row);
    if (!layerOf.has(row)) row.setAttribute("aria-expanded", !row.parentElement.classList.contains("folded"));
  }
  const shown = layers.filter(isShown).length;
  const words = [`${shown} of ${layers.length} layers shown`];
  if (picked) words.push(`${picked.name} chosen`);
  find(".said").textContent = words.join(", ");
}

const list = (chosen) => chosen.map((layer) => encodeURIComponent(layer.id)).join(",");

function address() {
  const off = layers.filter((layer) => layer.eye.defaultChecked && !layer.eye.checked);
  const on = layers.filter((layer) => !layer.eye.defaultChecked && layer.eye.checked);
  const parts = {
    hide: list(off),
    show: list(on),
    only: only ? list([...only]) : "",
    pick: picked ? list([picked]) : "",
    view: choice("view") === "layers" ? "" : choice("view"),
    ground: choice("ground") === "checks" ? "" : choice("ground"),
    split: dial("split").value === "50" ? "" : dial("split").value,
    spread: dial("spread").value === "60" ? "" : dial("spread").value,
  };
  const told = Object.entries(parts).filter(([, value]) => value).map(([key, value]) => `${key}=${value}`);
  history.replaceState(null, "", `#${told.join("&")}`);
}

function follow() {
  const parts = new Map(location.hash.slice(1).split("&").map((part) => part.split("=")));
  const named = (key) => {
    const ids = (parts.get(key) ?? "").split(",").filter(Boolean).map((id) => { try { return decodeURIComponent(id); } catch { return id; } });
    return layers.filter((layer) => ids.includes(layer.id));
  };
  const off = named("hide"), on = named("show"), alone = named("only");
  for (const layer of layers) layer.eye.checked = on.includes(layer) || (layer.eye.defaultChecked && !off.includes(layer));
  only = alone.length ? new Set(alone) : null;
  picked = named("pick")[0] ?? null;
  for (const name of ["view", "ground"])
    for (const button of all(`[name="${name}"]`)) button.checked = parts.has(name) ? button.value === parts.get(name) : button.defaultChecked;
  for (const name of ["view", "ground"]) if (!find(`[name="${name}"]:checked`)) find(`[name="${name}"]`).checked = true;
  for (const name of ["split", "spread"]) dial(name).value = parts.get(name) ?? dial(name).defaultValue;
  turnDials();
  if (picked) focusable(picked.row), reveal(picked.row);
}

function turnDials() {
  for (const name of ["split", "spread"]) bench.style.setProperty(`--${name}`, dial(name).value);
}

let waiting = 0;
/* Everything again, once per frame at most. */
function renew() {
  waiting ||= requestAnimationFrame(() => {
    waiting = 0;
    paint();
    drawOutlines();
    tell();
    address();
  });
}

/* What is done */

function show(chosen, on) {
  for (const layer of chosen) layer.eye.checked = on;
  only = null;
  renew();
}

function alone(chosen) {
  const same = only && only.size === chosen.length && chosen.every((layer) => only.has(layer));
  only = same ? null : new Set(chosen);
  renew();
}

function pick(layer) {
  if (picked === layer) return;
  picked = layer ?? null;
  if (layer) {
    layer.group?.classList.remove("folded");
    focusable(layer.row);
    reveal(layer.row);
  }
  renew();
}

/* Only the list scrolls, never the page. */
function reveal(row) {
  const frame = find(".scroll").getBoundingClientRect(), box = row.getBoundingClientRect();
  if (box.top < frame.top) find(".scroll").scrollTop -= frame.top - box.top + 6;
  else if (box.bottom > frame.bottom) find(".scroll").scrollTop += box.bottom - frame.bottom + 6;
}

function hover(layer) {
  if (near === (layer ?? null)) return;
  near = layer ?? null;
  for (const row of rows) row.classList.toggle("near", row === near?.row);
  drawOutlines();
}

/* One row and what is in it can be reached by Tab, the others by arrows. */
function focusable(chosen) {
  for (const row of rows) {
    row.tabIndex = row === chosen ? 0 : -1;
    for (const part of all("input, button, a", row)) part.tabIndex = row === chosen ? 0 : -1;
  }
}

const within = (row) => !row.hidden && row.offsetParent !== null;

function go(row, way) {
  const seen = rows.filter(within);
  const to = { ArrowUp: seen.indexOf(row) - 1, ArrowDown: seen.indexOf(row) + 1, Home: 0, End: seen.length - 1 }[way];
  const next = seen[Math.max(0, Math.min(seen.length - 1, to))];
  focusable(next);
  next.focus();
}

function fold(row, folded) {
  if (layerOf.has(row)) return;
  row.parentElement.classList.toggle("folded", folded);
  renew();
}

function onKey(event) {
  const row = event.target.closest("tr[aria-level]");
  if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
  const onRow = event.target === row;
  if (["ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) go(row, event.key);
  else if (event.key === "ArrowLeft" || event.key === "ArrowRight") fold(row, event.key === "ArrowLeft");
  else if (event.key === " " && onRow) show(meant(row), !meant(row).some((layer) => layer.eye.checked));
  else if (event.key.toLowerCase() === "s") alone(meant(row));
  else return;
  event.preventDefault();
}

function save(event) {
  const row = event.target.closest("tr"), layer = layerOf.get(row);
  const link = event.target;
  // The picture that the page holds, where that is the layer to the last bit, or there is nothing else.
  if (row.dataset.exact !== undefined || !link.hasAttribute("href")) link.href = layer.plane.src;
}

function onClick(event) {
  const row = event.target.closest("tr[aria-level]");
  if (!row) return;
  if (event.target.matches(".solo")) alone(meant(row));
  else if (event.target.matches(".png")) save(event);
  else if (!event.target.matches("input") && layerOf.has(row)) pick(layerOf.get(row));
  else if (!event.target.matches("input")) fold(row, !row.parentElement.classList.contains("folded"));
}

function slide(event) {
  if (choice("view") !== "compare" || !(event.buttons & 1)) return;
  const box = stage.getBoundingClientRect();
  dial("split").value = (100 * (event.clientX - box.left)) / box.width;
  turnDials();
}

function listen() {
  const table = find(".layers");
  table.addEventListener("keydown", onKey);
  table.addEventListener("click", onClick);
  table.addEventListener("change", (event) => show(meant(event.target.closest("tr")), event.target.checked));
  table.addEventListener("focusin", (event) => {
    const row = event.target.closest("tr[aria-level]");
    if (row && layerOf.has(row)) pick(layerOf.get(row));
  });
  table.addEventListener("pointerover", (event) => hover(layerOf.get(event.target.closest("tr"))));
  table.addEventListener("pointerleave", () => hover(null));
  stage.addEventListener("pointermove", (event) => {
    slide(event);
    if (choice("view") === "exploded") hover(layers.find((layer) => layer.plane === event.target));
    else if (choice("view") !== "compare") hover(at(event));
  });
  stage.addEventListener("pointerdown", (event) => {
    if (choice("view") === "compare") stage.setPointerCapture(event.pointerId);
    slide(event);
  });
  stage.addEventListener("pointerup", address);
  stage.addEventListener("pointerleave", () => hover(null));
  stage.addEventListener("click", (event) => {
    if (choice("view") === "exploded") pick(layers.find((layer) => layer.plane === event.target));
    else if (choice("view") !== "compare") pick(at(event));
  });
  for (const button of all("[data-do]")) button.addEventListener("click", () => {
    for (const layer of layers) layer.eye.checked = { all: true, none: false, reset: layer.eye.defaultChecked }[button.dataset.do];
    only = null;
    renew();
  });
  find(".listed [type=search]").addEventListener("input", (event) => filter(event.target.value.toLowerCase()));
  for (const button of all(".choice input")) button.addEventListener("change", renew);
  for (const name of ["split", "spread"]) {
    dial(name).addEventListener("input", turnDials);
    dial(name).addEventListener("change", address);
  }
  addEventListener("hashchange", () => { follow(); renew(); });
  new ResizeObserver(drawOutlines).observe(stage);
}

function filter(words) {
  for (const layer of layers) layer.row.hidden = !`${layer.name} ${layer.id}`.toLowerCase().includes(words);
  for (const row of rows) if (!layerOf.has(row)) row.hidden = membersOf(row).every((layer) => layer.row.hidden);
  const first = rows.find(within);
  if (first && !rows.some((row) => row.tabIndex === 0 && within(row))) focusable(first);
}

async function begin() {
  // Pictures that are written into a page are decoded later than it is read; one that cannot be must not stop the rest.
  await Promise.allSettled([...planes, find(".before")].map((picture) => picture.decode()));
  document.documentElement.classList.add("scripted-page");
  for (const part of all("[hidden]")) if (!part.closest(".stage")) part.hidden = false;
  for (const part of [live, outline]) part.hidden = false;
  find(".whole").hidden = true;
  find(".layers").setAttribute("role", "treegrid");
  focusable(rows[0]);
  listen();
  follow();
  paint();
  drawOutlines();
  tell();
  bench.dataset.ready = "";
}

if (layers.length) begin();
