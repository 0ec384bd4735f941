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
const filter = document.querySelector(".filter");
filter?.addEventListener("input", () => {
  const words = filter.value.toLowerCase().split(/\s+/);
  for (const run of document.querySelectorAll(".runs li"))
    run.hidden = !words.every((word) => run.textContent.toLowerCase().includes(word));
});
