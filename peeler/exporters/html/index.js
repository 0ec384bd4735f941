const runs = JSON.parse(document.getElementById("timings").textContent).runs ?? {};
const told = (value) => (value >= 1 ? `${value.toFixed(2)} s` : `${(1000 * value).toFixed(0)} ms`);
const all = [];
for (const place of document.querySelectorAll("[data-run]")) {
  const value = runs[place.dataset.run];
  if (value === undefined) continue;
  place.textContent = told(value);
  all.push(value);
}
if (all.length) {
  const median = document.getElementById("seconds");
  median.textContent = told(all.sort((a, b) => a - b)[all.length >> 1]);
  median.parentElement.hidden = false;
}
const list = document.querySelector(".runs");
const cards = [...(list?.children ?? [])];
const filter = document.querySelector(".filter");
const order = document.querySelector(".order");
const seconds = (card) => runs[card.querySelector("[data-run]").dataset.run] ?? -1;
const most = (key) => (one, other) => key(other) - key(one);
const orders = {
  name: (one, other) => nameOf(one).localeCompare(nameOf(other), "en", { numeric: true }),
  status: most((card) => card.dataset.status === "stopped"),
  layers: most((card) => Number(card.dataset.layers)),
  steps: most((card) => Number(card.dataset.steps)),
  seconds: most(seconds),
};
const nameOf = (card) => card.querySelector("h3").textContent;

function arrange() {
  const words = filter.value.toLowerCase().split(/\s+/);
  for (const card of cards) card.hidden = !words.every((word) => card.textContent.toLowerCase().includes(word));
  list.append(...(order.value ? cards.toSorted(orders[order.value]) : cards));
  document.querySelector(".found").textContent = `${cards.filter((card) => !card.hidden).length} of ${cards.length}`;
}

if (list) {
  document.querySelector(".find").hidden = false;
  filter.addEventListener("input", arrange);
  order.addEventListener("change", arrange);
  arrange();
}
