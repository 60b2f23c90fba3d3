// Copyright 2026 The re3_ros Authors
// SPDX-License-Identifier: Apache-2.0
//
// Images come one by one, each when the last one has been shown; a hidden page asks for none. While
// a box is being drawn the image stands still, and the box bears the stamp of that image.
"use strict";

const $ = (id) => document.getElementById(id);
const canvas = $("view"), context = canvas.getContext("2d");
const COLOURS = { NEW: "#5aaaff", TRACKING: "#46dc5a", UNCERTAIN: "#ffbe28", LOST: "#ff5046" };
const SMALLEST = 2; // pixels of a side; a smaller box is a click that slipped
const SILENCE = 2000; // ms without an image after which that is said
const FLIGHTS = new Map(); // requests without an answer
const rows = new Map(); // of the targets, by id

let socket = null, token = "", camera = "", waiting = false, ended = "", retry = 500, requests = 0;
let shown = null; // { header, bitmap } of the image on the screen
let draft = null; // { box, anchor, header } of the box being drawn; the image stands still meanwhile
let step = 16; // pixels a key moves
let lastImage = performance.now(), replaced = "";

// ---- the connection

function connect() {
  disconnect();
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(`${scheme}//${location.host}/socket`);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => send({ type: "token", token }); // where none is needed, it is not looked at
  socket.onmessage = (event) =>
    typeof event.data === "string" ? onText(JSON.parse(event.data)) : onImage(event.data);
  socket.onclose = onClose;
}

// End the connection, without what its end would lead to.
function disconnect() {
  if (!socket) return;
  socket.onmessage = socket.onclose = null;
  socket.close();
  socket = null;
  waiting = false;
}

function onClose(event) {
  waiting = false;
  FLIGHTS.clear();
  link(false, ended ? "ended" : "no connection");
  if (ended) return;
  if (event.code === 4401) {
    sessionStorage.removeItem("re3-token");
    $("gate").hidden = false;
    $("token").focus();
    return;
  }
  if (event.code === 1006) explain();
  setTimeout(connect, retry);
  retry = Math.min(retry * 2, 5000);
}

// A socket does not tell why it was refused; the same address does.
async function explain() {
  const answer = await fetch("socket").catch(() => null);
  if (answer && [403, 503].includes(answer.status)) say((await answer.text()).trim(), "error");
}

function send(message) {
  if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  else if (message.request) say("there is no connection: this was not sent", "error");
}

function command(message) {
  requests += 1;
  FLIGHTS.set(requests, message);
  send({ ...message, camera, request: requests });
}

function ask() {
  if (waiting || draft || document.hidden || ended || !socket || socket.readyState !== 1) return;
  waiting = true;
  send({ type: "ready" });
}

function onText(message) {
  if (message.type === "hello") return onHello(message);
  if (message.type === "end") {
    ended = message.text;
    note(ended);
    return say(ended);
  }
  FLIGHTS.delete(message.request);
  say(message.text, message.type);
}

function onHello(message) {
  retry = 500;
  $("gate").hidden = true;
  if (token) sessionStorage.setItem("re3-token", token);
  link(true, "connected");
  showCameras(message.cameras);
  const wanted = decodeURIComponent(location.hash.slice(1));
  watch(message.cameras.includes(camera) ? camera
    : message.cameras.includes(wanted) ? wanted : message.cameras[0]);
}

function watch(name) {
  if (name !== camera) leave();
  camera = name;
  history.replaceState(null, "", name ? `#${encodeURIComponent(name)}` : "#");
  for (const button of $("cameras").children)
    button.setAttribute("aria-current", String(button.textContent === name));
  waiting = !document.hidden;
  lastImage = performance.now();
  if (waiting) send({ type: "watch", camera });
}

function leave() {
  cancel();
  if (shown) shown.bitmap.close();
  shown = null;
  showTargets([]);
  $("figures").textContent = "";
  paint();
}

function showCameras(names) {
  $("cameras").hidden = names.length < 2;
  $("cameras").replaceChildren(...names.map((name) => {
    const button = document.createElement("button");
    button.textContent = name;
    button.onclick = () => watch(name);
    return button;
  }));
}

// ---- images

async function onImage(data) {
  const length = new DataView(data).getUint32(0);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  waiting = false;
  if (header.camera !== camera) return ask();
  lastImage = performance.now();
  note(header.note);
  const jpeg = new Uint8Array(data, 4 + length);
  let bitmap = null;
  if (jpeg.length) {
    try {
      bitmap = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
    } catch {
      note("an image came that this browser cannot read");
    }
  }
  if (draft || header.camera !== camera) return bitmap && bitmap.close(); // it begins on what is shown
  if (bitmap) show(header, bitmap);
  showTargets(header.targets);
  requestAnimationFrame(ask);
}

function show(header, bitmap) {
  if (shown) shown.bitmap.close();
  const resized = !shown || shown.header.width !== header.width || shown.header.height !== header.height;
  shown = { header, bitmap };
  if (resized) layout();
  const latency = header.latency === null ? "" : ` · ${header.latency.toFixed(1)} ms`;
  $("figures").textContent = header.fps ? `${header.fps.toFixed(1)} images/s${latency}` : "";
  Object.assign(canvas.dataset, { stamp: header.stamp, number: header.number });
  paint();
}

function layout() {
  const { width, height } = shown ? shown.header : { width: 640, height: 360 };
  const room = $("stage").clientWidth;
  const wide = matchMedia("(min-width: 801px)").matches;
  const most = wide ? Math.max(200, innerHeight - 150) : Math.max(200, innerHeight * 0.8);
  const across = Math.min(room, most * width / height);
  canvas.style.width = `${across}px`;
  canvas.style.height = `${across * height / width}px`;
  canvas.width = Math.max(1, Math.round(across * devicePixelRatio));
  canvas.height = Math.max(1, Math.round(across * height / width * devicePixelRatio));
  paint();
}

function paint() {
  context.fillStyle = "#000";
  context.fillRect(0, 0, canvas.width, canvas.height);
  if (!shown) return;
  context.drawImage(shown.bitmap, 0, 0, canvas.width, canvas.height);
  for (const target of shown.header.targets) {
    const lost = target.state === "LOST";
    outline(target.box, COLOURS[target.state], lost);
    const word = target.state === "TRACKING" ? "" : ` ${target.state.toLowerCase()}`;
    plate(`${target.label} ${target.score.toFixed(2)}${word}`, target.box, COLOURS[target.state]);
  }
  if (draft) outline(draft.box, "#ffffff", true);
}

function onCanvas(box) {
  const { width, height } = shown.header;
  const scale = [canvas.width / width, canvas.height / height];
  return box.map((value, i) => value * scale[i % 2]);
}

function outline(box, colour, dashed) {
  const [x1, y1, x2, y2] = onCanvas(box);
  const unit = Math.max(1.5, devicePixelRatio * 2);
  for (const [width, style] of [[unit + 2, "#141414"], [unit, colour]]) {
    context.lineWidth = width;
    context.strokeStyle = style;
    context.setLineDash(dashed && colour === style ? [unit * 4, unit * 3] : []);
    context.strokeRect(x1, y1, x2 - x1, y2 - y1);
  }
  context.setLineDash([]);
}

function plate(text, box, colour) {
  const [x1, y1] = onCanvas(box);
  const size = 13 * devicePixelRatio, pad = 4 * devicePixelRatio;
  context.font = `600 ${size}px system-ui, sans-serif`;
  const width = Math.min(context.measureText(text).width + 2 * pad, canvas.width);
  const height = size + 2 * pad;
  const left = Math.max(0, Math.min(x1, canvas.width - width));
  const top = y1 - height - 2 >= 0 ? y1 - height - 2 : Math.min(y1 + 2, canvas.height - height);
  context.fillStyle = "#141414cc";
  context.fillRect(left, top, width, height);
  context.fillStyle = colour;
  context.textBaseline = "middle";
  context.fillText(text, left + pad, top + height / 2, width - 2 * pad);
}

// ---- boxes, by mouse, finger and pen

function placeOf(event) {
  const area = canvas.getBoundingClientRect();
  const { width, height } = shown.header;
  const inside = (value, most) => Math.min(Math.max(value, 0), most);
  return [
    inside((event.clientX - area.left) / area.width * width, width),
    inside((event.clientY - area.top) / area.height * height, height),
  ];
}

canvas.onpointerdown = (event) => {
  if (!shown || event.button || (draft && draft.pointer !== undefined)) return;
  canvas.focus({ preventScroll: true });
  canvas.setPointerCapture(event.pointerId);
  const anchor = placeOf(event);
  draft = { anchor, pointer: event.pointerId, header: shown.header, box: [...anchor, ...anchor] };
};

canvas.onpointermove = (event) => {
  if (!draft || draft.pointer !== event.pointerId) return;
  const place = placeOf(event);
  const low = [0, 1].map((i) => Math.min(draft.anchor[i], place[i]));
  const high = [0, 1].map((i) => Math.max(draft.anchor[i], place[i]));
  draft.box = [...low, ...high];
  paint();
};

canvas.onpointerup = (event) => {
  if (!draft || draft.pointer !== event.pointerId) return;
  canvas.onpointermove(event);
  submit();
};

canvas.onpointercancel = () => cancel();
canvas.oncontextmenu = (event) => draft && event.preventDefault();

function submit() {
  const [x1, y1, x2, y2] = draft.box, header = draft.header;
  draft = null;
  if (x2 - x1 < SMALLEST || y2 - y1 < SMALLEST) say("that was too small for a box: drag one", "error");
  else {
    const name = replaced || $("name").value.trim();
    command({ type: "start", name, box: [x1, y1, x2, y2], stamp: header.stamp });
    $("name").value = "";
  }
  replace("");
  paint();
  ask();
}

function cancel() {
  if (!draft) return;
  draft = null;
  replace("");
  paint();
  ask();
}

// ---- boxes, by keys

canvas.onkeydown = (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !shown) return;
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  if (event.key === "Escape") cancel();
  else if (event.key === "Enter" || event.key === " ") draft ? submit() : begin();
  else if (event.key === "[") step = Math.max(1, step / 2);
  else if (event.key === "]") step = Math.min(256, step * 2);
  else if (draft && ways[event.key]) shift(ways[event.key], event.shiftKey);
  else return;
  event.preventDefault();
  if (draft) {
    const [x1, y1, x2, y2] = draft.box.map(Math.round);
    say(`box of ${x2 - x1} × ${y2 - y1} at ${x1}, ${y1}; step ${step}`);
  }
};

canvas.onblur = () => draft && draft.pointer === undefined && cancel();

function begin() {
  const { width, height } = shown.header;
  const [x, y, half] = [width / 2, height / 2, Math.min(width, height) / 8];
  draft = { header: shown.header, box: [x - half, y - half, x + half, y + half] };
  paint();
}

function shift([x, y], resizes) {
  const { width, height } = draft.header;
  const [x1, y1, x2, y2] = draft.box;
  const fit = (value, low, high) => Math.min(Math.max(value, low), high);
  if (resizes) {
    draft.box = [x1, y1, fit(x2 + x * step, x1 + SMALLEST, width),
      fit(y2 + y * step, y1 + SMALLEST, height)];
  } else {
    const left = fit(x1 + x * step, 0, width - (x2 - x1));
    const top = fit(y1 + y * step, 0, height - (y2 - y1));
    draft.box = [left, top, left + x2 - x1, top + y2 - y1];
  }
  paint();
}

// ---- targets

function showTargets(targets) {
  const ids = new Set(targets.map((target) => target.id));
  for (const [id, row] of rows) {
    if (ids.has(id)) continue;
    row.item.remove();
    rows.delete(id);
    if (replaced === id) replace("");
  }
  for (const target of targets) {
    if (!rows.has(target.id)) rows.set(target.id, addRow(target.id));
    fill(rows.get(target.id), target);
  }
  $("empty").hidden = targets.length > 0;
}

function addRow(id) {
  const make = (kind, name, parent) => {
    const element = document.createElement(kind);
    element.className = name;
    parent.append(element);
    return element;
  };
  const item = make("li", "", $("targets")), line = make("div", "line", item);
  const row = { id, item, state: "" };
  for (const part of ["label", "state", "score"]) row[`${part}Text`] = make("span", part, line);
  const actions = make("div", "actions", item);
  const works = { Redraw: () => replace(replaced === id ? "" : id), Rename: () => rename(row),
    Drop: () => command({ type: "drop", name: id }) };
  for (const [word, work] of Object.entries(works)) {
    row[word] = make("button", word.toLowerCase(), actions);
    row[word].textContent = word;
    row[word].onclick = work;
  }
  item.dataset.id = id;
  return row;
}

function fill(row, target) {
  set(row.labelText, target.label);
  set(row.stateText, target.state);
  set(row.scoreText, target.score.toFixed(2));
  if (row.item.dataset.state === target.state) return;
  row.item.dataset.state = target.state;
  if (target.state === "LOST") say(`${target.label} is lost: it is looked for where it was`);
  else if (row.state === "LOST") say(`${target.label} is found again`);
  row.state = target.state;
}

function set(element, text) {
  if (element.firstElementChild || element.textContent === text) return; // being edited, or the same
  element.textContent = text;
  const row = element.closest("li");
  if (element.className === "label")
    for (const button of row.querySelectorAll("button"))
      button.setAttribute("aria-label", `${button.textContent} ${text}`);
}

function replace(id) {
  replaced = id;
  for (const row of rows.values())
    row.Redraw.setAttribute("aria-pressed", String(row.id === id));
  if (id) say(`drag a new box around ${rows.get(id).labelText.textContent}`);
}

function rename(row) {
  const before = row.labelText.textContent, input = document.createElement("input");
  Object.assign(input, { value: before, maxLength: 64, ariaLabel: `New name of ${before}` });
  let open = true; // taking it away takes the focus from it, which comes here again
  const leave = (keep) => {
    if (!open) return;
    open = false;
    const focused = document.activeElement === input;
    row.labelText.textContent = before;
    if (keep && input.value.trim() !== before)
      command({ type: "rename", name: row.id, label: input.value.trim() });
    if (focused) row.Rename.focus();
  };
  input.onkeydown = (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault(); // or Enter would press the button that has the focus next
    leave(event.key === "Enter");
  };
  input.onblur = () => leave(true);
  row.labelText.replaceChildren(input);
  input.select();
}

// ---- words

function say(text, kind = "") {
  $("message").textContent = text;
  $("message").dataset.kind = kind;
}

function note(text) {
  $("note").textContent = ended || text; // an image may have been on its way when the end was told
  $("note").hidden = !$("note").textContent;
}

function link(on, text) {
  $("link").dataset.state = on ? "on" : "off";
  $("link").textContent = text;
}

setInterval(() => {
  const silent = performance.now() - lastImage;
  if (waiting && silent > SILENCE && !ended && !document.hidden)
    note(`${shown ? "no new image" : "no image"} for ${Math.round(silent / 1000)} s`);
}, 500);

document.addEventListener("visibilitychange", () => {
  lastImage = performance.now();
  if (!document.hidden && camera && !waiting) watch(camera);
});
addEventListener("pagehide", disconnect); // kept for "back", a page would keep its place here too
addEventListener("pageshow", (event) => event.persisted && !ended && connect());
addEventListener("resize", layout);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
$("gate").onsubmit = (event) => {
  event.preventDefault();
  token = $("token").value.trim();
  $("token").value = "";
  connect();
};

const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) history.replaceState(null, "", location.pathname); // out of sight, and of the history
token = given || sessionStorage.getItem("re3-token") || "";
layout();
connect();
