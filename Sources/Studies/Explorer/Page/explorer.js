"use strict";

const element = id => document.getElementById(id);
const state = { scenario: "", settings: new Map(), axis: null };
const scenarios = new Map();
const widgets = new Map();
// What is asked, what waits to be asked, and how to give it up.
let timer = 0, idle = 0, isBusy = false, isPending = false, curveAbort = null, simulationAbort = null;

function query(withAxis) {
  const parts = ["scenario=" + encodeURIComponent(state.scenario)];
  for (const [id, value] of state.settings) parts.push("set=" + encodeURIComponent(id + "=" + value));
  if (withAxis && state.axis) parts.push("axis=" + encodeURIComponent(state.axis));
  return parts.join("&");
}

async function ask(path, options) {
  const response = await fetch(path, options);
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.problems.join("\n")), { status: response.status });
  return answer;
}

function complain(error) {
  const box = element("problems");
  box.replaceChildren(...(error ? error.message.split("\n") : []).map(line => {
    const row = document.createElement("div");
    row.textContent = line;
    return row;
  }));
  box.hidden = !error;
}

function say(text) { element("status").textContent = text; }

// Sliders run from 0 to 1000, whatever the knob's values.
const steps = 1000;
function position(knob, value) {
  const share = knob.logarithmic
    ? Math.log(value / knob.min) / Math.log(knob.max / knob.min) : (value - knob.min) / (knob.max - knob.min);
  return Math.round(steps * Math.min(1, Math.max(0, share || 0)));
}
function valueAt(knob, slider) {
  const share = slider / steps;
  const value = knob.logarithmic
    ? knob.min * Math.pow(knob.max / knob.min, share) : knob.min + (knob.max - knob.min) * share;
  return knob.whole ? Math.round(value) : Number(value.toPrecision(3));
}

function turn(id, value, delay) {
  state.settings.delete(id);
  if (value !== null) state.settings.set(id, String(value));
  const widget = widgets.get(id);
  if (widget) widget.row.classList.toggle("turned", value !== null);
  changed(delay);
}

function makeWidget(knob) {
  const row = document.createElement("div");
  row.className = "knob";
  const line = document.createElement("div");
  line.className = "line";
  const label = document.createElement("label");
  const name = "knob " + knob.id;
  label.htmlFor = name;
  label.textContent = knob.name;
  const undo = document.createElement("button");
  undo.type = "button";
  undo.className = "undo";
  undo.textContent = "↺";
  undo.title = "as in the file";
  undo.setAttribute("aria-label", knob.name + ": as in the file");
  undo.addEventListener("click", () => turn(knob.id, null, 0));
  line.append(label, undo);
  row.append(line);
  const widget = { row, knob, number: null, slider: null, select: null };
  if (knob.choices) {
    widget.select = document.createElement("select");
    widget.select.id = name;
    widget.select.addEventListener("change", () => turn(knob.id, widget.select.value, 0));
    row.append(widget.select);
  } else {
    widget.number = document.createElement("input");
    widget.number.type = "number";
    widget.number.step = "any";
    widget.number.setAttribute("aria-label", knob.name + (knob.unit ? ", " + knob.unit : ""));
    const unit = document.createElement("span");
    unit.className = "unit";
    unit.textContent = knob.unit;
    line.append(widget.number, unit);
    widget.slider = document.createElement("input");
    widget.slider.type = "range";
    widget.slider.id = name;
    widget.slider.min = 0;
    widget.slider.max = steps;
    widget.slider.addEventListener("input", () => {
      const value = valueAt(widget.knob, Number(widget.slider.value));
      widget.number.value = value;
      widget.slider.setAttribute("aria-valuetext", value + " " + widget.knob.unit);
      turn(knob.id, value, 60);
    });
    widget.number.addEventListener("change", () => {
      if (widget.number.value === "") return turn(knob.id, null, 0);
      widget.slider.value = position(widget.knob, Number(widget.number.value));
      turn(knob.id, widget.number.value, 0);
    });
    row.append(widget.slider);
  }
  return widget;
}

// Replaces the options of a list only where they differ: somebody may have it open.
function showOptions(select, options) {
  const same = select.options.length === options.length
    && options.every(([name, value], index) => select.options[index].value === value && select.options[index].text === name);
  if (!same) select.replaceChildren(...options.map(([name, value]) => new Option(name, value)));
}

function showKnobs(knobs, axis) {
  const ids = knobs.map(knob => knob.id);
  if (ids.join("\n") !== [...widgets.keys()].join("\n")) {
    widgets.clear();
    for (const knob of knobs) widgets.set(knob.id, makeWidget(knob));
    element("knobs").replaceChildren(...[...widgets.values()].map(widget => widget.row));
  }
  for (const knob of knobs) {
    const widget = widgets.get(knob.id);
    widget.knob = knob;
    // The answer is to where the knob was.
    const own = state.settings.get(knob.id);
    if (own !== undefined && own !== knob.value) continue;
    widget.row.classList.toggle("turned", state.settings.has(knob.id));
    if (widget.select) {
      showOptions(widget.select, knob.choices.map(choice => [choice.name, choice.value]));
      widget.select.value = knob.value;
      continue;
    }
    // What a hand holds stays where it is.
    if (document.activeElement !== widget.number) widget.number.value = knob.value ?? "";
    if (document.activeElement !== widget.slider || !state.settings.has(knob.id)) {
      widget.slider.value = position(knob, Number(knob.value ?? knob.min));
    }
    widget.slider.setAttribute("aria-valuetext", (knob.value ?? "") + " " + knob.unit);
  }
  const axes = knobs.filter(knob => !knob.choices && knob.value !== null);
  showOptions(element("axis"), axes.map(knob => [knob.name, knob.id]));
  if (!axes.some(knob => knob.id === state.axis)) state.axis = axis;
  element("axis").value = state.axis ?? "";
}

function show(answer) {
  complain(null);
  element("results").classList.remove("stale", "empty");
  element("name").textContent = answer.scenario + ", " + answer.gpus.toLocaleString("en") + " GPU" + (answer.gpus === 1 ? "" : "s")
    + " in " + answer.racks.toLocaleString("en") + " rack" + (answer.racks === 1 ? "" : "s");
  element("figures").innerHTML = answer.figures;
  element("notes").replaceChildren(...answer.notes.map(note => {
    const item = document.createElement("li");
    item.textContent = note;
    return item;
  }));
  element("left-out").hidden = answer.notes.length === 0;
  element("commands").textContent = answer.commands.estimate + "\n" + answer.commands.run;
  element("simulated").textContent = !answer.simulated ? ""
    : "The simulation takes every engine step; its interval says how sure it is of its own mean. "
      + (answer.simulation_note ? "Cut short: " + answer.simulation_note + "." : "It is the whole run of tokenmill run.");
  element("run").innerHTML = answer.run;
  element("run-section").hidden = !answer.simulated;
  showKnobs(answer.knobs, answer.axis);
}

// Where the settings of a link can't be, a person may still turn them back.
async function showKnobsOfFile() {
  try {
    const answer = await ask("api/estimate?scenario=" + encodeURIComponent(state.scenario));
    showKnobs(answer.knobs.map(knob => ({ ...knob, value: state.settings.get(knob.id) ?? knob.value })), answer.axis);
  } catch { /* The file itself is wrong, which was said. */ }
}

async function showCurve() {
  curveAbort?.abort();
  const abort = curveAbort = new AbortController();
  const curve = await ask("api/curve?" + query(true), { signal: abort.signal });
  element("curves").innerHTML = curve.pictures || "<p>Nothing to turn but words.</p>";
}

function remember() { history.replaceState(null, "", "#" + query(true)); }

function changed(delay) {
  clearTimeout(idle);
  simulationAbort?.abort();
  curveAbort?.abort();
  remember();
  // A timer that runs stays: a slider that never rests is answered all the same.
  if (timer && delay > 0) return;
  clearTimeout(timer);
  timer = setTimeout(() => { timer = 0; refresh(); }, delay);
}

// One question at a time: what changes meanwhile is asked when it is answered.
async function refresh() {
  if (isBusy) { isPending = true; return; }
  isBusy = true;
  let isGood = false;
  const start = performance.now();
  try {
    const answer = await ask("api/estimate?" + query(false));
    // What a hand that still moves passed by is shown, too.
    if (answer.file === state.scenario) {
      show(answer);
      const said = "estimated in " + Math.round(performance.now() - start) + " ms";
      say(said + ", curves follow…");
      isGood = !answer.simulated;
      await showCurve();
      say(said);
    }
  } catch (error) {
    if (error.name !== "AbortError") {
      complain(error);
      element("results").classList.add("stale");
      say("");
      isGood = false;
      if (widgets.size === 0) await showKnobsOfFile();
    }
  } finally {
    isBusy = false;
    if (isPending) { isPending = false; refresh(); }
    else if (isGood && element("automatic").checked) idle = setTimeout(simulate, 500);
  }
}

async function simulate() {
  clearTimeout(idle);
  simulationAbort?.abort();
  const abort = simulationAbort = new AbortController();
  const asked = query(false);
  const start = performance.now();
  say("simulating…");
  element("simulate").disabled = true;
  try {
    const answer = await ask("api/simulation?" + asked, { method: "POST", signal: abort.signal });
    if (asked !== query(false)) return;
    show(answer);
    const seconds = (performance.now() - start) / 1000;
    say("simulated in " + (seconds < 1 ? Math.round(1000 * seconds) + " ms" : seconds.toFixed(1) + " s"));
    await showCurve();
  } catch (error) {
    if (error.name !== "AbortError" && error.status !== 409) { complain(error); say(""); }
  } finally {
    if (simulationAbort === abort) element("simulate").disabled = false;
  }
}

function open(id) {
  state.scenario = id;
  widgets.clear();
  element("results").classList.add("empty");
  element("knobs").replaceChildren();
  element("curves").replaceChildren();
  element("scenario").value = id;
  const found = scenarios.get(id);
  element("description").textContent = found?.description ?? "";
  element("about").hidden = !found?.description;
  changed(0);
}

async function start() {
  const { scenarios: found } = await ask("api/scenarios");
  const groups = new Map();
  for (const scenario of found) {
    scenarios.set(scenario.id, scenario);
    const folder = scenario.id.includes("/") ? scenario.id.slice(0, scenario.id.lastIndexOf("/")) : "";
    if (!groups.has(folder)) groups.set(folder, []);
    groups.get(folder).push(new Option(scenario.name, scenario.id));
  }
  for (const [folder, options] of groups) {
    const group = document.createElement("optgroup");
    group.label = folder || "files";
    group.append(...options);
    element("scenario").append(group);
  }
  const wanted = new URLSearchParams(location.hash.slice(1));
  for (const text of wanted.getAll("set")) {
    const equals = text.indexOf("=");
    if (equals > 0) state.settings.set(text.slice(0, equals), text.slice(equals + 1));
  }
  state.axis = wanted.get("axis");
  open(scenarios.has(wanted.get("scenario")) ? wanted.get("scenario") : found[0].id);
}

element("scenario").addEventListener("change", event => {
  state.settings.clear();
  state.axis = null;
  open(event.target.value);
});
element("axis").addEventListener("change", event => {
  state.axis = event.target.value;
  remember();
  showCurve().catch(error => { if (error.name !== "AbortError") complain(error); });
});
element("simulate").addEventListener("click", simulate);
element("reset").addEventListener("click", () => { state.settings.clear(); changed(0); });
element("panel").addEventListener("submit", event => event.preventDefault());
start().catch(complain);
