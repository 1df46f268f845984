"use strict";
(() => {
  const calls = [...document.querySelectorAll(".call")];
  const words = document.getElementById("words");
  const found = document.getElementById("found");
  const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  const turns = calls.flatMap((call) =>
    [...call.querySelectorAll("li")].map((row) => ({ row, call, said: plain(row.textContent) })),
  );
  const MOST = 500;
  let hits = [];
  let at = -1;

  const go = (step) => {
    if (!hits.length) return;
    at = (at + step + hits.length) % hits.length;
    const { row, call } = hits[at];
    call.open = true;
    row.scrollIntoView({ block: "center" });
    row.querySelector("a").focus({ preventScroll: true });
    found.textContent = `${at + 1} of ${hits.length}`;
  };

  const search = () => {
    const wanted = plain(words.value).split(/\s+/).filter(Boolean);
    for (const { row } of hits) row.classList.remove("hit");
    hits = wanted.length
      ? turns.filter(({ said }) => wanted.every((word) => said.includes(word)))
      : [];
    at = -1;
    const among = new Set(hits.map(({ call }) => call));
    for (const call of calls) call.hidden = wanted.length > 0 && !among.has(call);
    for (const { row, call } of hits.slice(0, MOST)) {
      row.classList.add("hit");
      call.open = true;
    }
    found.textContent = wanted.length ? `${hits.length} found` : "";
  };

  // A field in each call takes a moment, and shows who was speaking then.
  const moment = (call) => {
    const label = document.createElement("label");
    const field = document.createElement("input");
    label.append("Go to ", field);
    field.placeholder = "m:ss";
    field.size = 6;
    field.inputMode = "numeric";
    field.addEventListener("change", () => {
      const parts = field.value.split(":").map(Number);
      const seconds = parts.reduce((sum, part) => sum * 60 + part, 0);
      if (!Number.isFinite(seconds)) return;
      const timed = [...call.querySelectorAll("li[data-start]")];
      const there = timed.filter((row) => Number(row.dataset.start) <= seconds).pop() ?? timed[0];
      if (there) location.hash = there.id;
    });
    call.querySelector("summary").after(label);
  };

  const open = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const call = target?.closest(".call");
    if (!call) return;
    call.open = true;
    call.hidden = false;
    target.scrollIntoView({ block: "center" });
  };

  let waiting;
  words.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, 150);
  });
  words.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    clearTimeout(waiting);
    if (!hits.length) search();
    go(event.shiftKey ? -1 : 1);
  });
  document.getElementById("before").addEventListener("click", () => go(-1));
  document.getElementById("after").addEventListener("click", () => go(1));
  calls.filter((call) => call.querySelector("li[data-start]")).forEach(moment);
  document.querySelector(".search").hidden = false;
  addEventListener("hashchange", open);
  open();
})();
