const timings = JSON.parse(document.getElementById("timings").textContent);
const sums = new Map();
for (const step of timings.steps ?? [])
  for (const [stage, seconds] of Object.entries(step)) sums.set(stage, (sums.get(stage) ?? 0) + seconds);
for (const [stage, seconds] of Object.entries(timings.seconds ?? {})) if (!sums.has(stage)) sums.set(stage, seconds);
const longest = Math.max(...sums.values());
if (sums.size) {
  const section = document.getElementById("times");
  const table = document.createElement("table");
  for (const [stage, seconds] of sums) {
    const row = table.insertRow();
    row.insertCell().textContent = stage;
    row.insertCell().textContent = seconds >= 1 ? `${seconds.toFixed(2)} s` : `${(1000 * seconds).toFixed(0)} ms`;
    const bar = row.insertCell();
    bar.className = "bar";
    bar.append(document.createElement("i"));
    bar.firstChild.style.width = `${(100 * seconds) / longest}%`;
  }
  section.querySelector("div").append(table);
  if (timings.started) section.querySelector("h2").append(Object.assign(document.createElement("small"), { textContent: ` started ${timings.started}` }));
  section.hidden = false;
}
